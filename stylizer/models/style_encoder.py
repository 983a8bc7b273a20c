"""The style encoder: what a painting looks like, as channel moments of a frozen ImageNet network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import color_moments
from stylizer.models.channel_moments import channel_moments
from stylizer.models.lite_encoder import LiteEncoder

STYLE_SIDE = 512
"""Long side in pixels at which the style of a picture is read: so the painter was taught what strokes are."""
_SHORT_SIDE = 64  # pixels that the short side of a very long picture keeps
_BINS = 4  # a side of the soft color histogram
_COLORS = 3 + 9  # numbers of a color mean and covariance root


def style_size(height: int, width: int) -> tuple[int, int]:
    """Return the size at which a picture's style is read: long side 512, short side at least 64."""
    scale = min(1.0, max(STYLE_SIDE / max(height, width), _SHORT_SIDE / min(height, width)))
    return max(16, round(height * scale)), max(16, round(width * scale))


class StyleDescriptor(LiteEncoder):
    """Describe pictures by moments of EfficientNet-Lite0 (arXiv:1905.11946), stride 2 to 16, and by colors.

    A network learned from 1,700 paintings alone would memorize them; moments of a network that has seen
    ImageNet carry over to paintings never met. Frozen: no gradient reaches it.
    """

    def __init__(self, stages: int = 5):
        super().__init__(stages)
        self.requires_grad_(False)

    @property
    def size(self) -> int:
        """Length of a description."""
        layers = [self.conv_stem.out_channels]
        for block in self._blocks():
            norm = block.bn3 if hasattr(block, "bn3") else block.bn2
            layers.append(norm.num_features)
        return 2 * sum(layers) + _COLORS + _BINS**3

    @property
    def color_part(self) -> slice:
        """Where in a description the color mean and covariance root are, twelve numbers."""
        return slice(self.size - _BINS**3 - _COLORS, self.size - _BINS**3)

    def _blocks(self) -> Iterator[Any]:
        for stage in self.blocks:
            yield from stage.children()

    @torch.no_grad()
    def forward(self, pixels: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return float32 descriptions (B, size) of pictures (B, 3, H, W) in [0, 1].

        With `weights` (B, 1, H, W) >= 0, of a part of each: every moment counts places as they weigh.
        """
        x = self.stem(pixels.contiguous(memory_format=torch.channels_last))
        found = [_moments(x, weights)]
        for block in self._blocks():
            x = block(x)
            found.append(_moments(x, weights))
        mean, root = color_moments(pixels, weights)
        return torch.cat([*found, mean, root.flatten(1), soft_histogram(pixels, weights)], 1)


def _moments(x: Tensor, weights: Tensor | None) -> Tensor:
    if weights is not None:
        weights = F.interpolate(weights.float(), size=x.shape[2:], mode="area")
    mean, variance = channel_moments(x, weights)
    return torch.cat([mean, (variance + 1e-8).sqrt()], 1)


def soft_histogram(pixels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the share of each of 4x4x4 colors, (B, 64), with linear weights between neighboring bins."""
    small = F.interpolate(pixels.float(), size=(64, 64), mode="area")
    position = small.clamp(0, 1) * (_BINS - 1)
    levels = torch.arange(_BINS, device=pixels.device).view(1, 1, _BINS, 1, 1)
    share = (1 - (position[:, :, None] - levels).abs()).clamp(min=0).flatten(3)  # (B, 3, bins, n)
    if weights is not None:
        counted = F.interpolate(weights.float(), size=(64, 64), mode="area").flatten(2)
        red, green, blue = share.unbind(1)
        return torch.einsum(
            "brn,bgn,bkn->brgk", red * counted / counted.sum(2, keepdim=True), green, blue
        ).flatten(1)
    return torch.einsum("brn,bgn,bkn->brgk", *share.unbind(1)).flatten(1) / share.shape[3]
