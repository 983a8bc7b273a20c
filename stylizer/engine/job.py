"""One render under way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from stylizer.engine.progress import CancelToken, Progress, ProgressReceiver
from stylizer.engine.request import StyleRequest


@dataclass
class Job:
    """What is asked, who may stop it, where the time went, how many tiles are done of how many."""

    request: StyleRequest
    token: CancelToken
    receive: ProgressReceiver
    preview: bool = True
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    tiles: int = 0
    tiles_done: int = 0

    def tell_of_tiles(self) -> None:
        """Tell how many tiles of all are done."""
        self.receive(Progress("tiles", self.tiles_done, self.tiles))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, tell of its start, and stop before it if asked to."""
        self.token.check()
        self.receive(Progress(name, 0, 1))
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
