"""The first directory of a TIFF; what cameras say of a photo (EXIF) is one, too.

Pillow takes every value that a directory names, as often as it is named: a megabyte whose tags all name the
same megabyte took it 1.5 GB for 1,500 of them, and there may be 65,535.
"""

from __future__ import annotations

import struct
from collections.abc import Collection

_TYPES = {1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_SIZES = {kind: struct.calcsize(f"={code}") for kind, code in _TYPES.items()} | {5: 8, 10: 8, 11: 4, 12: 8}
_MOST_TAGS = 1000  # files have 15 to 60
_ORIENTATION = 274
_EXIF = b"Exif\0\0"


class Tags:
    """The first directory of a TIFF or BigTIFF (TIFF 6.0, section 2); values within bounds."""

    def __init__(self, data: bytes) -> None:
        """Read a directory's entries, not their values; raises OSError or struct.error on a damaged one."""
        self._data, self._order = data, "<" if data[:1] == b"I" else ">"
        self._big = b"+" in data[2:4]
        self._room, self._entry = (8, "HHQ") if self._big else (4, "HHI")
        self._at = self._one("Q" if self._big else "I", 8 if self._big else 4)
        count = self._one("Q" if self._big else "H", self._at)
        if count > _MOST_TAGS:
            raise OSError(f"a directory of {count} tags")
        at = self._at + (8 if self._big else 2)
        self._entries: dict[int, tuple[int, int, int]] = {}
        self._size = struct.calcsize(f"={self._entry}") + self._room
        for place in range(at, at + count * self._size, self._size):
            tag, kind, number = struct.unpack_from(self._order + self._entry, data, place)
            self._entries.setdefault(tag, (kind, number, place + self._size - self._room))

    def keep_only(self, kept: Collection[int]) -> bytes:
        """Write the file again with only these of its tags, and no directory after the first.

        Raises OSError when their values take more than the file has, so that they overlap.
        """
        found = {tag: self._entries[tag] for tag in sorted(self._entries) if tag in kept}
        taken = sum(number * _SIZES.get(kind, 0) for kind, number, _ in found.values())
        if taken > len(self._data):
            raise OSError("the values of the tags overlap")
        ends = [place + self._room for _, _, place in found.values()]
        entries = b"".join(self._data[end - self._size : end] for end in ends)
        count = struct.pack(self._order + ("Q" if self._big else "H"), len(found))
        rest = self._data[self._at + len(count) + len(entries) + self._room :]
        return b"".join((self._data[: self._at], count, entries, bytes(self._room), rest))

    def _one(self, code: str, at: int) -> int:
        return struct.unpack_from(self._order + code, self._data, at)[0]

    def __contains__(self, tag: int) -> bool:
        return tag in self._entries

    def _placed(self, tag: int, most: int) -> tuple[str, int, int]:
        """Find a tag's values: their code, how many, and where. Raises OSError for more than `most`."""
        kind, number, at = self._entries[tag]
        if kind not in _TYPES or not 1 <= number <= most:
            raise OSError(f"tag {tag} has {number} values of type {kind}")
        size = number * struct.calcsize(f"={_TYPES[kind]}")
        if size > self._room:
            at = self._one("Q" if self._room == 8 else "I", at)
        if at + size > len(self._data):
            raise OSError(f"tag {tag} lies behind the end")
        return _TYPES[kind], number, at

    def numbers(self, tag: int, default: tuple[int, ...] | None, most: int) -> tuple[int, ...]:
        """Return a tag's values; `default`, unless None, for a tag that is not there."""
        if tag not in self._entries and default is not None:
            return default
        code, number, at = self._placed(tag, most)
        return struct.unpack_from(f"{self._order}{number}{code}", self._data, at)

    def number(self, tag: int, default: int | None = None) -> int:
        """Return a tag's only value."""
        return self.numbers(tag, None if default is None else (default,), 64)[0]

    def bytes(self, tag: int) -> bytes | None:
        """Return a tag's bytes; None when it is not there or is no bytes."""
        if tag not in self._entries:
            return None
        code, number, at = self._placed(tag, len(self._data))
        return self._data[at : at + number] if code in "Bb" else None


def exif_orientation(exif: bytes) -> int | None:
    """Read how the camera was held from what it says of a photo; None when it says nothing of that.

    Raises OSError or struct.error on damaged EXIF.
    """
    while exif.startswith(_EXIF):  # some programs write it twice
        exif = exif[len(_EXIF) :]
    if exif[:2] not in (b"II", b"MM"):
        return None
    tags = Tags(exif)
    return tags.number(_ORIENTATION) if _ORIENTATION in tags else None
