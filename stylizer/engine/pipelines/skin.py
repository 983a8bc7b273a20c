"""Where people's skin is in the photo of a job, which is painted gently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor

from stylizer.engine.pipelines.upscale import PREVIEW
from stylizer.engine.runtime.executor import Executor, Job
from stylizer.errors import CheckpointError
from stylizer.imaging.picture import Picture
from stylizer.imaging.resize import fit_within
from stylizer.imaging.skin_tones import Skin
from stylizer.models.bare_skin import find_skin
from stylizer.models.roles import Segmenter


@dataclass(frozen=True, eq=False)
class _Found:
    """What a search found, to be remembered."""

    skin: Skin | None

    @property
    def nbytes(self) -> int:
        return 0 if self.skin is None else self.skin.nbytes


class SkinFinder:
    """Finds skin by the segmenter, if there is one; what was found is remembered."""

    def __init__(self, executor: Executor, segmenter: Callable[[], Segmenter]) -> None:
        """`segmenter` raises CheckpointError where nothing finds people."""
        self.executor, self._segmenter = executor, segmenter

    def __call__(self, job: Job[Any], photo: Picture, closely: bool = False) -> Skin | None:
        """Find skin, on the device; None where there is none, or nobody to find it. Raises Cancelled.

        Plain skin, seen at SKIN_SIDE; `closely`, all of it, as well as the segmenter can.
        """
        key = ("skin", photo.digest, closely)
        try:
            return self.executor.compute(job, key, partial(self._find, job, photo, not closely)).skin
        except CheckpointError:
            return None

    def _find(self, job: Job[Any], photo: Picture, plain: bool) -> _Found:
        # previews have it already; the photo of a camera shrinks slowly
        preview = self.executor.fitted(photo, PREVIEW)

        def fitted(side: int) -> Tensor:
            return self.executor.whole(fit_within(preview if side <= PREVIEW else photo, side))

        with self.executor.holding(job):
            return _Found(find_skin(fitted, self._segmenter, plain))
