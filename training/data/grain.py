"""Grain as cameras leave it on photos, and photos that are nearly flat, such as a clear sky's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_SOFT = 6  # places along a side of what a flat picture keeps of its photo: a sky's slow change of light
_CONTRAST = (0.02, 0.3)  # share of the photo's contrast that it keeps
_COARSE = 0.5  # chance that grain is two pixels wide, as after noise reduction and JPEG


def grainy(photos: Tensor, most: float, rng: torch.Generator) -> Tensor:
    """Give every second of photos (B, 3, H, W) grain of a deviation of up to `most`, of [0, 1] light."""
    chosen = torch.rand(len(photos), generator=rng) < 0.5
    deviation = most * torch.rand(len(photos), generator=rng) * chosen
    return _with_grain(photos, deviation, rng)


def flat_takes(photos: Tensor, most: float, rng: torch.Generator) -> Tensor:
    """Make nearly flat pictures of photos (B, 3, H, W), and two takes of each: (2 B, 3, H, W), set after set.

    Both takes of a picture differ in nothing but their grain, of a deviation of up to `most`.
    """
    count, size = len(photos), photos.shape[2:]
    low, high = _CONTRAST
    share = low * (high / low) ** torch.rand(count, 1, 1, 1, generator=rng)
    soft = F.interpolate(F.adaptive_avg_pool2d(photos, _SOFT), size=size, mode="bicubic", align_corners=False)
    mean = photos.mean((2, 3), keepdim=True)
    shown = (mean + share * (soft - mean)).clamp(0, 1)
    deviation = most * torch.rand(count, generator=rng)
    return torch.cat([_with_grain(shown, deviation, rng) for _ in range(2)])


def _with_grain(pictures: Tensor, deviation: Tensor, rng: torch.Generator) -> Tensor:
    """Add grain of deviations (B,), mostly of light and a little of color; rounded to bytes as files are."""
    count, _, height, width = pictures.shape
    light = torch.randn(count, 1, height, width, generator=rng)
    color = torch.randn(count, 3, height, width, generator=rng)
    grain = 0.9 * light + 0.44 * color
    wide = F.avg_pool2d(F.pad(grain, (0, 1, 0, 1), mode="replicate"), 2, stride=1) * 2
    coarse = torch.rand(count, 1, 1, 1, generator=rng) < _COARSE
    noisy = pictures + deviation.view(-1, 1, 1, 1) * torch.where(coarse, wide, grain)
    return torch.where(deviation.view(-1, 1, 1, 1) > 0, (noisy.clamp(0, 1) * 255).round() / 255, pictures)
