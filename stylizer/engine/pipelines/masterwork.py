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
from stylizer.engine.pipelines.skin import SkinFinder
from stylizer.engine.pipelines.stylize import Codes, Layer, StylizePipeline, all_choices
from stylizer.engine.pipelines.upscale import PREVIEW, Finish, Grown
from stylizer.engine.progress import Progress, Shown
from stylizer.engine.recipe import Result
from stylizer.engine.requests import StyleRequest
from stylizer.engine.runtime.executor import DeviceLock, Executor, Job, Size
from stylizer.errors import RequestError
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import WHOLE
from stylizer.imaging.resize import fit_within
from stylizer.imaging.tensors import to_picture
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
        self,
        library: Library,
        executor: Executor,
        stylize: StylizePipeline,
        skin: SkinFinder,
        steps: tuple[int, ...] | None,
    ) -> None:
        """`skin` finds the faces, which are kept; `steps` at each size instead of the usual ones."""
        self._skin = skin
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
        size = _work_size(request.content, request.long_side)
        how = request.seed, request.masterwork_steps, request.gentle_faces
        key = (STAGE, request.content.digest, size, plan.key, *how)
        with job.stage(STAGE):
            work = partial(self._work, job, target, plan, codes, pictures, size)
            painted = self.executor.compute(job, key, work)
        return self._stylize.result(job, self._grown(job, target, plan, painted, key), codes)

    def grow(self, job: Job[StyleRequest], painted: Picture) -> Result:
        """Let what was painted on the way grow to the size that is asked for, as a masterwork's end would."""
        target = self.executor.target(job, job.request.content, job.request.long_side)
        target = grayed(self.executor, target, job.request)
        codes = self._stylize.read_styles(job)
        plan = make_plan(job.request, lambda choice: codes[id(choice)], self._stylize.calibrated)
        key = (STAGE, job.request.content.digest, painted.digest, plan.key)
        grown = self._grown(job, target, plan, self.executor.whole(painted), key)
        return self._stylize.result(job, grown, codes)

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
            sides = _sides(self._options_for(request), request.masterwork_steps)
            seconds = grown.seconds + step * _work_pixels(request.content, sides)
        return replace(grown, nbytes=max(grown.nbytes, self.memory_needed(request)), seconds=seconds)

    def _options_for(self, request: StyleRequest) -> MasterworkOptions:
        photo = request.content
        side = min(PREVIEW, request.long_side or PREVIEW, max(photo.height, photo.width))
        return self._options(max(side, _SMALLEST), 0)

    # -- paintings --------------------------------------------------------------------------------------

    def has_paintings(self, request: StyleRequest) -> bool:
        """Tell whether there is a painting of every style."""
        styles = [choice.style for choice in all_choices(request)]
        return all(isinstance(style, Picture) or self.library.painting_of(style) for style in styles)

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
        request, device = job.request, self.executor.device.torch
        network = self.executor.resident(
            "perceptual", partial(self.library.load_perceptual, self.executor.device.dtype)
        )
        by_code = {codes[choice][0]: picture for choice, picture in pictures.items()}
        # of the photo itself: what it is worked out of does not depend on the size that it grows to
        small = grayed(self.executor, self.executor.resized(request.content, size), request)
        photo = self.executor.whole(small).clone()
        parts = []
        for place, manner in enumerate(plan.manners):
            if manner.strength == 0:
                continue
            styles = tuple((self._style(by_code[digest]), share) for digest, share in manner.shares)
            mask = None
            if plan.parts is not None:
                mask = torch.from_numpy(plan.parts[place]).to(device).float() / WHOLE
            parts.append(MasterworkPart(styles, mask, manner.strength, manner.stroke))
        options = self._options(max(size), request.seed)
        skin = None
        if request.gentle_faces and (found := self._skin(job, request.content, closely=True)):
            skin = found.mask  # found before its colors are taken
        steps = paint_masterwork(photo, parts, network, options, skin=skin, check=job.token.check)
        sides = _sides(options, request.masterwork_steps)
        with self._turn.hold(token=job.token):
            return self._follow(job, target, plan, steps, sides)

    def _follow(
        self,
        job: Job[StyleRequest],
        target: Picture,
        plan: Plan,
        steps: Iterator[MasterworkStep],
        sides: list[int],
    ) -> Tensor:
        """Take a step for each of `sides`, tell of the time left, and show what is there by now."""
        preview, job.preview = job.preview, False
        start = shown_at = time.monotonic()
        done, whole = 0, sum(side * side for side in sides)
        step: MasterworkStep | None = None
        try:
            for count, side in enumerate(sides, 1):
                with self.executor.holding(job, learning=True):
                    step = next(steps)
                done += side * side
                now, shown = time.monotonic(), None
                if now - shown_at > _EVERY and count < len(sides):
                    finished = self._finished(job, target, plan, step.picture)
                    shown, shown_at = Shown(finished, to_picture(step.picture), count), now
                left = (now - start) * (whole - done) / done
                job.receive(Progress(STAGE, round(1000 * done / whole), 1000, left, shown))
            self.executor.pace.note(STAGE, _work_pixels(target, sides), time.monotonic() - start)
        finally:
            job.preview = preview
        assert step is not None
        if step.share < 1:  # whoever stopped it kept a picture of 8 bits
            return self.executor.whole(to_picture(step.picture))
        return step.picture

    def _finished(self, job: Job[StyleRequest], target: Picture, plan: Plan, painted: Tensor) -> Picture:
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


def _sides(options: MasterworkOptions, most: int | None) -> list[int]:
    """List the long side of each step's picture, of `most` steps if that is fewer than all."""
    return [side for side, steps in options.stages for _ in range(steps)][:most]


def _work_pixels(photo: Picture, sides: list[int]) -> float:
    """Count the pixels of all steps together."""
    shape = photo.height * photo.width / max(photo.height, photo.width) ** 2
    return sum(side * side for side in sides) * shape


def _work_size(photo: Picture, long_side: int | None) -> Size:
    """Return the size at which a masterwork is worked out: that of a preview."""
    longest = max(photo.height, photo.width)
    scale = max(_SMALLEST, min(PREVIEW, long_side or longest, longest)) / longest
    return max(16, round(photo.height * scale)), max(16, round(photo.width * scale))
