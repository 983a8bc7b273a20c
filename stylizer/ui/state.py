"""Visits: what the studio remembers of each open page, for at most an hour, and nobody else's."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from stylizer.engine import CancelToken
from stylizer.imaging.picture import Picture
from stylizer.models.style_file import NamedStyle
from stylizer.ui.messages import SessionExpired
from stylizer.ui.showing import Showing

MOST_SESSIONS = 32
LIFETIME = 3600.0
"""Seconds without a visit after which photos and results are deleted."""
MOST_OWN, MOST_RESULTS = 24, 12


@dataclass(frozen=True)
class OwnStyle:
    """A style that the artist brought along, with a small picture of it."""

    style: Picture | NamedStyle
    title: str
    thumbnail: Path


@dataclass(frozen=True)
class FinishedPicture:
    """A picture painted in full size during this visit: its file, a small copy, its words and its recipe."""

    file: Path
    thumbnail: Path
    caption: str
    recipe: str
    tab: str


@dataclass(frozen=True)
class Invented:
    """A picture that was invented, and the recipe that invents it again; a step between two has none."""

    picture: Picture
    recipe: str | None


@dataclass
class Session(Showing):
    """One open page: what its Stylize tab shows, what its Translate tab shows, and what both share."""

    id: str = ""
    chosen: str = ""
    own: dict[str, OwnStyle] = field(default_factory=dict)
    clicked: float = 0.0
    parts: dict[str, str] = field(default_factory=dict)
    """Which part of the painting each region was matched with; `part_names` are those that there are."""
    part_names: set[str] = field(default_factory=set)
    translation: Showing = field(init=False)
    inventing: Showing = field(init=False)
    """Whose turns stop what is being invented; no stage belongs to it."""
    invented: Invented | None = None
    walk: list[Picture] = field(default_factory=list)
    sheets: list[Path] = field(default_factory=list)
    """Folders of invented pictures, the oldest first."""
    full: CancelToken = field(default_factory=CancelToken)
    results: list[FinishedPicture] = field(default_factory=list)
    seen: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.translation, self.inventing = Showing(self.folder), Showing(self.folder)

    def drop_regions(self) -> None:
        """Forget the regions: another photo has others."""
        with self.lock:
            super().drop_regions()
            self.parts, self.part_names = {}, set()

    def newest_click(self, moment: float) -> bool:
        """Tell whether a click, at a moment of the browser's clock, is later than all that came before.

        Clicks travel side by side, and the last may well arrive before the one before it.
        """
        with self.lock:
            newest = moment >= self.clicked
            self.clicked = max(moment, self.clicked)
            return newest

    def stop(self) -> None:
        """Stop all work."""
        for token in (self.token, self.translation.token, self.inventing.token, self.full):
            token.cancel()

    def close(self) -> None:
        """Stop all work and delete all files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Sessions:
    """Keep the visits: the least recently seen goes first, and each goes after an hour."""

    def __init__(self, folder: Path, most: int = MOST_SESSIONS, lifetime: float = LIFETIME) -> None:
        self.folder, self.most, self.lifetime = Path(folder), most, lifetime
        self._sessions: dict[str, Session] = {}
        self._tabs: dict[str, str] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, tab: str = "") -> Session:
        """Begin a visit; `tab` is the browser tab's name, by which `leave` finds it."""
        session = Session(self.folder / secrets.token_hex(16), id=secrets.token_urlsafe(24))
        with self._lock:
            self._sessions[session.id] = session
            if tab:
                self._tabs[tab] = session.id
        self.sweep()
        return session

    def find(self, id: str | None) -> Session:
        """Return a visit by its id; raises SessionExpired."""
        with self._lock:
            session = self._sessions.pop(id, None) if isinstance(id, str) else None
            if session is not None and time.monotonic() - session.seen <= self.lifetime:
                session.seen = time.monotonic()
                self._sessions[session.id] = session
                return session
        if session is not None:
            session.close()
        raise SessionExpired("This visit has ended. Reload the page and bring the photo again.")

    def loose_file(self, suffix: str) -> Path:
        """Name a file that belongs to no visit; the page's server deletes it after its lifetime."""
        folder = self.folder / secrets.token_hex(16)
        folder.mkdir(parents=True)
        return folder / f"painted{suffix}"

    def leave(self, tab: str | None) -> None:
        """Stop the work for a tab that is gone; its pictures stay, for a phone that slept comes back."""
        with self._lock:
            session = self._sessions.get(self._tabs.get(tab, ""))
        if session is not None:
            session.stop()

    def sweep(self) -> None:
        """End the visits that are too old or too many."""
        now = time.monotonic()
        with self._lock:
            kept = list(self._sessions.values())
            old = [session for session in kept if now - session.seen > self.lifetime]
            crowd = [session for session in kept if session not in old][
                : max(0, len(kept) - len(old) - self.most)
            ]
            for session in (*old, *crowd):
                del self._sessions[session.id]
            self._tabs = {tab: id for tab, id in self._tabs.items() if id in self._sessions}
        for session in (*old, *crowd):
            session.close()
