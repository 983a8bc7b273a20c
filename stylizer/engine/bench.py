"""The bench: one device, what was made on it, and how a large picture is worked through tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stylizer.engine import render
from stylizer.engine.cache import Cache
from stylizer.engine.device import Device
from stylizer.engine.job import Job
from stylizer.engine.progress import CancelToken
from stylizer.engine.slots import Slot
from stylizer.imaging.guided import SHARPER, EdgeGuide
from stylizer.imaging.picture import Picture
from stylizer.imaging.resample import linear_window
from stylizer.imaging.resize import fit_within, resize_picture
from stylizer.imaging.tensors import ground_color, to_tensor, window_tensor
from stylizer.imaging.tiles import Tile, plan_tiles


@dataclass(frozen=True, eq=False)
class Made:
    """A window of a result: pixels (1, 3, h, w), and how much of them shows over the photo.

    A map (1, 1, h, w) of what shows is 0 where the photo's samples stay; pixels may be None where it is 0
    throughout. gray: how much of the photo's color they get.
    """

    pixels: Tensor | None
    shown: float | Tensor = 1.0
    gray: float | Tensor = 0.0


Growing = Callable[[Tensor, Tensor, tuple[slice, slice], tuple[int, int]], Tensor]


@dataclass(frozen=True)
class Tiling:
    """How pictures are cut: windows start on multiples of `stride`, reach `halo` pixels past their core."""

    stride: int
    halo: int

    def cut(self, size: tuple[int, int], side: int) -> tuple[Tile, ...]:
        """Cut a picture of `size` (height, width) into tiles of about `side` pixels."""
        return plan_tiles(*size, side, self.halo, self.stride)


class Bench:
    """Hold the device for one stage or tile at a time, and remember pictures and tensors."""

    def __init__(self, device: Device, cache: Cache, slot: Slot) -> None:
        self.device, self.cache = device, cache
        self._slot = slot

    @contextmanager
    def working(self, job: Job) -> Iterator[None]:
        """Hold the device, with its number type and without gradients."""
        with self.holding(job.preview, job.token):
            yield

    @contextmanager
    def holding(self, preview: bool, token: CancelToken | None) -> Iterator[None]:
        """Do the same for work that belongs to no render."""
        with self._slot.hold(preview, token), torch.inference_mode(), self.device.precision():
            yield

    def network(self, name: str, load: Callable[[], Any], token: CancelToken | None = None) -> Any:
        """Return a network on the device, from the cache if it was asked before."""

        def place() -> Any:
            return load().to(self.device.torch, memory_format=torch.channels_last)

        return self.cache.get(("network", name), place, _network_bytes, token)

    def fitted(self, picture: Picture, long_side: int | None) -> Picture:
        """Return a picture of at most that long side, from the cache if it was asked before."""
        if long_side is None or max(picture.height, picture.width) <= long_side:
            return picture
        key = ("fitted", picture.digest, long_side)
        return self.cache.get(key, lambda: fit_within(picture, long_side), picture_bytes)

    def resized(self, picture: Picture, size: tuple[int, int]) -> Picture:
        """Return a picture in another size, from the cache if it was asked before."""
        if (picture.height, picture.width) == size:
            return picture
        key = ("resized", picture.digest, size)
        return self.cache.get(key, lambda: resize_picture(picture, *size), picture_bytes)

    def whole(self, picture: Picture) -> Tensor:
        """Return all of a picture as a tensor on the device, laid on its mean color where transparent."""
        return to_tensor(picture, self.device.torch).contiguous(memory_format=torch.channels_last)

    def planes_over(self, planes: Tensor, target: Picture) -> Callable[[Tensor, slice, slice], Tensor]:
        """Return what lays planes (P, h, w) over a window of the target, given the photo there.

        Where the picture is much larger than the planes, they follow the photo's edges.
        """
        planes = planes.to(self.device.torch)
        size = target.height, target.width
        if target.height < SHARPER * planes.shape[1]:
            return lambda photo, rows, columns: linear_window(planes, size, rows, columns)
        guide = EdgeGuide(planes, self.whole(self.resized(target, tuple(planes.shape[1:]))))
        return lambda photo, rows, columns: guide.window(photo, size, rows, columns)

    def finish(
        self,
        job: Job,
        target: Picture,
        tiling: Tiling,
        window: Callable[[Tensor, slice, slice], Made],
        detail: float = 0.0,
    ) -> Picture:
        """Make the result: a window at a time, with its final color and detail, over the photo's samples.

        `window` makes one of the photo's (1, 3, h, w), and its rows and columns.
        """
        samples = np.empty_like(target.rgb)

        def paint(tile: Tile, photo: Tensor) -> None:
            core = tile.core_rows, tile.core_columns
            made = window(photo, tile.rows, tile.columns)
            if made.pixels is None:
                samples[core] = target.rgb[core]
                return
            pixels, shown = render.compose(made.pixels, photo, made.gray, detail), made.shown
            if isinstance(shown, Tensor) or shown < 1:
                own = window_tensor(target, None, tile.rows, tile.columns).to(pixels)
                pixels = torch.lerp(own, pixels, shown)
            kept = pixels[0, :, tile.inner_rows, tile.inner_columns].permute(1, 2, 0)
            finished = (kept * target.peak).round_().cpu().numpy()
            if isinstance(shown, Tensor):  # where nothing is painted the samples are the photo's own
                kept = shown[0, 0, tile.inner_rows, tile.inner_columns, None].cpu().numpy() <= 0
                finished = np.where(kept, target.rgb[core], finished)
            samples[core] = finished

        with job.stage("finish"):
            self.in_tiles(job, target, tiling, paint)
            job.tell_of_tiles()
        return Picture(samples, target.alpha, target.name)

    def grow(
        self,
        job: Job,
        target: Picture,
        painted: Tensor,
        sizes: list[tuple[int, int]],
        tiling: Tiling,
        window: Growing,
    ) -> Tensor:
        """Let a painting (1, 3, h, w) grow through sizes, but for the last, which is the target's own.

        `window` makes one, given what is below, the photo's (1, 3, h, w), rows and columns, and the size.
        """
        counted = sizes[:-1] if job.tiles else sizes  # the last step is one pass over all that is laid
        job.tiles += sum(len(tiling.cut(size, self.device.tile)) for size in counted)
        for size in sizes[:-1]:
            grown = torch.empty(1, 3, *size)

            def paint(tile: Tile, photo: Tensor, below=painted, size=size, grown=grown) -> None:
                fresh = window(below, photo, (tile.rows, tile.columns), size)
                kept = fresh[:, :, tile.inner_rows, tile.inner_columns]
                grown[:, :, tile.core_rows, tile.core_columns] = kept.clamp(0, 1).cpu()

            with job.stage("finish"):
                self.in_tiles(job, resize_picture(target, *size), tiling, paint)
            painted = grown.to(self.device.torch)
        return painted

    def in_tiles(
        self, job: Job, photo: Picture, tiling: Tiling, paint: Callable[[Tile, Tensor], None]
    ) -> None:
        """Paint tile by tile; each holds the device for itself, so previews slip in between."""
        ground = ground_color(photo)
        side = self.device.tile
        while True:
            tiles = tiling.cut((photo.height, photo.width), side)
            job.tiles = max(job.tiles, job.tiles_done + len(tiles))
            try:
                for tile in tiles:
                    job.tell_of_tiles()
                    with self.working(job):
                        seen = window_tensor(photo, ground, tile.rows, tile.columns)
                        paint(tile, seen.to(self.device.torch, memory_format=torch.channels_last))
                    job.tiles_done += 1
                return
            except torch.OutOfMemoryError:
                if side < self.device.tile:
                    raise
                torch.cuda.empty_cache()
                side //= 2
                job.notes.append("The device ran short of memory; the picture was painted in smaller tiles.")


def picture_bytes(picture: Picture) -> int:
    """Count the bytes of a picture's samples, for the cache's budget."""
    return picture.rgb.nbytes + (0 if picture.alpha is None else picture.alpha.nbytes)


def _network_bytes(network: Any) -> int:
    return sum(weight.nbytes for weight in network.state_dict().values())
