"""Folders of pictures in memory, and crops that are a function of a generator alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms.v2 import functional as V

from stylizer.imaging.picture import PictureError, open_picture
from training.config import UserMistake

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".avif"}


class PictureFolder:
    """All pictures below a folder, decoded once, kept as uint8 (3, H, W) with the long side limited."""

    def __init__(self, folder: Path, long_side: int = 512):
        self.names: list[str] = []
        self.groups: list[str] = []
        self.pictures: list[Tensor] = []
        self.skipped: list[str] = []
        for path in find_pictures(folder):
            try:
                picture = open_picture(path)
            except PictureError as error:
                self.skipped.append(f"{path.name}: {error}")
                continue
            self.pictures.append(_limited((picture.tensor()[0] * 255).round().to(torch.uint8), long_side))
            self.names.append(path.name)
            self.groups.append(path.parent.relative_to(folder).as_posix())
        if not self.pictures:
            raise UserMistake(
                f"No readable picture below {folder}; give a folder of {', '.join(sorted(SUFFIXES))} files."
            )

    def __len__(self) -> int:
        return len(self.pictures)


def find_pictures(folder: Path) -> Iterator[Path]:
    """List the picture files below a folder, by name. Raises UserMistake when there is no such folder."""
    if not folder.is_dir():
        raise UserMistake(f"{folder} is not a folder; give a folder of pictures.")
    yield from sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())


def _limited(picture: Tensor, long_side: int) -> Tensor:
    height, width = picture.shape[1:]
    scale = long_side / max(height, width)
    if scale >= 1:
        return picture
    return V.resize(picture, [max(1, round(height * scale)), max(1, round(width * scale))], antialias=True)


def uniform(low: float, high: float, generator: torch.Generator) -> float:
    """Draw one number from [low, high)."""
    return low + (high - low) * torch.rand((), generator=generator).item()


def random_crop(
    picture: Tensor, size: int, scales: tuple[float, float], generator: torch.Generator
) -> Tensor:
    """Cut a random square of `size` pixels after scaling the picture by a factor from `scales`; maybe mirror it.

    picture (3, H, W) uint8; returns (3, size, size) float32 in [0, 1]. A small picture is enlarged to fit.
    """
    height, width = picture.shape[1:]
    factor = max(uniform(*scales, generator), size / min(height, width))
    side = min(size / factor, height, width)
    top, left = uniform(0, height - side, generator), uniform(0, width - side, generator)
    cut = picture[:, int(top) : int(top) + max(1, round(side)), int(left) : int(left) + max(1, round(side))]
    crop = V.resize(cut, [size, size], antialias=True).float() / 255
    return crop.flip(2) if torch.rand((), generator=generator) < 0.5 else crop


def jitter_colors(picture: Tensor, chance: float, generator: torch.Generator) -> Tensor:
    """Turn the hue and change saturation and brightness of (3, H, W) in [0, 1] with the given chance."""
    if torch.rand((), generator=generator) >= chance:
        return picture
    picture = V.adjust_hue(picture, uniform(-0.5, 0.5, generator))
    picture = V.adjust_saturation(picture, uniform(0.5, 1.5, generator))
    return V.adjust_brightness(picture, uniform(0.8, 1.2, generator)).clamp(0, 1)


def side_by_side(columns: list[Tensor], size: int) -> Tensor:
    """Lay out columns of pictures (B, 3, h, w) as one grid (3, B*size, len(columns)*size) in [0, 1]."""
    cells = [F.interpolate(c.float(), size=(size, size), mode="area").clamp(0, 1) for c in columns]
    return torch.cat([torch.cat(list(c), 1) for c in cells], 2)
