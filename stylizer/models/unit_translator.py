"""The translator of UNIT: an encoder into a latent space that two domains share, and a decoder out of it."""

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
class UnitTranslatorConfig:
    """Sizes of a translator through a shared latent space; the paper has width 64 and 3 + 1 blocks a side."""

    width: int = 32
    """Channels at full resolution; 1/4, where the latent space is, has four times as many."""
    blocks: int = 2
    """Residual blocks of the encoder, and of the decoder, that belong to one domain."""
    domains: tuple[str, ...] = ("painting",)
    """Name of what the network translates to."""

    def __post_init__(self) -> None:
        check_domains(self.domains)
        if len(self.domains) != 1:
            raise ValueError(f"domains are {', '.join(self.domains)}; this network translates to one")
        if min(self.width, self.blocks) < 1:
            raise ValueError(f"width {self.width} and blocks {self.blocks} must both be at least 1")

    @staticmethod
    def tiny() -> UnitTranslatorConfig:
        """A small translator for tests."""
        return UnitTranslatorConfig(width=8, blocks=1)


class Encoder(nn.Module):
    """What one domain does on its way to the latent space: two halvings and residual blocks."""

    def __init__(self, config: UnitTranslatorConfig):
        super().__init__()
        width = config.width
        self.stem = DomainLayer(3, width, 1, size=7)
        self.to_half = DomainLayer(width, 2 * width, 1, stride=2)
        self.to_quarter = DomainLayer(2 * width, 4 * width, 1, stride=2)
        self.blocks = nn.ModuleList(DomainBlock(4 * width, 1) for _ in range(config.blocks))

    def forward(self, pixels: Tensor, mix: Tensor, cursor: StatisticsCursor) -> Tensor:
        x = self.to_half(self.stem(pixels * 2 - 1, mix, cursor), mix, cursor)
        x = self.to_quarter(x, mix, cursor)
        for block in self.blocks:
            x = block(x, mix, cursor)
        return x


class Decoder(nn.Module):
    """What one domain does on its way from the latent space to the logits of its colors."""

    def __init__(self, config: UnitTranslatorConfig):
        super().__init__()
        width = config.width
        self.blocks = nn.ModuleList(DomainBlock(4 * width, 1) for _ in range(config.blocks))
        self.up_half = GrowLayer(4 * width, 2 * width, 1)
        self.up_full = GrowLayer(2 * width, width, 1)
        self.color = conv(width, 3, 7)

    def forward(self, x: Tensor, mix: Tensor, cursor: StatisticsCursor) -> Tensor:
        for block in self.blocks:
            x = block(x, mix, cursor)
        return self.color(self.up_full(self.up_half(x, mix, cursor), mix, cursor))


@architecture("unit-translator", role="translator", config=UnitTranslatorConfig)
class UnitTranslator(Translating):
    """The way of UNIT from one domain to the other (arXiv:1703.00848, section 3).

    The last block of every encoder and the first of every decoder are shared by both domains (eq. 1, weight
    sharing): `shared_in` and `shared_out`. The mean of the latent code is what is decoded; training adds
    noise. Departures: half the width and three, not four, blocks a side; instance normalization throughout;
    resize-convolutions and repeated borders.
    """

    stride = 4

    def __init__(self, config: UnitTranslatorConfig):
        super().__init__()
        self.config = config
        self.encoder, self.decoder = Encoder(config), Decoder(config)
        self.shared_in, self.shared_out = DomainBlock(4 * config.width, 1), DomainBlock(4 * config.width, 1)

    @property
    def halo(self) -> int:
        """How far, in pixels, what a pixel becomes depends on others: 8 a block, 20 around them."""
        return 16 * (self.config.blocks + 1) + 20

    def paint(self, pixels: Tensor, mix: Tensor, cursor: StatisticsCursor) -> Tensor:
        latent = self.shared_in(self.encoder(pixels, mix, cursor), mix, cursor)
        return self.decoder(self.shared_out(latent, mix, cursor), mix, cursor)
