"""The U-shaped translator of DualGAN and, without its bridges, of DiscoGAN."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from stylizer.models.blocks import StatisticsCursor, conv
from stylizer.models.registry import architecture
from stylizer.models.translator_blocks import DomainLayer, GrowLayer, Translating, check_domains


@dataclass(frozen=True)
class UNetConfig:
    """Sizes of a U-shaped translator."""

    widths: tuple[int, ...] = (32, 64, 128, 192, 192)
    """Channels at 1/2, 1/4 and so on; as many halvings as numbers."""
    bridges: bool = True
    """Hand the way up what the way down saw at the same size."""
    domains: tuple[str, ...] = ("painting",)
    """Names of what the network translates to."""

    def __post_init__(self) -> None:
        check_domains(self.domains)
        if not 1 <= len(self.widths) <= 8 or min(self.widths) < 1:
            raise ValueError(f"widths are {self.widths}; give one to eight numbers of at least 1")

    @staticmethod
    def tiny(bridges: bool = True) -> UNetConfig:
        """A small translator for tests."""
        return UNetConfig(widths=(8, 8), bridges=bridges)


class UShape(nn.Module):
    """Halvings, then doublings, with bridges between equal sizes: (B, inputs, H, W) to (B, outputs, H, W)."""

    def __init__(self, inputs: int, outputs: int, widths: tuple[int, ...], bridges: bool, domains: int = 1):
        super().__init__()
        self.bridges = bridges
        below = [inputs, *widths]
        self.down = nn.ModuleList(
            DomainLayer(below[i], below[i + 1], domains, stride=2) for i in range(len(widths))
        )
        self.up = nn.ModuleList()
        arriving = widths[-1]
        for level in reversed(range(len(widths))):
            leaving = widths[level - 1] if level else max(16, widths[0] // 2)
            self.up.append(GrowLayer(arriving, leaving, domains))
            arriving = leaving + below[level] if bridges else leaving
        self.last = conv(arriving, outputs)

    def forward(self, x: Tensor, mix: Tensor, cursor: StatisticsCursor) -> Tensor:
        seen = []
        for layer in self.down:
            seen.append(x)
            x = layer(x, mix, cursor)
        for layer in self.up:
            x = layer(x, mix, cursor)
            bridge = seen.pop()
            if self.bridges:
                x = torch.cat([x, bridge.to(x.dtype)], 1)
        return self.last(x)


@architecture("unet", role="translator", config=UNetConfig)
class UNet(Translating):
    """Encoder and decoder with skips (Ronneberger et al. 2015; arXiv:1611.07004, section 6.1.1).

    Departures: 3x3 convolutions and resize-convolutions in place of 4x4 and transposed ones (checkerboards);
    instance in place of batch normalization, and no dropout, so that a picture looks in use as in training;
    five halvings, not eight, so that pictures of any size pass; the photo is bridged to the last layer, since
    half resolution is the finest that the papers' decoders see.
    """

    def __init__(self, config: UNetConfig):
        super().__init__()
        self.config = config
        self.shape = UShape(3, 3, config.widths, config.bridges, len(config.domains))

    @property
    def stride(self) -> int:
        """Two to the number of halvings."""
        return 2 ** len(self.config.widths)

    @property
    def halo(self) -> int:
        """How far, in pixels, what a pixel becomes depends on others: four strides and the last layer."""
        return 5 * self.stride

    def paint(self, pixels: Tensor, mix: Tensor, cursor: StatisticsCursor) -> Tensor:
        return self.shape(pixels * 2 - 1, mix, cursor)
