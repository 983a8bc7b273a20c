"""What a picture will cost, said before it is begun: its size, the time, the memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

_NEWEST = 0.3
"""Weight of the newest measurement: other programs come and go."""


@dataclass(frozen=True)
class Forecast:
    """What a picture will be and take."""

    height: int
    width: int
    nbytes: int
    """Memory on top of the loaded networks, an upper bound."""
    seconds: float | None
    """About how long it takes on this machine; None before anything was painted."""


class Pace:
    """How fast this machine has painted lately, by what was painted: seconds a pixel."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def note(self, kind: str, pixels: float, seconds: float) -> None:
        """Remember how long so many pixels of a kind took."""
        with self._lock:
            fresh = seconds / max(1.0, pixels)
            known = self._seen.get(kind, fresh)
            self._seen[kind] = (1 - _NEWEST) * known + _NEWEST * fresh

    @contextmanager
    def measured(self, kind: str, pixels: float) -> Iterator[None]:
        """Note how long the block takes; a block that raises tells nothing."""
        begun = perf_counter()
        yield
        self.note(kind, pixels, perf_counter() - begun)

    def of(self, kind: str) -> float | None:
        """Return the seconds that a pixel of a kind takes; None when none was seen."""
        return self._seen.get(kind)
