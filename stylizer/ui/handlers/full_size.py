"""A render in full size: it runs beside the page, tells how far it is, and its picture is kept."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from stylizer.engine import CancelToken
from stylizer.imaging.picture import save_picture
from stylizer.imaging.resize import fit_within
from stylizer.ui.state import FinishedPicture, Session

SIZES = {"As the photo": None, "2048 px": 2048, "1024 px": 1024}
"""Longest sides on offer; a picture is never enlarged."""
MOST_RESULTS = 12
THUMBNAIL_SIDE = 384

Paint = Callable[[CancelToken, Callable], Any]
"""Paints a picture, given the switch that stops it and who hears how far it is."""


class FullSize:
    """A full-size render in a thread of its own, so that the page hears of every tile."""

    def __init__(self, paint: Paint, token: CancelToken) -> None:
        self.result: Any = None
        self.seconds = 0.0
        self._news: queue.Queue = queue.Queue()
        self._thread = threading.Thread(target=self._run, args=(paint, token), daemon=True)

    def _run(self, paint: Paint, token: CancelToken) -> None:
        try:
            self._news.put(paint(token, self._news.put))
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


def keep_finished(session: Session, request: Any, result: Any, names: list[str], tab: str) -> FinishedPicture:
    """Write a finished picture down as a PNG with its recipe, and add it to the visit's history."""
    recipe = result.recipe.to_json()
    file = session.new_file("") / f"{request.content.name} - {names[0]}"[:80].replace("/", " ")
    file = file.with_name(f"{file.name}.png")
    file.parent.mkdir(parents=True)
    save_picture(result.picture, file, recipe)
    thumbnail = session.new_file(".webp")
    save_picture(fit_within(result.picture, THUMBNAIL_SIDE), thumbnail, quality=84)
    caption = f"{request.content.name}, {' and '.join(names)}, {round(100 * request.strength)} %"
    finished = FinishedPicture(file, thumbnail, caption, recipe, tab)
    session.results.append(finished)
    for old in session.results[:-MOST_RESULTS]:
        old.file.unlink(missing_ok=True)
    del session.results[:-MOST_RESULTS]
    return finished


def history_gallery(session: Session) -> gr.Gallery:
    """Show this visit's finished pictures, the newest first."""
    pictures = [(str(result.thumbnail), result.caption) for result in reversed(session.results)]
    return gr.Gallery(value=pictures, visible=bool(pictures))
