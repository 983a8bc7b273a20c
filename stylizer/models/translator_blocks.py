"""Layers that translators share: normalization that knows its domain, residual blocks, doublings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylizer.imaging.color import full_precision
from stylizer.models.blocks import Statistics, StatisticsCursor, conv, enlarge, pad_to
from stylizer.models.registry import Network

_NEAR = 0.02  # a residual starts from colors this far inside the range, where the sigmoid still has a slope


def domain_mix(mix: Tensor | None, photo: Tensor, domains: Sequence[str]) -> Tensor:
    """Check a mix of domains for photos (B, 3, H, W), (K,) or (B, K); None mixes all alike.

    Returns (B, K) float32 where the photos are. Raises ValueError when the shapes do not go together.
    """
    count, batch = len(domains), photo.shape[0]
    if mix is None:
        mix = torch.full((count,), 1 / count)
    if mix.shape not in ((count,), (batch, count)):
        raise ValueError(f"mix has the shape {tuple(mix.shape)}; expected ({count},) or ({batch}, {count})")
    return mix.to(photo.device, torch.float32).expand(batch, -1)


def one_domain(weights: Mapping[str, Tensor], index: int, count: int) -> dict[str, Tensor]:
    """Reduce the weights of a translator of `count` domains to those that serve domain `index` alone."""
    tables = (".scale", ".shift")
    return {
        key: value[index : index + 1] if key.endswith(tables) and len(value) == count else value
        for key, value in weights.items()
    }


class DomainLayer(nn.Module):
    """Convolution, instance normalization with a scale and shift for each domain, ReLU or none.

    Conditional instance normalization (arXiv:1610.07629, eq. 5); with one domain it is the ordinary kind.
    """

    def __init__(
        self, inputs: int, outputs: int, domains: int, size: int = 3, stride: int = 1, activated: bool = True
    ):
        super().__init__()
        self.conv = conv(inputs, outputs, size, stride)
        self.scale = nn.Parameter(torch.ones(domains, outputs))
        self.shift = nn.Parameter(torch.zeros(domains, outputs))
        self.activated = activated

    def forward(self, x: Tensor, mix: Tensor, cursor: StatisticsCursor) -> Tensor:
        x = self.conv(x)
        mean, inverse = cursor.read(x)
        with full_precision(self.scale):
            scale, shift = ((mix @ table)[:, :, None, None] for table in (self.scale, self.shift))
        scale = scale * inverse
        shift = shift - mean * scale
        x = torch.addcmul(shift.to(x.dtype), x, scale.to(x.dtype))
        return F.relu(x) if self.activated else x


class DomainBlock(nn.Module):
    """Residual block of two layers; the second has no activation (Johnson et al. 2016, supplement)."""

    def __init__(self, channels: int, domains: int):
        super().__init__()
        self.first = DomainLayer(channels, channels, domains)
        self.second = DomainLayer(channels, channels, domains, activated=False)

    def forward(self, x: Tensor, mix: Tensor, cursor: StatisticsCursor) -> Tensor:
        return x + self.second(self.first(x, mix, cursor), mix, cursor)


class GrowLayer(DomainLayer):
    """Double the size, then a layer: transposed convolutions leave checkerboards (Odena et al. 2016)."""

    def forward(self, x: Tensor, mix: Tensor, cursor: StatisticsCursor) -> Tensor:
        return super().forward(enlarge(x), mix, cursor)


class Translating(Network):
    """Base of the translators: sizes, mixes and statistics around `paint`.

    paint(padded (B, 3, H, W) in [0, 1], mix, cursor) -> logits of colors (B, 3, H, W), before the sigmoid
    """

    tiling = "exact"
    residual = False

    @property
    def domains(self) -> tuple[str, ...]:
        """Name what this network translates to, in the order of a mix."""
        return tuple(self.config.domains)

    @property
    def stride(self) -> int:
        """Sizes are worked on in multiples of this, pixels."""
        raise NotImplementedError

    def paint(self, pixels: Tensor, mix: Tensor, cursor: StatisticsCursor) -> Tensor:
        raise NotImplementedError

    def translate(
        self, photo: Tensor, mix: Tensor | None = None, statistics: Statistics | None = None
    ) -> Tensor:
        """Translate photos (B, 3, H, W) in [0, 1], H and W at least 16; returns (B, 3, H, W) in [0, 1].

        mix (K,) or (B, K) weighs the domains; sums to 1 over K.
        statistics: those of the whole picture, from `measure`, when `photo` is a tile of it that begins at
        multiples of `stride`.
        """
        height, width = photo.shape[2:]
        if min(height, width) < 16:
            raise ValueError(f"photo is {width} x {height} pixels; it must be at least 16 x 16")
        pixels = pad_to(photo, self.stride)
        cursor = (statistics or Statistics()).started()
        logits = self.paint(pixels, domain_mix(mix, photo, self.domains), cursor)
        with full_precision(logits):  # bfloat16 has too few bits for colors
            logits = 2 * logits.float()  # sigmoid(2x) is the papers' tanh(x), moved to [0, 1]
            if self.residual:
                logits = logits + torch.logit(pixels.float().clamp(_NEAR, 1 - _NEAR))
            return torch.sigmoid(logits)[:, :, :height, :width]

    def measure(self, photo: Tensor, mix: Tensor | None = None) -> Statistics | None:
        """Measure the instance statistics of a whole picture, for `translate` to replay on its tiles."""
        statistics = Statistics()
        self.translate(photo, mix, statistics)
        return Statistics(statistics.values, replay=True)

    def forward(self, photo: Tensor, mix: Tensor | None = None) -> Tensor:
        return self.translate(photo, mix)


def check_domains(domains: Sequence[str]) -> None:
    """Refuse domains without names or with the same name; raises ValueError."""
    if not domains or not all(domains) or len(set(domains)) != len(domains):
        raise ValueError(
            f"domains are {', '.join(map(repr, domains)) or 'none'}; give each a name of its own"
        )
