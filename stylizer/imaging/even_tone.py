"""Keep calm places of a painting at the tones that they have in the photo: one sky, one tone."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import full_precision
from stylizer.imaging.guided import inverses, weighted_mean, window_mean

_CELL = 8  # pixels; tones are compared between cells of this side
_REACH = 7  # cells from the middle of a window to its edge: it must see past a band of tone
_NOISE = 1e-3  # variance of color below which a difference within the photo explains none of the painting's
_CALM, _BUSY = 0.15, 0.4  # of `between`: up to the one a place is calm, from the other on it is not
_BESIDE = 3  # cells from what is busy within which rims lie
_SOME_BUSY, _ALL_CALM = 0.7, 0.95  # shares of calm places within so many cells
_LEAST = 1e-4


def even_tones(painted: Tensor, photo: Tensor, busy: Tensor) -> Tensor:
    """Let the tones of calm places follow the photo's: no band of light round a roof, no sky in two colors.

    painted, photo (B, 3, H, W), H and W multiples of 8; busy (B, 1, H/2, W/2) in [0, 1], from `between`.
    Returns (B, 3, H, W), float32. Within wide windows the tone of what is calm becomes a linear function of
    the photo's colors, by the guided filter (He et al. 2013, eq. 14 to 16) with calm places alone counted.
    What is finer than a cell, strokes, stays, and so does all that is busy. Gradients flow.
    """
    with full_precision(painted):
        calm = ((_BUSY - busy.float()) / (_BUSY - _CALM)).clamp(0, 1)
        share, tone, guide = _cells(calm, painted.float(), photo.float())
        slopes, offset = _lines(share, tone, guide)
        wanted = torch.einsum("cabhw,bahw->bchw", slopes, guide) + offset
        change = _softer_in_the_open(share, wanted - tone)
        size = (painted.shape[2], painted.shape[3])
        large = [F.interpolate(x, size=size, mode="bilinear", align_corners=False) for x in (calm, change)]
        return painted + large[0] * large[1]


def _softer_in_the_open(share: Tensor, change: Tensor) -> Tensor:
    """Average changes (B, 3, h, w) over 3 x 3 cells where all around is calm, so that broad strokes stay.

    Beside what is busy each cell is changed by what it needs, if most of it is calm: rims lie there, and are
    a cell or two wide.
    """
    around = window_mean(share.flatten(0, 1), _BESIDE).view_as(share)
    beside = ((_ALL_CALM - around) / (_ALL_CALM - _SOME_BUSY)).clamp(0, 1)
    return torch.lerp(weighted_mean(share, change, 1), change, beside * (2 * share - 1).clamp(0, 1))


def _cells(calm: Tensor, painted: Tensor, photo: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Average over the calm places of every cell: their share (B, 1, h, w), tones and colors (B, 3, h, w)."""
    halves = F.avg_pool2d(torch.cat([painted, photo - 0.5], 1), 2)  # smaller numbers, smaller rounding
    sums = F.avg_pool2d(torch.cat([calm, calm * halves], 1), _CELL // 2)
    share = sums[:, :1] + _LEAST
    means = sums[:, 1:] / share
    return share, means[:, :3], means[:, 3:]


def _lines(share: Tensor, tone: Tensor, guide: Tensor) -> tuple[Tensor, Tensor]:
    """Fit tone = slopes . color + offset in every window, and average: (3, 3, B, h, w), (B, 3, h, w)."""
    squares = guide[:, :, None] * guide[:, None]
    products = tone[:, :, None] * guide[:, None]
    parts = torch.cat([guide, tone, squares.flatten(1, 2), products.flatten(1, 2)], 1)
    color, mean, square, product = weighted_mean(share, parts, _REACH).split([3, 3, 9, 9], 1)
    variance = square.unflatten(1, (3, 3)) - color[:, :, None] * color[:, None]
    covariance = product.unflatten(1, (3, 3)) - mean[:, :, None] * color[:, None]
    noise = _NOISE * torch.eye(3, device=tone.device)[:, :, None, None, None]
    variance = variance.permute(1, 2, 0, 3, 4) + noise
    slopes = torch.einsum("bcahw,adbhw->cdbhw", covariance, inverses(variance))
    offset = mean - torch.einsum("cabhw,bahw->bchw", slopes, color)
    flat = slopes.permute(2, 0, 1, 3, 4).flatten(1, 2)
    lines = weighted_mean(share, torch.cat([flat, offset], 1), _REACH)
    return lines[:, :9].unflatten(1, (3, 3)).permute(1, 2, 0, 3, 4), lines[:, 9:]
