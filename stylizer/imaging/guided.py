"""Lead masks along the edges of the photo that they belong to."""

from __future__ import annotations

from functools import reduce
from itertools import combinations_with_replacement

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import full_precision
from stylizer.imaging.resample import linear_window

_NOISE = 1e-4
"""Variance of color below which a difference counts as noise: 1 % of the range."""
SHARPER = 1.5
"""From this enlargement of masks on, their borders are led along the large photo's edges once more."""
_CONTRAST = 2.0
"""Steepness given to refined masks around one half: haze and holes of up to a quarter go, and where the photo
shows no edge the border is half as wide. Hair kept its strands up to 2 (looked at)."""


def refine_to_edges(weights: Tensor, photo: Tensor, radius: int = 12, noise: float = _NOISE) -> Tensor:
    """Let masks that share every pixel follow the photo's edges, hair by hair.

    weights (N, h, w) >= 0, sum 1; photo (1, 3, h, w) in [0, 1]; radius of the windows in pixels. Returns
    (N, h, w) >= 0, sum 1. The guided filter with a color guide (He et al., "Guided image filtering", 2013,
    eq. 14 to 16), its lines found on a smaller picture (see EdgeGuide). Departing from it, borders are made
    steeper afterwards: its masks carry a haze where both sides share a color. Where one mask alone reigns as
    far as the windows see, it stays exactly so.
    """
    if len(weights) == 1:
        return weights
    size, coarser = (weights.shape[1], weights.shape[2]), max(1, radius // 4)
    small = [max(1, round(side / coarser)) for side in size]
    planes, guide = (F.interpolate(x, size=small, mode="area") for x in (weights[None], photo))
    whole = slice(0, size[0]), slice(0, size[1])
    guided = EdgeGuide(planes[0], guide, round(radius / coarser), noise).window(photo, size, *whole)
    guided = guided + 1e-6 * weights  # where every line ends below 0 the masks are as they were
    # a little of the unsteepened masks decides where many meet and none reaches a quarter
    steep = (0.5 + _CONTRAST * (guided - 0.5)).clamp_(0, 1) + 1e-3 * guided
    return steep / steep.sum(0)


class EdgeGuide:
    """Planes as colors' linear functions that change slowly, so that they can be read at any size.

    The fast guided filter (He and Sun, arXiv:1505.00996): the lines are found on a small photo and its small
    planes, and read with the colors of the large photo. A photo has three channels, or one of light alone.
    """

    def __init__(self, planes: Tensor, photo: Tensor, radius: int = 2, noise: float = _NOISE) -> None:
        """Find the lines of planes (P, h, w) >= 0 over a photo (1, C, h, w) in [0, 1], C 1 or 3."""
        with full_precision(photo):
            self.lines = _lines(planes.float(), photo[0].float(), radius, noise)
        self.most = planes.flatten(1).amax(1)[:, None, None]

    def window(self, photo: Tensor, size: tuple[int, int], rows: slice, columns: slice) -> Tensor:
        """Read the planes over a window (1, C, rows, columns) of a photo of `size` (height, width)."""
        lines = linear_window(self.lines, size, rows, columns)
        with full_precision(photo):
            channels = photo.shape[1]
            slopes, offsets = lines.unflatten(0, (-1, channels + 1)).split([channels, 1], 1)
            found = (slopes * photo.float()).sum(1) + offsets[:, 0]
        return torch.minimum(found.clamp_(min=0), self.most)


def _lines(planes: Tensor, guide: Tensor, radius: int, noise: float) -> Tensor:
    """Fit plane = slope . color + offset in every window, and average: (P * (C + 1), h, w)."""
    count, channels = len(planes), len(guide)
    products = list(combinations_with_replacement(range(channels), 2))
    guide = guide - 0.5  # smaller numbers, smaller rounding
    flat = torch.cat([
        guide,
        torch.stack([guide[a] * guide[b] for a, b in products]),
        planes,
        (planes[:, None] * guide).flatten(0, 1),
    ])  # fmt: skip
    parts = [channels, len(products), count, channels * count]
    means, squares, plane_means, mixed = window_mean(flat, radius).split(parts)
    variance = torch.empty(channels, channels, *guide.shape[1:], device=guide.device)
    for (a, b), square in zip(products, squares, strict=True):
        variance[a, b] = variance[b, a] = square - means[a] * means[b]
    variance += noise * torch.eye(channels, device=guide.device)[:, :, None, None]
    covariance = mixed.unflatten(0, (count, channels)) - plane_means[:, None] * means
    slopes = torch.einsum("abhw,pbhw->pahw", inverses(variance), covariance)
    # where a plane is constant as far as the window sees, the line is flat, to the last bit
    same = widest(planes, radius) == -widest(-planes, radius)
    slopes = torch.where(same[:, None], 0.0, slopes)
    offsets = plane_means - (slopes * means).sum(1)
    averaged = window_mean(torch.cat([slopes, offsets[:, None]], 1).flatten(0, 1), radius)
    averaged = averaged.unflatten(0, (count, channels + 1))
    averaged[:, -1] -= 0.5 * averaged[:, :-1].sum(1)  # colors are read as they are, from 0 to 1
    far = widest(planes, 2 * radius) == -widest(-planes, 2 * radius)
    flat_line = torch.cat([torch.zeros_like(guide).expand(count, -1, -1, -1), planes[:, None]], 1)
    return torch.where(far[:, None], flat_line, averaged).flatten(0, 1)


def inverses(matrix: Tensor) -> Tensor:
    """Invert symmetric matrices (C, C, h, w), C 1 or 3, by cofactors; torch's own inverse is far slower."""
    if len(matrix) == 1:
        return 1 / matrix
    (a, b, c), (_, d, e), (_, _, f) = matrix.unbind(0)
    first, second, third = d * f - e * e, c * e - b * f, b * e - c * d
    rest = torch.stack([a * f - c * c, b * c - a * e, a * d - b * b])
    rows = [[first, second, third], [second, rest[0], rest[1]], [third, rest[1], rest[2]]]
    return torch.stack([torch.stack(row) for row in rows]) / (a * first + b * second + c * third)


def window_mean(planes: Tensor, radius: int) -> Tensor:
    """Average (C, h, w) over square windows, cut off at the border."""
    for axis in (1, 2):
        ones = planes.new_ones([planes.shape[axis] if each == axis else 1 for each in range(3)])
        planes = _window_sum(planes, radius, axis) / _window_sum(ones, radius, axis)
    return planes


def _window_sum(planes: Tensor, radius: int, axis: int) -> Tensor:
    """Add up (C, h, w) over windows along an axis, 1 or 2: runs of 1, 2, 4.. places, which make a window.

    A window of 25 takes 6 sums a place instead of 25; pooling took twenty times as long.
    """
    width, sums = 2 * radius + 1, []
    runs = F.pad(planes, (0, 0, radius, radius) if axis == 1 else (radius, radius))
    span, begin = 1, 0
    while span <= width:
        if width & span:
            sums.append(_without(runs, begin, width - span - begin, axis))
            begin += span
        runs = _without(runs, 0, span, axis) + _without(runs, span, 0, axis) if 2 * span <= width else runs
        span *= 2
    return reduce(torch.add, sums)


def _without(planes: Tensor, first: int, last: int, axis: int) -> Tensor:
    """Leave out so many places at the beginning and at the end of an axis, 1 or 2."""
    part = slice(first, -last if last else None)
    return planes[:, part] if axis == 1 else planes[:, :, part]


def weighted_mean(share: Tensor, planes: Tensor, radius: int) -> Tensor:
    """Average (B, P, h, w) over square windows, places weighed by their share (B, 1, h, w) > 0."""
    sums = torch.cat([share, share * planes], 1)
    sums = window_mean(sums.flatten(0, 1), radius).view_as(sums)
    return sums[:, 1:] / sums[:, :1]


def widest(planes: Tensor, radius: int) -> Tensor:
    """Return the largest value of (C, h, w) in square windows."""
    size = 2 * radius + 1
    for kernel, padding in (((size, 1), (radius, 0)), ((1, size), (0, radius))):
        planes = F.max_pool2d(planes[None], kernel, 1, padding)[0]
    return planes
