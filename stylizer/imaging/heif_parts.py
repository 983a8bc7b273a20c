"""Of what pictures a HEIC photo is put together, before they are unpacked (ISO/IEC 23008-12, 14496-12).

Phones store a photo as a grid of small pictures. Four kilobytes may name one picture of 16 megapixels 256
times over, of which the photo shows a corner: it took libheif 20 s.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from functools import cache

from stylizer.imaging.bounds import MAX_PARTS

_DEEPEST = 8
"""Pictures put together of pictures put together; phones do it once."""


def pixels_unpacked(data: bytes) -> int:
    """Count the pixels of all pictures that the photo and its opacity are put together of, each time anew.

    Raises OSError or struct.error for a damaged file.
    """
    meta = _child(data, 0, len(data), b"meta")
    if meta is None:
        return 0
    start, end = meta[0] + 4, meta[1]
    primary = _primary(data, start, end)
    made_of, opacity = _references(data, start, end, primary)
    areas = _areas(data, start, end)

    @cache
    def area(item: int, depth: int) -> int:
        if depth > _DEEPEST:
            raise OSError("pictures within pictures")
        if item not in made_of:
            return areas.get(item, 0)
        return sum(area(part, depth + 1) * times for part, times in Counter(made_of[item]).items())

    return sum(area(item, 0) for item in {primary, *opacity})


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Walk over boxes: kind, and where its contents begin and end."""
    for _ in range(MAX_PARTS):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            (size,), head = struct.unpack_from(">Q", data, at + 8), 16
        last = end if size == 0 else at + size
        if last < at + head or last > end:
            raise OSError("a box breaks off")
        yield kind, at + head, last
        at = last
    raise OSError("too many boxes")


def _child(data: bytes, at: int, end: int, kind: bytes) -> tuple[int, int] | None:
    return next((found[1:] for found in _boxes(data, at, end) if found[0] == kind), None)


def _primary(data: bytes, start: int, end: int) -> int:
    """Return the number of the photo among the pictures; 0 where the file does not say."""
    place = _child(data, start, end, b"pitm")
    if place is None:
        return 0
    number: int = struct.unpack_from(">I" if data[place[0]] else ">H", data, place[0] + 4)[0]
    return number


def _references(data: bytes, start: int, end: int, photo: int) -> tuple[dict[int, list[int]], list[int]]:
    """Return what each picture is put together of, and which pictures say more of the photo."""
    made_of: dict[int, list[int]] = {}
    beside: list[int] = []
    place = _child(data, start, end, b"iref")
    if place is not None:
        code = ">I" if data[place[0]] else ">H"
        size = struct.calcsize(code)
        for kind, at, last in _boxes(data, place[0] + 4, place[1]):
            (item,), (count,) = struct.unpack_from(code, data, at), struct.unpack_from(">H", data, at + size)
            if at + size + 2 + count * size > last:
                raise OSError("a list of references breaks off")
            parts = list(struct.unpack_from(f">{count}{code[1]}", data, at + size + 2))
            if kind == b"dimg":
                made_of.setdefault(item, []).extend(parts)
            elif kind == b"auxl" and photo in parts:
                beside.append(item)
    return made_of, beside


def _areas(data: bytes, start: int, end: int) -> dict[int, int]:
    """Return the pixels of each picture, as its property ispe says."""
    areas: dict[int, int] = {}
    properties = _child(data, start, end, b"iprp")
    listed = properties and _child(data, *properties, b"ipco")
    if not properties or not listed:
        return areas
    sizes = [
        struct.unpack_from(">II", data, at + 4) if kind == b"ispe" else (0, 0)
        for kind, at, _ in _boxes(data, *listed)
    ]
    for kind, at, last in _boxes(data, *properties):
        if kind != b"ipma":
            continue
        long_items, long_places = data[at] > 0, data[at + 3] & 1
        (count,) = struct.unpack_from(">I", data, at + 4)
        at += 8
        for _ in range(count):
            (item,) = struct.unpack_from(">I" if long_items else ">H", data, at)
            at += 4 if long_items else 2
            held = data[at]
            at += 1
            for _ in range(held):
                place = struct.unpack_from(">H", data, at)[0] & 0x7FFF if long_places else data[at] & 0x7F
                at += 2 if long_places else 1
                width, height = sizes[place - 1] if 0 < place <= len(sizes) else (0, 0)
                areas[item] = max(areas.get(item, 0), width * height)
            if at > last:
                raise OSError("a list of properties breaks off")
    return areas
