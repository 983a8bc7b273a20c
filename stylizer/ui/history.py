"""Undo and redo for regions."""

from __future__ import annotations

from stylizer.imaging.regions import Regions

MOST_STEPS = 40
"""Steps that can be undone; eight masks of 768 x 576 pixels take 3.5 MB a step at most."""


class RegionHistory:
    """Remember what the regions were, step by step; a new step forgets those that were undone."""

    def __init__(self, first: Regions, most: int = MOST_STEPS) -> None:
        self._steps, self._at, self._most = [first], 0, most

    @property
    def present(self) -> Regions:
        """The regions as they are now."""
        return self._steps[self._at]

    @property
    def can_undo(self) -> bool:
        """Tell whether there is a step before."""
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        """Tell whether a step was undone."""
        return self._at < len(self._steps) - 1

    def push(self, regions: Regions) -> Regions:
        """Take a step; regions equal to the present ones are no step. Returns the present regions."""
        if regions == self.present:
            return self.present
        self._steps = [*self._steps[: self._at + 1], regions][-self._most - 1 :]
        self._at = len(self._steps) - 1
        return self.present

    def undo(self) -> Regions:
        """Go one step back, if there is one."""
        self._at -= self.can_undo
        return self.present

    def redo(self) -> Regions:
        """Go one undone step forward, if there is one."""
        self._at += self.can_redo
        return self.present
