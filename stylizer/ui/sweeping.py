"""Work that is done now and then beside the page, for as long as the server runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


def keep_doing(
    work: Callable[[], object], pause: float, stopped: threading.Event | None = None
) -> threading.Thread:
    """Do some work at once, and again after every pause of so many seconds, until stopped.

    What fails is told in the log and tried again: one full disk must not end all cleaning that comes after.
    """
    ended = stopped or threading.Event()

    def repeat() -> None:
        while not ended.is_set():
            try:
                work()
            except Exception:
                log.exception("What is done beside the page failed; it is tried again in %.0f s.", pause)
            ended.wait(pause)

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    return thread
