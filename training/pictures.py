"""Crops of pictures, functions of a generator alone."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms.v2 import functional as V

from training.collection import PictureFolder, find_pictures

__all__ = ["PictureFolder", "find_pictures", "jitter_colors", "random_crop", "side_by_side", "uniform"]


def uniform(low: float, high: float, generator: torch.Generator) -> float:
    """Draw one number from [low, high)."""
    return low + (high - low) * torch.rand((), generator=generator).item()


def random_crop(
    picture: Tensor, size: int, scales: tuple[float, float], generator: torch.Generator
) -> Tensor:
    """Cut a random square of `size` pixels from the picture scaled by a factor in `scales`; maybe mirror it.

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
