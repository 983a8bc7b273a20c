"""`split`: part a folder of pictures into those to train on and those held out, without copying any."""

from __future__ import annotations

from pathlib import Path

from ..data.folders import is_held_out
from ..run.config import UserMistake
from .sets import list_pictures

_PARTS = ("train", "held")


def split(pictures: Path, out: Path, held: float = 0.15) -> dict[str, int]:
    """Link the pictures below a folder into `out`/train and `out`/held, subfolders kept; return the counts.

    Which are held out depends on their names alone, so that a picture that joins later moves no other.
    Raises UserMistake when `out` holds anything already, or a part would be empty.
    """
    if not 0 < held < 1:
        raise UserMistake(f"held is {held}; give a share between 0 and 1.")
    if out.exists() and any(out.iterdir()):
        raise UserMistake(f"{out.name} is not empty; give a new folder.")
    parts: dict[str, list[Path]] = {name: [] for name in _PARTS}
    for path in list_pictures(pictures):
        parts["held" if is_held_out(path.name, held) else "train"].append(path)
    if empty := next((name for name, paths in parts.items() if not paths), None):
        count = sum(map(len, parts.values()))
        raise UserMistake(f"of {count} pictures none would go to {empty}; give another share.")
    for name, paths in parts.items():
        for path in paths:
            link = out / name / path.relative_to(pictures)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())
    return {name: len(paths) for name, paths in parts.items()}
