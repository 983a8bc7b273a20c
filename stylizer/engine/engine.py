"""The engine: owns the painter, what it remembers and the device, and runs renders."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stylizer import __version__
from stylizer.engine import render
from stylizer.engine.cache import Cache
from stylizer.engine.device import choose_device
from stylizer.engine.job import Job
from stylizer.engine.library import CHECKPOINTS, Library
from stylizer.engine.progress import CancelToken, ProgressReceiver, ignore_progress
from stylizer.engine.recipe import (
    Recipe,
    RecipeStyle,
    StyleResult,
    code_digest,
    plain_name,
    store_code,
    write_recipe,
)
from stylizer.engine.request import RequestError, StyleChoice, StyleRequest
from stylizer.engine.slots import Slot
from stylizer.engine.weights import calibrate, code_weights, mix_styles, painted_share
from stylizer.imaging.detail import REACH, restore_detail
from stylizer.imaging.picture import Picture
from stylizer.imaging.resize import fit_within, resize_picture
from stylizer.imaging.tiles import Tile, plan_tiles
from stylizer.models.checkpoint import Card
from stylizer.models.style_file import NamedStyle

CACHE_BYTES = 384 << 20
"""About ten photos at preview size, with what the painter keeps of each."""

PREVIEW_SIDE = 1024
"""Results up to this long side count as previews: they go before full-size renders."""

Window = Callable[[Tensor, slice, slice], Tensor]
"""Paints a window, given the photo's (1, 3, h, w), and its rows and columns."""


@dataclass(frozen=True)
class _Style:
    """A chosen style, read: its code (code_size,) and the code's digest, which names it."""

    choice: StyleChoice
    code: Tensor
    digest: str


class Engine:
    """Paint photos; one engine serves all threads of a program.

    `checkpoints` is read when first needed, so an engine without a painter still lists what is there;
    painting then raises CheckpointError. `device` is auto, cpu, cuda or mps.
    """

    def __init__(
        self,
        checkpoints: str | Path = CHECKPOINTS,
        device: str = "auto",
        cache_bytes: int = CACHE_BYTES,
        whole_precision: bool = False,
        finish: render.Finish | None = None,
    ) -> None:
        self.library = Library(Path(checkpoints))
        self.device = choose_device(device, whole_precision)
        self.finish = finish or render.Finish()
        self._cache = Cache(cache_bytes)
        self._slot = Slot()
        self._lock = threading.Lock()
        self._painter: Any = None

    @property
    def painter(self) -> Any:
        """Return the painter on its device; raises CheckpointError."""
        with self._lock:
            if self._painter is None:
                painter = self.library.load_painter()
                self._painter = painter.to(self.device.torch, memory_format=torch.channels_last)
            return self._painter

    def styles(self) -> tuple[NamedStyle, ...]:
        """List the styles with names."""
        return self.library.styles

    def models(self) -> tuple[Card, ...]:
        """List the cards of the checkpoints."""
        return self.library.models

    def problems(self) -> tuple[str, ...]:
        """List what is in the checkpoints folder but cannot be used, one sentence each."""
        return self.library.problems

    def find_style(self, name_or_path: str | Path) -> NamedStyle | Picture:
        """Find a style by name, or open a picture file; raises RequestError or PictureError."""
        return self.library.find_style(name_or_path)

    def paint(
        self,
        request: StyleRequest,
        token: CancelToken | None = None,
        progress: ProgressReceiver | None = None,
    ) -> StyleResult:
        """Paint a photo; strength 0 returns the photo's own samples.

        Raises RequestError for a style that does not fit, CheckpointError without a usable painter, and
        Cancelled, within a tile's time, after the token is set.
        """
        job = Job(request, token or CancelToken(), progress or ignore_progress)
        with job.stage("photo"):
            target = self._fitted(request.content, request.long_side)
            job.preview = max(target.height, target.width) <= PREVIEW_SIDE
        with job.stage("style"):
            styles = [self._read_style(choice, job) for choice in request.styles]
        if request.strength == 0:
            picture = target
        elif request.colors_only:
            picture = self._move_colors(job, target, styles)
        else:
            picture = self._paint_strokes(job, target, styles)
        return StyleResult(picture, self._note_down(request, styles), job.seconds, tuple(job.notes))

    def keyframes(
        self,
        request: StyleRequest,
        strengths: Iterable[float],
        long_side: int = render.PREVIEW,
        token: CancelToken | None = None,
    ) -> Iterator[tuple[float, Picture]]:
        """Yield the preview at each strength, in the order given, as soon as it is ready.

        The photo and the styles are read at most once; every further strength costs one decode.
        """
        side = min(long_side, request.long_side or long_side)
        for strength in strengths:
            frame = replace(request, strength=strength, long_side=side)
            yield strength, self.paint(frame, token).picture

    def restore(self, recipe: Recipe, content: Picture) -> tuple[StyleRequest, tuple[str, ...]]:
        """Make the request of a recipe again, for its photo or another; returns it with notes.

        Raises RequestError when a style is neither in the recipe nor here.
        """
        notes = []
        if recipe.photo_digest and recipe.photo_digest != content.digest:
            notes.append("This is another photo than the recipe's; it is painted with the same settings.")
        choices = []
        for style in recipe.styles:
            if style.stored is not None:
                if recipe.painter != self.painter.checkpoint_sha:
                    raise RequestError(
                        f"style {style.name!r} was made by another painter; choose its picture again"
                    )
                found = NamedStyle("", style.name, "", "", (), style.code(), recipe.painter)
            else:
                found = self.library.find_named(style.name)
                if isinstance(found, NamedStyle) and code_digest(found.code) != style.digest:
                    notes.append(f"Style {style.name!r} has changed since; the result will differ.")
            choices.append(StyleChoice(found, style.weight))
        return StyleRequest(content, tuple(choices), **recipe.options), tuple(notes)

    # -- stages -----------------------------------------------------------------------------------------

    @contextmanager
    def _working(self, job: Job) -> Iterator[None]:
        """Hold the device, with its number type and without gradients."""
        with self._slot.hold(job.preview, job.token), torch.inference_mode(), self.device.precision():
            yield

    def _fitted(self, picture: Picture, long_side: int | None) -> Picture:
        if long_side is None or max(picture.height, picture.width) <= long_side:
            return picture
        key = ("fitted", picture.digest, long_side)
        return self._cache.get(key, lambda: fit_within(picture, long_side), _picture_bytes)

    def _resized(self, picture: Picture, size: tuple[int, int]) -> Picture:
        if (picture.height, picture.width) == size:
            return picture
        key = ("resized", picture.digest, size)
        return self._cache.get(key, lambda: resize_picture(picture, *size), _picture_bytes)

    def _whole(self, picture: Picture) -> Tensor:
        every = slice(None)
        window = render.photo_window(picture, render.ground_color(picture), every, every)
        return window.to(self.device.torch, memory_format=torch.channels_last)

    def _code(self, picture: Picture, job: Job) -> Tensor:
        """Read the style of a picture: (code_size,) on the CPU, rounded as files and recipes store it."""

        def compute() -> Tensor:
            small = resize_picture(picture, *render.style_size(picture.height, picture.width))
            with self._working(job):
                code = self.painter.code(self._whole(small))[0].float().cpu()
            code = code.to(torch.float16).to(torch.float32)
            if not torch.isfinite(code).all():
                raise RequestError(f"no style can be read from {picture.name!r}; choose another picture")
            return code

        return self._cache.get(("code", picture.digest), compute, lambda code: code.nbytes, job.token)

    def _read_style(self, choice: StyleChoice, job: Job) -> _Style:
        if isinstance(choice.style, Picture):
            code = self._code(choice.style, job)
        else:
            code = choice.style.code
            if choice.style.painter_sha != self.painter.checkpoint_sha or code.shape != (
                self.painter.code_size,
            ):
                name = choice.style.slug or choice.style.title
                raise RequestError(f"style {name!r} was made for another painter; make it again")
        return _Style(choice, code, code_digest(code))

    def _paint_strokes(self, job: Job, target: Picture, styles: list[_Style]) -> Picture:
        request, content = job.request, job.request.content
        size = render.work_size(content.height, content.width, request.stroke)
        with job.stage("photo"):
            encoded = self._encoded(job, size)
            own = self.painter.own_code(encoded)[0].float().cpu()
        shares, codes = _mixed(styles)
        strength = calibrate(request.strength, getattr(self.painter.config, "calibration", ()))
        device = self.device.torch
        mix = render.Mix(
            torch.stack([own, *codes]).to(device), code_weights(list(shares.values()), strength).to(device)
        )
        key = (content.digest, size, tuple(shares.items()), strength, request.seed)
        origin = render.grain_origin(request.seed, self.painter.stride)

        def paint() -> Tensor:
            with self._working(job):
                return self.painter.decode(encoded, mix.codes, mix.weights, None, origin).float()

        with job.stage("painting"):
            painted = self._cache.get(("painted", *key), paint, lambda tensor: tensor.nbytes, job.token)
        enlargement = target.height / size[0]
        if request.detail > 0 and enlargement > 1:  # what shows in the preview is restored at its size
            painted = restore_detail(painted, self._whole(self._resized(content, size)), request.detail)
        look = None
        if enlargement >= self.finish.from_scale:

            def measure() -> render.Look:
                with self._working(job):
                    return render.measure_look(self.painter, painted, mix)

            with job.stage("painting"):
                look = self._cache.get(
                    ("look", *key, request.detail), measure, lambda found: found.nbytes, job.token
                )
        return self._grow(job, target, painted, look, origin)

    def _grow(
        self, job: Job, target: Picture, painted: Tensor, look: render.Look | None, origin: tuple[int, int]
    ) -> Picture:
        """Let a painting grow to the target's size, step by step, and finish it there."""
        sizes = render.growth(tuple(painted.shape[2:]), (target.height, target.width), self.finish)
        scale = target.height / painted.shape[2]
        halo = render.window_halo(self.painter, scale ** (1 / len(sizes)), look)
        job.tiles = sum(len(self._plan(size, halo, self.device.tile)) for size in sizes)
        for size in sizes[:-1]:
            grown = torch.empty(1, 3, *size)

            def paint(tile: Tile, photo: Tensor, below=painted, size=size, grown=grown) -> None:
                seen = tile.rows, tile.columns
                fresh = render.paint_window(self.painter, below, look, photo, seen, size, self.finish, origin)
                kept = fresh[:, :, tile.inner_rows, tile.inner_columns]
                grown[:, :, tile.core_rows, tile.core_columns] = kept.clamp(0, 1).cpu()

            with job.stage("finish"):
                self._in_tiles(job, resize_picture(target, *size), halo, paint)
            painted = grown.to(self.device.torch)

        def window(photo: Tensor, rows: slice, columns: slice) -> Tensor:
            return render.paint_window(
                self.painter, painted, look, photo, (rows, columns), sizes[-1], self.finish, origin
            )

        return self._finished(job, target, window, halo)

    def _encoded(self, job: Job, size: tuple[int, int]) -> Any:
        def encode() -> Any:
            photo = self._resized(job.request.content, size)
            with self._working(job):
                return self.painter.encode(self._whole(photo))

        key = ("content", job.request.content.digest, size)
        return self._cache.get(key, encode, lambda content: content.nbytes, job.token)

    def _move_colors(self, job: Job, target: Picture, styles: list[_Style]) -> Picture:
        shares, codes = _mixed(styles)
        with job.stage("painting"):
            photo = self._whole(fit_within(target, render.STYLE_SIDE)).cpu()
            moments = render.moments_between(
                self.painter, photo, torch.stack(codes), torch.tensor(list(shares.values()))
            )

        def window(photo: Tensor, rows: slice, columns: slice) -> Tensor:
            return render.transport_colors(photo, moments.to(photo), job.request.strength)

        return self._finished(job, target, window, REACH)

    def _finished(self, job: Job, target: Picture, window: Window, halo: int) -> Picture:
        """Make the result: a painted window at a time, with its final color and detail, over the photo."""
        samples = np.empty_like(target.rgb)
        share = painted_share(job.request.strength)

        def paint(tile: Tile, photo: Tensor) -> None:
            seen = tile.rows, tile.columns
            painted = render.compose(window(photo, *seen).float(), photo, job.request)
            if share < 1:
                painted = torch.lerp(render.photo_window(target, None, *seen).to(painted), painted, share)
            kept = painted[0, :, tile.inner_rows, tile.inner_columns].permute(1, 2, 0)
            samples[tile.core_rows, tile.core_columns] = (kept * target.peak).round_().cpu().numpy()

        with job.stage("finish"):
            self._in_tiles(job, target, halo, paint)
            job.tell_of_tiles()
        return Picture(samples, target.alpha, target.name)

    def _plan(self, size: tuple[int, int], halo: int, side: int) -> tuple[Tile, ...]:
        return plan_tiles(*size, side, halo, self.painter.stride)

    def _in_tiles(self, job: Job, photo: Picture, halo: int, paint: Callable[[Tile, Tensor], None]) -> None:
        """Paint tile by tile; each holds the device for itself, so previews slip in between."""
        ground = render.ground_color(photo)
        side = self.device.tile
        while True:
            tiles = self._plan((photo.height, photo.width), halo, side)
            job.tiles = max(job.tiles, job.tiles_done + len(tiles))
            try:
                for tile in tiles:
                    job.tell_of_tiles()
                    with self._working(job):
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

    def _note_down(self, request: StyleRequest, styles: list[_Style]) -> Recipe:
        shipped = {style.slug for style in self.library.styles}
        noted = []
        for style in styles:
            chosen = style.choice.style
            slug = chosen.slug if isinstance(chosen, NamedStyle) and chosen.slug in shipped else None
            name = slug or (chosen.name if isinstance(chosen, Picture) else chosen.slug or chosen.title)
            stored = None if slug else store_code(style.code)
            noted.append(RecipeStyle(plain_name(name), style.choice.weight, style.digest, stored))
        return write_recipe(request, tuple(noted), __version__, self.painter.checkpoint_sha)


def _mixed(styles: list[_Style]) -> tuple[dict[str, float], list[Tensor]]:
    """Return shares by digest, and codes, of the distinct styles, in an order that is the codes' own."""
    codes = {style.digest: style.code for style in styles}
    shares = mix_styles([(style.digest, style.choice.weight) for style in styles])
    return shares, [codes[digest] for digest in shares]


def _picture_bytes(picture: Picture) -> int:
    return picture.rgb.nbytes + (0 if picture.alpha is None else picture.alpha.nbytes)
