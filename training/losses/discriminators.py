"""Discriminators: they judge during training and never ship."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from stylizer.models.lite_encoder import LiteEncoder
from stylizer.models.style_gan import EqualizedConv, EqualizedLinear

CriticNorm = Literal["spectral", "instance", "none"]
"""What steadies a critic: spectral norm (arXiv:1802.05957), instance norm of its activations, or nothing."""


def _conv(inputs: int, outputs: int, size: int, stride: int = 1, spectral: bool = True) -> nn.Module:
    layer = nn.Conv2d(inputs, outputs, size, stride, size // 2)
    return spectral_norm(layer) if spectral else layer


class PatchCritic(nn.Module):
    """Judge overlapping patches of a picture (PatchGAN, arXiv:1611.07004).

    With instance norm the first layer and the scores have none, as in the paper.
    """

    def __init__(self, width: int = 32, layers: int = 3, inputs: int = 3, norm: CriticNorm = "spectral"):
        super().__init__()
        widths = [inputs] + [width * min(2**i, 8) for i in range(layers)]
        self.norm, spectral = norm, norm == "spectral"
        self.layers = nn.ModuleList(_conv(a, b, 4, 2, spectral) for a, b in pairwise(widths))
        self.score = _conv(widths[-1], 1, 3, spectral=spectral)

    def features(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Return the activations of every layer, for feature matching; pixels (B, C, H, W) in [0, 1]."""
        x, found = pixels * 2 - 1, []
        for number, layer in enumerate(self.layers):
            x = layer(x)
            if self.norm == "instance" and number:
                x = F.instance_norm(x)
            x = F.leaky_relu(x, 0.2)
            found.append(x)
        return tuple(found)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return one score a patch, (B, 1, h, w)."""
        return self.score(self.features(pixels)[-1])


class _LayerCritic(nn.Module):
    """Scores of one layer's features, given what the style looks like (projection, arXiv:1802.05637)."""

    def __init__(self, channels: int, described: int, width: int):
        super().__init__()
        self.squeeze = _conv(channels, width, 1)
        self.look = _conv(width, width, 3, 2)
        self.look_wide = _conv(width, width, 3, 2)
        self.score = _conv(width, 1, 1)
        self.style = spectral_norm(nn.Linear(described, width, bias=False))

    def forward(self, features: Tensor, description: Tensor) -> Tensor:
        x = F.leaky_relu(self.squeeze(features), 0.2)
        x = F.leaky_relu(self.look(x), 0.2)
        x = F.leaky_relu(self.look_wide(x), 0.2)
        match = (x * self.style(description)[:, :, None, None]).sum(1, keepdim=True)
        return self.score(x) + match / x.shape[1] ** 0.5


class FeatureCritic(nn.Module):
    """Tell results from paintings of the same style, patch by patch, in features of the perceptual network.

    Judging in features of a pretrained network needs few pictures and gives strokes instead of noise
    (projected GANs, arXiv:2111.01007). Unlike them it takes no random mixing of channels, and is told which
    style to expect, so that one texture stamped on everything is found out.
    """

    def __init__(self, channels: Sequence[int], described: int, scales: Sequence[float], width: int = 64):
        super().__init__()
        self.scales = tuple(scales)
        self.critics = nn.ModuleList(_LayerCritic(c, described, width) for c in channels)

    def forward(self, features: Sequence[Tensor], description: Tensor) -> Tensor:
        """Score feature maps (B, C, h, w), one a layer, of pictures in a style described by (B, D).

        Returns the scores of all patches of all layers, (B, n).
        """
        scores = [
            critic(f * scale, description).flatten(1)
            for critic, f, scale in zip(self.critics, features, self.scales, strict=True)
        ]
        return torch.cat(scores, 1)


class LiteTrunk(LiteEncoder):
    """EfficientNet-Lite0 to a sixteenth of the size, frozen, for a critic to judge in."""

    channels = (24, 40, 112)
    """Channels of what it returns."""
    _levels = (1, 2, 4)  # stages whose answers are taken: strides 4, 8 and 16

    def __init__(self) -> None:
        super().__init__()
        self.requires_grad_(False)

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Return features at strides 4, 8 and 16 of pictures (B, 3, H, W) in [0, 1]."""
        return tuple(x for stage, x in enumerate(self.stages(pixels)) if stage in self._levels)


class ProjectedCritic(nn.Module):
    """Judge pictures in features of a frozen network, mixed at random (projected GANs, arXiv:2111.01007).

    Mixing across channels (its section 3.2) keeps the critic from a few telling channels, mixing across
    scales (from coarse to fine) lets fine features know of coarse ones; both are random and stay so, and are
    saved with the run. Every scale has a critic of its own, spectrally normalized. Departures: three scales,
    one width, two halvings a scale, and domains by projection (arXiv:1802.05637).
    """

    def __init__(self, channels: Sequence[int], domains: int = 1, width: int = 64):
        super().__init__()
        self.domains = domains
        self.across = nn.ModuleList(nn.Conv2d(c, width, 1) for c in channels)
        self.down = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in channels)
        for layer in (*self.across, *self.down):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
            nn.init.zeros_(layer.bias)
        self.across.requires_grad_(False)
        self.down.requires_grad_(False)
        self.critics = FeatureCritic([width] * len(channels), domains, [1.0] * len(channels), width)

    def mixed(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Mix features (B, C, h, w), fine to coarse, across channels and from coarse to fine scales."""
        coarser, found = None, []
        for x, across, down in zip(
            reversed(features), reversed(self.across), reversed(self.down), strict=True
        ):
            x = across(x)
            if coarser is not None:
                x = (x + F.interpolate(coarser, size=x.shape[2:], mode="bilinear")) * 0.5**0.5
            coarser = down(x)
            found.append(coarser)
        return found[::-1]

    def forward(self, features: Sequence[Tensor], domains: Tensor | None = None) -> Tensor:
        """Return scores (B, n) of features, fine to coarse, of pictures of the domains (B,), or all of
        one."""
        count = len(features[0])
        if domains is None:
            domains = torch.zeros(count, dtype=torch.int64, device=features[0].device)
        told = F.one_hot(domains, self.domains).to(features[0].dtype)
        return self.critics(self.mixed(features), told)


class DomainCritic(nn.Module):
    """Judge patches, and tell which domain the picture is from (StarGAN, arXiv:1711.09020, section 3.1).

    Without norm by default: it is for Wasserstein losses, whose gradient penalty bounds the slope.
    """

    def __init__(self, domains: int, width: int = 32, layers: int = 5, norm: CriticNorm = "none"):
        super().__init__()
        self.patches = PatchCritic(width, layers, norm=norm)
        self.domain = nn.Linear(width * min(2 ** (layers - 1), 8), domains)

    def scores(self, pixels: Tensor) -> Tensor:
        """Return the scores alone."""
        return self.patches(pixels)

    def domains(self, pixels: Tensor) -> Tensor:
        """Return the logits of domains alone."""
        return self(pixels)[1]

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores (B, 1, h, w) and logits of domains (B, K) of pictures (B, 3, H, W) in [0, 1]."""
        features = self.patches.features(pixels)[-1]
        return self.patches.score(features), self.domain(features.mean((2, 3)))


class ScaleCritic(nn.Module):
    """Patch critics at full, half and quarter size (pix2pixHD, arXiv:1711.11585, section 3.2)."""

    def __init__(self, width: int = 32, layers: int = 3, scales: int = 3, norm: CriticNorm = "spectral"):
        super().__init__()
        self.critics = nn.ModuleList(PatchCritic(width, layers, norm=norm) for _ in range(scales))

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Return the scores (B, 1, h, w) at every scale of pictures (B, 3, H, W) in [0, 1]."""
        scores = []
        for critic in self.critics:
            scores.append(critic(pixels))
            pixels = F.avg_pool2d(pixels, 2)
        return tuple(scores)


class _HalvingBlock(nn.Module):
    """Two convolutions and a halving, beside a plain halving (arXiv:1912.04958, figure 7)."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.first, self.second = EqualizedConv(inputs, inputs), EqualizedConv(inputs, outputs)
        self.beside = EqualizedConv(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = _bent(self.second(F.avg_pool2d(_bent(self.first(x)), 2)))
        return (y + self.beside(F.avg_pool2d(x, 2))) * 0.5**0.5


class PictureCritic(nn.Module):
    """Judge whole pictures of one size: StyleGAN's residual critic with the batch's spread as a feature.

    widths: channels from 4 px up to the full size, as in `StyleGANConfig`. Departure from arXiv:1912.04958:
    means of 2x2 pixels halve, in place of the [1, 3, 3, 1] filter.
    """

    def __init__(self, widths: Sequence[int]):
        super().__init__()
        self.color = EqualizedConv(3, widths[-1], 1)
        self.blocks = nn.ModuleList(_HalvingBlock(a, b) for a, b in pairwise(reversed(widths)))
        self.mix = EqualizedConv(widths[0] + 1, widths[0])
        self.flat = EqualizedLinear(16 * widths[0], widths[0])
        self.score = EqualizedLinear(widths[0], 1)

    def forward(self, pixels: Tensor) -> Tensor:
        """Score pictures (B, 3, H, W) in [0, 1], H = W = 4 * 2 ** (len(widths) - 1); returns (B, 1)."""
        x = _bent(self.color(pixels * 2 - 1))
        for block in self.blocks:
            x = block(x)
        # how much the batch varies (arXiv:1710.10196, section 3): a collapsed batch gives itself away
        spread = (x.float().var(0, unbiased=False) + 1e-8).sqrt().mean().to(x.dtype)
        x = torch.cat([x, spread.expand(x.shape[0], 1, *x.shape[2:])], 1)
        return self.score(_bent(self.flat(_bent(self.mix(x)).flatten(1))))


def _bent(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2) * 2**0.5
