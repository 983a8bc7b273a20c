"""A device works for one thread at a time, and a preview never waits behind a full-size render."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from stylizer.engine.progress import CancelToken

_GLANCE = 0.05  # seconds between two looks at the token while waiting


class Slot:
    """The right to compute on one device, held for one stage or one tile at a time.

    When it gets free, previews that wait go first; so a preview waits for one tile at most.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._taken = False
        self._previews = 0

    @contextmanager
    def hold(self, preview: bool = False, token: CancelToken | None = None) -> Iterator[None]:
        """Hold the slot inside a with block; raises Cancelled if the token is set before it is free."""
        self._acquire(preview, token)
        try:
            yield
        finally:
            with self._condition:
                self._taken = False
                self._condition.notify_all()

    def _acquire(self, preview: bool, token: CancelToken | None) -> None:
        with self._condition:
            self._previews += preview
            try:
                while True:
                    if token is not None:
                        token.check()
                    if not self._taken and (preview or not self._previews):
                        self._taken = True
                        return
                    self._condition.wait(_GLANCE)
            finally:
                self._previews -= preview
                self._condition.notify_all()
