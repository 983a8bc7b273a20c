"""The brush translator: the painter's transfer network with learned codes for each domain."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from stylizer.imaging.color import full_precision
from stylizer.models.blocks import CodeMix, Statistics
from stylizer.models.config import before
from stylizer.models.painter_config import PainterConfig
from stylizer.models.registry import architecture
from stylizer.models.roles import PHOTO
from stylizer.models.transfer_network import Content, TransferNetwork
from stylizer.models.translator_blocks import check_domains, domain_mix

_CODE_RATE = 8.0  # as for the identity code: learned numbers move as fast as a style encoder's would
_KEPT, _KEPT_BESIDE = 0.5, 0.1  # of a photo's own colors, before a run has learned how much suits a domain;
# the second beside prototypes, whose colors suit the photo already
_MOST_KEPT = 0.8
_COLORS = 3 + 9  # numbers of a color mean and covariance root
_NEAR = 0.25  # deviations between standings, in the mean of all numbers, over which prototypes mix
_FAR = 2.5  # deviations beyond which a photo stands no further out than any painting


@dataclass(frozen=True)
class BrushTranslatorConfig:
    """Sizes of a brush translator."""

    painter: PainterConfig = field(default_factory=PainterConfig)
    """Sizes of the transfer network."""
    domains: tuple[str, ...] = ("painting",)
    """Names of what the network translates to."""
    keeps_colors: bool = field(default=True, metadata=before(False))
    """Whether a domain keeps a learned share of what is a photo's own in its colors: nights stay dark and
    woods green. Without, every photo is given the same mean and covariance of colors."""
    prototypes: int = field(default=1, metadata=before(1))
    """Codes of each domain. With several, a photo takes those of the paintings whose colors stand among their
    domain's as its own stand among photos': a night is painted as nights are. One for all is mud."""

    def __post_init__(self) -> None:
        check_domains(self.domains)
        if not 1 <= self.prototypes <= 64:
            raise ValueError(f"prototypes is {self.prototypes}; it must be 1 to 64")

    @staticmethod
    def tiny(domains: tuple[str, ...] = ("painting",)) -> BrushTranslatorConfig:
        """A small translator for tests."""
        return BrushTranslatorConfig(PainterConfig.tiny(), domains)


class WholePicture(NamedTuple):
    """What tiles need to know of their picture."""

    content: Content
    statistics: Statistics


class PrototypeChoice(NamedTuple):
    """What prototypes are chosen by; colors are the mean and covariance root of a picture's, 12 numbers."""

    domain_colors: Tensor
    """(K, 12): what is usual in each domain."""
    color_spread: Tensor
    """(1 + K, 12): deviations of photos' colors, then of each domain's."""
    standings: Tensor
    """(K * prototypes, 12): by how many deviations a prototype's colors are away from its domain's."""


@architecture("brush-translator", role="translator", config=BrushTranslatorConfig)
class BrushTranslator(TransferNetwork):
    """Translate with the painter's strokes: what a style encoder would say is learned, a code a domain.

    It can begin as a painter (`begin_with`), which has seen far more pictures than one domain has.
    """

    tiling = "exact"
    are_photos: Tensor
    usual_colors: Tensor
    domain_colors: Tensor
    color_spread: Tensor
    standings: Tensor

    def __init__(self, config: BrushTranslatorConfig):
        super().__init__(config.painter)
        self.config = config
        count, self.prototypes = len(config.domains), config.prototypes
        rows = count * self.prototypes  # all of one domain, then the next one's
        self.codes = nn.Parameter(0.1 * torch.randn(rows, self.code_size) / _CODE_RATE)
        self.keeps_colors = config.keeps_colors
        if self.keeps_colors:
            kept = _KEPT if self.prototypes == 1 else _KEPT_BESIDE
            self.kept = nn.Parameter(torch.full((count,), kept / _CODE_RATE))
            self.register_buffer("usual_colors", torch.zeros(_COLORS))
        if self.prototypes > 1:
            if not self.keeps_colors:
                raise ValueError("several prototypes are chosen by usual colors; keeps_colors must be on")
            self.register_buffer("domain_colors", torch.zeros(count, _COLORS))
            self.register_buffer("color_spread", torch.ones(1 + count, _COLORS))  # photos', each domain's
            self.register_buffer("standings", torch.zeros(rows, _COLORS))
        are_photos = torch.tensor([float(name == PHOTO) for name in config.domains])
        self.register_buffer("are_photos", are_photos, persistent=False)

    @property
    def domains(self) -> tuple[str, ...]:
        """Name what this network translates to, in the order of a mix."""
        return tuple(self.config.domains)

    def translate(
        self, photo: Tensor, mix: Tensor | None = None, statistics: WholePicture | None = None
    ) -> Tensor:
        """Translate photos (B, 3, H, W) in [0, 1], H and W at least 16; returns (B, 3, H, W) in [0, 1].

        mix (K,) or (B, K) weighs the domains; sums to 1 over K.
        statistics: those of the whole picture, from `measure`, when `photo` is a tile of it: of what has been
        translated once and is drawn over, so no strokes are begun in it.
        """
        return self.draw(photo, mix, statistics).clamp(0, 1)

    def draw(
        self,
        photo: Tensor,
        mix: Tensor | None = None,
        whole: WholePicture | None = None,
        measured: Statistics | None = None,
        painted: bool = False,
    ) -> Tensor:
        """Translate without clamping; `measured` takes the statistics down, `painted` is as in `encode`."""
        height, width = photo.shape[2:]
        if min(height, width) < 16:
            raise ValueError(f"photo is {width} x {height} pixels; it must be at least 16 x 16")
        shares = domain_mix(mix, photo, self.domains)
        content = self.encode(photo, whole.content if whole else None, painted)
        statistics = whole.statistics if whole else measured
        codes = self._codes(content, shares, painted or whole is not None)
        return self.paint(content, CodeMix(codes), statistics)

    def _codes(self, content: Content, shares: Tensor, painted: bool = False) -> Tensor:
        """Mix the codes of the domains by shares (N, K): (N, code_size).

        Their colors are those of a photo as photos usually are, moved by the kept share of what this one has
        beyond. Among photos all is kept, and of what is painted already.
        """
        with full_precision(shares):
            shares, photos = shares.float(), self.are_photos.float()
            own = torch.cat([content.mean, content.root.flatten(1)], 1).float()
            codes = _CODE_RATE * self._prototypes_for(own, painted)
            parts = [self.learned_size, _COLORS, self.code_size - self.learned_size - _COLORS]
            strokes, colors, brushwork = codes.split(parts, 2)  # (N, K, ...)
            kept, usual = photos, torch.zeros_like(colors[:, :1])
            if self.keeps_colors:
                kept = photos + (1 - photos) * (_CODE_RATE * self.kept).clamp(0, _MOST_KEPT)
                usual = self.usual_colors.float()[None, None]
            colors = torch.lerp(colors, usual.expand_as(colors), photos[:, None])
            moved = own
            if not painted:
                moved = _mixed(shares, colors) + (shares @ kept)[:, None] * (own - usual[:, 0])
            worked = _mixed(shares, (1 - photos[:, None]) * brushwork.clamp(0, 1))
            return torch.cat([_mixed(shares, strokes), moved, worked], 1)

    def _prototypes_for(self, own: Tensor, painted: bool) -> Tensor:
        """Mix every domain's prototypes for pictures of the colors own (N, 12): (N or 1, K, code_size).

        A photo stands among photos, what is painted among the paintings of the domain.
        """
        if self.prototypes == 1:
            return self.codes.float()[None]
        usual, spread = self.usual_colors[None], self.color_spread[:1]
        if painted:
            usual, spread = self.domain_colors, self.color_spread[1:]
        standing = ((own[:, None] - usual.float()) / spread.float()).clamp(-_FAR, _FAR)  # (N, 1 or K, 12)
        domains, count = len(self.domains), self.prototypes
        standings = self.standings.float().view(domains, count, _COLORS)
        away = (standing[:, :, None] - standings).square().mean(3)
        weights = (-away / (2 * _NEAR**2)).softmax(2)
        return torch.einsum("nkm,kmd->nkd", weights, self.codes.float().view(domains, count, -1))

    def measure(  # type: ignore[override]  # a translator's, which encodes the photo itself
        self, photo: Tensor, mix: Tensor | None = None
    ) -> WholePicture:
        """Measure the statistics of a whole picture that has been translated, for `translate` to replay on
        its tiles."""
        statistics = Statistics()
        self.draw(photo, mix, measured=statistics, painted=True)
        return WholePicture(self.encode(photo, painted=True), replace(statistics, replay=True))

    def begin_with(
        self, painter: TransferNetwork, codes: Tensor, usual: Tensor, choice: PrototypeChoice | None = None
    ) -> None:
        """Take a painter's strokes, codes (K * prototypes, code_size), and photos' usual colors.

        usual (12,): mean over photos of the mean and covariance root of colors, as in a code. `choice` is for
        several prototypes. Raises RuntimeError when sizes differ.
        """
        own, known = self.state_dict(), painter.state_dict()
        if codes.shape != self.codes.shape:
            raise RuntimeError(f"codes are {tuple(codes.shape)}; expected {tuple(self.codes.shape)}")
        strokes = {key: known.get(key, value) for key, value in own.items()}
        told = {"codes": codes / _CODE_RATE}
        if self.keeps_colors:
            told["usual_colors"] = usual
        if self.prototypes > 1 and choice is not None:
            told |= choice._asdict()
        self.load_state_dict(strokes | told)

    def forward(self, photo: Tensor, mix: Tensor | None = None) -> Tensor:
        return self.translate(photo, mix)


def _mixed(shares: Tensor, rows: Tensor) -> Tensor:
    """Mix rows (N or 1, K, n) by shares (N, K): (N, n)."""
    return (shares[:, :, None] * rows).sum(1)
