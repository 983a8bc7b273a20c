"""The easel: carries out a plan, stage by stage and tile by tile, on one device."""

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
from stylizer.engine.manners import Manner, Plan
from stylizer.engine.progress import CancelToken
from stylizer.engine.slots import Slot
from stylizer.imaging.detail import REACH, restore_detail
from stylizer.imaging.guided import SHARPER, EdgeGuide
from stylizer.imaging.picture import Picture
from stylizer.imaging.resample import linear_window
from stylizer.imaging.resize import fit_within, resize_picture
from stylizer.imaging.tiles import Tile, plan_tiles

Window = Callable[[Tensor, slice, slice], Tensor]
"""Paints a window, given the photo's (1, 3, h, w), and its rows and columns."""


@dataclass(frozen=True, eq=False)
class _Layer:
    """What is painted with one brush: its manners, and how a window of it is painted at full size."""

    manners: tuple[Manner, ...]
    window: Window
    halo: int


class Easel:
    """Paint plans with one painter; remembers what it painted and resized."""

    def __init__(
        self,
        painter: Callable[[], Any],
        device: Device,
        cache: Cache,
        slot: Slot,
        finish: render.Finish,
    ) -> None:
        """`painter` loads it when it is first needed."""
        self.device, self.cache = device, cache
        self._painter, self._slot, self._finish = painter, slot, finish

    @property
    def painter(self) -> Any:
        """Return the painter; raises CheckpointError."""
        return self._painter()

    def paint(self, job: Job, target: Picture, plan: Plan) -> Picture:
        """Paint the request's photo at the target's size; parts that keep the photo have its samples."""
        if not plan.painted:
            return target
        if job.request.colors_only:
            layers = [self._color_layer(job, target, plan, manner) for manner in plan.painted]
        else:
            layers = [self._stroke_layer(job, target, plan, stroke) for stroke in plan.strokes]
        return self._finished(job, target, plan, layers)

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
        every = slice(None)
        window = render.photo_window(picture, render.ground_color(picture), every, every)
        return window.to(self.device.torch, memory_format=torch.channels_last)

    # -- layers -----------------------------------------------------------------------------------------

    def _stroke_layer(self, job: Job, target: Picture, plan: Plan, stroke: float) -> _Layer:
        """Paint the whole photo with one brush, in one decode, and let it grow up to the last step."""
        request, content = job.request, job.request.content
        size = render.work_size(content.height, content.width, stroke)
        with job.stage("photo"):
            encoded = self._encoded(job, size)
            own = self.painter.own_code(encoded)[0].float().cpu()
        device = self.device.torch
        mix = render.Mix(plan.stacked(own).to(device), plan.field.to(device))
        key = (content.digest, size, plan.key, request.seed)
        origin = render.grain_origin(request.seed, self.painter.stride)

        def paint() -> Tensor:
            weights = mix.over(size, self.painter.stride)
            with self.working(job):
                return self.painter.decode(encoded, mix.codes, weights, None, origin).float()

        with job.stage("painting"):
            painted = self.cache.get(("painted", *key), paint, lambda tensor: tensor.nbytes, job.token)
        enlargement = target.height / size[0]
        if request.detail > 0 and enlargement > 1:  # what shows in the preview is restored at its size
            painted = restore_detail(painted, self.whole(self.resized(content, size)), request.detail)
        look = None
        if enlargement >= self._finish.from_scale:

            def measure() -> render.Look:
                with self.working(job):
                    return render.measure_look(self.painter, painted, mix)

            with job.stage("painting"):
                look = self.cache.get(
                    ("look", *key, request.detail), measure, lambda found: found.nbytes, job.token
                )
        manners = tuple(manner for manner in plan.painted if manner.stroke == stroke)
        return self._grown(job, target, manners, painted, look, origin)

    def _grown(
        self,
        job: Job,
        target: Picture,
        manners: tuple[Manner, ...],
        painted: Tensor,
        look: render.Look | None,
        origin: tuple[int, int],
    ) -> _Layer:
        """Let a painting grow step by step to the size before the target's; the last step is the layer."""
        sizes = render.growth(tuple(painted.shape[2:]), (target.height, target.width), self._finish)
        scale = target.height / painted.shape[2]
        halo = render.window_halo(self.painter, scale ** (1 / len(sizes)), look)
        counted = sizes[:-1] if job.tiles else sizes  # the last step is one pass over all layers
        job.tiles += sum(len(self._tiles(size, halo, self.device.tile)) for size in counted)
        for size in sizes[:-1]:
            grown = torch.empty(1, 3, *size)

            def paint(tile: Tile, photo: Tensor, below=painted, size=size, grown=grown) -> None:
                seen = tile.rows, tile.columns
                fresh = render.paint_window(
                    self.painter, below, look, photo, seen, size, self._finish, origin
                )
                kept = fresh[:, :, tile.inner_rows, tile.inner_columns]
                grown[:, :, tile.core_rows, tile.core_columns] = kept.clamp(0, 1).cpu()

            with job.stage("finish"):
                self._in_tiles(job, resize_picture(target, *size), halo, paint)
            painted = grown.to(self.device.torch)

        def window(photo: Tensor, rows: slice, columns: slice) -> Tensor:
            return render.paint_window(
                self.painter, painted, look, photo, (rows, columns), sizes[-1], self._finish, origin
            )

        return _Layer(manners, window, halo)

    def _encoded(self, job: Job, size: tuple[int, int]) -> Any:
        def encode() -> Any:
            photo = self.resized(job.request.content, size)
            with self.working(job):
                return self.painter.encode(self.whole(photo))

        key = ("content", job.request.content.digest, size)
        return self.cache.get(key, encode, lambda content: content.nbytes, job.token)

    def _color_layer(self, job: Job, target: Picture, plan: Plan, manner: Manner) -> _Layer:
        """Move the photo's colors in one manner, without a stroke."""
        with job.stage("painting"):
            photo = self.whole(fit_within(target, render.STYLE_SIDE)).cpu()
            codes = torch.stack([plan.codes[digest] for digest, _ in manner.shares])
            shares = torch.tensor([share for _, share in manner.shares])
            moments = render.moments_between(self.painter, photo, codes, shares)

        def window(photo: Tensor, rows: slice, columns: slice) -> Tensor:
            return render.transport_colors(photo, moments.to(photo), manner.strength)

        return _Layer((manner,), window, REACH)

    # -- finish -----------------------------------------------------------------------------------------

    def _finished(self, job: Job, target: Picture, plan: Plan, layers: list[_Layer]) -> Picture:
        """Make the result: a painted window at a time, with its final color and detail, over the photo."""
        samples = np.empty_like(target.rgb)
        covers = self._covers(target, plan, layers)
        detail, only = job.request.detail, plan.painted[0]

        def paint(tile: Tile, photo: Tensor) -> None:
            seen = tile.rows, tile.columns
            shown: float | Tensor = only.shown
            gray: float | Tensor = 1 - only.color
            if covers is None:
                painted = layers[0].window(photo, *seen).float()
            else:
                shown, shares, gray = covers(photo, *seen)
                if not shown.any():
                    samples[tile.core_rows, tile.core_columns] = target.rgb[tile.core_rows, tile.core_columns]
                    return
                windows = (layer.window(photo, *seen).float() for layer in layers)
                painted = sum(window * share for window, share in zip(windows, shares, strict=True))
            painted = render.compose(painted, photo, gray, detail)
            if covers is not None or shown < 1:
                painted = torch.lerp(render.photo_window(target, None, *seen).to(painted), painted, shown)
            kept = painted[0, :, tile.inner_rows, tile.inner_columns].permute(1, 2, 0)
            finished = (kept * target.peak).round_().cpu().numpy()
            if covers is not None:  # where nothing is painted the samples are the photo's own
                kept = shown[0, 0, tile.inner_rows, tile.inner_columns, None].cpu().numpy() <= 0
                finished = np.where(kept, target.rgb[tile.core_rows, tile.core_columns], finished)
            samples[tile.core_rows, tile.core_columns] = finished

        with job.stage("finish"):
            self._in_tiles(job, target, max(layer.halo for layer in layers), paint)
            job.tell_of_tiles()
        return Picture(samples, target.alpha, target.name)

    def _covers(self, target: Picture, plan: Plan, layers: list[_Layer]) -> Callable | None:
        """Return what tells of a window how much of it is painted, in which layers, in the photo's color.

        Where the picture is much larger than the masks, they follow the photo's edges.
        """
        planes = plan.covers(tuple(layer.manners for layer in layers))
        if planes is None:
            return None
        planes = planes.to(self.device.torch)
        size, guide = (target.height, target.width), None
        if target.height >= SHARPER * planes.shape[1]:
            guide = EdgeGuide(planes, self.whole(self.resized(target, tuple(planes.shape[1:]))))

        def covers(photo: Tensor, rows: slice, columns: slice) -> tuple[Tensor, Tensor, Tensor]:
            if guide is None:
                found = linear_window(planes, size, rows, columns)
            else:
                found = guide.window(photo, size, rows, columns)
            shown, shares, gray = found[:1], found[1:-1], found[-1:]
            shares = (shares + 1e-6) / (shares + 1e-6).sum(0)
            return shown[None], shares[:, None, None], (gray / shown.clamp(min=1e-6)).clamp(max=1)[None]

        return covers

    def _tiles(self, size: tuple[int, int], halo: int, side: int) -> tuple[Tile, ...]:
        return plan_tiles(*size, side, halo, self.painter.stride)

    def _in_tiles(self, job: Job, photo: Picture, halo: int, paint: Callable[[Tile, Tensor], None]) -> None:
        """Paint tile by tile; each holds the device for itself, so previews slip in between."""
        ground = render.ground_color(photo)
        side = self.device.tile
        while True:
            tiles = self._tiles((photo.height, photo.width), halo, side)
            job.tiles = max(job.tiles, job.tiles_done + len(tiles))
            try:
                for tile in tiles:
                    job.tell_of_tiles()
                    with self.working(job):
                        seen = render.photo_window(photo, ground, tile.rows, tile.columns)
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
