"""Saving in full size: a render that runs beside the page, its files, and the history of the visit."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from stylizer.engine import CancelToken, RequestError
from stylizer.engine.forecast import Forecast
from stylizer.engine.progress import Shown
from stylizer.imaging.encode import recipe_fits
from stylizer.imaging.files import file_stem
from stylizer.imaging.openraster import layers_of, save_layers
from stylizer.imaging.picture import Picture, save_picture
from stylizer.imaging.resize import fit_within
from stylizer.ui.language import say, words
from stylizer.ui.messages import duration, listed, picked, title_line, written
from stylizer.ui.sessions import Sessions
from stylizer.ui.state import FinishedPicture, Session

SIZES = {"photo": None, "4096 px": 4096, "2048 px": 2048, "1024 px": 1024}
"""Longest sides on offer; a picture is never enlarged."""
SIZE_CHOICES = [
    ("As the photo" if longest is None else str(longest), size) for size, longest in SIZES.items()
]
"""The words for them; Gradio translates a value, too, that is one of the page's words."""
LAYERS = "Layers"
FORMATS = {"PNG": ".png", "JPEG": ".jpg", LAYERS: ".ora"}
JPEG_QUALITY = 95
CENTIMETERS = 2.54 / 300
"""Of one pixel, printed at 300 dots an inch."""
MOST_RESULTS = 12
THUMBNAIL_SIDE = 384

Paint = Callable[[CancelToken, Callable[[Any], None]], Any]
"""Paints a picture, given the switch that stops it and who hears how far it is."""


@dataclass(frozen=True, eq=False)
class News:
    """How far a render is: a sentence, a share in [0, 1], and what is there by now, if that can be seen."""

    sentence: str
    done: float
    shown: Shown | None = None


class FullSize:
    """A full-size render in a thread of its own, so that the page hears of every tile."""

    def __init__(self, paint: Paint, token: CancelToken) -> None:
        self.result: Any = None
        self.seconds = 0.0
        self._news: queue.Queue[Any] = queue.Queue()
        self._thread = threading.Thread(target=self._run, args=(paint, token), daemon=True)

    def _run(self, paint: Paint, token: CancelToken) -> None:
        try:
            self._news.put(paint(token, self._news.put))
        except Exception as error:  # raised again where the page waits
            self._news.put(error)

    def follow(self) -> Iterator[News]:
        """Yield news as the render goes on; raises what the engine raised."""
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
            if news.seconds_left is not None:
                sentence = say(
                    "Working at the masterwork, about {time} left.", time=duration(news.seconds_left)
                )
                yield News(sentence, news.done / news.total, news.shown)
            if news.stage != "tiles" or news.total < 1:
                continue
            if news.done == 0:
                first_tile = time.monotonic()
            tile = min(news.done + 1, news.total)
            sentence = say("Painting tile {tile} of {total}.", tile=tile, total=news.total)
            if news.done:
                left = (time.monotonic() - first_tile) / news.done * (news.total - news.done)
                sentence += " " + say("About {time} left.", time=duration(left))
            yield News(sentence, news.done / news.total)


def facts_line(photo: Picture | None, size: str, forecasts: Mapping[str, Forecast] | None = None) -> str:
    """Say how many pixels a picture of that size will have, how large it is in print, and what it takes.

    `forecasts` are of what the buttons start, by their words.
    """
    if photo is None:
        return ""
    longest = max(photo.width, photo.height)
    share = min(1.0, (SIZES[size] or longest) / longest)
    width, height = (round(side * share) for side in (photo.width, photo.height))
    print_size = " × ".join(f"{side * CENTIMETERS:.1f}" for side in (width, height))
    pixels = words("{width} × {height} pixels, {size} cm in print")
    if longest < (SIZES[size] or 0):
        pixels = words("{width} × {height} pixels, all that the photo has, {size} cm in print")
    told = [say(pixels, width=width, height=height, size=print_size)]
    for button, forecast in (forecasts or {}).items():
        told.append(say("{what}: {words}", what=say(button), words=_costs(forecast)))
    return f'<p class="facts">{say(". ").join(told)}</p>'


def _costs(forecast: Forecast) -> str:
    memory = say("{size} GB of memory", size=f"{forecast.nbytes / 2**30:.1f}")
    if forecast.seconds is None:
        return say("about {memory}", memory=memory)
    return say("about {time}, {memory}", time=duration(forecast.seconds), memory=memory)


def keep_finished(
    session: Session,
    request: Any,
    result: Any,
    names: list[str],
    tab: str,
    format: str = "PNG",
    remark: str = "",
) -> FinishedPicture:
    """Write a finished picture down, as PNG and JPEG with its recipe, and add it to the visit's history.

    In layers, too, if that is the format that is asked for. `remark` ends its caption.
    """
    name = f"{request.content.name} - {names[0]}"
    words = (written(request.content.name), listed(names), f"{round(100 * request.strength)} %", remark)
    caption = ", ".join(filter(None, words))
    finished = remember(session, result.picture, result.recipe.to_json(), name, caption, tab)
    if format == LAYERS:
        layers = layers_of(request.content, result.picture, request.regions)
        save_layers(finished.file.with_suffix(FORMATS[LAYERS]), layers, result.picture)
    return finished


def remember(
    session: Session, picture: Picture, recipe: str, name: str, caption: str, tab: str
) -> FinishedPicture:
    """Write a picture down, as PNG and JPEG with its recipe if it has one, for the visit's history."""
    folder = session.new_folder()
    file = folder / f"{file_stem(name)}.png"
    save_picture(picture, file, recipe or None)
    inside = recipe if recipe and recipe_fits(recipe, "jpg") else None
    save_picture(picture, file.with_suffix(".jpg"), inside, JPEG_QUALITY)
    thumbnail = session.new_file(".webp")
    save_picture(fit_within(picture, THUMBNAIL_SIDE), thumbnail, quality=84)
    finished = FinishedPicture(file, thumbnail, caption, recipe, tab)
    session.results.append(finished)
    for old in session.results[:-MOST_RESULTS]:
        for suffix in FORMATS.values():
            old.file.with_suffix(suffix).unlink(missing_ok=True)
    del session.results[:-MOST_RESULTS]
    return finished


def history_gallery(session: Session) -> gr.Gallery:
    """Show this visit's finished pictures, the newest first."""
    pictures = [(str(result.thumbnail), result.caption) for result in reversed(session.results)]
    return gr.Gallery(value=pictures, visible=bool(pictures), selected_index=None)


class HistoryHandlers:
    """Handlers of the visit's finished pictures; what is used again, the tab of its stage does."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions

    def choose(self, visit: str, event: gr.SelectData) -> dict[str, Any]:
        """Choose a finished picture, and show what can be done with it."""
        session = self.sessions.find(visit)
        session.looked_at = picked(session.results[::-1], event.index)
        title = title_line(session.looked_at.caption)
        return {"history_box": gr.Column(visible=True), "history_title": title}

    def file(self, suffix: str) -> Callable[[str], dict[str, Any]]:
        """Return the handler that hands the chosen picture out in a format."""

        def hand_out(visit: str) -> dict[str, Any]:
            finished = chosen(self.sessions.find(visit))
            return {"history_file": str(finished.file.with_suffix(suffix))}

        return hand_out


def chosen(session: Session) -> FinishedPicture:
    """Return the finished picture that is chosen; raises RequestError."""
    if session.looked_at not in session.results:
        raise RequestError(say("no picture is chosen; click one"))
    return session.looked_at
