"""One trainer a run: two would write over each other's snapshots."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from .config import UserMistake

LOCK = "training.lock"


@contextlib.contextmanager
def training_alone(run: Path) -> Iterator[None]:
    """Hold a run's folder while it is trained; raises UserMistake when another process does.

    The system lets go of it when the process ends, however it ends.
    """
    run.mkdir(parents=True, exist_ok=True)
    with open(run / LOCK, "a+", encoding="utf-8") as file:
        file.seek(0)
        holder = file.read().strip()
        if not _lock(file.fileno()):
            raise UserMistake(
                f"{run} is being trained by process {holder or 'another one'}; stop that one first, or wait."
            )
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _lock(file: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, 1 << 20, os.SEEK_SET)  # far from the number, which others read
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
