"""Named styles: codes of paintings on a list, studied, with a thumbnail of our own painted in each."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as V
from tqdm import tqdm

from stylizer.imaging.picture import Picture, open_picture, save_picture
from stylizer.imaging.resize import fit_within
from stylizer.imaging.tensors import to_picture, to_tensor
from stylizer.models.checkpoint import load_checkpoint
from stylizer.models.painter import Painter
from stylizer.models.perceptual import load_perceptual
from stylizer.models.study import Practice, StudyOptions, study
from stylizer.models.style_encoder import STYLE_SIDE
from stylizer.models.style_file import NamedStyle, save_style

from ..data.folders import find_pictures
from ..run.config import UserMistake
from .options import StylesOptions

LIST = Path(__file__).with_name("named_styles.csv")
THUMBNAIL_SIDE = 224


def make_styles(options: StylesOptions) -> None:
    """Write `<slug>.safetensors` and `<slug>.webp` for every painting on the list.

    Raises UserMistake when a file on the list is missing.
    """
    painter = load_checkpoint(options.checkpoint)
    if not isinstance(painter, Painter):
        raise UserMistake(f"{options.checkpoint.name} is no painter; give the checkpoint folder of one.")
    practice = _practice(painter, options) if options.steps else None
    sample = to_tensor(fit_within(open_picture(options.sample), STYLE_SIDE))
    for row in tqdm(list(_rows(options)), unit="style"):
        style = to_tensor(fit_within(open_picture(options.root / row["file"]), STYLE_SIDE))
        if practice:
            chosen = StudyOptions(steps=options.steps, show_every=options.steps)
            *_, found = study(painter, style, practice, chosen)
            code = found.code[None]
        else:
            code = painter.code(style)
        tags = tuple(tag for tag in row["tags"].split(";") if tag)
        save_style(options.out, NamedStyle(
            row["slug"], row["title"], row["artist"], row["year"], tags, code[0].cpu(),
            painter.checkpoint_sha, refined=bool(options.steps), source=Path(row["file"]).name,
        ))  # fmt: skip
        save_picture(_thumbnail(painter, sample, code), options.out / f"{row['slug']}.webp", quality=82)


def _rows(options: StylesOptions) -> Iterator[dict[str, str]]:
    with (options.listing or LIST).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if options.only and row["slug"] not in options.only:
                continue
            if not (options.root / row["file"]).is_file():
                raise UserMistake(f"{row['file']} is on the list of styles but not below {options.root}.")
            yield row


def _practice(painter: Painter, options: StylesOptions, count: int = 48) -> Practice:
    """Cut one set of crops for all styles: measuring them is then paid once."""
    paths = list(find_pictures(options.photos))
    chosen = paths[:: max(1, len(paths) // count)]
    photos = [to_tensor(fit_within(open_picture(path), STYLE_SIDE))[0] for path in chosen]
    return Practice(painter, load_perceptual(options.perceptual, torch.bfloat16), photos, crops=2 * count)


@torch.no_grad()
def _thumbnail(painter: Painter, sample: Tensor, code: Tensor) -> Picture:
    painted = painter.decode(painter.encode(sample), code, torch.ones(1))
    side = min(painted.shape[2:])
    square = V.center_crop(painted, [side, side])
    return to_picture(V.resize(square, [THUMBNAIL_SIDE] * 2, antialias=True).clamp(0, 1))
