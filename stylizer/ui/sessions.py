"""Visits: what the studio remembers of each open page, for at most an hour, and nobody else's."""

from __future__ import annotations

import secrets
import threading
import time
from pathlib import Path

from stylizer.ui.messages import SessionExpired
from stylizer.ui.state import Session

MOST_SESSIONS = 32
LIFETIME = 3600.0
"""Seconds without a visit after which photos and results are deleted."""


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
            session = self._sessions.get(self._tabs.get(tab or "", ""))
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
