"""Pairs of a photo and the painting in whose style it is painted: from a list, or from two folders."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

from ..data.folders import find_pictures
from ..run.config import UserMistake


class Pair(NamedTuple):
    """A photo and the painting in whose style it is to be painted."""

    photo: Path
    painting: Path

    @property
    def stem(self) -> str:
        """The name that a result for this pair has, without suffix."""
        return f"{self.photo.stem}__{self.painting.stem}"


def read_pairs(file: Path) -> list[Pair]:
    """Read pairs from a CSV with columns photo,painting, relative to its folder; raises UserMistake."""
    if not file.is_file():
        raise UserMistake(f"{file} is not a file; give a CSV with the columns photo,painting.")
    with file.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    if not rows or not {"photo", "painting"} <= set(rows[0]):
        raise UserMistake(f"{file.name} has no rows with the columns photo,painting.")
    pairs = [Pair(file.parent / row["photo"], file.parent / row["painting"]) for row in rows]
    absent = next((path for pair in pairs for path in pair if not path.is_file()), None)
    if absent:
        raise UserMistake(f"{file.name} names {absent.name}, which is not there.")
    return pairs


def pair_up(content: Path, style: Path, each: int = 5) -> list[Pair]:
    """Pair photos with paintings, both sorted by name: photo i with paintings i + 4k, k below `each`."""
    photos, paintings = list(find_pictures(content)), list(find_pictures(style))
    if not photos or not paintings:
        raise UserMistake("one of the two folders holds no picture.")
    each = min(each, len(paintings))
    step = 4 if len(paintings) > 4 * (each - 1) else 1
    return [
        Pair(photo, paintings[(index + step * turn) % len(paintings)])
        for index, photo in enumerate(photos)
        for turn in range(each)
    ]
