"""The generator: pictures out of seeds, with coarse, middle and fine layers that can be mixed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylizer.imaging.color import full_precision
from stylizer.models.blocks import enlarge
from stylizer.models.config import before
from stylizer.models.registry import Network, architecture

_START = 4  # side of the constant that every picture grows from, pixels
_LEAP = 4  # sizes between features and those that they gate: sixteen times
_SLOPE = 0.2  # of the leaky ReLU


@dataclass(frozen=True)
class StyleGANConfig:
    """Sizes of a generator."""

    latent: int = 128
    """Numbers in a seed's latent vector, and in a style."""
    mapping: int = 4
    """Layers from latent vector to style; the papers have 8."""
    widths: tuple[int, ...] = (160, 160, 160, 96, 64, 32)
    """Channels at 4 px, 8 px and so on; six numbers make pictures of 128 px."""
    light: bool = field(default=False, metadata=before(False))
    """One layer a size in place of two, and coarse features that gate those sixteen times as large, as in
    FastGAN (arXiv:2101.04775): less to learn from few pictures, and less to compute."""

    def __post_init__(self) -> None:
        if min(self.latent, self.mapping) < 1:
            raise ValueError(f"latent {self.latent} and mapping {self.mapping} must both be at least 1")
        if not 3 <= len(self.widths) <= 9 or min(self.widths) < 1:
            raise ValueError(f"widths are {self.widths}; give three to nine numbers of at least 1")

    @staticmethod
    def tiny() -> StyleGANConfig:
        """A small generator for tests: pictures of 16 px."""
        return StyleGANConfig(latent=8, mapping=2, widths=(8, 8, 8))


class EqualizedLinear(nn.Module):
    """Linear layer whose weights learn at one speed (equalized rate, arXiv:1710.10196, section 4.1)."""

    def __init__(self, inputs: int, outputs: int, bias: float = 0.0, rate: float = 1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.gain, self.rate = rate / math.sqrt(inputs), rate

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.gain, self.bias * self.rate)


class EqualizedConv(nn.Module):
    """Convolution with zero padding and equalized rate."""

    def __init__(self, inputs: int, outputs: int, size: int = 3):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.gain = 1 / math.sqrt(inputs * size * size)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight * self.gain, self.bias, padding=self.weight.shape[-1] // 2)


def modulated(x: Tensor, weight: Tensor, scale: Tensor, demodulate: bool) -> Tensor:
    """Convolve x (B, C, h, w) with filters whose input channels count by `scale` (B, C).

    Modulation and demodulation of arXiv:1912.04958, eq. 1 and 3, applied to the features before and after one
    ordinary convolution, which is the same and quicker on a CPU than filters of its own for each picture.
    """
    side = weight.shape[-1]
    padded = F.pad(x * scale[:, :, None, None].to(x.dtype), (side // 2,) * 4, mode="replicate")
    found = F.conv2d(padded, weight)
    if not demodulate:
        return found
    energy = scale.square() @ weight.float().square().sum((2, 3)).T
    return found * (energy + 1e-8).rsqrt()[:, :, None, None].to(found.dtype)


class SeedNoise:
    """Normal noise out of one seed, or between several: shares sum to 1, and so do the variances."""

    def __init__(self, seeds: Mapping[int, float]):
        self.parts = [
            (math.sqrt(share), torch.Generator().manual_seed(seed)) for seed, share in seeds.items() if share
        ]

    def draw(self, *shape: int) -> Tensor:
        """Draw the next numbers."""
        drawn = [part * torch.randn(*shape, generator=generator) for part, generator in self.parts]
        return torch.stack(drawn).sum(0)


def drawn(like: Tensor, channels: int, noise: SeedNoise | None) -> Tensor:
    """Draw noise (1, channels, h, w) for all pictures of x (B, C, h, w) alike, or anew for each without seed.

    In use a picture must not depend on its neighbors in a batch.
    """
    height, width = like.shape[2:]
    if noise is None:
        return torch.randn(like.shape[0], channels, height, width).to(like)
    return noise.draw(1, channels, height, width).to(like)


class PaintingLayer(nn.Module):
    """Modulated convolution, noise, bias, leaky ReLU; `grow` doubles the size first."""

    def __init__(self, inputs: int, outputs: int, latent: int, grow: bool = False):
        super().__init__()
        self.style = EqualizedLinear(latent, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.noise = nn.Parameter(torch.zeros(1))
        self.gain, self.grow = 1 / math.sqrt(inputs * 9), grow

    def forward(self, x: Tensor, style: Tensor, noise: SeedNoise | None) -> Tensor:
        x = enlarge(x) if self.grow else x
        x = modulated(x, self.weight * self.gain, self.style(style), demodulate=True)
        x = x + self.noise.to(x.dtype) * drawn(x, 1, noise) + self.bias[:, None, None].to(x.dtype)
        return F.leaky_relu(x, _SLOPE) * math.sqrt(2)


class SkipGate(nn.Module):
    """Skip-layer excitation (arXiv:2101.04775, section 3.1): coarse features say which fine channels
    count."""

    def __init__(self, coarse: int, fine: int):
        super().__init__()
        self.squeeze, self.open = nn.Conv2d(coarse, fine, _START), nn.Conv2d(fine, fine, 1)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Gate features (B, F, h, w) by coarse ones (B, C, h', w')."""
        small = F.adaptive_avg_pool2d(coarse, _START)
        return fine * torch.sigmoid(self.open(F.silu(self.squeeze(small))))


class ColorLayer(nn.Module):
    """Read colors out of features: modulated 1x1 convolution without demodulation."""

    def __init__(self, inputs: int, latent: int):
        super().__init__()
        self.style = EqualizedLinear(latent, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(3, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3))
        self.gain = 1 / math.sqrt(inputs)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        found = modulated(x, self.weight * self.gain, self.style(style), demodulate=False)
        return found + self.bias[:, None, None].to(found.dtype)


@architecture("style-gan", role="generator", config=StyleGANConfig)
class StyleGAN(Network):
    """Mapping network and synthesis network (arXiv:1812.04948, with arXiv:1912.04958's layers).

    Departures: four mapping layers and narrow widths (small corpus, two CPU cores); bilinear doubling in
    place of the [1, 3, 3, 1] filter, nearly the same; repeated borders, and a constant that is mirrored to
    any size, so that pictures larger than in training can be invented; noise on the constant too, as in
    spatial GANs (arXiv:1611.08207): without it a short training lays out all pictures alike.
    """

    usual_style: Tensor

    def __init__(self, config: StyleGANConfig):
        super().__init__()
        self.config = config
        latent, widths = config.latent, config.widths
        layers = (EqualizedLinear(latent, latent, rate=0.01) for _ in range(config.mapping))
        self.mapping = nn.ModuleList(layers)
        self.constant = nn.Parameter(torch.randn(1, widths[0], _START, _START))
        self.ground = nn.Parameter(torch.ones(1, widths[0], 1, 1))
        self.first = PaintingLayer(widths[0], widths[0], latent)
        self.grow = nn.ModuleList(
            PaintingLayer(widths[i], widths[i + 1], latent, grow=True) for i in range(len(widths) - 1)
        )
        refined = () if config.light else widths[1:]
        self.refine = nn.ModuleList(PaintingLayer(width, width, latent) for width in refined)
        gated = zip(widths, widths[_LEAP:], strict=False) if config.light else ()
        self.gate = nn.ModuleList(SkipGate(coarse, fine) for coarse, fine in gated)
        self.color = nn.ModuleList(ColorLayer(width, latent) for width in widths)
        self.register_buffer("usual_style", torch.zeros(latent))

    @property
    def latent_size(self) -> int:
        """Count the numbers of a latent vector."""
        return self.config.latent

    @property
    def layers(self) -> int:
        """Count the layers that take a style of their own, coarse to fine."""
        return len(self.config.widths) if self.config.light else 2 * len(self.config.widths) - 1

    @property
    def picture_size(self) -> int:
        """Side in pixels of the pictures that the network was trained on."""
        return _START * 2 ** (len(self.config.widths) - 1)

    @property
    def composes(self) -> bool:
        """Say whether its pictures are whole: coarse features gate fine ones at the trained size alone."""
        return self.config.light

    def style(self, z: Tensor, truncation: float = 1.0) -> Tensor:
        """Turn latent vectors (B, Z), drawn from a normal distribution, into styles (B, layers, Z).

        truncation 1 leaves them; below 1 they come closer to the usual style (arXiv:1812.04948, appendix B).
        Styles of two pictures mix by taking some layers from each, or as weighted means.
        """
        if z.dim() != 2 or z.shape[1] != self.config.latent:
            raise ValueError(f"z has the shape {tuple(z.shape)}; expected (B, {self.config.latent})")
        with full_precision(z):
            x = z.float() * (z.float().square().mean(1, keepdim=True) + 1e-8).rsqrt()
            for layer in self.mapping:
                x = F.leaky_relu(layer(x), _SLOPE) * math.sqrt(2)
            if truncation != 1:
                x = torch.lerp(self.usual_style, x, truncation)
            return x[:, None].expand(-1, self.layers, -1)

    def paint(
        self, style: Tensor, noise: SeedNoise | None = None, size: tuple[int, int] | None = None
    ) -> Tensor:
        """Paint styles (B, layers, Z) as (B, 3, H, W) around [0, 1], not clamped.

        noise draws ground and grain, the same for all pictures; None draws them anew for each picture.
        """
        height, width = size or (self.picture_size, self.picture_size)
        scale = self.picture_size // _START
        x = self._constant(math.ceil(height / scale), math.ceil(width / scale))
        x = x.expand(style.shape[0], -1, -1, -1)
        x = x + self.ground * drawn(x, x.shape[1], noise)
        x = self.first(x, style[:, 0], noise)
        picture = self.color[0](x, style[:, 1])
        at, levels = 1, [x]
        for i, grow in enumerate(self.grow):
            x, at = grow(x, style[:, at], noise), at + 1
            if self.refine:
                x, at = self.refine[i](x, style[:, at], noise), at + 1
            elif len(levels) >= _LEAP:
                x = self.gate[i + 1 - _LEAP](x, levels[i + 1 - _LEAP])
            levels.append(x)
            # the last color layer shares the last style
            found = self.color[i + 1](x, style[:, min(at, self.layers - 1)])
            with full_precision(found):
                picture = enlarge(picture.float()) + found.float()
        return (picture[:, :, :height, :width] + 1) / 2

    def generate(
        self, z: Tensor, truncation: float = 1.0, seed: int = 0, size: tuple[int, int] | None = None
    ) -> Tensor:
        """Invent pictures (B, 3, H, W) in [0, 1] from latent vectors (B, Z).

        seed draws the layout and the grain; size (H, W) at least 16, default the size of training.
        """
        return self.finish(self.style(z, truncation), seed, size)

    def finish(
        self, style: Tensor, seed: int | Mapping[int, float] = 0, size: tuple[int, int] | None = None
    ) -> Tensor:
        """Paint styles (B, layers, Z), mixed or not, as pictures (B, 3, H, W) in [0, 1].

        seed draws layout and grain; several seeds with shares, sum 1, draw one between theirs.
        """
        if style.dim() != 3 or style.shape[1:] != (self.layers, self.config.latent):
            raise ValueError(
                f"style has the shape {tuple(style.shape)}; expected (B, {self.layers}, {self.config.latent})"
            )
        if size and min(size) < 16:
            raise ValueError(f"size is {size[1]} x {size[0]} pixels; it must be at least 16 x 16")
        seeds = seed if isinstance(seed, Mapping) else {seed: 1.0}
        return self.paint(style, SeedNoise(seeds), size).clamp(0, 1)

    def _constant(self, height: int, width: int) -> Tensor:
        """Mirror the constant to (1, C, height, width)."""
        rows, columns = (_mirrored(count, self.constant.device) for count in (height, width))
        return self.constant[:, :, rows][:, :, :, columns]


def _mirrored(count: int, device: torch.device) -> Tensor:
    """Count back and forth: 0 1 2 3 3 2 1 0 0 1 ..."""
    index = torch.arange(count, device=device) % (2 * _START)
    return torch.minimum(index, 2 * _START - 1 - index)
