"""Visits: what the studio remembers of each open page, for at most an hour, and nobody else's."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from stylizer.engine import CancelToken, StyleRequest
from stylizer.imaging.picture import Picture
from stylizer.imaging.region_history import RegionHistory
from stylizer.models.style_file import NamedStyle
from stylizer.ui.region_plan import RegionPlan, Strengths
from stylizer.ui.words import SessionExpired

MOST_SESSIONS = 32
LIFETIME = 3600.0
"""Seconds without a visit after which photos and results are deleted."""
MOST_OWN, MOST_RESULTS, MOST_STALE = 24, 12, 16


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


@dataclass
class Session:
    """One open page. `turn` counts what the artist asks for; `token` stops the work for an older turn."""

    id: str
    folder: Path
    photo: Picture | None = None
    photo_file: Path | None = None
    chosen: str = ""
    own: dict[str, OwnStyle] = field(default_factory=dict)
    clicked: float = 0.0
    turn: int = 0
    begun: int = 0
    token: CancelToken = field(default_factory=CancelToken)
    full: CancelToken = field(default_factory=CancelToken)
    size: tuple[int, int] = (0, 0)
    frames: dict[float, Path] = field(default_factory=dict)
    truth: dict[Strengths, Path] = field(default_factory=dict)
    layers: dict[str, dict[float, Path]] = field(default_factory=dict)
    base: StyleRequest | None = None
    """The picture's request as it was painted last; regions without a dress of their own follow it."""
    history: RegionHistory | None = None
    selected: tuple[str, ...] = ()
    parts: dict[str, str] = field(default_factory=dict)
    """Which part of the painting each region was matched with; `part_names` are those that there are."""
    part_names: set[str] = field(default_factory=set)
    heard: int = 0
    """The last of what the stage said about regions; `stamp` counts what it was told."""
    stamp: int = 0
    mask_file: tuple[str, Path] | None = None
    stale: list[Path] = field(default_factory=list)
    busy: bool = False
    offered: tuple = ()
    """What the file on offer shows: it is taken away when something else is asked for, and only then."""
    results: list[FinishedPicture] = field(default_factory=list)
    seen: float = field(default_factory=time.monotonic)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def plan(self) -> RegionPlan | None:
        """The regions and what they wear; None while the photo is one."""
        return self.history.present if self.history else None

    def asked(self, request: StyleRequest) -> tuple:
        """Name the picture that a request asks for now, the turn first; equal names, the same picture."""
        with self.lock:
            plan = self.plan
            return (self.turn, *((plan.regions, plan.strengths(request)) if plan else (request.strength,)))

    def change(self, plan: RegionPlan, same_truth: bool = False) -> None:
        """Take a step that can be undone; true pictures go, unless strengths alone differ."""
        with self.lock:
            if self.history is None:
                self.history = RegionHistory(plan)
            self.history.push(plan)
            self.forget_truth(not same_truth)

    def forget_truth(self, wanted: bool = True) -> None:
        """Forget the true pictures, and those chosen regions that are gone."""
        with self.lock:
            if wanted:
                self.stale += self.truth.values()
                self.truth = {}
            names = self.plan.regions.names if self.plan else ()
            self.selected = tuple(name for name in self.selected if name in names)

    def drop_regions(self) -> None:
        """Forget the regions: another photo has others."""
        with self.lock:
            self.history, self.selected, self.parts, self.part_names = None, (), {}, set()

    def renew(self, keep: bool = False) -> int:
        """Begin a new turn: stop the work for the last one, forget its pictures, return the turn's number.

        With `keep` the previews stay: what changed is how they are put together.
        """
        with self.lock:
            self.token.cancel()
            self.token = CancelToken()
            self.turn += 1
            self.stale += self.truth.values()
            self.truth, self.busy = {}, True
            if not keep:
                self.stale += self.frames.values()
                self.stale += [path for layer in self.layers.values() for path in layer.values()]
                self.frames, self.layers = {}, {}
            # the last few may still be on their way to the browser
            gone, self.stale = self.stale[:-MOST_STALE], self.stale[-MOST_STALE:]
        for path in gone:
            if path.parent == self.folder:  # and not one of the example that all visitors share
                path.unlink(missing_ok=True)
        return self.turn

    def begin(self) -> CancelToken | None:
        """Return the token to paint the present turn with; None when that turn was begun already."""
        with self.lock:
            if self.begun == self.turn:
                return None
            self.begun = self.turn
            return self.token

    def working_token(self) -> CancelToken:
        """Return the turn's token; a tab that was lost, and came back, gets one that works again."""
        with self.lock:
            if self.token.cancelled:
                self.token = CancelToken()
            return self.token

    def newest_click(self, moment: float) -> bool:
        """Tell whether a click, at a moment of the browser's clock, is later than all that came before.

        Clicks travel side by side, and the last may well arrive before the one before it.
        """
        with self.lock:
            newest = moment >= self.clicked
            self.clicked = max(moment, self.clicked)
            return newest

    def new_file(self, suffix: str) -> Path:
        """Name a new file of this visit; no one can guess the name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{secrets.token_hex(16)}{suffix}"

    def close(self) -> None:
        """Stop all work and delete all files."""
        self.token.cancel()
        self.full.cancel()
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
        session = Session(secrets.token_urlsafe(24), self.folder / secrets.token_hex(16))
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
            session.token.cancel()
            session.full.cancel()

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
