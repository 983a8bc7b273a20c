"""All visits: those in memory, and those on disk that can come back."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from stylizer.errors import RequestError
from stylizer.imaging.files import make_folder
from stylizer.imaging.picture import Picture
from stylizer.ui import limits
from stylizer.ui.doors import Gate
from stylizer.ui.language import say
from stylizer.ui.messages import ENDED, SessionExpired
from stylizer.ui.state import Session
from stylizer.ui.sweeping import keep_doing
from stylizer.ui.visits import RECORD, write_visit

LIFETIME = 2 * 24 * 3600.0
"""Seconds after the last click until a visit's photos and results are deleted."""
PAUSE = 600.0
"""Seconds from one look for old visits to the next."""
BREATH = 10.0
"""Seconds at least, when visits begin one after the other."""

log = logging.getLogger(__name__)


class Sessions:
    """Keep the visits: the least recently seen leaves memory first; on disk each lives for two days."""

    def __init__(
        self,
        folder: Path,
        most: int = limits.VISITS,
        lifetime: float = LIFETIME,
        most_kept: int = limits.VISITS_ON_DISK,
        loose: Path | None = None,
        most_opened: int = limits.PAGES,
    ) -> None:
        """`most` visits stay in memory, and `most_opened` of which nothing was asked yet."""
        self.folder, self.most, self.lifetime, self.most_kept = Path(folder), most, lifetime, most_kept
        self.most_opened = most_opened
        self.loose = loose or self.folder / "loose"
        """Folder of results for programs, whose path is told to them."""
        self.shown, self.records = self.folder / "shown", self.folder / "kept"
        make_folder(self.shown)
        make_folder(self.records)
        self.read: Callable[[Session], bool] = lambda session: False
        """Fills a session with what its record says; the page says how."""
        self._sessions: dict[str, Session] = {}
        self._tabs: dict[str, str] = {}
        self._lock = threading.Lock()
        self._swept = -BREATH
        self.reading = Gate(limits.READERS, limits.READERS_WAITING)
        """Passed while a picture is unpacked."""

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, tab: str = "") -> Session:
        """Begin a visit; `tab` is the browser tab's name, by which `leave` finds it."""
        id = secrets.token_urlsafe(24)
        session = Session(id, self.shown / secrets.token_hex(16), self._record(id))
        self._take(session, tab)
        self.sweep_soon()
        return session

    def find(self, id: str | None) -> Session:
        """Return a visit by its id, from disk if it has to be; raises SessionExpired."""
        session = self._known(id)
        if session is None:
            raise SessionExpired(say(ENDED))
        return session

    def come_back(self, id: str | None, tab: str = "") -> Session | None:
        """Return the visit that a browser remembers, or None when there is none of that id."""
        session = self._known(id)
        if session is not None and tab:
            self._tabs[tab] = session.id
        return session

    def save(self, session: Session) -> None:
        """Write a visit down."""
        write_visit(session)

    def forget(self, id: str | None) -> None:
        """End a visit at once, with all its files."""
        session = self._known(id)
        if session is not None:
            session.close()  # first, or whoever asks for it in between would bring it back from disk
            with self._lock:
                self._sessions.pop(session.id, None)

    def loose_file(self, suffix: str) -> Path:
        """Name a file that belongs to no visit; it is deleted after a while, and with the server."""
        folder = self.loose / secrets.token_hex(16)
        make_folder(folder)
        return folder / f"painted{suffix}"

    def leave(self, tab: str | None) -> None:
        """Stop the work for a tab that is gone; its pictures stay, for a phone that slept comes back."""
        with self._lock:
            session = self._sessions.get(self._tabs.pop(tab or "", ""))
            gone = session is not None and session.id not in self._tabs.values()
        if session is not None and gone:  # a reload may have come back before the old page left
            session.stop()

    def make_room(self, guest: Session, *brought: Picture) -> None:
        """Let visits leave memory until pictures find room in it; raises RequestError when they find none.

        Those that were not touched for a while go; they come back from disk when they are.
        """
        wanted = sum(map(size_in_memory, brought))
        wanted += sum(size_in_memory(own.style) for own in guest.own.values())
        with self._lock:
            others = [session for session in self._sessions.values() if session is not guest]
            held, left = sum(map(pictures_held, others)), []
            for session in sorted(others, key=lambda each: each.seen):
                if held + wanted <= limits.KEPT_BYTES or time.time() - session.seen < limits.IDLE:
                    break
                held -= pictures_held(session)
                left.append(self._sessions.pop(session.id))
        self._put_away(left)
        if held + wanted > limits.KEPT_BYTES:
            raise RequestError(
                "The studio holds as many large pictures as it can just now; bring a smaller one, or try "
                "again in some minutes"
            )

    def sweep_soon(self) -> None:
        """Let the crowd leave memory; look at the disk only now and then, for that takes long."""
        if time.monotonic() - self._swept > BREATH:
            self.sweep()
        else:
            self._sweep_memory()

    def sweep(self) -> None:
        """Let the crowd leave memory, and delete what is too old, or too many, on disk."""
        self._swept = time.monotonic()
        self._sweep_memory()
        self._sweep_disk()

    def _sweep_memory(self) -> None:
        with self._lock:
            # pages that were only opened hold next to nothing, and push nobody out who does something
            parts: tuple[list[Session], list[Session]] = ([], [])
            for session in sorted(self._sessions.values(), key=lambda each: each.seen):
                parts[session.touched].append(session)
            left = [
                session
                for part, most in zip(parts, (self.most_opened, self.most), strict=True)
                for session in part[: max(0, len(part) - most)]
            ]
            for session in left:
                del self._sessions[session.id]
            self._tabs = {tab: id for tab, id in self._tabs.items() if id in self._sessions}
        self._put_away(left)

    def _put_away(self, left: list[Session]) -> None:
        """Write down visits that have left memory; where the disk is full, what was written last stays.

        It is somebody else whose event this happens in: no mishap of these visits is theirs.
        """
        for session in left:
            session.stop()
            if session.touched:
                try:
                    self.save(session)
                except Exception:
                    log.exception("A visit that left memory could not be written down.")

    def _sweep_disk(self) -> None:
        now = time.time()
        with self._lock:
            kept = {session.record for session in self._sessions.values()}
            shown = {session.folder for session in self._sessions.values()}
        records = sorted(_entries(self.records), key=_age_of, reverse=True)
        used = 0
        for place, record in enumerate(records):
            used += disk_used(record)
            crowded = place >= self.most_kept or used > limits.RECORD_BYTES
            if record not in kept and (crowded or now - _age_of(record) > self.lifetime):
                shutil.rmtree(record, ignore_errors=True)
        for folder in _entries(self.shown):
            if folder not in shown and now - _written(folder) > self.lifetime:
                shutil.rmtree(folder, ignore_errors=True)

    def sweep_for_ever(self) -> None:
        """Sweep now and then, beside the page."""
        keep_doing(self.sweep, PAUSE)

    def _record(self, id: str) -> Path:
        return self.records / hashlib.sha256(id.encode()).hexdigest()[:32]

    def _take(self, session: Session, tab: str) -> None:
        with self._lock:
            self._sessions[session.id] = session
            if tab:
                self._tabs[tab] = session.id

    def _known(self, id: str | None) -> Session | None:
        if not isinstance(id, str) or not id:
            return None
        with self._lock:
            session = self._sessions.pop(id, None)
            if session is not None and time.time() - session.seen <= self.lifetime:
                session.seen, session.touched = time.time(), True
                self._sessions[id] = session
                return session
        if session is not None:
            session.close()
            return None
        record = self._record(id)
        if not (record / RECORD).is_file() or time.time() - _age_of(record) > self.lifetime:
            return None
        session = Session(id, self.shown / secrets.token_hex(16), record)
        if not self.read(session):
            return None
        self._take(session, "")
        self.sweep_soon()
        return session


def _entries(folder: Path) -> list[Path]:
    """List a folder's entries; none if somebody has removed it: the next visit makes it anew."""
    try:
        return list(folder.iterdir())
    except OSError as error:
        log.warning("The folder of visits cannot be looked through: %s", error)
        return []


def _age_of(record: Path) -> float:
    """Return when a record was written last, in seconds since 1970."""
    return _written(record / RECORD) or _written(record)


def _written(place: Path) -> float:
    """Return when a file or folder was written last, in seconds since 1970; 0 if it is gone."""
    try:
        return place.stat().st_mtime
    except OSError:
        return 0.0


def disk_used(folder: Path) -> int:
    """Count the bytes of all files in a folder."""
    total = 0
    for place, _, files in os.walk(folder):
        for file in files:
            with contextlib.suppress(OSError):  # it is gone already
                total += os.lstat(os.path.join(place, file)).st_size
    return total


def size_in_memory(picture: object) -> int:
    """Count the bytes of a picture's samples; styles with names have none."""
    if not isinstance(picture, Picture):
        return 0
    return picture.rgb.nbytes + (0 if picture.alpha is None else picture.alpha.nbytes)


def pictures_held(session: Session) -> int:
    """Count the bytes of a visit's photos and paintings, each once."""
    styles = (own.style for own in session.own.values())
    pictures = {id(each): each for each in (*(stage.photo for stage in session.stages.values()), *styles)}
    return sum(map(size_in_memory, pictures.values()))
