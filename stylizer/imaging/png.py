"""PNG beyond Pillow: what no pixel depends on is left out, and sixteen bits are read and written whole.

Pillow, which folds sixteen bits of color into eight, still does the decoding: the bytes of a deep picture are
repacked as two pictures of 8-bit samples, which it reads at full speed, and are put together again here.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from stylizer.imaging.bounds import MAX_PROFILE
from stylizer.imaging.text_chunk import MAX_TEXT, SIGNATURE, chunk, chunks, frames, inflated, is_whole

_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # by color type
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_BAND = 4 << 20  # bytes worked on at a time, so that little is held beside the picture
_PIECE = 64 << 10  # packed bytes handed to zlib at a time, which copies what it has not yet used
_ANIMATION = (b"acTL", b"fcTL", b"fdAT")
# Texts in which other programs keep how the camera was held.
_TURNS = (b"XML:com.adobe.xmp", b"Raw profile type exif", b"Raw profile type APP1")


def without_hangers(png: bytes) -> tuple[bytes, bytes | None]:
    """Leave out of a PNG what no pixel depends on; return the rest, and the color profile by itself.

    Texts may be long, damaged or packed a thousandfold, and a decoder that looks at them refuses a sound
    picture. Kept are what says how the camera was held, and animation. A damaged profile comes back as
    one that nobody can use. Of each kind the first counts: a small file may hold ten thousand that are packed
    a thousandfold. Raises OSError for too many chunks.
    """
    parts: list[bytes | memoryview] = [SIGNATURE]
    profile, turns = None, set[bytes]()
    for kind, frame in frames(png):
        if kind == b"iCCP":
            if profile is not None:
                continue
            packed = bytes(frame[8:-4]).partition(b"\0")[2]
            profile = (is_whole(frame) and inflated(packed[1:], MAX_PROFILE)) or b"damaged"
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            keyword = bytes(frame[8 : 8 + 80]).partition(b"\0")[0]  # 79 letters at most
            if keyword in _TURNS and keyword not in turns:
                turns.add(keyword)
                if _tells_turn(kind, frame):
                    parts.append(frame)
        elif kind[:1].isupper() or kind in (b"tRNS", *_ANIMATION) or (kind == b"eXIf" and is_whole(frame)):
            parts.append(frame)
    return b"".join(parts), profile


def _tells_turn(kind: bytes, frame: memoryview) -> bool:
    """Tell whether a text of _TURNS is short and sound."""
    if len(frame) > MAX_TEXT or not is_whole(frame):
        return False
    rest = bytes(frame[8:-4]).partition(b"\0")[2]
    if kind == b"zTXt":
        return inflated(rest[1:], MAX_TEXT) is not None
    return kind == b"tEXt" or rest[:1] == b"\0"


def is_deep_png(png: bytes) -> bool:
    """Tell whether a PNG has 16 bits a sample."""
    return png.startswith(SIGNATURE) and png[12:16] == b"IHDR" and png[24] == 16 and png[25] in _CHANNELS


def read_png(png: bytes) -> tuple[np.ndarray, np.ndarray | None]:
    """Read a 16-bit PNG whose size was checked: gray (H, W) or rgb (H, W, 3), and alpha or None, uint16.

    PNG filters work byte by byte at a distance of one pixel (specification, 9.2), so the high bytes and the
    low bytes are each an 8-bit picture with the same filters. Raises whatever a damaged file raises.
    """
    width, height, _, color_type, _, _, interlaced = struct.unpack_from(">IIBBBBB", png, 16)
    channels = _CHANNELS[color_type]
    colors = 3 if channels > 2 else 1
    color = np.empty((height, width, colors), np.uint16)
    key = next((np.frombuffer(body, ">u2", channels) for kind, body in chunks(png) if kind == b"tRNS"), None)
    has_alpha = channels in (2, 4)
    alpha = np.empty((height, width), np.uint16) if has_alpha or key is not None else None
    stream = _Stream(body for kind, body in chunks(png) if kind == b"IDAT")
    for left, first, across, down in _ADAM7 if interlaced else ((0, 0, 1, 1),):
        rows, columns = -(-(height - first) // down), -(-(width - left) // across)
        if rows <= 0 or columns <= 0:
            continue
        line, above = 1 + 2 * channels * columns, [None, None]
        band = max(1, _BAND // line)
        for top in range(0, rows, band):
            count = min(band, rows - top)
            lines = np.frombuffer(stream.read(count * line), np.uint8).reshape(count, line)
            samples = np.zeros((count, columns, channels), np.uint16)
            for half in (0, 1):
                filtered = np.concatenate([lines[:, :1], lines[:, 1 + half :: 2]], axis=1)
                found = _unfiltered(filtered, above[half], color_type, columns)
                above[half] = found[-1]
                samples |= found.reshape(samples.shape).astype(np.uint16) << (8 - 8 * half)
            place = (
                slice(first + top * down, first + (top + count - 1) * down + 1, down),
                slice(left, None, across),
            )
            color[place] = samples[..., :colors]
            if alpha is not None and has_alpha:
                alpha[place] = samples[..., -1]
            elif alpha is not None:
                alpha[place] = np.where((samples == key).all(axis=2), 0, 65535)
    return color if colors == 3 else color[..., 0], alpha


class _Stream:
    """The unpacked bytes of a PNG's data, as many at a time as are asked for."""

    def __init__(self, bodies: Iterator[memoryview]) -> None:
        self._pieces = (body[at : at + _PIECE] for body in bodies for at in range(0, len(body), _PIECE))
        self._inflate = zlib.decompressobj()

    def read(self, wanted: int) -> bytes:
        """Return so many bytes. Raises OSError when there are fewer, zlib.error when they are damaged."""
        plain = bytearray()
        while len(plain) < wanted:
            packed = self._inflate.unconsumed_tail or next(self._pieces, b"")
            found = self._inflate.decompress(packed, wanted - len(plain))
            if not packed and not found:
                raise OSError("the picture data break off")
            plain += found
        return bytes(plain)


def _unfiltered(lines: np.ndarray, above: np.ndarray | None, color_type: int, columns: int) -> np.ndarray:
    """Undo the filters of 8-bit lines (rows, 1 + bytes) by Pillow; `above` is the plain row before."""
    if above is not None:
        plain = np.concatenate([np.zeros(1, np.uint8), above.ravel()])
        lines = np.concatenate([plain[None], lines])
    head = struct.pack(">IIBBBBB", columns, len(lines), 8, color_type, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(lines.tobytes(), 0))
    file = io.BytesIO(SIGNATURE + chunk(b"IHDR", head) + data + chunk(b"IEND", b""))
    with Image.open(file, formats=("PNG",)) as image:
        samples = np.asarray(image)
    return samples if above is None else samples[1:]


def write_png(rgb: np.ndarray, alpha: np.ndarray | None, extra: bytes) -> bytes:
    """Write 16-bit rgb (H, W, 3) and alpha (H, W) or None as a PNG; `extra` holds framed chunks for its head.

    Every row is filtered by Paeth's predictor, which suits photos; zlib level 1, for the sake of time.
    """
    height, width = rgb.shape[:2]
    step = 6 if alpha is None else 8
    above = np.zeros(step * (width + 1), np.int16)
    deflate, packed = zlib.compressobj(1), []
    band = max(1, _BAND // (step * width))
    for top in range(0, height, band):
        samples = rgb[top : top + band]
        if alpha is not None:
            samples = np.dstack([samples, alpha[top : top + band]])
        rows = samples.astype(">u2").view(np.uint8).reshape(-1, step * width)
        padded = np.zeros((rows.shape[0] + 1, step * (width + 1)), np.int16)  # a pixel of 0 on the left
        padded[0], padded[1:, step:] = above, rows
        above = padded[-1]
        left, up, corner = padded[1:, :-step], padded[:-1, step:], padded[:-1, :-step]
        # Paeth's guess is left + up - corner; the nearest neighbor wins, ties go left, up, corner.
        to_left, to_up = np.abs(up - corner), np.abs(left - corner)
        to_corner = np.abs(left + up - 2 * corner)
        guess = np.where(
            (to_left <= to_up) & (to_left <= to_corner), left, np.where(to_up <= to_corner, up, corner)
        )
        lines = np.full((rows.shape[0], step * width + 1), 4, np.uint8)
        lines[:, 1:] = rows - guess.astype(np.uint8)
        packed.append(deflate.compress(lines.tobytes()))
    packed.append(deflate.flush())
    head = struct.pack(">IIBBBBB", width, height, 16, 2 if alpha is None else 6, 0, 0, 0)
    return b"".join(
        [SIGNATURE, chunk(b"IHDR", head), extra, chunk(b"IDAT", b"".join(packed)), chunk(b"IEND", b"")]
    )
