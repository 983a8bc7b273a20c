"""Thumbnails: one photo in one style after the other, small, while nobody waits for the device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from stylizer.engine.pipelines.stylize import StylizePipeline
from stylizer.engine.pipelines.upscale import PREVIEW
from stylizer.engine.runtime.executor import Executor, Job
from stylizer.imaging.picture import Picture
from stylizer.imaging.resize import fit_within, middle_square
from stylizer.imaging.skin_tones import hold_to_skin
from stylizer.imaging.tensors import to_device, to_picture
from stylizer.models.strength import code_weights
from stylizer.models.style_file import NamedStyle
from stylizer.models.transfer_network import stack_codes

PAINTED = 320
"""Side at which a thumbnail is painted: at 176 strokes are as large as eyes, and faces blotched."""
THUMBNAIL = 224
"""Side of a thumbnail, pixels."""


@dataclass(frozen=True)
class ThumbnailRequest:
    """A photo, and the styles in which the square in its middle is painted."""

    content: Picture
    styles: tuple[NamedStyle, ...]


class ThumbnailPipeline:
    """Paint thumbnails one by one; each holds the device for itself, and previews of anybody go before it."""

    def __init__(self, executor: Executor, stylize: StylizePipeline) -> None:
        self.executor, self._stylize = executor, stylize

    def __call__(self, job: Job[ThumbnailRequest]) -> Iterator[Picture]:
        """Yield the photo in each style at strength 1, in the order given.

        The photo is encoded once and kept by the cache; what is painted is not, for it is looked at once.
        Raises CheckpointError without a painter, RequestError for a style of another one, and Cancelled.
        """
        job.preview, job.patient = False, True
        painter, strength = self._stylize.painter, self._stylize.calibrated(1.0)
        seen = self.executor.fitted(job.request.content, PREVIEW)  # as the preview has it in the cache
        photo = fit_within(middle_square(seen), PAINTED)
        key = ("content", photo.digest, (photo.height, photo.width))
        content = self.executor.compute(job, key, partial(self._encode, job, photo))
        skin = self._stylize.skin(job, photo)
        for style in job.request.styles:
            code = self._stylize.named_code(style)
            with self.executor.holding(job):
                own = painter.own_code(content)[0].float()
                codes = stack_codes([own, to_device(code, own.device)])
                weights = to_device(code_weights([1.0], strength), own.device)
                painted = painter.decode(content, codes, weights).float()
                if skin is not None:
                    painted = hold_to_skin(painted, self.executor.whole(photo), skin)
            yield fit_within(to_picture(painted, like=photo), THUMBNAIL)

    def _encode(self, job: Job[ThumbnailRequest], photo: Picture) -> Any:
        with self.executor.holding(job):
            return self._stylize.painter.encode(self.executor.whole(photo))
