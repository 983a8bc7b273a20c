"""`evaluate` for translators: do their pictures look like the domain's, and is the photo still in them?"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from stylizer.imaging.keep_color import luma
from stylizer.models.colorizer import Coloring, to_chroma
from stylizer.models.roles import PHOTO, Translator

from ..metrics import features, pixels
from ..publishing.figures import network_notes
from ..publishing.runs import way_back
from ..run.config import UserMistake
from ..run.processes import open_device
from .networks import FeatureReader, Look, in_precision, open_reader
from .options import EvaluateOptions
from .sets import (
    Trained,
    check_sizes,
    held_share,
    judged_by_lite,
    list_pictures,
    means,
    of_domain,
    spread_out,
    square,
    told,
    trained_folders,
)
from .speed import units

SIZE, LIMIT = 256, 200
_MOST = 100.0  # decibels of equal pictures: a mean must stay finite

Way = Callable[[Tensor], Tensor]
Rows = dict[str, dict[str, list[float]]]
"""Figures of every picture, by row of the table and by name."""


def target_domains(network: Translator) -> tuple[str, ...]:
    """List the domains that photos are translated to."""
    return tuple(name for name in network.domains if name != PHOTO)


def way_to(network: Translator, domain: str) -> Way:
    """Return the function from photos (1, 3, H, W) to their translation to one domain."""
    mix = torch.zeros(len(network.domains))
    mix[network.domains.index(domain)] = 1
    return lambda photo: network.translate(photo, mix)


@torch.no_grad()
def translation_figures(
    reader: FeatureReader,
    ways: Mapping[str, Way],
    photos: Sequence[Path],
    pictures: Mapping[str, Sequence[Path]],
    size: int,
    back: Way | None,
) -> dict[str, dict[str, Any]]:
    """Measure translations of photos, by the way to each domain: figures by domain.

    content, perceptual, l1, ssim: between photo and result; cycle_*: between photo and its way there and
    back; identity_l1: between a picture of the domain and its translation to that very domain; fid, kid:
    of results against pictures, and under "photos" of the photos as they are.
    """
    rows: Rows = {domain: defaultdict(list) for domain in pictures}
    made: dict[str, list[Look]] = defaultdict(list)
    plain = []
    for path in tqdm(photos, desc="photos", unit="photo", leave=False):
        photo = square(path, size, reader.device)
        seen = reader.perceptual(photo)
        plain.append(reader.look(photo, seen))
        for domain, way in ways.items():
            result = way(photo)
            looked = reader.perceptual(result)
            made[domain].append(reader.look(result, looked))
            found = photo_figures(result, looked, photo, seen)
            if back is not None:
                found |= cycle_figures(back(result), photo)
            for name, value in found.items():
                rows[domain][name].append(value)
    figures = {}
    for domain, paths in pictures.items():
        known = []
        for path in tqdm(paths, desc=domain, unit="picture", leave=False):
            picture = square(path, size, reader.device)
            known.append(reader.look(picture))
            rows[domain]["identity_l1"].append(pixels.l1(ways[domain](picture), picture))
        figures[domain] = {**reader.compare(made[domain], known), **means(rows[domain])}
        figures[domain]["photos"] = reader.compare(plain, known)
    return figures


def photo_figures(
    result: Tensor, looked: features.Features, photo: Tensor, seen: features.Features
) -> dict[str, float]:
    """Measure how much of a photo is left in a result; both (1, 3, H, W), with their maps."""
    return {
        "content": features.content(looked, seen),
        "perceptual": features.perceptual(looked, seen),
        "l1": pixels.l1(result, photo),
        "ssim": pixels.ssim(result, photo),
    }


def cycle_figures(again: Tensor, photo: Tensor) -> dict[str, float]:
    """Measure how well a photo came back."""
    return {
        "cycle_l1": pixels.l1(again, photo),
        "cycle_psnr": min(_MOST, pixels.psnr(again, photo)),
        "cycle_ssim": pixels.ssim(again, photo),
    }


@torch.no_grad()
def color_figures(
    reader: FeatureReader, way: Way, photos: Sequence[Path], pictures: Sequence[Path], size: int
) -> dict[str, dict[str, Any]]:
    """Measure guessed colors against the true ones, beside the gray photo's and the truth's: by row.

    psnr, ssim: of all colors; chroma_l1: of blue and red chroma (BT.601, each within [-0.5, 0.5]);
    colorfulness: on the scale of 8 bits; fid, kid: against `pictures`, else against the photos themselves.
    """
    rows: Rows = {name: defaultdict(list) for name in ("colorized", "gray", "truth")}
    looks: dict[str, list[Look]] = {name: [] for name in rows}
    for path in tqdm(photos, desc="photos", unit="photo", leave=False):
        photo = square(path, size, reader.device)
        gray = luma(photo).expand(-1, 3, -1, -1)
        shown = {"colorized": way(gray), "gray": gray, "truth": photo}
        for name, picture in shown.items():
            looks[name].append(reader.look(picture))
            rows[name]["psnr"].append(min(_MOST, pixels.psnr(picture, photo)))
            rows[name]["ssim"].append(pixels.ssim(picture, photo))
            rows[name]["chroma_l1"].append((to_chroma(picture) - to_chroma(photo)).abs().mean().item())
            rows[name]["colorfulness"].append(pixels.colorfulness(picture))
    against = looks["truth"]
    if pictures:
        against = [
            reader.look(square(path, size, reader.device))
            for path in tqdm(pictures, desc="pictures", unit="picture", leave=False)
        ]
    return {name: {**reader.compare(looks[name], against), **means(rows[name])} for name in rows}


def evaluate_translator(network: Translator, options: EvaluateOptions) -> dict[str, Any]:
    """Measure a translator, print its table and return all figures; raises UserMistake."""
    size, place = options.size or SIZE, options.photo.photos
    if size % network.stride:
        raise UserMistake(f"size is {size} pixels; this network needs a multiple of {network.stride}.")
    if place is None:
        raise UserMistake("give --photos, held-out photos to translate.")
    limit = LIMIT if options.limit is None else options.limit
    photos = spread_out(list_pictures(place), limit)
    sets = choose_sets(network, options.held_out.pictures, limit)
    check_sizes(photos, *sets.values())
    reader = open_reader(options)
    folders = trained_folders(options.checkpoint, options.held_out.trained)
    trained = Trained(folders, held_share(options.checkpoint))
    figures: dict[str, Any] = {**reader.names(), "size": size, "command": options.command()}
    figures["projected"] = judged_by_lite(options.checkpoint)
    figures["photos"] = trained.describe(place, photos)
    held = options.held_out.pictures
    figures["pictures"] = {domain: trained.describe(held, paths) for domain, paths in sets.items() if held}
    began = time.perf_counter()
    if isinstance(network, Coloring):
        pictures = next(iter(sets.values()), [])
        way = in_precision(network.translate, options)
        figures["colors"] = color_figures(reader, way, photos, pictures, size)
    else:
        back, figures["back"] = choose_way_back(network, options)
        ways = {domain: in_precision(way_to(network, domain), options) for domain in sets}
        back = in_precision(back, options) if back else None
        figures["domains"] = translation_figures(reader, ways, photos, sets, size, back)
    figures["seconds"] = time.perf_counter() - began
    if options.speed:
        figures["speed"] = units(network.translate)
    show(figures)
    return figures


def choose_sets(network: Translator, place: Path | None, limit: int) -> dict[str, list[Path]]:
    """Find the held-out pictures of every domain; raises UserMistake."""
    domains = target_domains(network)
    if place is None:
        if isinstance(network, Coloring):
            return {}
        raise UserMistake(f"give --pictures, held-out pictures of {', '.join(domains)}.")
    found = {name: of_domain(place, name, len(domains) == 1) for name in domains}
    return {name: spread_out(paths, limit) for name, paths in found.items()}


def choose_way_back(network: Translator, options: EvaluateOptions) -> tuple[Way | None, str]:
    """Return the way from a domain to photos, and where it is from."""
    if PHOTO in network.domains:
        return way_to(network, PHOTO), "the same network, to its domain photo"
    back = way_back(options.checkpoint, open_device(options.device))
    if back is None:
        return None, "none in a checkpoint folder; give the run to measure the way there and back"
    return back, "the run's other network"


def show(figures: Mapping[str, Any]) -> None:
    """Print what was measured, on what."""
    print(f"photos: {told(figures['photos'])}")
    for domain, described in figures["pictures"].items():
        print(f"{domain}: {told(described)}")
    for name, row in (figures.get("domains") or figures["colors"]).items():
        values = [f"{key} {value:.4g}" for key, value in row.items() if isinstance(value, float)]
        print(f"{name}: " + "  ".join(values))
        if "photos" in row:
            values = [
                f"{key} {value:.4g}" for key, value in row["photos"].items() if isinstance(value, float)
            ]
            print("  photos as they are: " + "  ".join(values))
    print("\n".join(network_notes(figures)))
    if "domains" in figures:
        print(f"way back: {figures['back']}")
    count = figures["photos"]["count"]
    print(f"{figures['seconds']:.0f} seconds, {figures['seconds'] / count:.2f} a photo")
    if "speed" in figures:
        print(f"a 512 px photo takes {figures['speed']:.2f} of VGG-19 to relu4_1")
