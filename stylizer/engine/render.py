"""The pure pipeline: from a photo, codes and settings to finished samples; it waits for nobody."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import apply_colors, color_moments, color_transport
from stylizer.imaging.detail import restore_detail
from stylizer.imaging.keep_color import keep_color
from stylizer.imaging.resample import blur, linear_window, resample
from stylizer.models.roles import Stylizer

PREVIEW = 768
"""Long side of a preview. The painter paints every photo at this size (divided by the brush size), and
larger results grow from that painting: so full size looks like the preview."""

SMALLEST_SIDE = 64
"""Very long pictures are worked on larger, so that their short side keeps this many pixels."""

LARGEST_WORK = 1536 * 1536
"""Pixels that the painter may get in one piece: broad panoramas with the finest brush reach it."""


@dataclass(frozen=True)
class Mix:
    """Codes (1 + K, code_size), the photo's own first, and their weights (1 + K,) or (1 + K, h, w), sum 1."""

    codes: Tensor
    weights: Tensor

    def over(self, size: tuple[int, int], stride: int, window: tuple[slice, slice] | None = None) -> Tensor:
        """Return the weights for a picture of `size`, or a window of it, padded to the stride."""
        return weights_over(self.weights, size, stride, window)


@dataclass(frozen=True)
class Finish:
    """How a painting at work size becomes a larger one.

    It grows in steps. At each, the painter paints again over the enlarged painting, in tiles; only what is
    finer than the painting before could show is taken from it, so the look stays the preview's.
    """

    from_scale: float = 1.2
    """Enlargements below this one are only resampled."""
    step: float = 2.5
    """Most that a painting grows at a step: a longer one leaves strokes of the sizes between soft."""
    strokes: float = 0.6
    """Share of each new painting's fine strokes."""
    photo: float = 0.5
    """Share of the photo's own fine structure in what is painted over."""


@dataclass(frozen=True)
class Look:
    """What painting over the first painting needs to be like it in every tile."""

    mix: Mix
    content: Any
    statistics: Any

    @property
    def nbytes(self) -> int:
        """Count the bytes held, for the cache's budget."""
        return self.content.nbytes


def measure_look(painter: Stylizer, painted: Tensor, mix: Mix) -> Look:
    """Look at a painting (1, 3, h, w) as if it were a photo, and measure what painting over it gives."""
    content = painter.encode(painted)
    weights = mix.over(tuple(painted.shape[2:]), painter.stride)
    return Look(mix, content, painter.measure(content, mix.codes, weights))


def growth(work: tuple[int, int], target: tuple[int, int], finish: Finish) -> list[tuple[int, int]]:
    """Return the sizes through which a painting grows from work to target size, the last one target."""
    scale = target[0] / work[0]
    steps = max(1, math.ceil(math.log(scale) / math.log(finish.step))) if scale > 1 else 1
    between = [scale ** (step / steps) for step in range(1, steps)]
    return [(round(work[0] * s), round(work[1] * s)) for s in between] + [target]


def weights_over(
    weights: Tensor, size: tuple[int, int], stride: int, window: tuple[slice, slice] | None = None
) -> Tensor:
    """Lay weights (K, h, w) over a picture of `size`, or a window of it, padded to the stride; (K,) stay."""
    if weights.dim() == 1:
        return weights
    rows, columns = window or (slice(0, size[0]), slice(0, size[1]))
    fitted = linear_window(weights, size, rows, columns)
    below, right = (-fitted.shape[1]) % stride, (-fitted.shape[2]) % stride
    return F.pad(fitted[None], (0, right, 0, below), mode="replicate")[0] if below or right else fitted


def work_size(height: int, width: int, stroke: float) -> tuple[int, int]:
    """Return the size at which a photo is painted: a broader brush means a smaller picture."""
    scale = min(1.0, max(PREVIEW / max(height, width), SMALLEST_SIDE / min(height, width))) / stroke
    scale = min(scale, math.sqrt(LARGEST_WORK / (height * width)))
    return max(16, round(height * scale)), max(16, round(width * scale))


def transport_colors(photo: Tensor, moments: Tensor, strength: float) -> Tensor:
    """Move colors of (1, 3, h, w) towards a style's mean and covariance, without a stroke.

    moments (2, 3, 4): for photo and style, mean (first column) and covariance root.
    """
    mean, style_mean = moments[:1, :, 0], moments[1:, :, 0]
    transport = color_transport(moments[:1, :, 1:], moments[1:, :, 1:])
    unchanged = torch.eye(3).to(transport)
    moved = unchanged + strength * (transport - unchanged)
    return apply_colors(photo, mean, moved, mean + strength * (style_mean - mean)).clamp(0, 1)


def moments_between(painter: Stylizer, photo: Tensor, codes: Tensor, shares: Tensor) -> Tensor:
    """Return color moments (2, 3, 4) of a photo (1, 3, h, w) and of a mix of styles, for transport_colors."""
    mean, root = color_moments(photo)
    means, roots = painter.color_of(codes)
    style_mean = shares @ means
    style_root = (shares[:, None, None] * roots).sum(0)
    own = torch.cat([mean[0, :, None], root[0]], 1)
    return torch.stack([own, torch.cat([style_mean[:, None], style_root], 1).to(own)])


def paint_window(
    painter: Stylizer,
    below: Tensor,
    look: Look | None,
    photo: Tensor,
    window: tuple[slice, slice],
    size: tuple[int, int],
    finish: Finish,
    origin: tuple[int, int],
) -> Tensor:
    """Return a window (1, 3, h, w) of the painting `below`, grown to `size` (height, width).

    photo is the same window of the photo; origin moves the grain, in multiples of the painter's stride.
    Without a look the painting is resampled and not painted over.
    """
    if look is None:
        return grow_window(below, None, photo, window, size, finish)

    def draw(ground: Tensor) -> Tensor:
        content = painter.encode(ground, like=look.content)
        corner = (window[0].start + origin[0], window[1].start + origin[1])
        weights = look.mix.over(size, painter.stride, window)
        return painter.decode(content, look.mix.codes, weights, look.statistics, corner).float()

    return grow_window(below, draw, photo, window, size, finish)


def grow_window(
    below: Tensor,
    draw: Callable[[Tensor], Tensor] | None,
    photo: Tensor,
    window: tuple[slice, slice],
    size: tuple[int, int],
    finish: Finish,
) -> Tensor:
    """Return a window (1, 3, h, w) of `below`, grown to `size` and drawn over; None only resamples.

    photo is the same window of the photo. `draw` gets the ground (1, 3, h, w) in [0, 1], the enlarged window
    with a share of the photo's fine structure; what it draws finer than `below` can show is added.
    """
    rows, columns = window
    if below.shape[2:] == size:
        return below[:, :, rows, columns]
    enlarged = resample(below, size, (rows.start, rows.stop), (columns.start, columns.stop)).to(photo)
    if draw is None:
        return enlarged
    deviation = 0.5 * size[0] / below.shape[2]
    fine = draw((enlarged + finish.photo * (photo - blur(photo, deviation))).clamp(0, 1))
    return enlarged + finish.strokes * (fine - blur(fine, deviation))


def window_halo(halo: int, enlargement: float) -> int:
    """Return how many pixels a window that is drawn over must see around the part that is kept."""
    return halo + 2 * round(1.5 * enlargement)


def compose(painted: Tensor, photo: Tensor, gray: float | Tensor, detail: float) -> Tensor:
    """Give a painted window the photo's color by `gray`, one amount or (1, 1, h, w), and its detail."""
    if isinstance(gray, Tensor) or gray > 0:
        painted = keep_color(painted, photo, gray)
    if detail > 0:
        painted = restore_detail(painted, photo, detail)
    return painted.clamp(0, 1)


def grain_origin(seed: int, stride: int) -> tuple[int, int]:
    """Return where on the painter's map of grain a picture begins: seed 0 at its corner."""
    return (seed * 37) % 64 * stride, (seed * 59) % 61 * stride
