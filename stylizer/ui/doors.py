"""Doors between what goes on side by side: a narrow one, and one that is shut for good."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from stylizer.errors import RequestError
from stylizer.ui.language import say
from stylizer.ui.messages import ENDED, SessionExpired


class Gate:
    """Let so many in at a time; a line of `waiting` holds threads of the server, which has 40 for all."""

    def __init__(self, width: int, waiting: int) -> None:
        self._most, self._here = width + waiting, 0
        self._lock, self._free = threading.Lock(), threading.BoundedSemaphore(width)

    def __enter__(self) -> None:
        """Wait for one's turn; raises RequestError where too many wait."""
        with self._lock:
            if self._here >= self._most:
                raise RequestError(say("many pictures are being opened just now; try again in a moment"))
            self._here += 1
        self._free.acquire()

    def __exit__(self, *_: object) -> None:
        self._free.release()
        with self._lock:
            self._here -= 1


class Door:
    """Whether a visit may still write files: what is at work while all is deleted must leave nothing."""

    def __init__(self) -> None:
        self._closed = False
        self._lock = threading.RLock()

    @contextlib.contextmanager
    def passed(self) -> Iterator[None]:
        """Write, or make a folder, before all is deleted; raises SessionExpired when that has been done."""
        with self._lock:
            if self._closed:
                raise SessionExpired(say(ENDED))
            yield

    def close(self) -> None:
        """Let nobody pass any more."""
        with self._lock:
            self._closed = True
