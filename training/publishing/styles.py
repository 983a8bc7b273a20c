"""Named styles: codes of paintings on a list, studied, with pictures of our own for the gallery."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as V
from tqdm import tqdm

from stylizer import CHECKPOINTS
from stylizer.errors import StyleFileError
from stylizer.imaging.picture import Picture, open_picture, save_picture
from stylizer.imaging.resize import fit_within
from stylizer.imaging.skin_tones import hold_to_skin
from stylizer.imaging.tensors import to_picture, to_tensor
from stylizer.models.bare_skin import skin_in
from stylizer.models.checkpoint import load_checkpoint
from stylizer.models.number_type import fast_type
from stylizer.models.painter import Painter
from stylizer.models.roles import Segmenter, Stylizer
from stylizer.models.strength import calibrate, code_weights
from stylizer.models.study import ADAPTER_RATE, Practice, StudyOptions, study
from stylizer.models.style_encoder import STYLE_SIDE
from stylizer.models.style_file import (
    PAINTING_SUFFIX,
    SUFFIX,
    THUMBNAIL_SUFFIX,
    NamedStyle,
    load_style,
    save_style,
)
from stylizer.models.transfer_network import stack_codes

from ..data.encoder_weights import open_perceptual
from ..data.faces import face_map, read_faces
from ..data.folders import find_pictures, is_picture
from ..run.config import UserMistake
from ..run.processes import open_device
from .options import StylesOptions

LIST = Path(__file__).with_name("named_styles.csv")
THUMBNAIL_SIDE = 224
THUMBNAIL_PAINTED_AT = 360
"""Short side at which a thumbnail is painted: at full size its strokes would be too fine to be seen."""
RENDITION_SIDE = 400
"""Longest side of what is shown of a painting."""


def make_styles(options: StylesOptions) -> None:
    """Write `<slug>.safetensors`, `<slug>.webp` and, where it may be shown, `<slug>.painting.webp`.

    The order of the list is the gallery's. Raises UserMistake when a file on the list is missing.
    """
    device = open_device(options.device)
    painter = load_checkpoint(options.checkpoint, device)
    if not isinstance(painter, Stylizer):
        raise UserMistake(f"{options.checkpoint.name} is no painter; give the checkpoint folder of one.")
    practice = _practice(painter, options, device) if options.steps else None
    samples = {
        path.stem: _sample(path).to(device) for path in sorted(options.samples.iterdir()) if is_picture(path)
    }
    segmenter = cast(Segmenter, load_checkpoint(CHECKPOINTS / "segmenter", device))
    for place, row, file in tqdm(list(_rows(options, samples)), unit="style"):
        painting = open_picture(file)
        kept = _kept(options, row["slug"], painter) if options.keep_codes else None
        code = kept.code[None] if kept else _code(options, painter, painting, practice, row["slug"], device)
        code = code.to(device)
        slug, tags = row["slug"], tuple(tag for tag in row["tags"].split(";") if tag)
        about, credit = row.get("about") or "", row.get("credit") or ""
        refined = kept.refined if kept else bool(options.steps)
        save_style(options.out, NamedStyle(
            slug, row["title"], row["artist"], row["year"], tags, code[0].cpu(), painter.checkpoint_sha,
            refined=refined, source=file.name, about=about, credit=credit, place=place,
        ))  # fmt: skip
        sample = samples[row.get("photo") or min(samples)]
        thumbnail = _thumbnail(painter, segmenter, sample, code)
        save_picture(thumbnail, options.out / f"{slug}{THUMBNAIL_SUFFIX}", quality=80)
        rendition = options.out / f"{slug}{PAINTING_SUFFIX}"
        rendition.unlink(missing_ok=True)
        if credit:
            save_picture(fit_within(painting, RENDITION_SIDE), rendition, quality=80)


def _rows(options: StylesOptions, samples: dict[str, Tensor]) -> Iterator[tuple[int, dict[str, str], Path]]:
    """List the places of the styles, what the list says of them, and the paintings' files."""
    with (options.listing or LIST).open(newline="", encoding="utf-8") as listing:
        for place, row in enumerate(csv.DictReader(listing)):
            if options.only and row["slug"] not in options.only:
                continue
            ours, theirs = Path(row["file"]), options.root / row["file"]
            file = theirs if theirs.is_file() else ours
            if not file.is_file():
                raise UserMistake(f"{row['file']} is on the list of styles but not below {options.root}.")
            if (row.get("photo") or min(samples, default="")) not in samples:
                raise UserMistake(f"the photo {row.get('photo')!r} of {row['slug']} is not in --samples.")
            yield place, row, file


def _kept(options: StylesOptions, slug: str, painter: Stylizer) -> NamedStyle | None:
    """Read a style that is there and was made for this painter."""
    style = _there(options, slug)
    return style if style and style.painter_sha == painter.checkpoint_sha else None


def _there(options: StylesOptions, slug: str) -> NamedStyle | None:
    try:
        return load_style(options.out / f"{slug}{SUFFIX}")
    except StyleFileError:
        return None


def _code(
    options: StylesOptions,
    painter: Stylizer,
    painting: Picture,
    practice: Practice | None,
    slug: str,
    device: torch.device,
) -> Tensor:
    style = to_tensor(fit_within(painting, STYLE_SIDE)).to(device)
    if practice is None or not isinstance(painter, Painter):
        with torch.no_grad():
            return painter.code(style)
    chosen = StudyOptions(steps=options.steps, show_every=options.steps)
    if options.adapters:
        chosen = replace(chosen, adapter_rate=ADAPTER_RATE)
    earlier = _there(options, slug) if options.go_on else None
    known = earlier.code if earlier and painter.fits(earlier.code) else None
    *_, found = study(painter, style, practice, chosen, known)
    return found.code[None]


def _practice(painter: Stylizer, options: StylesOptions, device: torch.device, count: int = 48) -> Practice:
    """Cut one set of crops for all styles: measuring them is then paid once."""
    if not isinstance(painter, Painter):
        raise UserMistake("only the painter's codes are refined; give --steps 0.")
    if options.photos is None:
        raise UserMistake("codes are refined on photos; give --photos FOLDER, or --steps 0.")
    paths = list(find_pictures(options.photos))
    chosen = paths[:: max(1, len(paths) // count)]
    photos = [to_tensor(fit_within(open_picture(path), STYLE_SIDE))[0] for path in chosen]
    known = read_faces(options.faces) if options.faces else {}
    faces = [
        face_map(known.get(path.name, ()), *photo.shape[1:]) / 255
        for path, photo in zip(chosen, photos, strict=True)
    ]
    network = open_perceptual(options.perceptual, fast_type(device.type)).to(device)
    return Practice(painter, network, photos, faces, crops=2 * count)


def _sample(path: Path) -> Tensor:
    """Read the middle of a photo, (1, 3, side, side)."""
    photo = to_tensor(open_picture(path))
    square = V.center_crop(photo, [min(photo.shape[2:])] * 2)
    return V.resize(square, [THUMBNAIL_PAINTED_AT] * 2, antialias=True).clamp(0, 1)


@torch.no_grad()
def _thumbnail(painter: Stylizer, segmenter: Segmenter, sample: Tensor, code: Tensor) -> Picture:
    """Paint a thumbnail as the page does with the slider at 1, faces gently."""
    content = painter.encode(sample)
    codes = stack_codes([painter.own_code(content)[0], code[0]])
    weights = code_weights(
        [1.0], calibrate(1.0, getattr(getattr(painter, "config", None), "calibration", ()))
    )
    painted = painter.decode(content, codes, weights).float()
    skin = skin_in(sample, segmenter)
    if skin is not None:
        painted = hold_to_skin(painted, sample, skin)
    return to_picture(V.resize(painted, [THUMBNAIL_SIDE] * 2, antialias=True).clamp(0, 1))
