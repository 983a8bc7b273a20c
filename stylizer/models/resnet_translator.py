"""The residual translator of CycleGAN and StarGAN: one learned look, or several that mix."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from stylizer.models.blocks import StatisticsCursor, conv
from stylizer.models.registry import architecture
from stylizer.models.translator_blocks import (
    DomainBlock,
    DomainLayer,
    GrowLayer,
    Translating,
    check_domains,
)


@dataclass(frozen=True)
class ResnetTranslatorConfig:
    """Sizes of a residual translator; the papers have width 64 and 6 (128 px) or 9 (256 px) blocks."""

    width: int = 32
    """Channels at full resolution; 1/2 has twice, 1/4 four times as many."""
    blocks: int = 6
    """Residual blocks at 1/4."""
    residual: bool = True
    """Draw on top of the photo's own colors."""
    domains: tuple[str, ...] = ("painting",)
    """Names of what the network translates to."""

    def __post_init__(self) -> None:
        check_domains(self.domains)
        if min(self.width, self.blocks) < 1:
            raise ValueError(f"width {self.width} and blocks {self.blocks} must both be at least 1")

    @staticmethod
    def tiny(domains: tuple[str, ...] = ("painting",)) -> ResnetTranslatorConfig:
        """A small translator for tests."""
        return ResnetTranslatorConfig(width=8, blocks=1, domains=domains)


@architecture("resnet-translator", role="translator", config=ResnetTranslatorConfig)
class ResnetTranslator(Translating):
    """Two halvings, residual blocks, two doublings (Johnson et al. 2016; arXiv:1703.10593, section 7.1).

    Departures: half the width; resize-convolutions and repeated borders in place of transposed convolutions,
    zero padding and reflection; normalization has a scale and shift, and with several domains one of each for
    every domain: StarGAN's label planes (arXiv:1711.09020) are constant, so that the instance normalization
    behind the first layer would wipe them out; the picture is drawn on top of the photo, in logits, so that
    it begins as the photo, needs fewer steps and inverts no colors.
    """

    stride = 4

    def __init__(self, config: ResnetTranslatorConfig):
        super().__init__()
        self.config, self.residual = config, config.residual
        width, count = config.width, len(config.domains)
        self.stem = DomainLayer(3, width, count, size=7)
        self.to_half = DomainLayer(width, 2 * width, count, stride=2)
        self.to_quarter = DomainLayer(2 * width, 4 * width, count, stride=2)
        self.blocks = nn.ModuleList(DomainBlock(4 * width, count) for _ in range(config.blocks))
        self.up_half = GrowLayer(4 * width, 2 * width, count)
        self.up_full = GrowLayer(2 * width, width, count)
        self.color = conv(width, 3, 7)
        if config.residual:
            nn.init.normal_(self.color.weight, std=0.005)  # begins close to the photo

    @property
    def halo(self) -> int:
        """How far, in pixels, what a pixel becomes depends on others: 8 a block, 20 around them."""
        return 8 * len(self.blocks) + 20

    def paint(self, pixels: Tensor, mix: Tensor, cursor: StatisticsCursor) -> Tensor:
        x = self.stem(pixels * 2 - 1, mix, cursor)
        x = self.to_quarter(self.to_half(x, mix, cursor), mix, cursor)
        for block in self.blocks:
            x = block(x, mix, cursor)
        return self.color(self.up_full(self.up_half(x, mix, cursor), mix, cursor))
