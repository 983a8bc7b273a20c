"""What can be taken back on a stage: styles, settings and regions, step by step."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from stylizer.imaging.regions import Regions
from stylizer.ui import limits
from stylizer.ui.history import History
from stylizer.ui.region_edits import PackedEdits, RegionEdits

LATE = 3.0
"""Seconds after undo within which the page may still tell of values before it."""


@dataclass(frozen=True)
class Step:
    """What an artist can come back to: the style, the widgets' values by name, the regions."""

    chosen: str
    values: tuple[tuple[str, Any], ...]
    edits: PackedEdits | None


class Steps:
    """All steps since a photo came; whoever calls holds the stage's lock."""

    def __init__(self) -> None:
        self._history: History[Step] | None = None
        self._noted: tuple[Regions | None, PackedEdits | None] = (None, None)
        self._from: tuple[tuple[str, Any], ...] = ()
        self._at = -1e9

    def note(self, chosen: str, values: tuple[tuple[str, Any], ...], edits: RegionEdits | None) -> None:
        """Note what was decided; what is no change is no step.

        Right after undo the page may still tell of the values before it: those were decided by nobody.
        """
        step = Step(chosen, values, self._packed(edits))
        if self._history is None:
            self._history = History(step, size=_size_of, most_bytes=limits.STEPS_BYTES)
        late = time.monotonic() - self._at < LATE and step.values == self._from
        if not late or replace(self._history.present, values=step.values) != step:
            self._history.push(step)

    def go_back(self, forward: bool) -> tuple[Step, Step] | None:
        """Take a step back, or forward again; returns what was and what is, None where there is no step."""
        steps = self._history
        if steps is None or not (steps.can_redo if forward else steps.can_undo):
            return None
        before = steps.present
        self._from, self._at = before.values, time.monotonic()
        return before, steps.redo() if forward else steps.undo()

    def revise(self, change: Callable[[RegionEdits], RegionEdits]) -> None:
        """Change what regions have of their own in every step alike."""
        if self._history is not None:
            self._history.revise(partial(_changed, change=change))

    def _packed(self, edits: RegionEdits | None) -> PackedEdits | None:
        """Pack edits; masks that are those of the step before are not packed again."""
        if edits is None:
            return None
        regions, packed = self._noted
        if packed is None or regions is not edits.regions:
            packed = PackedEdits.of(edits)
        packed = replace(packed, edits=replace(edits, regions=packed.edits.regions))
        self._noted = edits.regions, packed
        return packed


def _size_of(step: Step) -> int:
    """Count the bytes that a step's masks take."""
    return len(step.edits.masks) if step.edits else 0


def _changed(step: Step, change: Callable[[RegionEdits], RegionEdits]) -> Step:
    """Change what regions have of their own in a step; its masks stay packed."""
    return replace(step, edits=step.edits and replace(step.edits, edits=change(step.edits.edits)))
