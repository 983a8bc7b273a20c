"""Regions: soft masks with names that share every pixel among them, and what an artist does to them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.errors import RegionsError
from stylizer.imaging.resample import blur
from stylizer.imaging.tensors import to_device

REST = "rest"
"""The first region of all: what belongs to no other."""
WHOLE = 255
"""What the masks sum to at every pixel."""
MOST_REGIONS, LONGEST_NAME, LARGEST_SIDE, MOST_PIXELS = 16, 40, 1024, 256


@dataclass(frozen=True, eq=False)
class Regions:
    """Hold soft masks with names; they sum to exactly 255 at every pixel.

    Raises RegionsError when arrays or names disagree with that.
    """

    masks: np.ndarray
    """(N, h, w) uint8, long side at most 1024, read-only; the first is the rest."""
    names: tuple[str, ...]
    """One for each mask, all different; the first is "rest"."""

    def __post_init__(self) -> None:
        masks = np.ascontiguousarray(self.masks).view()
        object.__setattr__(self, "names", tuple(check_name(name) for name in self.names))
        if masks.ndim != 3 or masks.dtype != np.uint8 or not 1 <= len(masks) <= MOST_REGIONS:
            raise RegionsError(
                "the masks are {kind} {shape}; expected uint8 (regions, height, width), 1 to {most} regions",
                kind=masks.dtype,
                shape=masks.shape,
                most=MOST_REGIONS,
            )
        check_size(masks.shape[1:])
        if len(self.names) != len(masks) or self.names[0] != REST:
            raise RegionsError(
                "{count} masks have the names {names}; the first is {rest!r}",
                count=len(masks),
                names=self.names,
                rest=REST,
            )
        if len(set(self.names)) != len(self.names):
            raise RegionsError("two regions have the same name; rename one")
        if (masks.sum(0, dtype=np.int32) != WHOLE).any():
            raise RegionsError("the masks do not share every pixel fully; normalize them first")
        masks.flags.writeable = False
        object.__setattr__(self, "masks", masks)

    def __eq__(self, other: object) -> bool:
        """Compare names, in their order, and masks."""
        return (
            isinstance(other, Regions)
            and self.names == other.names
            and np.array_equal(self.masks, other.masks)
        )

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the masks, pixels."""
        return self.masks.shape[1], self.masks.shape[2]

    @cached_property
    def digest(self) -> str:
        """Name the content: sha256 over names and masks, whatever the order of the regions."""
        sha = hashlib.sha256(repr((self.size, sorted(self.names))).encode())
        for name in sorted(self.names):
            sha.update(self.mask(name).tobytes())
        return sha.hexdigest()

    def index(self, name: str) -> int:
        """Return a region's place; raises RegionsError when there is none of that name."""
        if name not in self.names:
            raise RegionsError(
                "there is no region called {name!r}; there are {known}",
                name=name,
                known=", ".join(self.names),
            )
        return self.names.index(name)

    def mask(self, name: str) -> np.ndarray:
        """Return a region's mask (h, w) uint8."""
        return self.masks[self.index(name)]

    def share(self, name: str) -> float:
        """Return how much of the picture a region takes, 0 to 1."""
        return float(self.mask(name).mean(dtype=np.float64)) / WHOLE

    def weights(self, size: tuple[int, int], device: str | torch.device = "cpu") -> Tensor:
        """Return the masks as (N, *size) float32, at least 0 and summing to 1: bilinear, so the sum stays."""
        planes = to_device(torch.from_numpy(np.array(self.masks)), device).float().div_(WHOLE)
        if size == self.size:
            return planes
        return F.interpolate(planes[None], size=size, mode="bilinear", antialias=True)[0]


def whole(size: tuple[int, int]) -> Regions:
    """Make regions of (height, width) in which all is the rest. Raises RegionsError out of bounds."""
    check_size(size)
    return Regions(np.full((1, *size), WHOLE, np.uint8), (REST,))


def regions_from_weights(weights: np.ndarray | Tensor, names: Sequence[str]) -> Regions:
    """Make regions of masks (N, h, w), numbers in [0, 1] of any kind, by anyone.

    Where they sum to less than 1 the rest takes what is left; where they sum to more they are scaled down.
    A mask called "rest" is one of them. Values out of [0, 1] are clipped. Raises RegionsError when they are
    not numbers.
    """
    planes = _numbers(weights)
    names = list(names)
    if planes.ndim != 3 or len(planes) != len(names):
        raise RegionsError(
            "{count} names have masks of shape {shape}; expected one each",
            count=len(names),
            shape=planes.shape,
        )
    if REST in names:
        first = names.index(REST)
        planes = np.concatenate([planes[first : first + 1], np.delete(planes, first, 0)])
        names.remove(REST)
    else:
        planes = np.concatenate([np.zeros_like(planes[:1]), planes])
    planes[0] += np.maximum(1 - planes.sum(0), 0)
    return Regions(share_out(planes, np.full(planes.shape[1:], WHOLE)), (REST, *names))


def set_region(regions: Regions, name: str, mask: np.ndarray) -> Regions:
    """Give a region, new or known, the mask (h, w) in [0, 1].

    What it gains the others lose in proportion; what it loses goes to the rest.
    """
    wanted = np.rint(check_mask(mask, regions.size) * WHOLE).astype(np.int32)
    if name == REST:
        raise RegionsError("the rest is what no other region has; change the other regions")
    masks, names = regions.masks, regions.names
    if name not in names:
        masks, names = np.concatenate([masks, np.zeros((1, *regions.size), np.uint8)]), (*names, name)
    place = names.index(name)
    return Regions(_exchange(masks, place, wanted), names)


def add_to(regions: Regions, name: str, mask: np.ndarray) -> Regions:
    """Let a region, new or known, or the rest, have at least the mask (h, w) in [0, 1]."""
    added = np.rint(check_mask(mask, regions.size) * WHOLE).astype(np.int32)
    if name not in regions.names:
        return set_region(regions, name, mask)
    place = regions.index(name)
    return Regions(_exchange(regions.masks, place, np.maximum(regions.masks[place], added)), regions.names)


def subtract_from(regions: Regions, name: str, mask: np.ndarray) -> Regions:
    """Take the mask (h, w) in [0, 1] away from a region; the rest gets it."""
    taken = np.rint(check_mask(mask, regions.size) * WHOLE).astype(np.int32)
    return _replaced(regions, name, np.minimum(regions.mask(name), WHOLE - taken))


def invert(regions: Regions, name: str) -> Regions:
    """Let a region have what it had not, and the rest what it had."""
    return _replaced(regions, name, WHOLE - regions.mask(name).astype(np.int32))


def grow(regions: Regions, name: str, pixels: int) -> Regions:
    """Widen a region by pixels of its mask (0 to 256), to all sides; soft borders stay as soft."""
    return _replaced(regions, name, _widened(regions.mask(name), pixels))


def shrink(regions: Regions, name: str, pixels: int) -> Regions:
    """Narrow a region by pixels of its mask (0 to 256), from all sides but the picture's border."""
    return _replaced(regions, name, WHOLE - _widened(WHOLE - regions.mask(name), pixels))


def feather(regions: Regions, name: str, pixels: float) -> Regions:
    """Soften a region's border by a Gaussian whose deviation is half of `pixels` (0 to 256)."""
    _check_pixels(pixels)
    if pixels < 0.5:
        return regions
    plane = torch.from_numpy(np.array(regions.mask(name))).float()[None, None]
    return _replaced(regions, name, blur(plane, pixels / 2)[0, 0].round_().int().numpy())


def merge(regions: Regions, names: Sequence[str], into: str) -> Regions:
    """Make one region, called `into`, of several; with the rest among them all become the rest."""
    joined = [regions.index(name) for name in dict.fromkeys(names)]
    if not joined:
        raise RegionsError("no region is named; name those that become one")
    if 0 in joined:
        into = REST
    sums = regions.masks[joined].sum(0, dtype=np.int32).astype(np.uint8)
    kept = [place for place in range(len(regions.names)) if place not in joined]
    if into == REST:
        if 0 in kept:
            raise RegionsError("the rest keeps its name; choose another")
        return Regions(np.stack([sums, *regions.masks[kept]]), (REST, *(regions.names[k] for k in kept)))
    return Regions(np.stack([*regions.masks[kept], sums]), (*(regions.names[k] for k in kept), into))


def rename(regions: Regions, name: str, new: str) -> Regions:
    """Give a region another name."""
    place = regions.index(name)
    if place == 0:
        raise RegionsError("the rest keeps its name; choose another region")
    return Regions(regions.masks, (*regions.names[:place], new, *regions.names[place + 1 :]))


def delete(regions: Regions, name: str) -> Regions:
    """Give a region up; the rest gets it."""
    if regions.index(name) == 0:
        raise RegionsError("the rest cannot be deleted; delete other regions")
    return merge(regions, (REST, name), REST)


def check_mask(mask: np.ndarray | Tensor, size: tuple[int, int]) -> np.ndarray:
    """Return a mask (h, w) as float32 in [0, 1]; booleans and whole numbers are scaled, values clipped.

    Raises RegionsError when its size is another one or its values are not numbers.
    """
    plane = _numbers(mask)
    if plane.shape != size:
        raise RegionsError(
            "a mask has shape {shape}; expected {size}, as the regions have", shape=plane.shape, size=size
        )
    return plane


def check_size(size: tuple[int, int]) -> None:
    """Raise RegionsError unless masks may have that height and width."""
    if not 1 <= min(size) <= max(size) <= LARGEST_SIDE:
        raise RegionsError(
            "the masks are {width} x {height} pixels; a side has 1 to {most}",
            width=size[1],
            height=size[0],
            most=LARGEST_SIDE,
        )


def check_name(name: object) -> str:
    """Return a region's name without spaces around it; raises RegionsError for one that is no short line."""
    text = name.strip() if isinstance(name, str) else ""
    if not text or len(text) > LONGEST_NAME or not text.isprintable():
        raise RegionsError(
            "a region is called {name!r}; choose one line of 1 to {most}",
            name=str(name)[:50],
            most=LONGEST_NAME,
        )
    return text


def _numbers(values: np.ndarray | Tensor) -> np.ndarray:
    array = values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)
    if array.dtype.kind not in "buif":
        raise RegionsError("a mask is made of {kind}; expected numbers from 0 to 1", kind=array.dtype)
    top = np.iinfo(array.dtype).max if array.dtype.kind in "ui" else 1
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise RegionsError("a mask has values that are not numbers; make it again")
    return (array.astype(np.float32) / np.float32(top)).clip(0, 1)


def _replaced(regions: Regions, name: str, wanted: np.ndarray) -> Regions:
    """Give a known region whole numbers (h, w) for its mask."""
    place = regions.index(name)
    if place == 0:
        raise RegionsError("the rest is what no other region has; change the other regions")
    return Regions(_exchange(regions.masks, place, wanted.astype(np.int32)), regions.names)


def _exchange(masks: np.ndarray, place: int, wanted: np.ndarray) -> np.ndarray:
    """Set one mask (h, w): gains come from the others in proportion, losses go to the first."""
    masks, had = masks.copy(), masks[place].astype(np.int32)
    loses, gains = wanted < had, wanted > had
    masks[0][loses] += (had - wanted)[loses].astype(np.uint8)
    others = np.delete(masks, place, 0)
    if gains.any():
        others[:, gains] = share_out(others[:, gains].astype(np.float32), (WHOLE - wanted)[gains])
    return np.insert(others, place, wanted.astype(np.uint8), 0)


def share_out(weights: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Share whole numbers `totals` (...) among weights (N, ...) >= 0: uint8 (N, ...) that sum to them.

    The method of largest remainders (Hamilton's), at every pixel. No pixel may have all weights 0.
    """
    exact = weights * (totals / weights.sum(0)).astype(np.float32)
    parts = np.floor(exact + np.float32(1e-4))
    missing = totals - parts.sum(0)
    torn = missing > 0
    if torn.any():
        remainders, left, extra = (
            (exact - parts)[:, torn],
            missing[torn],
            np.zeros((len(parts), torn.sum()), np.float32),
        )
        columns = np.arange(len(left))
        while (left > 0).any():
            first = remainders.argmax(0)
            extra[first, columns] += left > 0
            remainders[first, columns] = -1
            left -= 1
        parts[:, torn] += extra
    return parts.astype(np.uint8)


def _widened(mask: np.ndarray, pixels: int) -> np.ndarray:
    """Take the largest value around each pixel: int32 (h, w).

    A square of 3 pixels between two crosses, again and again, makes an octagon near a disk.
    """
    _check_pixels(pixels)
    for step in range(int(pixels)):
        tall = mask.copy()
        np.maximum(tall[1:], mask[:-1], out=tall[1:])
        np.maximum(tall[:-1], mask[1:], out=tall[:-1])
        source, wide = (tall if step % 3 == 1 else mask), tall.copy()
        np.maximum(wide[:, 1:], source[:, :-1], out=wide[:, 1:])
        np.maximum(wide[:, :-1], source[:, 1:], out=wide[:, :-1])
        mask = wide
    return mask.astype(np.int32)


def _check_pixels(pixels: float) -> None:
    if isinstance(pixels, bool) or not isinstance(pixels, int | float) or not 0 <= pixels <= MOST_PIXELS:
        raise RegionsError(
            "pixels is {pixels}; choose 0 to {most}", pixels=str(pixels)[:20], most=MOST_PIXELS
        )
