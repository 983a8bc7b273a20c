"""From regions to what is made how: one painting of the whole photo for each way of painting it.

A manner is a style mix, a strength, a color amount and a brush size; regions with equal manners are one
part. Each part is cut from the whole photo painted its way, by the parts' shares of each pixel. So a region
looks as the whole picture did in its style: a network told another style at every pixel normalizes and
matches colors over all of them at once, and a sky of its own turned from blue to gray.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from stylizer.engine.requests import StyleChoice, StyleRequest
from stylizer.engine.runtime.executor import Executor
from stylizer.imaging.guided import SHARPER, EdgeGuide
from stylizer.imaging.keep_color import luma
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import WHOLE, Regions
from stylizer.imaging.resample import linear_window
from stylizer.imaging.tensors import to_device, window_tensor
from stylizer.models.strength import code_weights, mix_styles, painted_share
from stylizer.models.transfer_network import stack_codes

_BAND = 256  # rows of a photo that lose their color at once

Mask = npt.NDArray[np.uint8]
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, order=True)
class Manner:
    """How a part of the picture is painted; `shares` are (digest of a code, share), sum 1."""

    stroke: float
    strength: float
    color: float
    shares: tuple[tuple[str, float], ...]

    @property
    def way(self) -> tuple[Hashable, ...]:
        """What a painting depends on; its color is a matter of the finish."""
        return self.stroke, self.strength, self.shares

    @property
    def shown(self) -> float:
        """How much of the painting shows over the photo: 0 keeps it."""
        return painted_share(self.strength)


KEEP = Manner(1.0, 0.0, 1.0, ())
"""The photo stays."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Manners in an order of their own, each one's part of every pixel, and the codes that they mix.

    `parts` (M, h, w) uint8 sums to 255; None when one manner has the whole picture.
    """

    manners: tuple[Manner, ...]
    parts: Mask | None
    codes: dict[str, Tensor] = field(repr=False)
    calibrated: Callable[[float], float] = field(repr=False, default=float)

    @property
    def painted(self) -> tuple[Manner, ...]:
        """The manners that paint at all."""
        return tuple(manner for manner in self.manners if manner.strength > 0)

    @cached_property
    def key(self) -> tuple[Hashable, ...]:
        """Name what is painted where: equal keys, equal paintings."""
        ways = tuple(manner.way for manner in self.painted)
        if self.parts is None:
            return ways
        return (*ways, hashlib.sha256(self.parts.tobytes()).hexdigest())

    def mix(self, manner: Manner, own: Tensor) -> tuple[Tensor, Tensor]:
        """Return codes (1 + K, L) where the photo's own (L,) is, which is the first, and weights (1 + K,).

        L is longer where a style was studied.
        """
        styles = (to_device(self.codes[digest], own.device) for digest, _ in manner.shares)
        weights = code_weights([share for _, share in manner.shares], self.calibrated(manner.strength))
        return stack_codes([own, *styles]), to_device(weights, own.device)

    @cached_property
    def layers(self) -> tuple[tuple[Manner, ...], ...]:
        """Group the painted manners by their way: each group is one painting."""
        ways = dict.fromkeys(manner.way for manner in self.painted)
        return tuple(tuple(manner for manner in self.painted if manner.way == way) for way in ways)

    def covers(self, layers: tuple[tuple[Manner, ...], ...]) -> Tensor | None:
        """Return planes (1 + L + 1, h, w): how much is painted, by each layer, and in the photo's color.

        A part counts as much as it shows, so one that fades away leaves its border to its neighbors. None
        where all of the picture is painted in one manner.
        """
        if self.parts is None:
            return None
        planes = [
            self._planes([manner.shown if manner in layer else 0.0 for manner in self.manners]).sum(0)
            for layer in layers
        ]
        gray = self._planes([manner.shown * (1 - manner.color) for manner in self.manners]).sum(0)
        return torch.stack([torch.stack(planes).sum(0), *planes, gray])

    def _planes(self, factors: list[float]) -> Tensor:
        """Return each manner's part (M, h, w) in [0, 1], times its factor."""
        return torch.from_numpy(self.parts).float() / WHOLE * torch.tensor(factors)[:, None, None]


def make_plan(
    request: StyleRequest,
    code_of: Callable[[StyleChoice], tuple[str, Tensor]],
    calibrated: Callable[[float], float],
) -> Plan:
    """Find out how every part of a picture is painted; `code_of` reads a style into digest and code."""
    codes: dict[str, Tensor] = {}

    def manner(styles: tuple[StyleChoice, ...], strength: float, color: float, stroke: float) -> Manner:
        if not styles or strength == 0:
            return KEEP
        chosen = []
        for choice in styles:
            digest, codes[digest] = code_of(choice)
            chosen.append((digest, choice.weight))
        return Manner(stroke, strength, color, tuple(mix_styles(chosen).items()))

    def manner_of(region: str) -> Manner:
        own = request.region_style(region)
        if own.gray:
            return KEEP
        return manner(own.styles or (), *(_known(x) for x in (own.strength, own.color, own.stroke)))

    if request.regions is None:
        only = manner(request.styles, request.strength, request.color, request.stroke)
        return Plan((only,), None, codes, calibrated)
    parts = grouped(request.regions, manner_of)
    manners = tuple(sorted(parts))
    if len(manners) == 1:
        return Plan(manners, None, codes, calibrated)
    return Plan(manners, np.stack([parts[how] for how in manners]), codes, calibrated)


def grouped(regions: Regions, how: Callable[[str], Key]) -> dict[Key, Mask]:
    """Add up the masks (h, w) of regions that are made alike; `how` tells by a region's name."""
    parts: dict[Key, Mask] = {}
    for name, mask in zip(regions.names, regions.masks, strict=True):
        if mask.any():
            key = how(name)
            parts[key] = parts[key] + mask if key in parts else mask
    return parts


class Planes:
    """Planes (P, h, w) laid over a picture, window by window.

    Where the picture is much larger than the planes, they follow its edges.
    """

    def __init__(self, executor: Executor, planes: Tensor, target: Picture) -> None:
        self.planes = to_device(planes, executor.device.torch)
        self.size = target.height, target.width
        self.guide: EdgeGuide | None = None
        if target.height >= SHARPER * planes.shape[1]:
            small = executor.resized(target, (planes.shape[1], planes.shape[2]))
            self.guide = EdgeGuide(self.planes, executor.whole(small))

    def window(self, photo: Tensor, rows: slice, columns: slice) -> Tensor:
        """Return a window (P, rows, columns), given the picture's (1, 3, rows, columns)."""
        if self.guide is None:
            return linear_window(self.planes, self.size, rows, columns)
        return self.guide.window(photo, self.size, rows, columns)


def mixed_windows(
    windows: Sequence[Callable[[Tensor, slice, slice], Tensor]],
    parts: Tensor,
    photo: Tensor,
    rows: slice,
    columns: slice,
) -> Tensor | None:
    """Mix what several paintings show in a window (1, 3, h, w) by their parts (L, h, w) of each pixel.

    A painting without any part there is not made. None where none of them has any.
    """
    seen = [place for place, most in enumerate(parts.amax((1, 2)).tolist()) if most > 0]
    if not seen:
        return None
    shares = parts[seen] + 1e-6
    shares = (shares / shares.sum(0))[:, None, None]
    made = torch.zeros_like(photo)
    for place, share in zip(seen, shares, strict=True):
        made = made + windows[place](photo, rows, columns).float() * share
    return made


def grayed(executor: Executor, target: Picture, request: StyleRequest) -> Picture:
    """Take the color out of a photo where regions of a request keep it gray; the rest keeps its samples."""
    gray = {own.name for own in request.region_styles if own.gray}
    if request.regions is None or not gray:
        return target
    part = grouped(request.regions, lambda name: name in gray).get(True)
    if part is None:
        return target
    planes = Planes(executor, torch.tensor(part)[None] / WHOLE, target)
    samples, columns = target.rgb.copy(), slice(0, target.width)
    for top in range(0, target.height, _BAND):
        rows = slice(top, min(top + _BAND, target.height))
        photo = to_device(window_tensor(target, None, rows, columns), planes.planes.device)
        amount = planes.window(photo, rows, columns)[None]
        made = torch.lerp(photo, luma(photo).expand_as(photo), amount)[0].permute(1, 2, 0)
        changed = (made * target.peak).round_().clamp_(0, target.peak).cpu().numpy().astype(samples.dtype)
        samples[rows] = np.where(amount[0, 0, :, :, None].cpu().numpy() > 0, changed, samples[rows])
    return Picture(samples, target.alpha, target.name)


def _known(value: float | None) -> float:
    if value is None:
        raise ValueError("a region's style has a value left open")
    return value
