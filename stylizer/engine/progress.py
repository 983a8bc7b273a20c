"""How far a render is, and how to stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from stylizer.imaging.picture import Picture


class Cancelled(Exception):
    """The artist asked to stop; nothing was made."""


@dataclass(frozen=True, eq=False)
class Shown:
    """What is there by now of a picture that is worked out step by step."""

    picture: Picture
    """As it would be finished, at the size at which it is worked by now."""
    painted: Picture
    """The painting alone, before anything of the photo is laid over it: what `Engine.grow` takes."""
    steps: int
    """How many steps it took."""


@dataclass(frozen=True)
class Progress:
    """A render's position: `done` of `total` steps of a stage.

    Stages are "photo", "style", "painting" or "masterwork", and "tiles".
    """

    stage: str
    done: int
    total: int
    seconds_left: float | None = None
    """About how long the stage goes on, where that is known."""
    shown: Shown | None = None
    """What is there by now, where there is something to look at."""


ProgressReceiver = Callable[[Progress], None]


class CancelToken:
    """A switch that one thread sets and a render, in another, reads before each stage and tile."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the render to stop."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Tell whether `cancel` was called."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise Cancelled if `cancel` was called."""
        if self._event.is_set():
            raise Cancelled("Stopped; nothing was saved.")


def ignore_progress(progress: Progress) -> None:
    """Receive progress and do nothing with it."""
