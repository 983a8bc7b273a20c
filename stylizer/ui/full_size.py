"""A render in full size: it runs beside the page and tells how far it is."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from typing import Any

from stylizer.engine import CancelToken, Engine, StyleRequest

SIZES = {"As the photo": None, "2048 px": 2048, "1024 px": 1024}
"""Longest sides on offer; a picture is never enlarged."""


class FullSize:
    """A full-size render in a thread of its own, so that the page hears of every tile."""

    def __init__(self, engine: Engine, request: StyleRequest, token: CancelToken) -> None:
        self.result: Any = None
        self.seconds = 0.0
        self._news: queue.Queue = queue.Queue()
        self._thread = threading.Thread(target=self._run, args=(engine, request, token), daemon=True)

    def _run(self, engine: Engine, request: StyleRequest, token: CancelToken) -> None:
        try:
            self._news.put(engine.paint(request, token, self._news.put))
        except Exception as error:  # raised again where the page waits
            self._news.put(error)

    def follow(self) -> Iterator[tuple[str, float]]:
        """Yield a sentence and a share in [0, 1] as the render goes on; raises what the engine raised."""
        start = time.monotonic()
        self._thread.start()
        first_tile = start
        while True:
            news = self._news.get()
            if isinstance(news, Exception):
                raise news
            if hasattr(news, "picture"):
                self.result, self.seconds = news, time.monotonic() - start
                return
            if news.stage != "tiles" or news.total < 1:
                continue
            if news.done == 0:
                first_tile = time.monotonic()
            left = (time.monotonic() - first_tile) / max(1, news.done) * (news.total - news.done)
            about = f", about {left:.0f} s left" if news.done else ""
            yield (
                f"Painting tile {min(news.done + 1, news.total)} of {news.total}{about}.",
                news.done / news.total,
            )
