"""Studying beside the page: one painting at a time on the device, few in line, each for a short while."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from stylizer.engine import CancelToken, Engine, Progress, RequestError, StudyRequest
from stylizer.errors import StyleFileError
from stylizer.imaging.picture import Picture
from stylizer.models.style_file import NamedStyle, load_style, slug_of
from stylizer.ui import limits


@dataclass(frozen=True, eq=False)
class StudyNews:
    """How far a study is: the style as it is known by now, None while it waits for its turn."""

    style: NamedStyle | None
    done: float
    """Share in [0, 1]."""
    seconds_left: float
    ahead: int = 0
    """How many other studies were under way, or in line, when this one began."""
    steps: int = 0
    """Steps taken by now."""
    better: bool = False
    """Whether the style does better than what was known before the study."""


class StudyDesk:
    """All studies of a server: they take turns on the device, and beyond `places` they are refused."""

    def __init__(
        self, engine: Engine, seconds: float = limits.STUDY_SECONDS, places: int = limits.STUDY_PLACES
    ) -> None:
        self.engine, self.seconds, self.places = engine, seconds, places
        self._taken = 0
        self._lock = threading.Lock()

    def begin(
        self,
        painting: Picture,
        practice: Sequence[Picture],
        token: CancelToken,
        seconds: float | None = None,
        known: NamedStyle | None = None,
    ) -> Study:
        """Take a place in the line for a painting; raises RequestError when there is none.

        `known` is what a study before has learned of it.
        """
        longest = min(seconds or self.seconds, self.seconds)
        start = None if known is None else known.code
        # what is out of bounds is refused before a place is taken, which nobody would give back
        request = StudyRequest(painting, tuple(practice), seconds=longest, start=start)
        with self._lock:
            if self._taken >= self.places:
                raise RequestError(
                    "{count} paintings are being studied or wait for it; try again in some minutes",
                    count=self._taken,
                )
            ahead = self._taken
            self._taken += 1
        try:
            return Study(self, request, token, ahead)
        except RuntimeError:  # the machine has no thread left
            self.leave()
            raise

    def leave(self) -> None:
        """Give a place back."""
        with self._lock:
            self._taken -= 1


class Study:
    """One study in a thread of its own: it goes on while the page is busy with something else."""

    def __init__(self, desk: StudyDesk, request: StudyRequest, token: CancelToken, ahead: int) -> None:
        self._desk, self._request, self._token, self._ahead = desk, request, token, ahead
        self._news: queue.Queue[StudyNews | Exception | None] = queue.Queue()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        told, begun = Progress("study", 0, self._request.steps, self._request.seconds), 0.0
        before = None  # what is told after the first step: nothing better can be known by then

        def hear(progress: Progress) -> None:
            nonlocal told, begun
            told, begun = progress, begun or time.monotonic()

        try:
            for style in self._desk.engine.study(self._request, self._token, hear):
                before = style.code if before is None else before
                better = not style.code.equal(before)
                spent, left = time.monotonic() - begun, told.seconds_left or 0.0
                # of the time, not of the steps: on a slow machine the time is up long before these are done
                done = spent / (spent + left) if left else 1.0
                self._news.put(StudyNews(style, done, left, steps=told.done, better=better))
            self._news.put(None)
        except Exception as error:  # raised again where the page waits
            self._news.put(error)
        finally:
            self._desk.leave()

    def follow(self, every: float) -> Iterator[StudyNews]:
        """Yield the newest news about every so many seconds, and the last; raises what the engine raised.

        When it was stopped, Cancelled comes after the news of the last step.
        """
        newest, shown = StudyNews(None, 0.0, self._request.seconds, self._ahead), time.monotonic()
        yield newest
        while True:
            news = self._news.get()
            now = time.monotonic()
            if isinstance(news, StudyNews):
                if newest.style is None:  # nothing is to be seen of the first step yet
                    shown = now
                newest = news
                if now - shown < every:
                    continue
            if newest.style is not None:
                shown = now
                yield newest
            if isinstance(news, Exception):
                raise news
            if news is None:
                return


def read_style_file(engine: Engine, path: str, name: str) -> NamedStyle:
    """Read a file that a study gave; raises StyleFileError for any other, and for another painter's."""
    style = load_style(path, slug_of(PurePath(name).stem))
    if style.painter_sha != engine.painter.checkpoint_sha or not engine.painter.fits(style.code):
        raise StyleFileError(
            "style {title!r} was made for another painter; study its painting here", title=style.title
        )
    return replace(style, slug="", thumbnail=None)
