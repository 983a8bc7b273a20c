"""Masterwork: the picture itself is optimized, then it grows and is finished like any painting.

It needs paintings, or what the library has of those of styles with names; codes alone are too little.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from stylizer.engine.forecast import Forecast
from stylizer.engine.library import Library
from stylizer.engine.pipelines.region_plan import Plan, grayed, make_plan
from stylizer.engine.pipelines.stylize import Codes, Layer, StylizePipeline, all_choices
from stylizer.engine.pipelines.upscale import PREVIEW, Finish, Grown
from stylizer.engine.progress import Progress
from stylizer.engine.recipe import Result
from stylizer.engine.requests import StyleRequest
from stylizer.engine.runtime.executor import DeviceLock, Executor, Job, Size
from stylizer.errors import RequestError
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import WHOLE
from stylizer.imaging.resize import fit_within
from stylizer.models.masterwork import (
    MasterworkOptions,
    MasterworkPart,
    MasterworkStep,
    memory_needed,
    paint_masterwork,
)

STAGE = "masterwork"
_LARGEST_STYLE = 1024
STEP_OVER_DECODE = 9.0
"""How much longer a pixel of a step takes than one of a preview's decode."""
_SMALLEST = 64  # long side below which there is nothing to work out
_EVERY = 2.0  # seconds between two pictures that are shown


class MasterworkPipeline:
    """Work out one masterwork at a time; what was worked out is remembered."""

    def __init__(
        self, library: Library, executor: Executor, stylize: StylizePipeline, steps: tuple[int, ...] | None
    ) -> None:
        """`steps` at each size instead of the usual ones, for a hurry."""
        self.library, self.executor, self._stylize, self._steps = library, executor, stylize, steps
        self._turn = DeviceLock()

    def __call__(self, job: Job[StyleRequest]) -> Result:
        """Paint; `Progress` tells the time left and shows pictures. Raises RequestError, CheckpointError."""
        request = job.request
        target = self.executor.target(job, request.content, request.long_side)
        target = grayed(self.executor, target, request)
        pictures = self._paintings(request)
        with job.stage("style"):
            codes = self._stylize.read_styles(job)
            plan = make_plan(request, lambda choice: codes[id(choice)], self._stylize.calibrated)
        if not plan.painted:
            return self._stylize.result(job, target, codes)
        size = _work_size(target)
        key = (STAGE, request.content.digest, size, plan.key, request.seed)
        with job.stage(STAGE):
            work = partial(self._work, job, target, plan, codes, pictures, size)
            painted = self.executor.compute(job, key, work)
        return self._stylize.result(job, self._grown(job, target, plan, painted, key), codes)

    def grow(self, job: Job[StyleRequest], shown: Picture) -> Result:
        """Let what a masterwork showed on its way grow to the size that is asked for, as its end would."""
        target = self.executor.target(job, job.request.content, job.request.long_side)
        target = grayed(self.executor, target, job.request)
        codes = self._stylize.read_styles(job)
        plan = make_plan(job.request, lambda choice: codes[id(choice)], self._stylize.calibrated)
        key = (STAGE, job.request.content.digest, shown.digest, plan.key)
        painted = self.executor.whole(shown)
        return self._stylize.result(job, self._grown(job, target, plan, painted, key), codes)

    def _grown(
        self, job: Job[StyleRequest], target: Picture, plan: Plan, painted: Tensor, key: Hashable
    ) -> Picture:
        """Let a painting (1, 3, h, w) grow to the target's size, and lay it over the photo."""
        grown = self._stylize.grown_layer
        layers = [grown(job, target, plan, manners, painted, key) for manners in plan.layers]
        return self._stylize.compose(job, target, plan, layers)

    def memory_needed(self, request: StyleRequest) -> int:
        """Predict the bytes that a masterwork takes while it is worked out."""
        photo, options = request.content, self._options_for(request)
        return memory_needed(photo.height, photo.width, options, 1 + len(request.region_styles))

    def forecast(self, request: StyleRequest) -> Forecast:
        """Foretell the size, the time and the memory of a masterwork: it is worked out, then it grows."""
        grown, pace = self._stylize.forecast(request), self.executor.pace
        preview, known = pace.of("decode"), pace.of(STAGE)
        step = known or (preview and preview * STEP_OVER_DECODE)
        seconds = None
        if step is not None and grown.seconds is not None:
            seconds = grown.seconds + step * _work_pixels(request.content, self._options_for(request))
        return replace(grown, nbytes=max(grown.nbytes, self.memory_needed(request)), seconds=seconds)

    def _options_for(self, request: StyleRequest) -> MasterworkOptions:
        photo = request.content
        side = min(PREVIEW, request.long_side or PREVIEW, max(photo.height, photo.width))
        return self._options(max(side, _SMALLEST), 0)

    # -- paintings --------------------------------------------------------------------------------------

    def _paintings(self, request: StyleRequest) -> dict[int, Picture]:
        """Find the painting of every choice, by its identity; raises RequestError for one without any."""
        found = {}
        for choice in all_choices(request):
            if isinstance(choice.style, Picture):
                found[id(choice)] = choice.style
                continue
            painting = self.library.painting_of(choice.style)
            if painting is None:
                raise RequestError(
                    "a masterwork needs the painting itself, and {title!r} is a style with a name alone; "
                    "open the painting as a picture",
                    title=choice.style.title,
                )
            found[id(choice)] = painting
        return found

    # -- the work ---------------------------------------------------------------------------------------

    def _work(
        self,
        job: Job[StyleRequest],
        target: Picture,
        plan: Plan,
        codes: Codes,
        pictures: dict[int, Picture],
        size: Size,
    ) -> Tensor:
        """Work it out, one at a time a device; every step holds the device, so previews slip in between."""
        device = self.executor.device.torch
        network = self.executor.resident(
            "perceptual", partial(self.library.load_perceptual, self.executor.device.dtype)
        )
        by_code = {codes[choice][0]: picture for choice, picture in pictures.items()}
        photo = self.executor.whole(self.executor.resized(target, size)).clone()
        parts = []
        for place, manner in enumerate(plan.manners):
            if manner.strength == 0:
                continue
            styles = tuple((self._style(by_code[digest]), share) for digest, share in manner.shares)
            mask = None
            if plan.parts is not None:
                mask = torch.from_numpy(plan.parts[place]).to(device).float() / WHOLE
            parts.append(MasterworkPart(styles, mask, manner.strength, manner.stroke))
        options = self._options(max(size), job.request.seed)
        steps = paint_masterwork(photo, parts, network, options, check=job.token.check)
        with self._turn.hold(token=job.token):
            return self._follow(job, target, plan, steps)

    def _follow(
        self, job: Job[StyleRequest], target: Picture, plan: Plan, steps: Iterator[MasterworkStep]
    ) -> Tensor:
        """Take step after step, tell of the time left, and show what is there by now."""
        preview, job.preview = job.preview, False
        start = shown = time.monotonic()
        try:
            while True:
                with self.executor.holding(job, learning=True):
                    step = next(steps)
                now = time.monotonic()
                picture = None
                if now - shown > _EVERY and step.share < 1:
                    picture, shown = self._shown(job, target, plan, step.picture), now
                left = (now - start) * (1 - step.share) / step.share
                job.receive(Progress(STAGE, round(1000 * step.share), 1000, left, picture))
                if step.share >= 1:
                    pixels = _work_pixels(target, self._options(max(step.picture.shape[2:]), 0))
                    self.executor.pace.note(STAGE, pixels, now - start)
                    return step.picture
        finally:
            job.preview = preview

    def _shown(self, job: Job[StyleRequest], target: Picture, plan: Plan, painted: Tensor) -> Picture:
        """Finish what is there by now, at its size; detail is brought back when it has grown."""
        small = fit_within(target, max(painted.shape[2:]))
        size = small.height, small.width
        layer = Layer(plan.painted, Grown(painted, size, 1.0, None, 0, Finish()).window, 0)
        request = replace(job.request, detail=0.0)
        return self._stylize.compose(Job(request, job.token, preview=True), small, plan, [layer])

    def _style(self, picture: Picture) -> Tensor:
        return self.executor.whole(self.executor.fitted(picture, _LARGEST_STYLE)).clone()

    def _options(self, side: int, seed: int) -> MasterworkOptions:
        steps = self._steps or MasterworkOptions.steps
        return MasterworkOptions(side=side, steps=steps, seed=seed)


def _work_pixels(photo: Picture, options: MasterworkOptions) -> float:
    """Count the pixels of all steps together."""
    shape = photo.height * photo.width / max(photo.height, photo.width) ** 2
    return sum(steps * side * side * shape for side, steps in options.stages)


def _work_size(target: Picture) -> Size:
    """Return the size at which a masterwork is worked out: that of a preview."""
    scale = max(_SMALLEST, min(PREVIEW, max(target.height, target.width))) / max(target.height, target.width)
    return max(16, round(target.height * scale)), max(16, round(target.width * scale))
