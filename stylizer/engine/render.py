"""The pure pipeline: from a photo, codes and settings to finished samples; it waits for nobody."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stylizer.engine.request import StyleRequest
from stylizer.engine.weights import painted_share
from stylizer.imaging.color import apply_colors, color_moments, color_transport, keep_color
from stylizer.imaging.detail import restore_detail
from stylizer.imaging.picture import Picture
from stylizer.imaging.resample import blur, resample
from stylizer.imaging.tiles import Tile, plan_tiles
from stylizer.models.roles import Stylizer

PREVIEW = 768
"""Long side of a preview. The painter paints every photo at this size (divided by the brush size), and
larger results grow from that painting: so full size looks like the preview."""

SMALLEST_SIDE = 64
"""Very long pictures are worked on larger, so that their short side keeps this many pixels."""

LARGEST_WORK = 1536 * 1536
"""Pixels that the painter may get in one piece: broad panoramas with the finest brush reach it."""

TILE = 512
"""Side of a full-size tile: small enough to stop soon, large enough that its halo costs less than itself."""


@dataclass(frozen=True)
class Mix:
    """Codes (1 + K, code_size), the photo's own first, and their weights (1 + K,), sum 1."""

    codes: Tensor
    weights: Tensor


@dataclass(frozen=True)
class Finish:
    """How a painting at work size becomes a larger one.

    The painter paints a second time, over the enlarged painting, in tiles at full size; only what is finer
    than the first painting could show is taken from it, so the look stays the preview's.
    """

    from_scale: float = 1.2
    """Enlargements below this one are only resampled."""
    strokes: float = 0.7
    """Share of the second painting's fine strokes."""
    photo: float = 0.3
    """Share of the photo's own fine structure in what the second pass paints over."""


@dataclass(frozen=True)
class FirstPainting:
    """A painting (1, 3, h, w) at work size, and what the second pass needs to be like it everywhere."""

    painted: Tensor
    mix: Mix
    content: Any
    statistics: Any


def work_size(height: int, width: int, stroke: float) -> tuple[int, int]:
    """Return the size at which a photo is painted: a broader brush means a smaller picture."""
    scale = min(1.0, max(PREVIEW / max(height, width), SMALLEST_SIDE / min(height, width))) / stroke
    scale = min(scale, math.sqrt(LARGEST_WORK / (height * width)))
    return max(16, round(height * scale)), max(16, round(width * scale))


def ground_color(picture: Picture) -> Tensor | None:
    """Return the mean color (3, 1, 1) of what is visible, to stand behind transparency; None without alpha."""
    if picture.alpha is None:
        return None
    stride = max(1, round(math.sqrt(picture.height * picture.width / 2**20)))
    alpha = picture.alpha[::stride, ::stride].astype(np.float64)
    seen = picture.rgb[::stride, ::stride].astype(np.float64) * alpha[..., None]
    full = np.iinfo(picture.rgb.dtype).max
    mean = seen.sum((0, 1)) / alpha.sum() / full if alpha.sum() > 0 else np.full(3, 0.5)
    return torch.from_numpy(mean).float()[:, None, None]


def photo_window(picture: Picture, ground: Tensor | None, rows: slice, columns: slice) -> Tensor:
    """Return a window (1, 3, h, w) in [0, 1] of a picture, laid on its ground color where transparent."""
    full = float(np.iinfo(picture.rgb.dtype).max)
    pixels = torch.from_numpy(picture.rgb[rows, columns].astype(np.float32)).permute(2, 0, 1)[None] / full
    if ground is None:
        return pixels.contiguous()
    alpha = torch.from_numpy(picture.alpha[rows, columns].astype(np.float32)) / full
    return pixels * alpha + ground * (1 - alpha)


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


def compose(painted: Tensor, photo: Tensor, request: StyleRequest) -> Tensor:
    """Give a painted window its final color, detail and share over the photo's window."""
    if request.color < 1:
        painted = keep_color(painted, photo, 1 - request.color)
    if request.detail > 0:
        painted = restore_detail(painted, photo, request.detail)
    share = painted_share(request.strength)
    return painted if share == 1 else torch.lerp(photo, painted, share)


def second_pass(
    painter: Stylizer, first: FirstPainting, enlarged: Tensor, photo: Tensor, origin: tuple[int, int],
    scale: float, finish: Finish,
) -> Tensor:  # fmt: skip
    """Paint a window again at full size, and add to `enlarged` what is finer than the first painting."""
    deviation = 0.5 * scale
    ground = enlarged + finish.photo * (photo - blur(photo, deviation))
    content = painter.encode(ground.clamp(0, 1), like=first.content)
    fine = painter.decode(content, first.mix.codes, first.mix.weights, first.statistics, origin)
    return enlarged + finish.strokes * (fine - blur(fine, deviation))
