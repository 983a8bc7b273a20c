"""Layers of the networks that paint: mixes of codes, reusable statistics, modulated blocks, borders."""

from __future__ import annotations

from collections.abc import Sequence
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
    transport: Tensor | None = None
    """How the painter moves the whole picture's colors to those of its code, (B, 3, 3), for tiles: finding it
    waits for a GPU."""
    matching: Tensor | None = None
    """How the painter matches the colors of what it has drawn to those of its code: matrices and what is
    added, (B, 3, 4), for tiles."""

    def started(self) -> StatisticsCursor:
        """Return a cursor at the first normalization."""
        return StatisticsCursor(self)


class StatisticsCursor:
    """One pass through a `Statistics`: measures and records, or replays."""

    def __init__(self, statistics: Statistics):
        self.statistics, self.index = statistics, 0

    def read(self, x: Tensor, floor: float = 0.0) -> tuple[Tensor, Tensor]:
        """Return mean and inverse deviation (B, C, 1, 1) for the next normalization, of x when measuring.

        `floor` is added to the variance before its root is taken.
        """
        if self.statistics.replay:
            self.index += 1
            return self.statistics.values[self.index - 1]
        found = instance_moments(x, floor)
        self.statistics.values.append(found)
        return found


def instance_moments(x: Tensor, floor: float = 0.0) -> tuple[Tensor, Tensor]:
    """Measure mean and inverse deviation of every channel, float32 (B, C, 1, 1) each, of x (B, C, h, w)."""
    mean, variance = channel_moments(x)
    return mean[:, :, None, None], (variance + (_EPS + floor)).rsqrt()[:, :, None, None]


@dataclass(frozen=True)
class AdapterSlices:
    """Where in the adapters of a code one convolution finds its two low-rank factors.

    down: (rank, C, 3, 3), read from the layer's input; up: (C, rank), added to its output.
    """

    down: slice
    up: slice
    rank: int


class CodeMix:
    """One style code for each picture of a batch, made of as many, or of a mix.

    codes (B, L) alone: one code a picture. With weights (K,): the mean of K codes, for one picture.
    A code longer than `size` numbers goes on with low-rank adapters of convolutions (arXiv:2106.09685): their
    products are what is averaged, so a mix of adapted styles still costs one pass. Adapters need weights.
    """

    def __init__(self, codes: Tensor, weights: Tensor | None = None, size: int | None = None):
        adapters, codes = codes[:, size or codes.shape[1] :], codes[:, :size]
        self.codes = codes
        if weights is not None:
            with full_precision(codes):
                self.codes = (weights.to(codes) @ codes)[None]
        # a GPU is waited for once, and for codes without adapters never
        found = adapters.any(1).tolist() if adapters.shape[1] else ()
        adapted = [place for place, has in enumerate(found) if has]
        if adapted and weights is None:
            raise ValueError("codes with adapters need weights")
        self.adapters = adapters[adapted] if adapted else adapters[:0]
        self.adapter_weights = adapters.new_empty(0)
        if adapted and weights is not None:
            self.adapter_weights = weights[adapted].to(adapters)

    @classmethod
    def alike(cls, codes: Tensor, adapters: Tensor, share: float) -> CodeMix:
        """Return one code a picture (B, L), and for all of them the same adapters (1, A) at a share."""
        mix = cls(codes)
        mix.adapters, mix.adapter_weights = adapters, adapters.new_full((1,), share)
        return mix

    def adapt(self, x: Tensor, part: AdapterSlices) -> Tensor | None:
        """Return what adapters add to the 3x3 convolution of x (B, C, h, w); None where there are none."""
        if not len(self.adapters):
            return None
        count, channels = len(self.adapters), x.shape[1]
        down = self.adapters[:, part.down].reshape(count * part.rank, channels, 3, 3)
        up = self.adapters[:, part.up].reshape(count, channels, part.rank)
        up = up * self.adapter_weights[:, None, None]
        up = up.permute(1, 0, 2).reshape(channels, count * part.rank, 1, 1)
        drawn = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), down.to(x.dtype))
        return F.conv2d(drawn, up.to(drawn.dtype))


def conv(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Conv2d:
    """Make a convolution that repeats the border pixels: zeros would darken the edges of the picture."""
    # torch.compile refuses to train it (torch 2.14: replication_pad2d_backward, channels last); borders set
    # on by `cat`, which it takes, cost a quarter more (59 ms for 46, 64 channels of 64 px), compiled no less
    return nn.Conv2d(
        inputs, outputs, size, stride, size // 2, padding_mode="replicate" if size > 1 else "zeros"
    )


class EncoderLayer(nn.Module):
    """Convolution, instance normalization with learned scale and shift where wished, ReLU.

    Normalized over its own picture, a photo that is mostly flat has its faint noise stretched to the
    contrast of a busy one; without, flat stays flat.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1, normalize: bool = False):
        super().__init__()
        self.conv = conv(inputs, outputs, stride=stride)
        self.normalize = normalize
        if normalize:
            self.scale = nn.Parameter(torch.ones(outputs))
            self.shift = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor, cursor: StatisticsCursor) -> Tensor:
        x = self.conv(x)
        if not self.normalize:
            return F.relu(x)
        mean, inverse = cursor.read(x)
        scale = self.scale[:, None, None] * inverse
        shift = self.shift[:, None, None] - mean * scale
        return F.relu(torch.addcmul(shift.to(x.dtype), x, scale.to(x.dtype)))


@dataclass(frozen=True)
class ModulationSlices:
    """Where in the code one modulated layer finds scale and shift of each channel."""

    scale: slice
    shift: slice


class ModulatedLayer(nn.Module):
    """Convolution, instance normalization, then scale and shift from the style code.

    Conditional instance normalization (arXiv:1610.07629, eq. 5). `floor` is added to the variance: a channel
    that hardly varies over its picture is not stretched to full contrast.
    """

    def __init__(self, channels: int, slices: ModulationSlices, adapter: AdapterSlices, floor: float):
        super().__init__()
        self.conv = conv(channels, channels)
        self.slices, self.adapter, self.floor = slices, adapter, floor

    def forward(self, x: Tensor, codes: CodeMix, cursor: StatisticsCursor) -> Tensor:
        added = codes.adapt(x, self.adapter)
        x = self.conv(x)
        if added is not None:
            x = x + added
        mean, inverse = (moment.flatten(1) for moment in cursor.read(x, self.floor))
        scale = (1 + codes.codes[:, self.slices.scale]) * inverse
        shift = codes.codes[:, self.slices.shift] - mean * scale
        shift, scale = (numbers[:, :, None, None].to(x.dtype) for numbers in (shift, scale))
        return torch.addcmul(shift, x, scale)


class ModulatedBlock(nn.Module):
    """Residual block of two modulated layers; the second has no activation."""

    def __init__(self, first: ModulatedLayer, second: ModulatedLayer):
        super().__init__()
        self.first, self.second = first, second

    def forward(self, x: Tensor, codes: CodeMix, cursor: StatisticsCursor) -> Tensor:
        return x + self.second(F.relu(self.first(x, codes, cursor)), codes, cursor)


def enlarge(x: Tensor) -> Tensor:
    """Double height and width, bilinear: transposed convolutions leave checkerboards (Odena et al. 2016)."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class BlurredEnlarge(nn.Module):
    """Blur planes, then double their height and width.

    `blur`, 0 to 0.25, is the weight of either neighbor, along rows and columns. Bilinear interpolation lets
    two fifths of an image of the finest waves through, mirrored at the old limit of frequencies, and both
    together are a weave; at 0.25 nothing of the finest is left.

    smooth: interpolate with the binomial filter 1 5 10 10 5 1 instead of bilinear's 1 3 3 1. Of a wave of 3.2
    places, which blocks of 3 x 3 convolutions like best, bilinear leaves an image of .15 of its height, and
    the blocks that follow draw it out to rows of dots; this one leaves .04. Images are why StyleGAN has such
    filters (arXiv:1912.04958, appendix B; arXiv:2106.12423, section 3).
    """

    blur_kernel: Tensor
    smooth_kernel: Tensor

    def __init__(self, channels: int, blur: float, smooth: bool):
        super().__init__()
        self.channels, self.blur, self.smooth = channels, blur, smooth
        self.register_buffer("blur_kernel", self._kernel([blur, 1 - 2 * blur, blur]), persistent=False)
        smooth_line = [n / 16 for n in (1, 4, 6, 4, 1)]  # and 1 1, the repeated rows: 1 5 10 10 5 1
        self.register_buffer("smooth_kernel", self._kernel(smooth_line), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.blur:
            x = self._filtered(x, self.blur_kernel)
        if not self.smooth:
            return enlarge(x)
        return self._filtered(F.interpolate(x, scale_factor=2, mode="nearest"), self.smooth_kernel)

    def _kernel(self, line: Sequence[float]) -> Tensor:
        taps = torch.tensor(line)
        return (taps[:, None] * taps).repeat(self.channels, 1, 1, 1)

    def _filtered(self, x: Tensor, kernel: Tensor) -> Tensor:
        reach = kernel.shape[-1] // 2
        return F.conv2d(F.pad(x, (reach,) * 4, mode="replicate"), kernel, groups=self.channels)


def pad_to(photo: Tensor, multiple: int) -> Tensor:
    """Extend below and to the right, repeating the border, to multiples of `multiple`."""
    below, right = (-photo.shape[2]) % multiple, (-photo.shape[3]) % multiple
    return F.pad(photo, (0, right, 0, below), mode="replicate") if below or right else photo
