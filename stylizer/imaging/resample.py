"""Resize tensors window by window: every window agrees with the whole, so tiles have no seams."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import full_precision
from stylizer.imaging.tensors import to_device


def resample(
    pixels: Tensor,
    size: tuple[int, int],
    rows: tuple[int, int] | None = None,
    columns: tuple[int, int] | None = None,
) -> Tensor:
    """Resize to `size` with Catmull-Rom cubics, antialiased when it gets smaller; return a window of it.

    pixels (1, C, h, w) float; rows and columns are half-open ranges of the resized picture, all of it if
    not given. Returns (1, C, rows, columns). Values may pass the input's range a little at edges.
    """
    height, width = size
    top, vertical = _kernel(pixels.shape[2], height, rows or (0, height), pixels)
    left, horizontal = _kernel(pixels.shape[3], width, columns or (0, width), pixels)
    part = pixels[:, :, top : top + vertical.shape[1], left : left + horizontal.shape[1]]
    with full_precision(pixels):  # bfloat16 would leave 8 bits of the colors, which shows as steps
        return vertical @ part @ horizontal.T


def _kernel(source: int, target: int, window: tuple[int, int], like: Tensor) -> tuple[int, Tensor]:
    """Return the first source pixel that a window needs, and its weights (window, needed source pixels)."""
    scale = source / target
    reach = 2 * max(scale, 1.0)
    centers = (torch.arange(*window, dtype=torch.float64) + 0.5) * scale - 0.5
    begin, end = ((place + 0.5) * scale - 0.5 for place in (window[0], window[1] - 1))
    first = max(int(begin - reach), 0)
    last = min(int(end + reach) + 1, source - 1)
    distance = (torch.arange(first, last + 1, dtype=torch.float64) - centers[:, None]).abs() / max(scale, 1.0)
    weights = torch.where(
        distance < 1,
        (1.5 * distance - 2.5) * distance**2 + 1,
        ((-0.5 * distance + 2.5) * distance - 4) * distance + 2,
    )
    weights[distance >= 2] = 0
    return first, to_device((weights / weights.sum(1, keepdim=True)).to(like.dtype), like.device)


def linear_window(planes: Tensor, size: tuple[int, int], rows: slice, columns: slice) -> Tensor:
    """Resize planes (C, h, w) bilinearly to `size`, and return a window (C, rows, columns) of them.

    Sums that are 1 stay 1, and every window agrees with the whole.
    """
    if size == tuple(planes.shape[1:]):
        return planes[:, rows, columns]
    smaller = size[0] < planes.shape[1] or size[1] < planes.shape[2]
    if smaller or (rows.stop - rows.start, columns.stop - columns.start) == size:
        resized = F.interpolate(planes[None], size=size, mode="bilinear", antialias=smaller)[0]
        return resized[:, rows, columns]
    for axis, window in ((1, rows), (2, columns)):
        source = planes.shape[axis]
        position = (torch.arange(window.start, window.stop, dtype=torch.float64) + 0.5) * (
            source / size[axis - 1]
        )
        position = (position - 0.5).clamp(0, source - 1)
        before = position.floor().long()
        share = to_device((position - before).to(planes.dtype), planes.device).unsqueeze(
            1 if axis == 1 else 0
        )
        low, high = (
            to_device(place, planes.device) for place in (before, (before + 1).clamp(max=source - 1))
        )
        planes = torch.lerp(planes.index_select(axis, low), planes.index_select(axis, high), share)
    return planes


def blur(pixels: Tensor, deviation: float) -> Tensor:
    """Blur (1, C, H, W) with a Gaussian of `deviation` pixels; the border is repeated."""
    reach = max(1, round(3 * deviation))
    position = torch.arange(-reach, reach + 1, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (position / deviation) ** 2)
    kernel = to_device((kernel / kernel.sum()).to(pixels.dtype), pixels.device)
    channels = pixels.shape[1]
    for axis in (2, 3):
        padding = (0, 0, reach, reach) if axis == 2 else (reach, reach, 0, 0)
        shape = (channels, 1, -1, 1) if axis == 2 else (channels, 1, 1, -1)
        weight = kernel.view(1, 1, *shape[2:]).expand(channels, -1, -1, -1)
        with full_precision(pixels):
            pixels = F.conv2d(F.pad(pixels, padding, mode="replicate"), weight, groups=channels)
    return pixels


def blur_planes(planes: Tensor, deviation: float, channels: int = 1) -> Tensor:
    """Blur planes (B, channels, h, w) by a Gaussian of `deviation` places; outside it is as the border.

    The number of channels is told, as a graph for ONNX takes no kernel of unknown shape.
    """
    reach = math.ceil(3 * deviation)
    steps = torch.arange(-reach, reach + 1, device=planes.device, dtype=planes.dtype)
    kernel = torch.exp(-0.5 * (steps / deviation).square())
    kernel = (kernel / kernel.sum()).repeat(channels, 1, 1, 1)
    wide = F.pad(planes, (reach, reach, reach, reach), mode="replicate")
    rows = F.conv2d(wide, kernel, groups=channels)
    return F.conv2d(rows, kernel.transpose(2, 3), groups=channels)
