"""Where people's skin is in the photo of a job, which is painted gently."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor

from stylizer.engine.runtime.executor import Executor, Job
from stylizer.errors import CheckpointError
from stylizer.imaging.picture import Picture
from stylizer.imaging.resize import fit_within
from stylizer.imaging.tensors import to_tensor
from stylizer.models.bare_skin import SKIN_SIDE, bare_skin, may_show_skin
from stylizer.models.roles import Segmenter

_SEEN = 0.3
"""What is skin by no more than this, all over a photo, is none."""


class SkinFinder:
    """Finds skin by the segmenter, if there is one; what was found is remembered."""

    def __init__(self, executor: Executor, segmenter: Callable[[], Segmenter]) -> None:
        """`segmenter` raises CheckpointError where nothing finds people."""
        self.executor, self._segmenter = executor, segmenter

    def __call__(self, job: Job[Any], photo: Picture, closely: bool = False) -> Tensor | None:
        """Find skin (1, 1, h, w) in [0, 1], on the device; None where there is none, or nobody to find it.

        Plain skin, seen at SKIN_SIDE; `closely`, all of it, as well as the segmenter can. Raises Cancelled.
        """
        small = self.executor.fitted(photo, SKIN_SIDE)
        if not may_show_skin(to_tensor(small)):
            return None
        try:
            segmenter = self._segmenter()
        except CheckpointError:
            return None
        side = segmenter.best_side
        seen = fit_within(photo, side if closely else min(side, SKIN_SIDE))
        key = ("skin", photo.digest, closely)
        found = self.executor.compute(job, key, partial(self._find, job, segmenter, seen, not closely))
        return found if found.numel() else None

    def _find(self, job: Job[Any], segmenter: Segmenter, seen: Picture, plain: bool) -> Tensor:
        with self.executor.holding(job):
            found = bare_skin(self.executor.whole(seen), segmenter, plain)
        return found if found.max() > _SEEN else found[:, :, :0]  # once a photo, and no painting waits for it
