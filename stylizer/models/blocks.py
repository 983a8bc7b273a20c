"""Layers of the painter: fields of codes, normalization with reusable statistics, modulated blocks."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylizer.imaging.color import full_precision
from stylizer.models.channel_moments import channel_moments

_EPS = 1e-5


@dataclass
class Statistics:
    """Instance means and inverse deviations, in the order in which the network meets its normalizations.

    Empty, it is filled by a pass over a whole picture; filled, it is replayed for tiles of that picture.
    """

    values: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    replay: bool = False

    def started(self) -> StatisticsCursor:
        """Return a cursor at the first normalization."""
        return StatisticsCursor(self)


class StatisticsCursor:
    """One pass through a `Statistics`: measures and records, or replays."""

    def __init__(self, statistics: Statistics):
        self.statistics, self.index = statistics, 0

    def read(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and inverse deviation (B, C, 1, 1) for the next normalization, of x when measuring."""
        if self.statistics.replay:
            self.index += 1
            return self.statistics.values[self.index - 1]
        found = instance_moments(x)
        self.statistics.values.append(found)
        return found


def instance_moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Measure mean and inverse deviation of every channel, float32 (B, C, 1, 1) each, of x (B, C, h, w)."""
    mean, variance = channel_moments(x)
    return mean[:, :, None, None], (variance + _EPS).rsqrt()[:, :, None, None]


class CodeField:
    """Style codes for every picture of a batch, or mixed anew at every pixel of one picture.

    codes (B, L) alone: one code a picture. With weights (K,): their mean, for one picture. With weights
    (K, h, w): at each pixel the mean of K codes with that pixel's weights (weights sum to 1).
    """

    def __init__(self, codes: Tensor, weights: Tensor | None = None):
        uniform = weights is not None and weights.dim() == 1
        with full_precision(codes):
            self.codes = (weights.to(codes) @ codes)[None] if uniform else codes
        self.weights = None if uniform or weights is None else weights
        self._resized: dict[tuple[int, int], Tensor] = {}

    def read(self, part: slice, size: tuple[int, int]) -> Tensor:
        """Return numbers `part` of the code as (B, n, 1, 1), or as a map (1, n, *size) for a field."""
        numbers = self.codes[:, part]
        if self.weights is None:
            return numbers[:, :, None, None]
        with full_precision(numbers):
            return torch.einsum("kn,khw->nhw", numbers, self.shares(size))[None]

    def shares(self, size: tuple[int, int]) -> Tensor:
        """Return the weights (K, *size) of a field; area means keep the sum at 1."""
        if size not in self._resized:
            resized = F.interpolate(self.weights[None], size=size, mode="area")[0]
            self._resized[size] = resized.to(self.codes)
        return self._resized[size]


class Grain(nn.Module):
    """A fixed map of Gaussian noise, a function of pixel position alone, so that tiles and sizes agree."""

    def __init__(self, size: int, seed: int):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.register_buffer("noise", torch.randn(1, 1, size, size, generator=generator))

    def at(self, size: tuple[int, int], origin: tuple[int, int], layer: int) -> Tensor:
        """Return the noise (1, 1, *size) whose first pixel is at `origin`; every layer sees other noise."""
        period = self.noise.shape[-1]
        rows = (torch.arange(size[0], device=self.noise.device) + origin[0] + 37 * layer) % period
        columns = (torch.arange(size[1], device=self.noise.device) + origin[1] + 59 * layer) % period
        return self.noise[:, :, rows][:, :, :, columns]


def conv(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Conv2d:
    """Make a convolution that repeats the border pixels: zeros would darken the edges of the picture."""
    return nn.Conv2d(
        inputs, outputs, size, stride, size // 2, padding_mode="replicate" if size > 1 else "zeros"
    )


class EncoderLayer(nn.Module):
    """Convolution, instance normalization with learned scale and shift, ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.conv = conv(inputs, outputs, stride=stride)
        self.scale = nn.Parameter(torch.ones(outputs))
        self.shift = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor, cursor: StatisticsCursor) -> Tensor:
        x = self.conv(x)
        mean, inverse = cursor.read(x)
        scale = self.scale[:, None, None] * inverse
        shift = self.shift[:, None, None] - mean * scale
        return F.relu(torch.addcmul(shift.to(x.dtype), x, scale.to(x.dtype)))


@dataclass(frozen=True)
class ModulationSlices:
    """Where in the code one modulated layer finds its scale, shift and grain gain."""

    scale: slice
    shift: slice
    grain: slice


class ModulatedLayer(nn.Module):
    """Convolution, instance normalization, then scale, shift and grain from the style code.

    Conditional instance normalization (arXiv:1610.07629, eq. 5) with a noise input whose gain belongs to the
    style: flat skies have nothing to modulate, the grain gives the strokes something to grow from.
    """

    def __init__(self, channels: int, slices: ModulationSlices, grain: Grain, layer: int, stride: int):
        super().__init__()
        self.conv = conv(channels, channels)
        self.slices, self.layer, self.stride = slices, layer, stride
        self._grain = (grain,)  # in a tuple: the map is owned, and saved, once by the painter

    def forward(
        self, x: Tensor, codes: CodeField, cursor: StatisticsCursor, origin: tuple[int, int]
    ) -> Tensor:
        x = self.conv(x)
        size = (x.shape[2], x.shape[3])
        mean, inverse = cursor.read(x)
        scale = (1 + codes.read(self.slices.scale, size)) * inverse
        shift = codes.read(self.slices.shift, size) - mean * scale
        start = (origin[0] // self.stride, origin[1] // self.stride)
        noise = self._grain[0].at(size, start, self.layer).to(x.dtype)
        painted = torch.addcmul(shift.to(x.dtype), x, scale.to(x.dtype))
        # addcmul keeps the memory format of `painted`; noise * gain would make a channels-first picture
        return torch.addcmul(painted, noise, codes.read(self.slices.grain, size).to(x.dtype))


class ModulatedBlock(nn.Module):
    """Residual block of two modulated layers; the second has no activation."""

    def __init__(self, first: ModulatedLayer, second: ModulatedLayer):
        super().__init__()
        self.first, self.second = first, second

    def forward(
        self, x: Tensor, codes: CodeField, cursor: StatisticsCursor, origin: tuple[int, int]
    ) -> Tensor:
        return x + self.second(F.relu(self.first(x, codes, cursor, origin)), codes, cursor, origin)


def enlarge(x: Tensor) -> Tensor:
    """Double height and width, bilinear: transposed convolutions leave checkerboards (Odena et al. 2016)."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
