"""Study a painting: its code gets better step by step while the artist works on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import stylizer
from stylizer.engine.library import Library
from stylizer.engine.pipelines.stylize import StylizePipeline
from stylizer.engine.progress import Progress
from stylizer.engine.requests import StudyRequest
from stylizer.engine.runtime.executor import DeviceLock, Executor, Job
from stylizer.errors import RequestError
from stylizer.imaging.picture import Picture, open_picture
from stylizer.imaging.resize import fit_within, resize_picture
from stylizer.models.painter import Painter
from stylizer.models.study import Practice, StudyOptions, study
from stylizer.models.style_encoder import STYLE_SIDE, style_size
from stylizer.models.style_file import NamedStyle

STAGE = "study"
SAMPLES = Path(stylizer.__file__).parent / "ui" / "samples"


class StudyPipeline:
    """Study one painting at a time; every step holds the device for itself, so previews slip in between."""

    def __init__(self, library: Library, executor: Executor, stylize: StylizePipeline) -> None:
        self.library, self.executor, self._stylize = library, executor, stylize
        self._turn = DeviceLock()

    def __call__(self, job: Job[StudyRequest]) -> Iterator[NamedStyle]:
        """Yield the style as it is known after each step; `Progress` tells the time left.

        Raises CheckpointError without a painter or the perceptual network, RequestError for a painter that
        cannot be taught, and Cancelled.
        """
        request, painter = job.request, self._stylize.painter
        if not isinstance(painter, Painter):
            raise RequestError("this painter cannot be taught a painting; choose the painting as it is")
        if request.start is not None and not painter.fits(request.start):
            raise RequestError("what is known of the painting is for another painter; begin anew")
        network = self.executor.resident(
            "perceptual", partial(self.library.load_perceptual, self.executor.device.dtype)
        )
        size = style_size(request.painting.height, request.painting.width)
        style = self.executor.whole(resize_picture(request.painting, *size)).clone()
        photos = [fit_within(photo, STYLE_SIDE) for photo in request.practice or sample_photos()]
        tensors = [self.executor.whole(photo)[0].cpu().clone() for photo in photos]
        practice = Practice(painter, network, tensors, seed=request.seed)
        options = StudyOptions(steps=request.steps, seconds=request.seconds, seed=request.seed, show_every=1)
        job.preview = False
        with self._turn.hold(token=job.token):
            steps, start = study(painter, style, practice, options, request.start), time.monotonic()
            while True:
                with self.executor.holding(job, learning=True):
                    found = next(steps, None)
                if found is None:
                    return
                spent = time.monotonic() - start
                left = spent * (found.steps - found.step) / found.step
                if request.seconds:
                    left = min(left, max(0.0, request.seconds - spent))
                job.receive(Progress(STAGE, found.step, found.steps, left))
                name = request.painting.name
                yield NamedStyle("", name, "", "", (), found.code, painter.checkpoint_sha, refined=True)


def sample_photos() -> list[Picture]:
    """Open the photos that ship with the page, to practice on."""
    return [open_picture(file) for file in sorted(SAMPLES.glob("*.webp"))]
