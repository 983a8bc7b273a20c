"""JPEGs without their end marker: whole but for that, or cut within the picture.

Phones and broken-off downloads leave them. The decoder fills with gray what it does not find, and the
warning that it gives (JWRN_HIT_MARKER) does not pass through Pillow. So the file is read again with other
bytes behind it: where all samples are there, these change nothing.
"""

from __future__ import annotations

import io

from PIL import Image

from stylizer.imaging.containers import segments

END = b"\xff\xd9"
_FRAMES, _SCAN = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA), 0xDA
_STRIP = 256  # rows compared at a time
# Code words of every table, and every restart in turn: a decoder that waits for a restart skips all else.
_OTHER = b"".join(bytes.fromhex("aa5a3c96e1") * 40 + bytes((0xFF, 0xD0 + turn)) for turn in range(8)) * 2


def trimmed(jpeg: bytes) -> bytes:
    """Leave out the zeros that an interrupted copy is filled up with, and half a marker.

    Zeros would be decoded, into blocks that nobody has seen. One after ff is a sample's (ITU T.81, F.1.2.3).
    """
    short = jpeg.rstrip(b"\0")
    stuffed = short.endswith(b"\xff") and len(short) < len(jpeg)
    return short + b"\0" if stuffed else short.rstrip(b"\xff")


def check_whole(image: Image.Image, jpeg: bytes) -> None:
    """Raise OSError when samples are missing in a JPEG that ends without END.

    `jpeg` is `trimmed`; `image` is what Pillow made of it with END behind it.
    """
    if not _has_all_scans(jpeg):
        raise OSError("scans are missing")
    with Image.open(io.BytesIO(jpeg + _OTHER + END), formats=("JPEG",)) as other:
        other.load()
        width, height = image.size
        for top in range(0, height, _STRIP):
            strip = (0, top, width, min(top + _STRIP, height))
            if image.crop(strip).tobytes() != other.crop(strip).tobytes():
                raise OSError("the scan breaks off")


def _has_all_scans(jpeg: bytes) -> bool:
    """Tell whether the scans that were begun bring all 64 coefficients of every component to their last bit.

    (ITU T.81, B.2.2 and B.2.3.) That the last of them is whole is another matter.
    """
    missing: dict[int, set[int]] = {}
    for code, at in segments(jpeg):
        body = jpeg[at + 4 : at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")]
        if code in _FRAMES:
            missing = {body[6 + 3 * i]: set(range(64)) for i in range(body[5])}
        elif code == _SCAN:
            first, last, bits = body[-3:]
            if bits & 15 == 0:
                for i in range(body[0]):
                    missing[body[1 + 2 * i]].difference_update(range(first, last + 1))
    return bool(missing) and not any(missing.values())
