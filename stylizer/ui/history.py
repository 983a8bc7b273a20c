"""Undo and redo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Step = TypeVar("Step")

MOST_STEPS = 40
"""Steps that can be undone."""


class History(Generic[Step]):
    """Remember what something was, step by step; a new step forgets those that were undone."""

    def __init__(
        self,
        first: Step,
        most: int = MOST_STEPS,
        size: Callable[[Step], int] = lambda step: 0,
        most_bytes: int = 0,
    ) -> None:
        """Of steps that take more than `most_bytes` together, by their `size`, the oldest go, too."""
        self._steps, self._at, self._most = [first], 0, most
        self._size, self._most_bytes = size, most_bytes

    @property
    def present(self) -> Step:
        """What it is now."""
        return self._steps[self._at]

    @property
    def can_undo(self) -> bool:
        """Tell whether there is a step before."""
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        """Tell whether a step was undone."""
        return self._at < len(self._steps) - 1

    def push(self, step: Step) -> Step:
        """Take a step; one equal to the present is none. Returns the present."""
        if step == self.present:
            return self.present
        self._steps = [*self._steps[: self._at + 1], step][-self._most - 1 :]
        while len(self._steps) > 2 and sum(map(self._size, self._steps)) > self._most_bytes:
            self._steps = self._steps[1:]
        self._at = len(self._steps) - 1
        return self.present

    def revise(self, change: Callable[[Step], Step]) -> None:
        """Change every step alike: what it is, and what it was."""
        self._steps = [change(step) for step in self._steps]

    def undo(self) -> Step:
        """Go one step back, if there is one."""
        self._at -= self.can_undo
        return self.present

    def redo(self) -> Step:
        """Go one undone step forward, if there is one."""
        self._at += self.can_redo
        return self.present
