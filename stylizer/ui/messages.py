"""The page's words: the status line, what is chosen, and errors as sentences."""

from __future__ import annotations

import html
import logging
import re
import time
from collections.abc import Iterable, Sequence
from typing import TypeVar

from stylizer.errors import RequestError, StudioError
from stylizer.imaging.picture import Picture
from stylizer.models.style_file import NamedStyle
from stylizer.ui.language import say, tell, words

STYLIZE, TRANSLATE, INVENT = words("Stylize"), words("Translate"), words("Invent")
ABOUT = "History & About"
"""The tabs."""

log = logging.getLogger(__name__)

Entry = TypeVar("Entry")


class SessionExpired(StudioError):
    """The visit is over."""


ENDED = words("This visit has ended. Reload the page and bring the photo again.")
UNKNOWN = words("Something went wrong. Your settings are kept.")
GREETING = words("Drag the strength slider, or bring your own photo.")


class Status(str):
    """The status line as HTML, which knows what it says, whether that is an error, and when it was said."""

    __slots__ = ("done", "moment", "sentence", "wrong")
    moment: int
    """Microseconds since 1970; 0 until it is said."""
    sentence: str
    wrong: bool
    done: float | None


def status(sentence: str, kind: str = "calm", done: float | None = None) -> Status:
    """Write the status line: calm, busy, error, or standing error, which is read aloud no second time.

    `done` in [0, 1] draws a bar.
    """
    role, so_far = "alert" if kind == "error" else "status", say("Painted so far")
    bar = "" if done is None else f'<progress max="1" value="{done:.3f}" aria-label="{so_far}"></progress>'
    line = Status(f'<p class="status {kind}" role="{role}">{html.escape(sentence)}</p>{bar}')
    line.sentence, line.wrong, line.done, line.moment = sentence, kind == "error", done, 0
    return line


def sentence_of(error: Exception) -> str:
    """Say in one sentence what went wrong; what nobody foresaw is logged and said without detail."""
    if not isinstance(error, StudioError):
        log.error("A handler failed", exc_info=error)
        return say(UNKNOWN)
    text = tell(error.sentence).strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "。")) else say(". ").strip())


def picked(entries: Sequence[Entry], place: int) -> Entry:
    """Return the entry of a gallery that was clicked; raises RequestError for one that is not there."""
    if not 0 <= place < len(entries):
        sentence = say("That picture is not in the list any more. Reload the page and choose again.")
        raise RequestError(sentence)
    return entries[place]


def go_to(tab: str) -> str:
    """Tell the page to open a tab, as often as it is told."""
    return f"{tab} {time.monotonic_ns()}"


def title_line(caption: str) -> str:
    return f'<p class="chosen">{html.escape(caption)}</p>'


def name_of(style: Picture | NamedStyle) -> str:
    return written(style.name) if isinstance(style, Picture) else style.title


def written(name: str) -> str:
    """Write the name of a file or of a look as people do: "van-gogh" is Van Gogh, "ukiyo-e" Ukiyo-e."""
    parts = re.sub(r"[-_](?=\w\w)", " ", name).split(" ")
    return " ".join(part[:1].upper() + part[1:] for part in parts)


def listed(names: list[str]) -> str:
    """Write names as a list: "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return say("{first} and {last}", first=say(", ").join(names[:-1]), last=names[-1])


def region_words(names: Iterable[str]) -> list[str]:
    """Name regions as they are called in the visitor's language; those that artists name keep their names."""
    return [say(name) for name in names]


def duration(seconds: float) -> str:
    """Say how long something takes, as people do: seconds up to 90, minutes up to 90, then hours, too."""
    seconds = max(1, round(seconds))
    if seconds <= 90:
        return say("{seconds} s", seconds=seconds)
    minutes = round(seconds / 60)
    if minutes <= 90:
        return say("{minutes} min", minutes=minutes)
    return say("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
