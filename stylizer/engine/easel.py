"""The easel: carries out a plan of painting, stage by stage and tile by tile, on the bench."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from stylizer.engine import render
from stylizer.engine.bench import Bench, Made, Tiling
from stylizer.engine.job import Job
from stylizer.engine.manners import Manner, Plan
from stylizer.imaging.detail import REACH, restore_detail
from stylizer.imaging.picture import Picture
from stylizer.imaging.resize import fit_within
from stylizer.models.style_encoder import STYLE_SIDE

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
        bench: Bench,
        finish: render.Finish,
    ) -> None:
        """`painter` loads it when it is first needed."""
        self.bench = bench
        self._painter, self._finish = painter, finish

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

    # -- layers -----------------------------------------------------------------------------------------

    def _stroke_layer(self, job: Job, target: Picture, plan: Plan, stroke: float) -> _Layer:
        """Paint the whole photo with one brush, in one decode, and let it grow up to the last step."""
        request, content = job.request, job.request.content
        size = render.work_size(content.height, content.width, stroke)
        with job.stage("photo"):
            encoded = self._encoded(job, size)
            own = self.painter.own_code(encoded)[0].float().cpu()
        device = self.bench.device.torch
        mix = render.Mix(plan.stacked(own).to(device), plan.field.to(device))
        key = (content.digest, size, plan.key, request.seed)
        origin = render.grain_origin(request.seed, self.painter.stride)

        def paint() -> Tensor:
            weights = mix.over(size, self.painter.stride)
            with self.bench.working(job):
                return self.painter.decode(encoded, mix.codes, weights, None, origin).float()

        with job.stage("painting"):
            painted = self.bench.cache.get(("painted", *key), paint, lambda tensor: tensor.nbytes, job.token)
        enlargement = target.height / size[0]
        if request.detail > 0 and enlargement > 1:  # what shows in the preview is restored at its size
            painted = restore_detail(
                painted, self.bench.whole(self.bench.resized(content, size)), request.detail
            )
        look = None
        if enlargement >= self._finish.from_scale:

            def measure() -> render.Look:
                with self.bench.working(job):
                    return render.measure_look(self.painter, painted, mix)

            with job.stage("painting"):
                look = self.bench.cache.get(
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
        halo = REACH
        if look is not None:
            halo += render.window_halo(self.painter.halo, scale ** (1 / len(sizes)))

        def paint(below: Tensor, photo: Tensor, window: tuple[slice, slice], size: tuple[int, int]) -> Tensor:
            return render.paint_window(self.painter, below, look, photo, window, size, self._finish, origin)

        painted = self.bench.grow(job, target, painted, sizes, self._tiling(halo), paint)

        def window(photo: Tensor, rows: slice, columns: slice) -> Tensor:
            return paint(painted, photo, (rows, columns), sizes[-1])

        return _Layer(manners, window, halo)

    def _encoded(self, job: Job, size: tuple[int, int]) -> Any:
        def encode() -> Any:
            photo = self.bench.resized(job.request.content, size)
            with self.bench.working(job):
                return self.painter.encode(self.bench.whole(photo))

        key = ("content", job.request.content.digest, size)
        return self.bench.cache.get(key, encode, lambda content: content.nbytes, job.token)

    def _color_layer(self, job: Job, target: Picture, plan: Plan, manner: Manner) -> _Layer:
        """Move the photo's colors in one manner, without a stroke."""
        with job.stage("painting"):
            photo = self.bench.whole(fit_within(target, STYLE_SIDE)).cpu()
            codes = torch.stack([plan.codes[digest] for digest, _ in manner.shares])
            shares = torch.tensor([share for _, share in manner.shares])
            moments = render.moments_between(self.painter, photo, codes, shares)

        def window(photo: Tensor, rows: slice, columns: slice) -> Tensor:
            return render.transport_colors(photo, moments.to(photo), manner.strength)

        return _Layer((manner,), window, REACH)

    # -- finish -----------------------------------------------------------------------------------------

    def _finished(self, job: Job, target: Picture, plan: Plan, layers: list[_Layer]) -> Picture:
        """Lay the layers over the photo, a window at a time."""
        planes, only = plan.covers(tuple(layer.manners for layer in layers)), plan.painted[0]
        covers = None if planes is None else self.bench.planes_over(planes, target)

        def window(photo: Tensor, rows: slice, columns: slice) -> Made:
            if covers is None:
                painted = layers[0].window(photo, rows, columns).float()
                return Made(painted, only.shown, 1 - only.color)
            found = covers(photo, rows, columns)
            shown, shares, gray = found[:1], found[1:-1], found[-1:]
            if not shown.any():
                return Made(None, shown[None])
            shares = ((shares + 1e-6) / (shares + 1e-6).sum(0))[:, None, None]
            windows = (layer.window(photo, rows, columns).float() for layer in layers)
            painted = sum(window * share for window, share in zip(windows, shares, strict=True))
            return Made(painted, shown[None], (gray / shown.clamp(min=1e-6)).clamp(max=1)[None])

        halo = max(layer.halo for layer in layers)
        return self.bench.finish(job, target, self._tiling(halo), window, job.request.detail)

    def _tiling(self, halo: int) -> Tiling:
        return Tiling(self.painter.stride, halo)
