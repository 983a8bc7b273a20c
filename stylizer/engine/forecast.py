"""What a picture will cost, said before it is begun: its size, the time, the memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

import torch

_NEWEST = 0.3
"""Weight of the newest measurement: other programs come and go."""
_MOST_UNDER_WAY = 64
"""Measurements that a GPU is not yet asked for; older ones are forgotten."""


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
    """How fast this machine has painted lately, by what was painted: seconds a pixel.

    An NVIDIA `gpu` is told what to do and does it later, so it notes itself when it began and when it was
    done; it is asked when somebody wants to know, and nobody waits for it.
    """

    def __init__(self, gpu: torch.device | None = None) -> None:
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()
        self._gpu = gpu
        self._under_way: list[tuple[str, float, torch.cuda.Event, torch.cuda.Event]] = []

    def note(self, kind: str, pixels: float, seconds: float) -> None:
        """Remember how long so many pixels of a kind took."""
        with self._lock:
            fresh = seconds / max(1.0, pixels)
            known = self._seen.get(kind, fresh)
            self._seen[kind] = (1 - _NEWEST) * known + _NEWEST * fresh

    @contextmanager
    def measured(self, kind: str, pixels: float) -> Iterator[None]:
        """Note how long the block takes; a block that raises tells nothing."""
        if self._gpu is None:
            begun = perf_counter()
            yield
            self.note(kind, pixels, perf_counter() - begun)
            return
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        stream = torch.cuda.current_stream(self._gpu)
        start.record(stream)
        yield
        end.record(stream)
        with self._lock:
            self._under_way = [*self._under_way, (kind, pixels, start, end)][-_MOST_UNDER_WAY:]

    def of(self, kind: str) -> float | None:
        """Return the seconds that a pixel of a kind takes; None when none was seen."""
        with self._lock:
            done = [each for each in self._under_way if each[3].query()]
            self._under_way = [each for each in self._under_way if each not in done]
        for known, pixels, start, end in done:
            self.note(known, pixels, start.elapsed_time(end) / 1000)
        return self._seen.get(kind)
