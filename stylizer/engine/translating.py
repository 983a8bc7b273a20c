"""Carry out translations: find the look small, then lay it over the photo at full size, tile by tile."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from stylizer import __version__
from stylizer.engine import render
from stylizer.engine.bench import Bench, Made, Tiling
from stylizer.engine.job import Job
from stylizer.engine.library import Library, license_notes
from stylizer.engine.manners import spread_out
from stylizer.engine.model_recipes import translation_recipe
from stylizer.engine.progress import CancelToken, ProgressReceiver, ignore_progress
from stylizer.engine.recipe import StyleResult
from stylizer.engine.request import RequestError
from stylizer.engine.translation import TranslateRequest, domain_shares
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import WHOLE
from stylizer.models.roles import Translator

PREVIEW_SIDE = 1024
"""Results up to this long side count as previews: they go before full-size renders."""


@dataclass(frozen=True, eq=False)
class _Wish:
    """Which domains, as a mix (K,) or maps (K, h, w), and how much shows: one amount or planes (1, h, w)."""

    mix: Tensor
    shown: float | Tensor

    @property
    def key(self) -> str:
        """Name the mix."""
        return hashlib.sha256(repr(self.mix.shape).encode() + self.mix.numpy().tobytes()).hexdigest()


class Translating:
    """Translate photos with the checkpoints' translators; remembers networks and what they made."""

    def __init__(self, library: Library, bench: Bench, finish: render.Finish) -> None:
        self._library, self._bench, self._finish = library, bench, finish

    def translator(self, name: str, token: CancelToken | None = None) -> Translator:
        """Return a translator on the device; raises RequestError or CheckpointError."""
        return self._bench.network(name, lambda: self._library.load_model(name, "translator"), token)

    def translate(
        self,
        request: TranslateRequest,
        token: CancelToken | None = None,
        progress: ProgressReceiver | None = None,
    ) -> StyleResult:
        """Translate a photo; strength 0 returns the photo's own samples."""
        job = Job(request, token or CancelToken(), progress or ignore_progress)
        with job.stage("photo"):
            target = self._bench.fitted(request.content, request.long_side)
            job.preview = max(target.height, target.width) <= PREVIEW_SIDE
        with job.stage("style"):
            network = self.translator(request.model, job.token)
            wish = _read_wish(request, network)
            job.notes += license_notes(request.model, network)
        picture = target
        if isinstance(wish.shown, Tensor) or wish.shown > 0:
            picture = self._paint(job, target, network, wish)
        recipe = translation_recipe(request, __version__, network.checkpoint_sha)
        return StyleResult(picture, recipe, job.seconds, tuple(job.notes))

    def keyframes(
        self,
        request: TranslateRequest,
        strengths: Iterable[float],
        long_side: int,
        token: CancelToken | None,
        region: str | None,
    ) -> Iterator[tuple[float, Picture]]:
        """Yield the preview at each strength; the network runs once for all."""
        side = min(long_side, request.long_side or long_side)
        for strength in strengths:
            frame = replace(request, long_side=side)
            if region is None:
                frame = replace(frame, strength=strength)
            else:
                frame = frame.with_looks(replace(frame.look(region), strength=strength))
            yield strength, self.translate(frame, token).picture

    def _paint(self, job: Job, target: Picture, network: Translator, wish: _Wish) -> Picture:
        """Lay the translation over the photo."""
        with job.stage("painting"):
            look = self._find_look(job, target, network, wish)
        full, color = (target.height, target.width), job.request.color
        sizes = render.growth(tuple(look.small.shape[2:]), full, self._finish)
        tiling = look.tiling((full[0] / look.small.shape[2]) ** (1 / len(sizes)))
        grown = self._bench.grow(job, target, look.small, sizes, tiling, look.window)
        covers = None
        if isinstance(wish.shown, Tensor):
            covers = self._bench.planes_over(wish.shown, target)

        def window(photo: Tensor, rows: slice, columns: slice) -> Made:
            shown = wish.shown if covers is None else covers(photo, rows, columns)[None]
            if isinstance(shown, Tensor) and not shown.any():
                return Made(None, shown)
            return Made(look.window(grown, photo, (rows, columns), full), shown, 1 - color)

        return self._bench.finish(job, target, tiling, window)

    def _find_look(self, job: Job, target: Picture, network: Translator, wish: _Wish) -> _Look:
        """Translate small, and measure what tiles need where the result is larger.

        A network that looks at large photos small itself gets the photo at the target's size.
        """
        if network.tiling == "whole":
            content, size = target, (max(16, target.height), max(16, target.width))
        else:
            content = job.request.content
            size = render.work_size(content.height, content.width, job.request.stroke)
        mix = wish.mix.to(self._bench.device.torch)
        laid = render.weights_over(mix, size, network.stride)
        key = content.digest, size, network.checkpoint_sha, wish.key

        def translate() -> Tensor:
            photo = self._bench.resized(content, size)
            with self._bench.working(job):
                return _translated(network, self._bench.whole(photo), laid, job.request.model)

        cache, statistics = self._bench.cache, None
        if network.tiling == "whole" and not job.preview:  # it would push all previews out of the cache
            return _Look(network, job.request.model, mix, translate(), None, self._finish)
        small = cache.get(("translated", *key), translate, lambda tensor: tensor.nbytes, job.token)
        if network.tiling == "exact" and target.height >= self._finish.from_scale * size[0]:
            with self._bench.working(job):  # what grows is drawn over as if it were a photo
                statistics = network.measure(small, laid)
        return _Look(network, job.request.model, mix, small, statistics, self._finish)


@dataclass(frozen=True, eq=False)
class _Look:
    """A small translation (1, 3, h, w), and its statistics to draw over it where it grows, or None."""

    network: Translator
    model: str
    mix: Tensor
    small: Tensor
    statistics: Any
    finish: render.Finish

    def tiling(self, enlargement: float) -> Tiling:
        """Return how pictures are cut that grow by so much at a step."""
        drawn = self.statistics is not None
        return Tiling(self.network.stride, render.window_halo(self.network.halo, enlargement) if drawn else 0)

    def window(
        self, below: Tensor, photo: Tensor, window: tuple[slice, slice], size: tuple[int, int]
    ) -> Tensor:
        """Return a window of the translation `below`, grown to `size`, given the photo's (1, 3, h, w)."""

        def draw(ground: Tensor) -> Tensor:
            shares = render.weights_over(self.mix, size, self.network.stride, window)
            origin = window[0].start, window[1].start
            return _translated(self.network, ground, shares, self.model, self.statistics, origin)

        drawn = None if self.statistics is None else draw
        return render.grow_window(below, drawn, photo, window, size, self.finish)


def _translated(
    network: Translator,
    photo: Tensor,
    mix: Tensor,
    model: str,
    statistics: Any = None,
    origin: tuple[int, int] = (0, 0),
) -> Tensor:
    """Translate (1, 3, h, w); raises RequestError when no picture comes of it."""
    made = network.translate(photo, mix, statistics, origin).float()
    if not torch.isfinite(made).all():
        raise RequestError(f"{model} gives no picture of this photo; its numbers overflow")
    return made


def _read_wish(request: TranslateRequest, network: Translator) -> _Wish:
    """Find out which domains are wanted where, and how much of them shows."""

    def shares(domains: tuple) -> tuple[float, ...]:
        return domain_shares(domains, network.domains, request.model)

    if request.regions is None:
        return _Wish(torch.tensor(shares(request.domains)), request.strength)
    parts: dict[tuple[float, tuple[float, ...]], Tensor] = {}
    for name, mask in zip(request.regions.names, request.regions.masks, strict=True):
        if mask.any():
            look = request.look(name)
            how = look.strength, shares(look.domains)
            plane = torch.from_numpy(mask.astype("float32")) / WHOLE
            parts[how] = parts[how] + plane if how in parts else plane
    ways = sorted(parts)  # an order of their own: the order of regions does not matter
    strengths = {strength for strength, _ in ways}
    rows = dict.fromkeys(row for strength, row in ways if strength > 0)
    if not rows:
        return _Wish(torch.tensor(shares(request.domains)), 0.0)
    shown = torch.stack([strength * parts[strength, row] for strength, row in ways]).sum(0)[None]
    if len(rows) == 1:
        mix = torch.tensor(next(iter(rows)))
    else:  # where nothing is translated, the nearest mix goes on, so that no border is half photo
        weighed = [
            strength * parts[strength, row] * torch.tensor(row)[:, None, None] for strength, row in ways
        ]
        mix = spread_out(torch.stack(weighed).sum(0), shown)
    return _Wish(mix, strengths.pop() if len(strengths) == 1 else shown)
