"""The networks as ONNX can hold them: one graph from tensors to a tensor, for photos of any size.

ONNX has neither eigenvectors nor areas of any size. Here the same numbers come from sums and products; they
stand in for the originals while a graph is traced.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylizer.imaging import color
from stylizer.models import style_encoder
from stylizer.models.blocks import CodeMix
from stylizer.models.painter import Painter
from stylizer.models.segmenter import Segmenter
from stylizer.models.strength import RAMP

_SWEEPS = 5
"""Of Jacobi's method: it converges quadratically, and 3 x 3 matrices are exact after three or four."""


class Painting(nn.Module):
    """photo (1, 3, H, W) in [0, 1], code (1, L), strength (1,) -> painting (1, 3, H, W).

    The strength is the slider's, 0 to 1.5. L is the painter's code and its adapters; a style that was not
    studied has zeros there.
    """

    def __init__(self, painter: Painter) -> None:
        super().__init__()
        self.painter, self.table = painter, tuple(painter.config.calibration)

    def forward(self, photo: Tensor, code: Tensor, strength: Tensor) -> Tensor:
        painter = self.painter
        content = painter.encode(photo)
        share, own = _calibrated(strength, self.table), painter.own_code(content)
        look, adapters = code[:, : painter.code_size], code[:, painter.code_size :]
        mix = CodeMix(own + share * (look - own))
        mix.adapters, mix.adapter_weights = adapters, share
        painted = painter.paint(content, mix).clamp(0, 1)
        return photo + (strength / RAMP).clamp(max=1) * (painted - photo)


class StyleReading(nn.Module):
    """style (1, 3, H, W) in [0, 1], best with a long side of 512 -> code (1, L), zeros for adapters."""

    def __init__(self, painter: Painter) -> None:
        super().__init__()
        self.painter = painter

    def forward(self, style: Tensor) -> Tensor:
        return F.pad(self.painter.code(style), (0, self.painter.adapter_size))


class Translation(nn.Module):
    """photo (1, 3, H, W) in [0, 1], mix (K,) of the domains, sum 1 -> picture (1, 3, H, W)."""

    def __init__(self, translator: Any) -> None:
        super().__init__()
        self.translator = translator

    def forward(self, photo: Tensor, mix: Tensor) -> Tensor:
        return self.translator.translate(photo, mix)


class Segmentation(nn.Module):
    """photo (1, 3, H, W) in [0, 1], best with the long side of the config -> probabilities (1, N, H, W)."""

    def __init__(self, segmenter: Segmenter) -> None:
        super().__init__()
        self.segmenter = segmenter

    def forward(self, photo: Tensor) -> Tensor:
        height, width = photo.shape[2:]
        seen = []
        for scale in self.segmenter.config.scales:
            small = photo
            if scale != 1:
                rows, columns = (torch.round(torch.as_tensor(n) * scale).long() for n in (height, width))
                small = _triangles(height, rows) @ photo @ _triangles(width, columns).T
            found = self._probabilities(small)
            seen.append(F.interpolate(found, size=(height, width), mode="bilinear", align_corners=False))
        return torch.stack(seen).mean(0)

    def _probabilities(self, photo: Tensor) -> Tensor:
        """Do what the segmenter does; its padding depends on the size, which a graph must not forget."""
        stride = self.segmenter.stride
        height, width = (torch.as_tensor(side) for side in photo.shape[2:])
        below = torch.maximum(-height % stride, 2 * stride - height)
        right = torch.maximum(-width % stride, 2 * stride - width)
        padded = F.pad(photo * 2 - 1, (0, _side(right), 0, _side(below)), mode="replicate")
        return self.segmenter.network(padded)[..., : _side(height), : _side(width)].softmax(1)


def _side(number: Tensor) -> Any:
    """Pass a side on: while tracing it stays a tensor, or the graph would hold it as a constant."""
    return number if torch.jit.is_tracing() else int(number)  # type: ignore[attr-defined, no-untyped-call]


@contextlib.contextmanager
def plain_sums() -> Iterator[None]:
    """Let networks take roots and histograms by sums and products alone."""
    root, histogram = color.matrix_root, style_encoder.soft_histogram
    color.matrix_root, style_encoder.soft_histogram = matrix_root, soft_histogram
    try:
        yield
    finally:
        color.matrix_root, style_encoder.soft_histogram = root, histogram


def matrix_root(matrix: Tensor, power: float = 0.5, floor: float = 0.0) -> Tensor:
    """Do what `color.matrix_root` does, by Jacobi's method (Golub and Van Loan, section 8.5)."""
    a = matrix.double()
    # as torch.linalg.eigh, of matrices that are not symmetric only the lower half counts
    entry = [[a[:, max(row, column), min(row, column)] for column in range(3)] for row in range(3)]
    one, zero = torch.ones_like(entry[0][0]), torch.zeros_like(entry[0][0])
    axes = [[one if row == column else zero for column in range(3)] for row in range(3)]
    for p, q in ((0, 1), (0, 2), (1, 2)) * _SWEEPS:
        r, between = 3 - p - q, entry[p][q]
        apart = entry[q][q] - entry[p][p]
        sign = torch.where(apart >= 0, one, -one)
        steep = apart.abs() + (apart * apart + 4 * between * between).sqrt()
        tangent = 2 * between * sign / (steep + 1e-300)  # of the angle that turns the entry to 0
        cosine = (tangent * tangent + 1).rsqrt()
        sine = tangent * cosine
        entry[p][p], entry[q][q] = entry[p][p] - tangent * between, entry[q][q] + tangent * between
        entry[p][q] = entry[q][p] = zero
        first, second = entry[r][p], entry[r][q]
        entry[r][p] = entry[p][r] = cosine * first - sine * second
        entry[r][q] = entry[q][r] = sine * first + cosine * second
        for row in axes:
            row[p], row[q] = cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]
    values = torch.stack([entry[place][place] for place in range(3)], 1).clamp(min=max(floor, 0.0))
    vectors = torch.stack([torch.stack(row, 1) for row in axes], 1)
    return ((vectors * values.pow(power)[:, None]) @ vectors.transpose(1, 2)).to(matrix.dtype)


def soft_histogram(pixels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Do what `style_encoder.soft_histogram` does for a whole picture (1, 3, H, W)."""
    small = _areas(pixels.shape[2], 64) @ pixels.float() @ _areas(pixels.shape[3], 64).T
    position = small.clamp(0, 1) * 3
    share = (1 - (position[:, :, None] - torch.arange(4).view(1, 1, 4, 1, 1)).abs()).clamp(min=0).flatten(3)
    red, green, blue = share.unbind(1)
    pairs = (red[:, :, None] * green[:, None]).flatten(1, 2)
    return (pairs @ blue.transpose(1, 2)).reshape(1, 64) / 64**2


def _areas(size: Any, parts: int) -> Tensor:
    """Return the matrix (parts, size) that takes means over areas, as F.interpolate's mode "area" does."""
    at, place = torch.arange(parts), torch.arange(size)
    start = torch.div(at * size, parts, rounding_mode="floor")
    end = -torch.div(-(at + 1) * size, parts, rounding_mode="floor")
    inside = ((place[None] >= start[:, None]) & (place[None] < end[:, None])).float()
    return inside / inside.sum(1, keepdim=True)


def _triangles(size: Any, smaller: Any) -> Tensor:
    """Return the matrix (smaller, size) that shrinks as F.interpolate does, bilinear with antialias."""
    scale = torch.as_tensor(size).float() / smaller
    center = (torch.arange(smaller).float() + 0.5) * scale
    away = (torch.arange(size).float()[None] + 0.5 - center[:, None]) / scale
    weights = (1 - away.abs()).clamp(min=0)
    return weights / weights.sum(1, keepdim=True)


def _calibrated(strength: Tensor, table: Sequence[tuple[float, float]]) -> Tensor:
    """Do what `strength.calibrate` does: straight lines, as a sum of bends; beyond the table slope 1."""
    if not table:
        return strength
    slopes = [(high - low) / (right - left) for (left, low), (right, high) in pairwise(table)]
    result, before = table[0][1] + (strength - table[0][0]), 1.0
    for (position, _), slope in zip(table, [*slopes, 1.0], strict=True):
        result = result + (slope - before) * (strength - position).clamp(min=0)
        before = slope
    return result
