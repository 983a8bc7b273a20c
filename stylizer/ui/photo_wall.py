"""The wall on the visitor's own photo: every named style painted on it, small, while the machine is free."""

from __future__ import annotations

import shutil
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stylizer.engine import Cancelled, CancelToken, Engine
from stylizer.imaging.picture import Picture, save_picture
from stylizer.models.style_file import NamedStyle
from stylizer.ui import limits
from stylizer.ui.doors import Door

AT_A_TURN = 8
"""Thumbnails that are painted for one visitor before the next has a turn; where a GPU is lent, a loan."""


@dataclass(eq=False)
class PhotoWall:
    """One photo in all named styles; what is painted lies in a folder of the visit, a file a style."""

    photo: str
    """The photo's digest."""
    folder: Path
    door: Door
    painted: list[str] = field(default_factory=list)
    """The slugs of the styles whose files are there."""
    first: frozenset[str] = frozenset()
    """Those that the visitor has in sight."""
    looked: float = 0.0
    """When the page asked for it last, by the monotonic clock."""
    token: CancelToken = field(default_factory=CancelToken)
    problem: Exception | None = None
    """What kept it from being painted."""

    def file(self, slug: str) -> Path:
        """Return where the thumbnail of a style lies."""
        return self.folder / f"{slug}.webp"

    def drop(self) -> None:
        """Stop painting, and delete what is there."""
        self.token.cancel()
        shutil.rmtree(self.folder, ignore_errors=True)


class PhotoWalls:
    """Paint the walls of all visitors in one thread, a few thumbnails in turn; beyond `most` they wait.

    Nobody who looked away is painted for: a page asks again every second while it shows the wall.
    """

    def __init__(self, engine: Engine, styles: Sequence[NamedStyle], most: int = limits.PHOTO_WALLS) -> None:
        self.engine, self.styles, self.most = engine, tuple(styles), most
        self._line: deque[tuple[PhotoWall, Picture]] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def look(self, wall: PhotoWall, photo: Picture, first: Sequence[str] = ()) -> None:
        """Have a wall painted for as long as it is looked at: those styles `first` that are in sight."""
        wall.looked, wall.first = time.monotonic(), frozenset(first)
        with self._changed:
            waits = any(wall is each for each, _ in self._line)
            if self.done(wall) or waits or len(self._line) >= self.most:
                return
            if wall.token.cancelled:  # the page had left, and came back
                wall.token = CancelToken()
            self._line.append((wall, photo))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
            self._changed.notify()

    def done(self, wall: PhotoWall) -> bool:
        """Tell whether nothing is left to be painted."""
        return wall.problem is not None or len(wall.painted) >= len(self.styles)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._line:
                    self._changed.wait()
                wall, photo = self._line.popleft()
            if self._paint_some(wall, photo):
                with self._changed:
                    self._line.append((wall, photo))
            del photo  # it may be large, and the next look may be long in coming

    def _paint_some(self, wall: PhotoWall, photo: Picture) -> bool:
        """Paint a few thumbnails; tell whether to go on with this wall."""
        there = set(wall.painted)
        left = [style for style in self.styles if style.slug not in there]
        left.sort(key=lambda style: style.slug not in wall.first)
        some = left[:AT_A_TURN]
        try:
            for style, picture in zip(some, self.engine.thumbnails(photo, some, wall.token), strict=True):
                with wall.door.passed():
                    wall.token.check()
                    save_picture(picture, wall.file(style.slug), quality=76, lasting=False)
                    wall.painted.append(style.slug)
                if time.monotonic() - wall.looked > limits.PHOTO_WALL_SECONDS:
                    return False
        except Cancelled:
            return False
        except Exception as error:  # said where the page asks next
            wall.problem = error
        return not self.done(wall)
