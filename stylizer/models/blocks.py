"""Layers of the painter: fields of codes, normalization with reusable statistics, modulated blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

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
        self._resized: dict[tuple, Tensor] = {}

    def read(self, part: slice, size: tuple[int, int]) -> Tensor:
        """Return numbers `part` of the code as (B, n, 1, 1), or as a map (1, n, *size) for a field."""
        numbers = self.codes[:, part]
        if self.weights is None:
            return numbers[:, :, None, None]
        with full_precision(numbers):
            return torch.einsum("kn,khw->nhw", numbers, self.shares(size))[None]

    def spread(self, numbers: Tensor, like: Tensor) -> Tensor:
        """Lay numbers (B, n) of the codes out over x (B, C, h, w): (B, n, 1, 1), or for a field (1, n, h, w).

        Of x's type, and in channels-last memory: a field's maps then cost one product of matrices.
        """
        if self.weights is None:
            return numbers[:, :, None, None].to(like.dtype)
        size = (like.shape[2], like.shape[3])
        key = (*size, like.dtype)
        if key not in self._resized:
            self._resized[key] = self.shares(size).flatten(1).t().to(like.dtype, copy=True).contiguous()
        with full_precision(numbers):
            laid = self._resized[key] @ numbers.to(like.dtype)
        return laid.view(1, *size, -1).permute(0, 3, 1, 2)

    def shares(self, size: tuple[int, int]) -> Tensor:
        """Return the weights (K, *size) of a field; area means keep the sum at 1."""
        if size not in self._resized:
            height, width = self.weights.shape[1:]
            if size == (height, width):
                resized = self.weights
            elif height % size[0] == 0 and width % size[1] == 0:  # the same means, in a third of the time
                resized = F.avg_pool2d(self.weights[None], (height // size[0], width // size[1]))[0]
            else:
                resized = F.interpolate(self.weights[None], size=size, mode="area")[0]
            self._resized[size] = resized.to(self.codes)
        return self._resized[size]


# Spread along and across the stroke, in pixels, and its turn in eighths of a circle, of every grain map:
# white noise, soft blobs, then strokes lying, falling, standing and rising.
_GRAIN_SHAPES = ((0.0, 0.0, 0), (1.5, 1.5, 0), (3.0, 0.6, 0), (3.0, 0.6, 1), (3.0, 0.6, 2), (3.0, 0.6, 3))
_FIRST_STROKE = 2
GRAIN_KINDS = len(_GRAIN_SHAPES) + 1  # and strokes that follow the photo's contours


class Grain(nn.Module):
    """Fixed maps of Gaussian noise, functions of pixel position alone, so that tiles and sizes agree.

    White noise alone left all styles one family of dabs; of these kinds each style mixes a grain of its own.
    """

    def __init__(self, size: int, seed: int):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        white = torch.randn(len(_GRAIN_SHAPES), size, size, generator=generator)
        maps = [_shaped(noise, *shape) for noise, shape in zip(white, _GRAIN_SHAPES, strict=True)]
        self.register_buffer("noise", torch.stack(maps)[None])

    def at(self, size: tuple[int, int], origin: tuple[int, int], layer: int) -> Tensor:
        """Return the noise (1, kinds - 1, *size) whose first pixel is at `origin`; layers see other noise."""
        period = self.noise.shape[-1]
        rows = (torch.arange(size[0], device=self.noise.device) + origin[0] + 37 * layer) % period
        columns = (torch.arange(size[1], device=self.noise.device) + origin[1] + 59 * layer) % period
        return self.noise[:, :, rows][:, :, :, columns]


def _shaped(noise: Tensor, along: float, across: float, turn: int) -> Tensor:
    """Blur white noise (n, n) by a turned Gaussian, periodically, to unit variance."""
    vertical, horizontal = torch.meshgrid(*(torch.fft.fftfreq(side) for side in noise.shape), indexing="ij")
    cosine, sine = math.cos(turn * math.pi / 4), math.sin(turn * math.pi / 4)
    first, second = horizontal * cosine + vertical * sine, vertical * cosine - horizontal * sine
    blur = torch.exp(-2 * math.pi**2 * ((along * first) ** 2 + (across * second) ** 2))
    shaped = torch.fft.ifft2(torch.fft.fft2(noise) * blur).real
    return shaped / shaped.std()


def contour_flow(luminance: Tensor) -> Tensor:
    """Measure which way contours run: shares (B, 4, h, w) of the four stroke turns, of (B, 1, h, w).

    The smoothed structure tensor (Bigun and Granlund 1987) in double angles, so that opposite gradients
    agree; the shares' squares sum to at most 1, the coherence of the contours.
    """
    padded = F.pad(luminance, (1, 1, 1, 1), mode="replicate")
    across = padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]
    down = padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]
    tensor = torch.cat(
        [across.square() - down.square(), 2 * across * down, across.square() + down.square()], 1
    )
    for _ in range(2):
        tensor = F.avg_pool2d(F.pad(tensor, (2, 2, 2, 2), mode="replicate"), 5, stride=1)
    double = -tensor[:, :2] / (tensor[:, 2:] + 1e-5)  # contours run across the gradient: half a turn
    double = double / (double.square().sum(1, keepdim=True) + 0.05).sqrt()
    return F.relu(torch.cat([double, -double], 1))


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
    """Where in the code one modulated layer finds scale, shift and grain gain of each channel, and its mix
    of the kinds of grain."""

    scale: slice
    shift: slice
    grain: slice
    kinds: slice


class Ground(NamedTuple):
    """What a painting stands on besides its code: where it lies in its picture, and how the photo flows."""

    origin: tuple[int, int]
    flow: Tensor  # (B, 4, h, w) shares of the stroke turns, from `contour_flow`, at 1/8 of the photo


class ModulatedLayer(nn.Module):
    """Convolution, instance normalization, then scale, shift and grain from the style code.

    Conditional instance normalization (arXiv:1610.07629, eq. 5) with a noise input whose gains and mix of
    kinds belong to the style: flat skies have nothing to modulate, the grain gives the strokes something to
    grow from.
    """

    def __init__(self, channels: int, slices: ModulationSlices, grain: Grain, layer: int, stride: int):
        super().__init__()
        self.conv = conv(channels, channels)
        self.slices, self.layer, self.stride = slices, layer, stride
        self._grain = (grain,)  # in a tuple: the maps are owned once, by the painter

    def forward(self, x: Tensor, codes: CodeField, cursor: StatisticsCursor, ground: Ground) -> Tensor:
        x = self.conv(x)
        size = (x.shape[2], x.shape[3])
        mean, inverse = (moment.flatten(1) for moment in cursor.read(x))
        # folded into the codes before they are laid out: means of codes are means of these too
        scale = (1 + codes.codes[:, self.slices.scale]) * inverse
        shift = codes.codes[:, self.slices.shift] - mean * scale
        painted = torch.addcmul(codes.spread(shift, x), x, codes.spread(scale, x))
        noise = self._mixed_grain(codes, ground, size).to(x.dtype)
        # addcmul keeps the memory format of `painted`; noise * gain would make a channels-first picture
        return torch.addcmul(painted, noise, codes.spread(codes.codes[:, self.slices.grain], x))

    def _mixed_grain(self, codes: CodeField, ground: Ground, size: tuple[int, int]) -> Tensor:
        """Mix the kinds of grain as the style asks: (B, 1, *size)."""
        top, left = (start // self.stride for start in ground.origin)
        kinds = self._grain[0].at(size, (top, left), self.layer)
        flow = ground.flow
        if flow.shape[2:] != size:
            flow = F.interpolate(flow, size=size, mode="bilinear", align_corners=False)
        amounts = codes.read(self.slices.kinds, size)
        following = amounts[:, -1:] * (flow * kinds[:, _FIRST_STROKE:]).sum(1, keepdim=True)
        return kinds[:, :1] + (amounts[:, :-1] * kinds).sum(1, keepdim=True) + following


class ModulatedBlock(nn.Module):
    """Residual block of two modulated layers; the second has no activation."""

    def __init__(self, first: ModulatedLayer, second: ModulatedLayer):
        super().__init__()
        self.first, self.second = first, second

    def forward(self, x: Tensor, codes: CodeField, cursor: StatisticsCursor, ground: Ground) -> Tensor:
        return x + self.second(F.relu(self.first(x, codes, cursor, ground)), codes, cursor, ground)


def enlarge(x: Tensor) -> Tensor:
    """Double height and width, bilinear: transposed convolutions leave checkerboards (Odena et al. 2016)."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
