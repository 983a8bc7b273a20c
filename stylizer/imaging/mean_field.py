"""Let the probabilities of classes agree with the photo's colors, so that outlines lie on the photo's."""

from __future__ import annotations

from collections.abc import Iterable
from types import EllipsisType

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import full_precision
from stylizer.imaging.resample import blur

_SIDE = 192
"""Long side, pixels, at which pixels are compared: a quarter of what the masks have."""
_FAR, _STEP = 24, 6
"""Pixels as far as which colors are compared, and apart. A segmenter's outline is off by up to 8; within 24
there is ground that it is sure of. All pixels between would cost 36 times as much and say the same."""
_FAR_DEVIATION, _NEAR_DEVIATION = 12.0, 2.0
_FAR_COLOR, _NEAR_COLOR = 0.06, 0.12
"""Distances of colors, in [0, 1], that pass for the same: far away, and next to each other."""
_OWN_SAY, _COLOR_SAY, _NEAR_SAY = 0.5, 1.5, 1.5
"""What the segmenter's word, the colors around and the nearest pixels count. With more of the first the halos
stay, with less of the last there are specks (looked at)."""
_CHANCE = 0.02  # a color is seen so seldom in any class that never showed it around
_LEAST = 1e-3  # no class is less probable than that: a segmenter errs
_ABSENT = 0.25  # a class that is nowhere more probable than that is left out
_ROUNDS = 5

_Window = tuple[EllipsisType, slice, slice]
_Pair = tuple[_Window, _Window, Tensor]


def agree_with_colors(probabilities: Tensor, photo: Tensor) -> Tensor:
    """Move the borders of classes to where the photo's colors change.

    probabilities (1 + N, h, w), sum 1, the first of them that of none; photo (1, 3, H, W) in [0, 1]. Returns
    (1 + N, h', w'), sum 1, long side at most 192. Mean field in a random field whose pixels are drawn to the
    classes that show their color around (Krähenbühl and Koltun, arXiv:1210.5644, algorithm 1), in windows
    (Teichmann and Cipolla, arXiv:1805.04777). Departing from both, far neighbors are few, at the points of a
    grid, and what a class's colors say is divided by the root of the class's share around: else the largest
    swallows what is small and of its color.
    """
    height, width = photo.shape[2:]
    scale = min(1.0, _SIDE / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    likely = F.interpolate(probabilities[None].float(), size=size, mode="bilinear", antialias=True)[0]
    present = likely.flatten(1).amax(1) > _ABSENT
    present[0] = True
    with full_precision(photo):
        colors = F.interpolate(photo.float(), size=size, mode="area")[0]
        far, near = (
            list(_pairs(colors, _offsets(reach, step), color, deviation))
            for reach, step, color, deviation in (
                (_FAR, _STEP, _FAR_COLOR, _FAR_DEVIATION),
                (round(_NEAR_DEVIATION), 1, _NEAR_COLOR, _NEAR_DEVIATION),
            )
        )
        flat, ones = torch.zeros_like(colors), colors.new_ones(size)
        looked_at = 1 + _heard(ones, _pairs(flat, _offsets(_FAR, _STEP), 1.0, _FAR_DEVIATION))
        alike = _heard(ones, near).clamp_(min=1e-6)
        own = _OWN_SAY * likely[present].clamp(min=_LEAST).log()
        found = likely[present]
        for _ in range(_ROUNDS):
            shown = (found + _heard(found, far)) / looked_at / _share_around(found).sqrt() + _CHANCE
            found = (own + _COLOR_SAY * shown.log() + 2 * _NEAR_SAY * _heard(found, near) / alike).softmax(0)
    answer = torch.zeros_like(likely)
    answer[present] = found
    return answer


def _share_around(found: Tensor) -> Tensor:
    """Return how much of its surroundings each class (1 + N, h, w) has; none counts as all of them.

    So what is not sure may have no color that any class around it has: rims of doubt go to either side.
    """
    size = found.shape[1:]
    small = F.interpolate(found[None], size=[max(1, round(n / _STEP)) for n in size], mode="area")
    around = F.interpolate(blur(small, _FAR_DEVIATION / _STEP), size=size, mode="bilinear")[0]
    around[0] = 1
    return around.clamp_(_CHANCE, 1)


def _offsets(reach: int, step: int) -> list[tuple[int, int]]:
    """List the points (down, right) of a grid within a circle, one of each two that lie opposite."""
    along = range(-reach, reach + 1, step)
    return [(y, x) for y in along for x in along if (y, x) > (0, 0) and y * y + x * x <= reach * reach]


def _pairs(
    colors: Tensor, offsets: Iterable[tuple[int, int]], color: float, deviation: float
) -> Iterable[_Pair]:
    """Yield windows of pixels and of their neighbors, and how alike they are in place and color (h, w)."""
    height, width = colors.shape[1:]
    for down, right in offsets:
        if down < height and abs(right) < width:
            here = ..., slice(0, height - down), slice(max(0, -right), width - max(0, right))
            there = ..., slice(down, height), slice(max(0, right), width - max(0, -right))
            apart = (colors[here] - colors[there]).square_().sum(0) / (2 * color**2)
            yield here, there, (apart + (down**2 + right**2) / (2 * deviation**2)).neg_().exp_()


def _heard(planes: Tensor, pairs: Iterable[_Pair]) -> Tensor:
    """Add up what neighbors have (..., h, w), weighed by how alike they are."""
    total = torch.zeros_like(planes)
    for here, there, alike in pairs:
        total[here].addcmul_(alike, planes[there])
        total[there].addcmul_(alike, planes[here])
    return total
