"""Files that are written whole or not at all, and folders that are there when they are needed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_FORBIDDEN = '/\\:*?"<>|'  # by one file system or another
_MOST_BYTES = 200  # of a name without its ending, where file systems allow 255 with it


def write_whole(path: str | os.PathLike[str], data: bytes, lasting: bool = True) -> None:
    """Write bytes to a file: all of them or nothing, and what was there before stays until they are safe.

    A reader sees the old file or the new one, after a power cut too unless it need not be `lasting`: a disk
    takes up to 30 ms to be sure. Raises OSError.
    """
    path = Path(path)
    handle, draft = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        os.chmod(draft, 0o644)  # a temporary file is its owner's alone
        os.replace(draft, path)
    finally:
        Path(draft).unlink(missing_ok=True)


def file_stem(words: str, most: int = 80) -> str:
    """Make words fit for naming a file on every system: at most `most` letters, without an ending."""
    plain = "".join(" " if letter in _FORBIDDEN or not letter.isprintable() else letter for letter in words)
    return plain[:most].encode("utf-8", "ignore")[:_MOST_BYTES].decode("utf-8", "ignore").strip() or "painted"


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where a link on the way leads to a place that is gone as well.

    Raises OSError.
    """
    Path(os.path.realpath(folder)).mkdir(parents=True, exist_ok=True)
