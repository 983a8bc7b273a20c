"""Discriminators: they judge during training and never ship."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


def _conv(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Module:
    return spectral_norm(nn.Conv2d(inputs, outputs, size, stride, size // 2))


class PatchCritic(nn.Module):
    """Judge overlapping patches of a picture (PatchGAN, arXiv:1611.07004), spectrally normalized."""

    def __init__(self, width: int = 32, layers: int = 3):
        super().__init__()
        widths = [3] + [width * min(2**i, 8) for i in range(layers)]
        self.layers = nn.ModuleList(_conv(a, b, 4, 2) for a, b in pairwise(widths))
        self.score = _conv(widths[-1], 1, 3)

    def features(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Return the activations of every layer, for feature matching; pixels (B, 3, H, W) in [0, 1]."""
        x, found = pixels * 2 - 1, []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
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
