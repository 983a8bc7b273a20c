"""From regions and looks to what is painted how: one decode, however many regions there are.

A manner is a style mix, a strength, a color amount and a brush size; regions with equal manners are one
part. The parts' codes become a field for the painter, and their shares of each pixel lay the painting over
the photo.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.engine.request import RegionLook, StyleChoice, StyleRequest
from stylizer.imaging.regions import WHOLE
from stylizer.models.strength import code_weights, mix_styles, painted_share

_NOTHING = 1e-3  # share of a pixel below which its neighbors say what is painted there


@dataclass(frozen=True, order=True)
class Manner:
    """How a part of the picture is painted; `shares` are (digest of a code, share), sum 1."""

    stroke: float
    strength: float
    color: float
    shares: tuple[tuple[str, float], ...]

    @property
    def shown(self) -> float:
        """How much of the painting shows over the photo: 0 keeps it."""
        return painted_share(self.strength)


KEEP = Manner(1.0, 0.0, 1.0, ())


@dataclass(frozen=True, eq=False)
class Plan:
    """Manners in an order of their own, each one's part of every pixel, and the codes that they mix.

    `parts` (M, h, w) uint8 sums to 255; None when one manner has the whole picture.
    """

    manners: tuple[Manner, ...]
    parts: np.ndarray | None
    codes: dict[str, Tensor] = field(repr=False)
    calibrated: Callable[[float], float] = field(repr=False, default=float)

    @property
    def painted(self) -> tuple[Manner, ...]:
        """The manners that paint at all."""
        return tuple(manner for manner in self.manners if manner.strength > 0)

    @property
    def strokes(self) -> tuple[float, ...]:
        """The brush sizes: each costs a decode."""
        return tuple(dict.fromkeys(manner.stroke for manner in self.painted))

    @cached_property
    def mixed(self) -> tuple[str, ...]:
        """The digests of the codes that are mixed, in the order of the field's weights."""
        return tuple(sorted({digest for manner in self.painted for digest, _ in manner.shares}))

    @cached_property
    def key(self) -> tuple:
        """Name what the painter is asked for: equal keys, equal weights of codes."""
        ways = tuple((manner.strength, manner.shares) for manner in self.painted)
        if len(set(ways)) == 1:
            return ways[:1]
        return (*ways, hashlib.sha256(self.parts.tobytes()).hexdigest())

    def stacked(self, own: Tensor) -> Tensor:
        """Return the codes (1 + K, code_size), the photo's own first."""
        return torch.stack([own, *(self.codes[digest] for digest in self.mixed)])

    @cached_property
    def field(self) -> Tensor:
        """The weights of codes: (1 + K,) where all is painted with one mix, else (1 + K, h, w); sum 1.

        A part counts as much as it shows, so one that fades away leaves its border to its neighbors; where
        the photo is kept, the nearest painted parts go on, so no border is half photo for the painter.
        """
        rows = torch.stack([self._row(manner) for manner in self.painted])
        if len(self.key) == 1:
            return rows[0]
        weighed = self._planes(lambda manner: manner.shown)[[m.strength > 0 for m in self.manners]]
        total = weighed.sum(0, keepdim=True)
        return spread_out(torch.einsum("mhw,mk->khw", weighed, rows), total)

    def _row(self, manner: Manner) -> Tensor:
        shares = dict(manner.shares)
        return code_weights([shares.get(d, 0.0) for d in self.mixed], self.calibrated(manner.strength))

    def _planes(self, value: Callable[[Manner], float]) -> Tensor:
        """Return each manner's part (M, h, w) in [0, 1], times a value of the manner."""
        factors = torch.tensor([value(manner) for manner in self.manners])[:, None, None]
        return torch.from_numpy(self.parts).float() / WHOLE * factors

    def layers(self, colors_only: bool) -> tuple[tuple[Manner, ...], ...]:
        """Group the painted manners into layers that are painted apart: by brush size, or each for itself."""
        if colors_only:
            return tuple((manner,) for manner in self.painted)
        return tuple(tuple(m for m in self.painted if m.stroke == stroke) for stroke in self.strokes)

    def covers(self, layers: tuple[tuple[Manner, ...], ...]) -> Tensor | None:
        """Return planes (1 + L + 1, h, w): how much is painted, by each layer, and in the photo's color.

        None where all of the picture is painted in one manner.
        """
        if self.parts is None:
            return None
        planes = [
            self._planes(lambda m, layer=layer: m.shown if m in layer else 0.0).sum(0) for layer in layers
        ]
        gray = self._planes(lambda m: m.shown * (1 - m.color)).sum(0)
        return torch.stack([sum(planes), *planes, gray])


def make_plan(
    request: StyleRequest,
    code_of: Callable[[StyleChoice], tuple[str, Tensor]],
    calibrated: Callable[[float], float],
) -> Plan:
    """Find out how every part of a picture is painted; `code_of` reads a style into digest and code."""
    codes: dict[str, Tensor] = {}

    def manner(look: RegionLook) -> Manner:
        if look.keeps:
            return KEEP
        chosen = []
        for choice in look.styles:
            digest, codes[digest] = code_of(choice)
            chosen.append((digest, choice.weight))
        return Manner(look.stroke, look.strength, look.color, tuple(mix_styles(chosen).items()))

    if request.regions is None:
        whole = RegionLook("whole", request.styles, request.strength, request.color, request.stroke)
        return Plan((manner(whole),), None, codes, calibrated)
    parts: dict[Manner, np.ndarray] = {}
    for name, mask in zip(request.regions.names, request.regions.masks, strict=True):
        if mask.any():
            how = manner(request.look(name))
            parts[how] = parts[how] + mask if how in parts else mask
    manners = tuple(sorted(parts))
    if len(manners) == 1:
        return Plan(manners, None, codes, calibrated)
    return Plan(manners, np.stack([parts[how] for how in manners]), codes, calibrated)


def spread_out(sums: Tensor, total: Tensor) -> Tensor:
    """Divide sums (K, h, w) by total (1, h, w); where the total is nothing, the surroundings flow in.

    Push and pull over a pyramid (Gortler et al., "The lumigraph", 1996, section 3.3.3).
    """
    known = sums / total.clamp(min=1e-9)
    if total.min() >= _NOTHING or min(total.shape[1:]) == max(total.shape[1:]) == 1:
        return known
    half = F.avg_pool2d(torch.cat([sums, total])[None], 2, ceil_mode=True, count_include_pad=False)[0]
    around = spread_out(half[:-1], half[-1:])
    around = F.interpolate(around[None], size=total.shape[1:], mode="bilinear", align_corners=False)[0]
    return torch.lerp(around, known, (total / _NOTHING).clamp(max=1))
