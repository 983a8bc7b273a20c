"""Pictures with class masks: read from a table, drawn by class, cut and altered together."""

from __future__ import annotations

import csv
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as V

from stylizer.imaging.picture import PictureError, open_picture
from stylizer.models.class_table import IGNORE, NAMES

from ..run.config import UserMistake
from .folders import uniform

ABSENT = 254
"""Label of a pixel that is unlabeled, but of none of the classes that its picture was searched for."""
_SEARCHED = {"voc-sbd": ("person", "animal", "vehicle")}
"""Sources whose labelers marked every instance of these classes; elsewhere 255 tells nothing."""
_BORDER = 6  # pixels beside a label that may still belong to it
_LEAST_SHARE = 0.01  # of a picture, for a class to count as being in it


class Labeled(NamedTuple):
    """One picture: rgb (3, H, W) uint8 and its label (H, W) uint8: a class, ABSENT or IGNORE."""

    rgb: Tensor
    label: Tensor


@dataclass(frozen=True)
class LabeledPictures:
    """Labeled pictures in memory, with what the draw and the figures need to know of each."""

    items: tuple[Labeled, ...]
    names: tuple[str, ...]
    sources: tuple[str, ...]
    human: tuple[bool, ...]
    """Whether people drew and named the regions."""

    def __len__(self) -> int:
        return len(self.items)

    def shares(self) -> Tensor:
        """Return the share of each class in each picture, (pictures, classes)."""
        counts = [torch.bincount(item.label.flatten().long(), minlength=256) for item in self.items]
        return torch.stack([count[: len(NAMES)] / count.sum() for count in counts])

    def subset(self, indices: list[int]) -> LabeledPictures:
        """Return some of the pictures."""
        return LabeledPictures(
            tuple(self.items[i] for i in indices),
            tuple(self.names[i] for i in indices),
            tuple(self.sources[i] for i in indices),
            tuple(self.human[i] for i in indices),
        )


def read_labeled(folder: Path, split: str, absent: bool = False) -> LabeledPictures:
    """Read the pictures of a split that `segmentation.csv` of a folder lists.

    The table has the columns file, source, split, labels (human or pseudo); the mask of
    `images/NAME.webp` is `masks/NAME.png`, whose pixel values are class ids. absent: mark what complete
    sources rule out with ABSENT. Raises UserMistake.
    """
    table = folder / "segmentation.csv"
    if not table.is_file():
        raise UserMistake(f"{folder} holds no segmentation.csv; give the folder of labeled pictures.")
    with table.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("split") == split]
    if not rows:
        raise UserMistake(f"segmentation.csv lists no picture of the split {split!r}.")
    items = []
    for row in rows:
        path = folder / row["file"]
        try:
            rgb = torch.from_numpy(open_picture(path).rgb.copy()).permute(2, 0, 1).contiguous()
            label = read_mask(folder / "masks" / f"{path.stem}.png")
        except (PictureError, OSError, ValueError) as error:
            raise UserMistake(f"{row['file']} cannot be used: {error}") from error
        if label.shape != rgb.shape[1:]:
            raise UserMistake(f"{row['file']} is {tuple(rgb.shape[1:])}, its mask {tuple(label.shape)}.")
        searched = _SEARCHED.get(row["source"], ()) if absent else ()
        items.append(Labeled(rgb, mark_absent(label, searched) if searched else label))
    print(f"{folder.name}: {len(items)} labeled pictures of {split}", file=sys.stderr)
    return LabeledPictures(
        tuple(items),
        tuple(Path(row["file"]).stem for row in rows),
        tuple(row["source"] for row in rows),
        tuple(row["labels"] == "human" for row in rows),
    )


def read_mask(path: Path) -> Tensor:
    """Read a mask's class ids (H, W) uint8; raises ValueError for a value that is no class."""
    with Image.open(path) as image:
        if image.mode not in ("P", "L"):
            raise ValueError(f"its mask has mode {image.mode}; expected one class id a pixel (P or L)")
        label = torch.from_numpy(np.asarray(image).copy())
    strange = label[(label >= len(NAMES)) & (label != IGNORE)]
    if len(strange):
        raise ValueError(f"its mask has the value {int(strange[0])}; known are 0 to {len(NAMES) - 1} and 255")
    return label


def mark_absent(label: Tensor, searched: tuple[str, ...]) -> Tensor:
    """Mark unlabeled pixels as ABSENT, except beside a label of the searched classes."""
    ids = torch.tensor([NAMES.index(name) for name in searched], dtype=label.dtype)
    near = F.max_pool2d(torch.isin(label, ids)[None].float(), 2 * _BORDER + 1, 1, _BORDER)[0] > 0
    return torch.where((label == IGNORE) & ~near, torch.full_like(label, ABSENT), label)


class BalancedDraw:
    """Draw pictures by drawing a class first: rare classes come more often than their pictures do.

    A class is drawn in proportion to (its number of pictures) ** `evenness`: 1 leaves the classes as
    frequent as they are, 0 makes them equally frequent.
    """

    def __init__(self, pictures: LabeledPictures, evenness: float):
        holds = pictures.shares() >= _LEAST_SHARE
        self.members = [holds[:, c].nonzero().flatten() for c in range(holds.shape[1])]
        counts = holds.sum(0).double()
        self.chances = torch.where(counts > 0, counts.clamp(min=1) ** evenness, 0.0)
        if not self.chances.any():
            raise UserMistake("none of the labeled pictures holds a class on 1 % of its pixels.")

    def __call__(self, count: int, rng: torch.Generator) -> list[tuple[int, int]]:
        """Draw (picture, class that it was drawn for) pairs."""
        drawn = torch.multinomial(self.chances, count, replacement=True, generator=rng).tolist()
        return [
            (int(self.members[c][torch.randint(len(self.members[c]), (), generator=rng)]), c) for c in drawn
        ]


def cut(item: Labeled, side: int, wanted: int, rng: torch.Generator) -> Labeled:
    """Cut a square that shows the picture at 0.5 to 2 times its size, stretched a little, maybe mirrored.

    Half of the squares lie around a pixel of the class `wanted`. What lies outside the picture is gray and
    unlabeled; no square shows more than the picture's long side.
    """
    height, width = item.label.shape
    factor = max(2 ** uniform(-1, 1, rng), side / max(height, width))
    stretch = 2 ** uniform(-0.3, 0.3, rng)
    tall, wide = round(side / factor * stretch**0.5), round(side / factor / stretch**0.5)
    if uniform(0, 1, rng) < 0.5 and (places := (item.label == wanted).nonzero()).numel():
        row, column = places[int(torch.randint(len(places), (), generator=rng))].tolist()
        top, left = row - uniform(0, tall, rng), column - uniform(0, wide, rng)
    else:
        top, left = uniform(0, height - tall, rng), uniform(0, width - wide, rng)
    top, left = _inside(top, height - tall), _inside(left, width - wide)
    rgb = V.crop(V.to_dtype(item.rgb, torch.float32, scale=True) - 0.5, top, left, tall, wide) + 0.5
    label = V.crop(item.label[None].int() - IGNORE, top, left, tall, wide) + IGNORE
    rgb = V.resize(rgb, [side, side], antialias=True).clamp(0, 1)
    label = V.resize(label, [side, side], InterpolationMode.NEAREST_EXACT)[0].byte()
    mirrored = uniform(0, 1, rng) < 0.5
    return Labeled(rgb.flip(2), label.flip(1)) if mirrored else Labeled(rgb, label)


def _inside(start: float, room: int) -> int:
    """Keep a cut inside its picture, or the picture inside its cut when that is the larger one."""
    return round(min(max(start, min(0, room)), max(0, room)))


def _compressed(rgb: Tensor, quality: int) -> Tensor:
    """Give (3, H, W) in [0, 1] the blocks of a JPEG file."""
    file = io.BytesIO()
    Image.fromarray((rgb * 255).round().byte().permute(1, 2, 0).numpy()).save(file, "JPEG", quality=quality)
    return torch.from_numpy(np.asarray(Image.open(file)).copy()).permute(2, 0, 1).float() / 255


def alter(rgb: Tensor, rng: torch.Generator) -> Tensor:
    """Change light and color, blur, shrink, quantize or compress (3, H, W) in [0, 1], each by chance."""

    def chance(share: float) -> bool:
        return uniform(0, 1, rng) < share

    if chance(0.8):
        rgb = V.adjust_brightness(rgb, uniform(0.6, 1.5, rng))
        rgb = V.adjust_contrast(rgb, uniform(0.6, 1.5, rng))
        rgb = V.adjust_saturation(rgb, uniform(0.4, 1.7, rng))
    if chance(0.3):
        rgb = V.adjust_hue(rgb, uniform(-0.15, 0.15, rng))
    if chance(0.3):  # the color of the light
        rgb = (rgb * (0.75 + 0.5 * torch.rand(3, 1, 1, generator=rng))).clamp(0, 1)
    if chance(0.2):
        rgb = rgb ** (2 ** uniform(-0.7, 0.7, rng))
    if chance(0.1):
        rgb = V.rgb_to_grayscale(rgb, 3)
    if chance(0.2):
        rgb = V.gaussian_blur(rgb, [7, 7], [uniform(0.4, 1.8, rng)] * 2)
    if chance(0.15):
        rgb = (rgb + uniform(0.01, 0.06, rng) * torch.randn(rgb.shape, generator=rng)).clamp(0, 1)
    if chance(0.25):
        rgb = _compressed(rgb, int(uniform(25, 90, rng)))
    return rgb
