"""Where a picture is calm and where it is busy, and how much happens there: measures that a gradient passes.

All lengths are given for a picture of 512 px and scale with `unit`, its long side / 512.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import full_precision
from stylizer.imaging.keep_color import luma

BANDS = ((0.6, 1.6), (1.6, 5.0), (5.0, 14.0))
"""Deviations in pixels of the two Gaussians whose difference is a band: fine, middle, coarse detail."""
_FINEST = 0.35  # a Gaussian of fewer pixels is none
_BOX = 24
_TINY = 1e-3  # of the range: what no eye sees
_CALMEST = (0.2, 0.4)  # ranks between which a place stops counting as calm: 30 % of a picture on the whole


def detail_bands(planes: Tensor, unit: float) -> list[Tensor | None]:
    """Split planes (B, C, H, W) into fine, middle and coarse detail, the coarse ones on smaller pictures.

    A band that a picture of this size cannot show is None.
    """
    found: list[Tensor | None] = []
    for (low, high), coarser in zip(BANDS, (1, 2, 4), strict=True):
        if low * unit < _FINEST:
            found.append(None)
            continue
        coarser = max(1, coarser if unit >= 0.5 else coarser // 2)
        small = F.avg_pool2d(planes, coarser, ceil_mode=True) if coarser > 1 else planes
        found.append(_blur(small, low * unit / coarser) - _blur(small, high * unit / coarser))
    return found


def busy_rank(pixels: Tensor, unit: float) -> Tensor:
    """Rank the places of a picture (1, 3, H, W) from the calmest, 0, to the busiest, 1: (1, 1, H, W)."""
    total = torch.zeros_like(pixels[:, :1])
    for band in detail_bands(luma(pixels), unit):
        if band is not None:
            box = max(1, round(_BOX * unit * band.shape[3] / pixels.shape[3])) // 2
            energy = F.avg_pool2d(band.square(), 2 * box + 1, 1, box, count_include_pad=False).sqrt()
            total = total + F.interpolate(energy, size=pixels.shape[2:], mode="bilinear")
    order = total.flatten().argsort()
    rank = torch.empty_like(total).flatten()
    rank[order] = torch.linspace(0, 1, len(order), device=rank.device)
    return rank.view_as(total)


def three_parts(rank: Tensor) -> Tensor:
    """Part a picture softly into calm, middling and busy places: (1, 3, H, W), sum 1, of ranks (1, 1, H, W).

    Three hats at the ranks 0, 1/2 and 1, so that every picture has all three.
    """
    return torch.cat([1 - 2 * rank, 1 - (2 * rank - 1).abs(), 2 * rank - 1], 1).clamp(min=0)


def calm_share(rank: Tensor) -> Tensor:
    """How much each place counts among the calmest 30 % of its picture, 0 to 1."""
    full, none = _CALMEST
    return ((none - rank) / (none - full)).clamp(0, 1)


def band_strengths(pixels: Tensor, parts: Tensor, unit: float) -> list[Tensor | None]:
    """Mean size of every band of light and of two color differences in soft parts of a picture.

    pixels (1, 3, H, W); parts (1, P, H, W) >= 0. Returns (3, P) a band, None where the picture is too small.
    """
    red, green, blue = pixels.split(1, 1)
    light = luma(pixels)
    planes = torch.cat([light, (red - green) / 2, blue / 2 - (red + green) / 4])
    found: list[Tensor | None] = []
    for band in detail_bands(planes, unit):
        if band is None:
            found.append(None)
            continue
        shares = F.interpolate(parts, size=band.shape[2:], mode="area")[0].flatten(1)
        shares = shares / shares.sum(1, keepdim=True).clamp(min=1e-6)
        with full_precision(pixels):
            found.append(band[:, 0].flatten(1).abs() @ shares.T + _TINY)
    return found


def band_correlations(bands: list[Tensor | None], others: list[Tensor | None], weights: Tensor) -> Tensor:
    """Correlation of two pictures' middle and coarse bands (1, 1, h, w), places weighed by (1, 1, H, W).

    Returns one number a band that both have; fine detail is left out, for in calm places it is noise.
    """
    found = []
    for band, other in zip(bands[1:], others[1:], strict=True):
        if band is None or other is None:
            continue
        shares = F.interpolate(weights, size=band.shape[2:], mode="area")
        shares = shares / shares.sum().clamp(min=1e-6)
        a, b = band - (band * shares).sum(), other - (other * shares).sum()
        sizes = (a.square() * shares).sum() * (b.square() * shares).sum()
        found.append((a * b * shares).sum() / (sizes + 1e-12).sqrt())
    return torch.stack(found) if found else weights.new_zeros(0)


def _blur(planes: Tensor, deviation: float) -> Tensor:
    """Blur (B, C, H, W) with a Gaussian of `deviation` pixels; the border is repeated."""
    if deviation < 0.2:
        return planes
    reach = max(1, round(3.5 * deviation))
    at = torch.arange(-reach, reach + 1, dtype=torch.float32, device=planes.device)
    kernel = torch.exp(-0.5 * (at / deviation).square())
    kernel = kernel / kernel.sum()
    flat = planes.flatten(0, 1)[:, None]
    with full_precision(planes):
        flat = F.conv2d(F.pad(flat, (0, 0, reach, reach), mode="replicate"), kernel.view(1, 1, -1, 1))
        flat = F.conv2d(F.pad(flat, (reach, reach, 0, 0), mode="replicate"), kernel.view(1, 1, 1, -1))
    return flat.view_as(planes)
