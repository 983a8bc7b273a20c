"""Grain as cameras leave it on photos."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_COARSE = 0.5  # chance that grain is two pixels wide, as after noise reduction and JPEG


def grainy(photos: Tensor, most: float, rng: torch.Generator) -> Tensor:
    """Give every second of photos (B, 3, H, W) grain of a deviation of up to `most`, of [0, 1] light.

    Grain is mostly of light and a little of color. What has some is rounded to bytes, as files are.
    """
    count, _, height, width = photos.shape
    chosen = torch.rand(count, generator=rng) < 0.5
    deviation = (most * torch.rand(count, generator=rng) * chosen).view(-1, 1, 1, 1)
    light = torch.randn(count, 1, height, width, generator=rng)
    color = torch.randn(count, 3, height, width, generator=rng)
    grain = 0.9 * light + 0.44 * color
    wide = F.avg_pool2d(F.pad(grain, (0, 1, 0, 1), mode="replicate"), 2, stride=1) * 2
    coarse = torch.rand(count, 1, 1, 1, generator=rng) < _COARSE
    noisy = photos + deviation * torch.where(coarse, wide, grain)
    return torch.where(deviation > 0, (noisy.clamp(0, 1) * 255).round() / 255, photos)
