"""JPEG, GIF and BMP before Pillow: what no pixel depends on is left out, what would take too long is refused.

Pillow reads comments, camera notes and further frames in Python and keeps them; a small file can hold a
million of them, or thousands of scans over the whole picture.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from stylizer.errors import PictureError
from stylizer.imaging.bounds import MAX_PARTS, MAX_RUNS, MAX_SCANS

_MARKER = re.compile(rb"\xff[^\x00\xff]")  # before 00 it is a sample, before ff filling
_NEXT_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # restarts lie within a scan
_SCAN, _END, _LONE = 0xDA, 0xD9, (0x01, *range(0xD0, 0xD9))
# JPEG segments that matter by what they begin with: once each but for the profile, which lies in up to 255.
_KEPT = ((0xE1, b"http://ns.adobe.com/xap/1.0/\0", 1), (0xE2, b"ICC_PROFILE\0", 255))
_EXIF = b"Exif\0\0"


def without_segments(jpeg: bytes) -> tuple[bytes, bytes | None, bool]:
    """Leave out of a JPEG what no pixel depends on: comments, previews, further pictures' whereabouts.

    Kept are the profile, the first XMP, and what tells how colors are stored; the first EXIF comes back by
    itself, for Pillow would read all of it; and whether the file has an end marker. Raises PictureError for
    more than MAX_SCANS scans, OSError for too many segments.
    """
    parts, at, seen, exif = [jpeg[:2]], 2, dict.fromkeys(_KEPT, 0), None
    for _ in range(MAX_PARTS):
        found = _MARKER.search(jpeg, at)
        if found is None:
            return b"".join(parts), exif, False
        at, code = found.start(), jpeg[found.start() + 1]
        if code in _LONE:
            at += 2
            continue
        if code in (_SCAN, _END):
            ended = check_scans(jpeg, at)
            return b"".join([*parts, memoryview(jpeg)[at:]]), exif, ended
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        keep = code == 0xE0 or code == 0xEE or not (0xE0 <= code <= 0xEF or code == 0xFE)
        for kind in _KEPT:
            if code == kind[0] and jpeg.startswith(kind[1], at + 4):
                seen[kind] += 1
                keep = seen[kind] <= kind[2]
        if code == 0xE1 and jpeg.startswith(_EXIF, at + 4):
            exif, keep = exif or jpeg[at + 4 : end], False
        if keep:
            parts.append(jpeg[at:end])
        at = end
    raise OSError("too many segments")


def check_scans(jpeg: bytes, at: int = 0) -> bool:
    """Tell whether an end marker follows the scans from there on.

    Raises PictureError for more than MAX_SCANS scans, OSError for many segments.
    """
    scans, code = 0, None
    for code, _ in segments(jpeg, at):
        scans += code == _SCAN
        if scans > MAX_SCANS:
            raise PictureError(
                "That JPEG goes over the picture more than {most} times, which takes too long; save it anew.",
                most=MAX_SCANS,
            )
    return code == _END


def segments(jpeg: bytes, at: int = 0) -> Iterator[tuple[int, int]]:
    """Yield each marker's code and place from there on, up to the end marker; restarts are left out.

    Raises OSError for too many.
    """
    for _ in range(MAX_PARTS):
        found = _NEXT_SCAN.search(jpeg, at)
        if found is None:
            return
        code, at = jpeg[found.start() + 1], found.start() + 2
        yield code, found.start()
        if code == _END:
            return
        if code != _SCAN and code not in _LONE:
            at += max(2, int.from_bytes(jpeg[at : at + 2], "big"))
    raise OSError("too many segments")


def first_frame(gif: bytes) -> tuple[bytes, bool]:
    """Cut a GIF down to its first frame; tell whether there are more. A damaged file comes back as it is."""
    try:
        at, control, frame = 13 + _table(gif[10]), b"", b""
        parts = [gif[:at]]
        for _ in range(MAX_PARTS):
            kind = gif[at]
            if kind == 0x2C:
                if frame:
                    break
                end = _past_blocks(gif, at + 11 + _table(gif[at + 9]))
                frame = gif[at:end]
            elif kind == 0x21:
                end = _past_blocks(gif, at + 2)
                if gif[at + 1] == 0xF9 and not frame:
                    control = gif[at:end]
            elif kind == 0x3B:
                return b"".join([*parts, control, frame, b";"]), False
            else:
                end = at + 1
            at = end
        return b"".join([*parts, control, frame, b";"]), True
    except IndexError:  # it breaks off: within the first frame Pillow says so, later it does not matter
        return (b"".join([*parts, control, frame, b";"]), False) if frame else (gif, False)


def _table(flags: int) -> int:
    """Return how many bytes the color table has that these flags announce (GIF89a, sections 18 and 20)."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _past_blocks(gif: bytes, at: int) -> int:
    """Find the end of the sub-blocks there. Raises OSError for too many, IndexError past the end."""
    for _ in range(MAX_PARTS):
        length = gif[at]
        at += 1 + length
        if not length:
            return at
    raise OSError("too many blocks")


def check_runs(bmp: bytes) -> None:
    """Raise PictureError for a large BMP that is packed in runs."""
    if len(bmp) < 34 or int.from_bytes(bmp[14:18], "little") < 40:
        return
    width, height, _, packing = struct.unpack_from("<iiII", bmp, 18)
    if packing in (1, 2) and max(abs(width * height), len(bmp) // 2) > MAX_RUNS:
        raise PictureError(
            "That BMP is packed in runs, which is read up to {most} megapixels; save it as PNG.",
            most=MAX_RUNS // 10**6,
        )
