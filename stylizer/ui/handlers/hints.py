"""The handlers of color hints: clicks on a gray copy of the photo, and a reference in color."""

from __future__ import annotations

import re
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from stylizer.engine import ColorHint, RequestError
from stylizer.engine.hints import MOST_FOUND, MOST_HINTS
from stylizer.imaging.picture import Picture, open_picture
from stylizer.imaging.resize import fit_within
from stylizer.ui.handlers.photos import uploads_of
from stylizer.ui.handlers.stage import Answer
from stylizer.ui.language import say, words
from stylizer.ui.messages import status
from stylizer.ui.options import TranslateSettings, hints_for, written_hints
from stylizer.ui.state import Session

PANEL = ("hint_box", "hint_picture", "hint_line", "hint_back", "hint_clear")
"""The widgets that show the hints."""
NO_HINTS = words("No colors are given: the model guesses all of them.")
_SIDE = 480  # long side of the gray copy, pixels
_DOT, _RING = 7.0, 9.5  # radii of a hint's mark, pixels
_RGBA = re.compile(r"rgba?\(\s*([0-9.]+)\s*,\s*([0-9.]+)\s*,\s*([0-9.]+)")


class HintHandlers:
    """Handlers that answer with new hints, from which the picture is made again."""

    def __init__(self, live: Any) -> None:
        self.live = live

    def add(self, visit: str, color: str, event: gr.EventData, settings: TranslateSettings) -> Answer:
        """Put a hint where the copy of the photo was clicked."""
        session, photo = self._photo(visit)
        width, height = _shown_size(photo)
        x, y = _place(event)
        hint = ColorHint(min(1.0, x / width), min(1.0, y / height), web_color(color))
        hints = hints_for(settings.hints, photo.digest)
        if len(hints) == MOST_HINTS:
            raise RequestError(say("there are {count} hints already; take one back first", count=MOST_HINTS))
        return self._answer(session, photo, (*hints, hint))

    def take_back(self, visit: str, settings: TranslateSettings) -> Answer:
        """Take the last hint back."""
        session, photo = self._photo(visit)
        return self._answer(session, photo, hints_for(settings.hints, photo.digest)[:-1])

    def clear(self, visit: str, settings: TranslateSettings) -> Answer:
        """Take all hints back."""
        session, photo = self._photo(visit)
        return self._answer(session, photo, ())

    def bring_reference(self, visit: str, upload: Any, settings: TranslateSettings) -> Answer:
        """Take the colors of what the photo has in common with another one."""
        session, photo = self._photo(visit)
        for brought in uploads_of(upload)[:1]:
            with self.live.sessions.reading:
                reference = open_picture(brought["path"], brought.get("orig_name"))
                hints = hints_for(settings.hints, photo.digest)
                room = min(MOST_FOUND, MOST_HINTS - len(hints))
                found = self.live.engine.color_hints(photo, reference, settings.model, room) if room else ()
            if not found:
                said = say("The reference and the photo have nothing in common; click colors instead.")
                return {"status": status(said, "error")}
            session.note = say("{count} colors are taken from the reference.", count=len(found))
            return self._answer(session, photo, (*hints, *found))
        return {}

    def _photo(self, visit: str) -> tuple[Session, Picture]:
        session = self.live.sessions.find(visit)
        photo = self.live.stage(session).photo
        if photo is None:
            raise RequestError(say("There is no photo yet. Open one, or choose a sample."))
        return session, photo

    def _answer(self, session: Session, photo: Picture, hints: tuple[ColorHint, ...]) -> Answer:
        turn = self.live.stage(session).renew()
        return {"turn": turn, "hints": written_hints(hints, photo.digest), **shown_hints(photo, hints)}


def _place(event: gr.EventData) -> tuple[float, float]:
    """Read where the picture was clicked, pixels; raises RequestError for what says no place."""
    place = event._data.get("index") if isinstance(event._data, dict) else None
    if (
        not isinstance(place, list)
        or len(place) != 2
        or not all(type(side) in (int, float) for side in place)
    ):
        raise RequestError(say("the event does not say which place was clicked; click again"))
    return max(0.0, place[0]), max(0.0, place[1])


def shown_hints(photo: Picture, hints: tuple[ColorHint, ...]) -> Answer:
    """Show the photo in gray, with a mark for each hint."""
    said = say("1 color is given.") if len(hints) == 1 else say("{count} colors are given.", count=len(hints))
    said = said if hints else say(NO_HINTS)
    taken = {name: gr.Button(visible=bool(hints)) for name in ("hint_back", "hint_clear")}
    return {"hint_picture": marked(photo, hints), "hint_line": status(said), **taken}


def marked(photo: Picture, hints: tuple[ColorHint, ...]) -> NDArray[np.uint8]:
    """Return the photo small and gray (h, w, 3), with hints on it as ringed dots."""
    small = fit_within(photo, _SIDE).rgb.astype(np.float32)
    gray = 255 * (small @ np.array([0.299, 0.587, 0.114], np.float32)) / np.iinfo(photo.rgb.dtype).max
    shown = np.repeat(gray[..., None], 3, 2)
    rows, columns = np.mgrid[: shown.shape[0], : shown.shape[1]]
    for hint in hints:
        x, y, *color = hint.numbers
        away = np.hypot(columns - x * shown.shape[1], rows - y * shown.shape[0])
        shown[away < _RING] = 255
        shown[away < _DOT] = 255 * np.array(color)
    return np.rint(shown).astype(np.uint8)


def _shown_size(photo: Picture) -> tuple[int, int]:
    small = fit_within(photo, _SIDE)
    return small.width, small.height


def web_color(text: Any) -> str:
    """Return a color as #rrggbb; a browser's color picker may say rgba(...) instead."""
    found = _RGBA.match(str(text))
    if found is None:
        return str(text)[:7]
    return "#" + "".join(f"{min(255, round(float(part))):02x}" for part in found.groups())
