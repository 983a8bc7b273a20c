"""Selections: what an artist means by a click or by a stroke of the brush; all are masks (h, w) in [0, 1]."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from stylizer.errors import RegionsError
from stylizer.imaging.guided import refine_to_edges

_EDGE = 1.6  # how much more a step of color between neighbors counts than one from the clicked color
_SEED = 2  # pixels around the pointer whose median is the clicked color

MOST_POINTS = 4000
"""Points of one stroke of the brush."""
FARTHEST = 1e6
"""Pixels from the corner at which a stroke may still have a point: squares of more overflow."""
MOST_WORK = 150_000_000
"""Pixels that one stroke may go over, again and again: 1 s. A picture of 768 x 576 has 0.4 million."""
_APART = 0.02
"""Share of the radius that points of a stroke are apart at least; nearer ones change nothing that is seen."""


def similar_area(photo: Tensor, x: float, y: float, tolerance: float = 0.15) -> np.ndarray:
    """Select what is colored like the place under a pointer and hangs together with it, up to edges.

    photo (1, 3, h, w) in [0, 1]; x and y in its pixels; tolerance 0 to 1, the distance of colors that passes
    (0.1: shades of one color; 0.3: light and shadow of it). Returns (h, w) float32, refined to the edges.
    Between neighbors a step of color counts more than the distance to the clicked color, so that a soft
    change is followed and an edge stops.
    """
    if not 0 <= tolerance <= 1:
        raise RegionsError("the tolerance is {tolerance:g}; choose 0 to 1", tolerance=tolerance)
    colors = _perceived(photo[0].cpu().numpy())
    row, column = _place(colors.shape[1:], x, y)
    window = colors[:, max(row - _SEED, 0) : row + _SEED + 1, max(column - _SEED, 0) : column + _SEED + 1]
    distance = np.linalg.norm(colors - np.median(window, (1, 2))[:, None, None], axis=0)
    smooth = ndimage.gaussian_filter(colors, (0, 0.7, 0.7))
    steps = np.sqrt(sum(ndimage.sobel(smooth, axis) ** 2 for axis in (1, 2)).sum(0)) / 8
    passable = np.maximum(distance, _EDGE * steps) <= tolerance
    passable[row, column] = True
    parts, _ = ndimage.label(passable)
    part = ndimage.binary_closing(parts == parts[row, column], np.ones((3, 3)), 2) | (
        parts == parts[row, column]
    )
    part = ndimage.binary_fill_holes(part) & (distance <= 2 * tolerance) | part
    weights = torch.from_numpy(np.stack([~part, part])).float().to(photo.device)
    return refine_to_edges(weights, photo, radius=4)[1].cpu().numpy()


def brush_stroke(
    size: tuple[int, int], points: Sequence[tuple[float, float]], radius: float, softness: float = 0.3
) -> np.ndarray:
    """Select what a round brush covers on its way: (height, width) float32.

    points are (x, y) in pixels of that size, one or more; radius in the same pixels, to where the brush
    covers one half; softness 0 is a hard brush, 1 fades from the middle on. Raises RegionsError.
    """
    way = np.asarray(points, np.float64).reshape(-1, 2) if len(points) else np.zeros((0, 2))
    if not 1 <= len(way) <= MOST_POINTS or not np.isfinite(way).all():
        raise RegionsError(
            "a stroke has {count} points; expected 1 to {most} pairs of numbers",
            count=len(way),
            most=MOST_POINTS,
        )
    if np.abs(way).max() > FARTHEST:
        raise RegionsError("that stroke leads far out of the photo; draw it nearer")
    if not 0.5 <= radius <= 2 * max(size) or not 0 <= softness <= 1:
        raise RegionsError(
            "the brush has radius {radius:g}, softness {softness:g}; choose others",
            radius=radius,
            softness=softness,
        )
    distance = np.full(size, np.inf, np.float32)
    reach = radius * (1 + softness) + 1
    way = _thinned(way, _APART * radius)
    ends = way[1:] if len(way) > 1 else way
    work = 0
    for (ax, ay), (bx, by) in zip(way, ends, strict=False):
        top, bottom = _span(min(ay, by) - reach, max(ay, by) + reach, size[0])
        left, right = _span(min(ax, bx) - reach, max(ax, bx) + reach, size[1])
        if top >= bottom or left >= right:
            continue
        work += (bottom - top) * (right - left)
        if work > MOST_WORK:
            raise RegionsError("that stroke is too long for so large a brush; lift the brush sooner")
        rows, columns = np.mgrid[top:bottom, left:right] + 0.5
        length = (bx - ax) ** 2 + (by - ay) ** 2
        along = ((columns - ax) * (bx - ax) + (rows - ay) * (by - ay)) / length if length else 0.0
        along = np.clip(along, 0, 1)
        away = np.hypot(columns - ax - along * (bx - ax), rows - ay - along * (by - ay))
        window = distance[top:bottom, left:right]
        np.minimum(window, away, out=window, casting="same_kind")
        if window.shape == size and distance.max() <= radius * (1 - softness) - 1:
            break  # all is covered, and nothing more can be
    border = max(2 * radius * softness, 1.0)  # a hard brush keeps one pixel of smooth border
    cover = np.clip(0.5 + (radius - distance) / border, 0, 1)
    return (cover * cover * (3 - 2 * cover)).astype(np.float32)


def _thinned(way: np.ndarray, apart: float) -> np.ndarray:
    """Leave out points of a way (N, 2) that are nearer than that to the one before; its ends stay."""
    kept = [way[0]]
    for point in way[1:-1]:
        if np.hypot(*(point - kept[-1])) >= apart:
            kept.append(point)
    return np.array([*kept, way[-1]] if len(way) > 1 else kept)


def _place(size: tuple[int, int], x: float, y: float) -> tuple[int, int]:
    if not (0 <= x < size[1] and 0 <= y < size[0]):
        raise RegionsError("the pointer is at {x:g}, {y:g}, outside of the photo; click inside", x=x, y=y)
    return int(y), int(x)


def _span(low: float, high: float, most: int) -> tuple[int, int]:
    return int(np.clip(np.floor(low), 0, most)), int(np.clip(np.ceil(high), 0, most))


def _perceived(rgb: np.ndarray) -> np.ndarray:
    """Turn sRGB (3, h, w) in [0, 1] to Oklab (Ottosson 2020) with less lightness: shadows belong together."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    cones = np.tensordot(_CONES, linear, 1)
    lab = np.tensordot(_OKLAB, np.cbrt(cones), 1)
    return lab * np.array([0.5, 1.5, 1.5])[:, None, None]


_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
