"""`evaluate` for generators: do their pictures look like the paintings, do they vary, are they copies?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from stylizer.imaging.picture import open_picture
from stylizer.models.roles import Generator
from stylizer.models.style_encoder import STYLE_SIDE

from ..data.folders import limited, random_crop
from ..methods.crop_method import CropRun
from ..metrics import features
from ..metrics.sets import copying, inception_score, nearest
from ..publishing.figures import network_notes
from ..run.config import UserMistake, read_options
from ..run.method import generator
from .images import to_image
from .networks import FeatureReader, Look, Work, class_scores, in_precision, open_reader
from .options import EvaluateOptions
from .sets import Trained, held_share, judged_by_lite, list_pictures, told, trained_folders
from .sheet import check_sheet, contact_sheet, save_sheet
from .speed import units

LIMIT = 500
_PAIRS = 100  # pairs of pictures that say how varied a set is
_DOWN, _ACROSS = 4, 4  # pairs on the sheet
_NO_CLASSES = "not available: these networks have no classes; --sets inception has"

Draw = Callable[[int], Tensor]
"""From a number to a picture (1, 3, side, side) in [0, 1]."""


class Crops:
    """Crops of pictures as in training; crop `number` is a function of the seed and the number."""

    def __init__(self, paths: Sequence[Path], side: int, scales: tuple[float, float], seed: int):
        self.paths, self.side, self.scales, self.seed = list(paths), side, scales, seed
        self.last: tuple[Path, Tensor] | None = None

    def __call__(self, number: int) -> Tensor:
        path = self.paths[number % len(self.paths)]
        if self.last is None or self.last[0] != path:
            self.last = path, limited(open_picture(path), STYLE_SIDE)
        return random_crop(self.last[1], self.side, self.scales, generator(self.seed, number))[None]

    def order(self, count: int) -> list[int]:
        """List the numbers below `count`, those of one picture together, so that each file is read once."""
        return sorted(range(count), key=lambda number: number % len(self.paths))


class Generated:
    """What a network makes at one truncation; picture `number` is a function of the seed and the number."""

    def __init__(
        self, generate: Work, latent: int, truncation: float, seed: int, device: torch.device | str = "cpu"
    ):
        self.generate, self.latent, self.truncation, self.seed = generate, latent, truncation, seed
        self.device = device

    def __call__(self, number: int) -> Tensor:
        z = torch.randn(1, self.latent, generator=generator(self.seed, number)).to(self.device)
        return self.generate(z, self.truncation, seed=number)


@dataclass(frozen=True)
class Seen:
    """A set of pictures to the networks."""

    looks: list[Look]
    features: Tensor
    """(N, D) in the first network."""
    diversity: float
    """Mean perceptual distance of pairs."""


def read_set(
    reader: FeatureReader, draw: Draw, order: Sequence[int], title: str, pairs: int = _PAIRS
) -> Seen:
    """Draw and see pictures; diversity is the mean perceptual distance of up to `pairs` pairs of them.

    A pair is a number and the one half of all further.
    """
    found, half = {}, len(order) // 2
    for number in tqdm(order, desc=title, unit="picture", leave=False):
        found[number] = reader.look(draw(number))
    looks = [found[number] for number in sorted(found)]
    apart = [
        features.perceptual(
            *(reader.perceptual(draw(at).to(reader.device)) for at in (number, number + half))
        )
        for number in range(min(half, pairs))
    ]
    return Seen(looks, reader.gather(looks), sum(apart) / len(apart) if apart else 0.0)


@torch.no_grad()
def evaluate_generator(network: Generator, options: EvaluateOptions) -> dict[str, Any]:
    """Measure a generator, print its table and return all figures; raises UserMistake."""
    own, place = options.generator, options.held_out.pictures
    limit = LIMIT if options.limit is None else options.limit
    if limit < 4:
        raise UserMistake(f"limit is {limit} pictures to generate; it must be at least 4.")
    if place is None:
        raise UserMistake("give --pictures, held-out pictures like those it was trained on.")
    if own.sheet:
        check_sheet(own.sheet)
    folders = trained_folders(options.checkpoint, options.held_out.trained)
    paths, trained = list_pictures(place), Trained(folders, held_share(options.checkpoint))
    reader, generate = open_reader(options), in_precision(network.generate, options)
    side, began = network.picture_size, time.perf_counter()
    scales = own.scales or training_scales(options.checkpoint)
    figures: dict[str, Any] = {**reader.names(), "size": side, "scales": scales}
    figures |= {"command": options.command(), "pictures": trained.describe(place, paths)}
    figures["projected"] = judged_by_lite(options.checkpoint)

    crops = Crops(paths, side, scales, own.seed)
    held = read_set(reader, crops, crops.order(limit), "held-out crops")
    rows = {"held-out crops": {"diversity": held.diversity}}
    learned = None
    if trained.known:
        learned = Crops(trained.paths, side, scales, own.seed + 1)
        known = read_set(reader, learned, learned.order(own.crops), "training crops", pairs=0)
        figures["trained"] = [folder.name for folder in folders]
        rows["training crops"] = reader.compare(known.looks[:limit], held.looks)
    copied = copy_reason(trained.known, figures["pictures"]["trained_on"])
    for truncation in own.truncations:
        generated = Generated(generate, network.latent_size, truncation, own.seed, reader.device)
        name = f"truncation {truncation:g}"
        seen = read_set(reader, generated, range(limit), name)
        rows[name] = {**reader.compare(seen.looks, held.looks), "diversity": seen.diversity}
        if (classes := class_scores(seen.looks)) is not None:
            rows[name]["inception_score"] = inception_score(classes)
        if learned:
            if not copied:
                rows[name]["copying"] = copying(seen.features, held.features, known.features)
            if own.sheet and truncation == own.truncations[0]:
                draw_nearest(generated, seen, learned, known, own.sheet)
    figures |= {"rows": rows, "copying": copied or f"beside {own.crops} training crops"}
    figures["inception_score"] = "Inception-v3" if reader.has_classes else _NO_CLASSES
    figures["seconds"] = time.perf_counter() - began
    if options.speed:
        z = torch.zeros(1, network.latent_size, device=reader.device)
        figures["speed"] = units(lambda photo: network.generate(z, size=(photo.shape[2], photo.shape[3])))
    show(figures)
    return figures


def training_scales(source: Path) -> tuple[float, float]:
    """Return the scales at which a run cut its crops; the usual ones for a checkpoint folder."""
    run = source.parent.parent if (source / "state.json").is_file() else source
    if (run / "options.json").is_file():
        least, most = read_options(run)[1]["scales"]
        return least, most
    return CropRun.scales


def copy_reason(known: bool, trained_on: int | None) -> str:
    """Say why copies cannot be told; empty when they can."""
    if not known:
        return "not measured: give --trained, the folders that it was trained on"
    if trained_on:
        return (
            f"not measured: {trained_on} of --pictures were trained on, so they are no measure of unseen ones"
        )
    return ""


def draw_nearest(generated: Draw, seen: Seen, crops: Draw, known: Seen, file: Path) -> None:
    """Draw the generated pictures that come nearest to a training crop, nearest first, beside that crop."""
    distances, indices = nearest(seen.features, known.features)
    order = distances.argsort()[: _DOWN * _ACROSS].tolist()
    shown = []
    for number in order:
        shown += [to_image(generated(number)), to_image(crops(int(indices[number])))]
    rows = [shown[begin : begin + 2 * _ACROSS] for begin in range(0, len(shown), 2 * _ACROSS)]
    save_sheet(contact_sheet(rows, ["generated", "nearest crop"] * _ACROSS, cell=128), file)
    print(f"the nearest of them are {distances[order[0]]:.3f} to {distances[order[-1]]:.3f} apart")


def show(figures: Mapping[str, Any]) -> None:
    """Print what was measured, on what."""
    print(f"held-out crops: {told(figures['pictures'])}")
    for name, row in figures["rows"].items():
        values = [f"{key} {value:.4g}" for key, value in row.items() if isinstance(value, float)]
        print(f"{name}: " + "  ".join(values))
    print("\n".join(network_notes(figures)))
    print(f"copying: {figures['copying']}")
    print(f"inception score: {figures['inception_score']}")
    print(f"{figures['seconds']:.0f} seconds")
    if "speed" in figures:
        print(f"a 512 px picture takes {figures['speed']:.2f} of VGG-19 to relu4_1")
