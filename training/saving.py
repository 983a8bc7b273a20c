"""When a run saves, what it keeps, and how it leaves."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from training.config import RunConfig
from training.state import RunState, save_snapshot, tidy


class Saver:
    """Says when a snapshot is due and keeps the newest and the best."""

    def __init__(self, state: RunState, run: Path, config: RunConfig, writes: bool) -> None:
        self.state, self.run, self.config, self.writes = state, run, config, writes
        self.began = self.saved = time.monotonic()
        self.spent = state.seconds

    def out_of_time(self) -> bool:
        """Say whether this session has had its minutes."""
        return 0 < self.config.minutes * 60 <= time.monotonic() - self.began

    def due(self) -> bool:
        """Say whether steps or minutes ask for a snapshot."""
        late = 0 < self.config.save_minutes * 60 <= time.monotonic() - self.saved
        return late or self.state.step % self.config.save_every == 0

    def save(self, name: str | None = None, score: float | None = None) -> None:
        """Write a snapshot and tidy up; remember it as the best if its score is the lowest yet."""
        self.saved = time.monotonic()
        if not self.writes:
            return
        self.state.seconds = self.spent + self.saved - self.began
        note = self.run / "snapshots" / "best.txt"
        better = score is not None and (self.state.best is None or score < self.state.best)
        if better:
            self.state.best = score
        folder = save_snapshot(self.state, self.run, name)
        if better:
            note.write_text(folder.name + "\n", encoding="utf-8")
        tidy(self.run, note.read_text(encoding="utf-8").strip() if note.exists() else None)


@contextlib.contextmanager
def leave_on_signal() -> Iterator[list[int]]:
    """Turn Ctrl-C and SIGTERM into a wish to save and leave; a second Ctrl-C is the usual one."""
    wishes: list[int] = []

    def wish(number: int, frame: object) -> None:
        wishes.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {}
    with contextlib.suppress(ValueError):  # only the main thread may listen to signals
        before = {number: signal.signal(number, wish) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield wishes
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
