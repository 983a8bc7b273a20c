"""A cache of bounded size that computes every value once, however many threads ask for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from stylizer.engine.progress import Cancelled, CancelToken

Value = TypeVar("Value")
_GLANCE = 0.05  # seconds between two looks at the token while another thread computes


class _Computation:
    """One computation under way; `failure` is set when it did not work out."""

    def __init__(self) -> None:
        self.finished = threading.Event()
        self.value: Any = None
        self.failure: BaseException | None = None


class Cache:
    """Keep the values used last, up to a budget of bytes (least recently used goes first).

    Values are computed outside the lock. Threads that ask for a key under computation wait for it and
    share the answer, or its error; if the one that computed was cancelled, a waiting one takes over.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._running: dict[Hashable, _Computation] = {}
        self._nbytes = 0

    @property
    def nbytes(self) -> int:
        """Count the bytes that the kept values take."""
        return self._nbytes

    def clear(self) -> None:
        """Forget all values; those under way are handed to whoever waits for them."""
        with self._lock:
            self._values.clear()
            self._nbytes = 0

    def get(
        self,
        key: Hashable,
        compute: Callable[[], Value],
        nbytes: Callable[[Value], int],
        token: CancelToken | None = None,
    ) -> Value:
        """Return the value of `key`, computing it if nobody has; a waiting thread obeys its token.

        A value that exceeds the whole budget is returned, but not kept.
        """
        while True:
            with self._lock:
                if key in self._values:
                    self._values.move_to_end(key)
                    return self._values[key][0]
                known = self._running.get(key)
                running = known or _Computation()
                self._running[key] = running
            if known is None:
                return self._compute(key, running, compute, nbytes)
            while not running.finished.wait(_GLANCE):
                if token is not None:
                    token.check()
            if isinstance(running.failure, Cancelled):
                continue
            if running.failure is not None:
                raise running.failure
            return running.value

    def _compute(
        self,
        key: Hashable,
        running: _Computation,
        compute: Callable[[], Value],
        nbytes: Callable[[Value], int],
    ) -> Value:
        try:
            value = running.value = compute()
            size = nbytes(value)
        except BaseException as failure:
            running.failure = failure
            raise
        else:
            with self._lock:
                self._keep(key, value, size)
            return value
        finally:
            with self._lock:
                del self._running[key]
            running.finished.set()

    def _keep(self, key: Hashable, value: Any, size: int) -> None:
        if size > self.budget:
            return
        self._values[key] = (value, size)
        self._nbytes += size
        while self._nbytes > self.budget:
            _, (_, freed) = self._values.popitem(last=False)
            self._nbytes -= freed
