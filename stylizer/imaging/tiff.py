"""TIFF: its head is read here, within bounds; sixteen bits and floats, which Pillow folds into eight, whole.

Raw and deflated samples are taken as they are. For LZW, PackBits and Zstandard Pillow does the decoding: the
same strips or tiles are repacked as an 8-bit gray picture of that many bytes.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from stylizer.errors import PictureError, Sentence
from stylizer.imaging.bounds import MAX_PROFILE, MAX_SIDE, MAX_UNPACKED, check_size
from stylizer.imaging.tags import Tags

_RAW, _LZW, _DEFLATE, _OLD_DEFLATE, _PACK_BITS, _ZSTANDARD = 1, 5, 8, 32946, 32773, 50000
_DEEP = (_RAW, _LZW, _DEFLATE, _OLD_DEFLATE, _PACK_BITS, _ZSTANDARD)
# What Pillow's build of libtiff unpacks besides: fax, JPEG, LZMA, WebP.
_PILLOW = (*_DEEP, 2, 3, 4, 6, 7, 34925, 50001)
_MOST_BLOCKS = 4 * MAX_SIDE  # strips of one row, in four planes
_MOST_TILE = 64 << 20  # bytes of samples of a tile, which is unpacked whole; programs make them 256 wide
_BAND = 16 << 20  # bytes of samples unpacked at a time, or one strip
_INKS = 5  # photometric interpretation of CMYK
_PIXELS = frozenset((254, *range(256, 267), 273, 274, *range(277, 285), 292, 293, 301, *range(317, 326)))
_PIXELS |= {332, 336, 338, 339, 340, 341, 342, 347, *range(512, 522), *range(529, 533), 34675}
# Tags that pixels depend on: how they are laid out and packed, and what their numbers mean.


@dataclass(frozen=True)
class TiffHead:
    """How a TIFF lays out its samples."""

    width: int
    height: int
    samples: int
    kind: str
    """u, i or f: whole, signed or floating."""
    bits: int
    """Of the widest sample."""
    photometric: int
    planes: int
    """1 when the samples of a pixel lie together, else as many as there are samples."""
    alpha: str
    """none, straight, or premultiplied."""
    compression: int
    predictor: int
    block_width: int
    block_height: int
    tiled: bool
    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    byte_order: str
    profile: bytes | None
    orientation: int
    is_deep: bool
    """Whether `read_tiff` reads it; Pillow reads the others."""

    @property
    def dtype(self) -> np.dtype:
        """The type of a sample as it is stored."""
        return np.dtype(f"{self.byte_order}{self.kind}{self.bits // 8}")

    @property
    def inverted(self) -> bool:
        """Whether 0 is white."""
        return self.photometric == 0


def is_tiff(data: bytes) -> bool:
    """Tell whether a file begins as a TIFF or a BigTIFF."""
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_head(data: bytes) -> TiffHead:
    """Read the head of a TIFF's first picture and check its size.

    Raises PictureError for a size or a layout that is not read here, and whatever a damaged file raises.
    """
    tags = Tags(data)
    # The first picture of a raw photo is a small preview of it.
    if data[8:10] == b"CR" or 50706 in tags or (330 in tags and tags.number(254, 0) & 1):
        raise PictureError(
            "That file is a raw photo of a camera; develop it, save it as JPEG, PNG or TIFF and try again."
        )
    width, height = tags.number(256), tags.number(257)
    check_size(width, height)
    samples, compression = tags.number(277, 1), tags.number(259, 1)
    predictor = 1 if compression == _RAW else tags.number(317, 1)
    bits, formats = tags.numbers(258, (1,), 64), tags.numbers(339, (1,), 64)
    photometric, planar = tags.number(262, 1), tags.number(284, 1)
    kind = {1: "u", 2: "i", 3: "f", 4: "u"}.get(formats[0], "?")
    colors = {0: 1, 1: 1, 2: 3}.get(photometric, 99)
    deep = (
        len(set(bits)) == len(set(formats)) == 1
        and (kind, bits[0]) in {("u", 16), ("u", 32), ("f", 16), ("f", 32), ("f", 64)}
        and compression in _DEEP
        and predictor in ((1, 2) if kind == "u" else (1, 3))
        and colors <= samples <= colors + 4
        and tags.number(266, 1) == 1
        and planar in (1, 2)
    )
    # Deeper than 8 bits Pillow reads gray, and inks that lie together; what else it takes it guesses.
    guessed = max(bits) > 8 and not (planar == 1 and (samples == 1 or photometric == _INKS))
    guessed |= planar == 2 and photometric == 0
    if not deep and (guessed or compression not in _PILLOW):
        raise strange(samples, max(bits), kind)
    tiled = 324 in tags
    block_width = tags.number(322) if tiled else width
    block_height = tags.number(323) if tiled else min(tags.number(278, height) or height, height)
    if not (0 < block_width <= MAX_SIDE and 0 < block_height <= MAX_SIDE):
        raise OSError(f"blocks of {block_width} x {block_height} pixels")
    if tiled and block_width * block_height * samples * max(bits) > 8 * _MOST_TILE:  # it may be mostly empty
        raise OSError(f"tiles of {block_width} x {block_height} pixels")
    planes = samples if planar == 2 else 1
    blocks = -(-width // block_width) * -(-height // block_height) * planes
    if blocks > _MOST_BLOCKS:
        raise OSError(f"{blocks} blocks")
    offsets = tags.numbers(324 if tiled else 273, None if deep else (0,), blocks)
    extra = tags.numbers(338, (2,) if samples > colors else (0,), 64)
    profile = tags.bytes(34675)
    return TiffHead(
        width=width,
        height=height,
        samples=samples,
        kind=kind,
        bits=max(bits),
        photometric=photometric,
        planes=planes,
        alpha={1: "premultiplied", 2: "straight"}.get(extra[0], "none"),
        compression=compression,
        predictor=predictor,
        block_width=block_width,
        block_height=block_height,
        tiled=tiled,
        offsets=offsets,
        counts=tags.numbers(325 if tiled else 279, (0,) * blocks, blocks),
        byte_order="<" if data[:1] == b"I" else ">",
        profile=profile if profile is None or len(profile) <= MAX_PROFILE else b"too long",
        orientation=tags.number(274, 1),
        is_deep=deep,
    )


def for_pillow(data: bytes, head: TiffHead) -> bytes:
    """Leave out of a TIFF that Pillow reads what no pixel depends on.

    Raises PictureError unless Pillow knows the layout; libtiff bounds the scans of JPEG by itself.
    """
    data = Tags(data).keep_only(_PIXELS)
    try:
        with Image.open(io.BytesIO(data), formats=("TIFF",)):
            return data
    except UnidentifiedImageError as error:
        raise strange(head.samples, head.bits, head.kind) from error


def strange(samples: int, bits: int, kind: str = "u") -> PictureError:
    """Say in words that a TIFF is sound for all we know, and not read here."""
    number = {"i": Sentence("signed "), "f": Sentence("floating ")}.get(kind, "")
    return PictureError(
        "That TIFF has a layout that is not read here ({samples} samples of {number}{bits} bits a pixel); "
        "save it in RGB with 8 or 16 bits and try again.",
        samples=samples,
        number=number,
        bits=bits,
    )


def read_tiff(data: bytes, head: TiffHead) -> tuple[np.ndarray, np.ndarray | None]:
    """Read a deep TIFF whose size was checked: gray (H, W) or rgb (H, W, 3), and alpha or None, uint16.

    Raises PictureError when values are not numbers or unpack to too much, and whatever a
    damaged file raises.
    """
    unpacked = head.width * head.height * head.samples * head.dtype.itemsize
    if unpacked > MAX_UNPACKED:
        raise PictureError(
            "That picture unpacks to {size} MB, more than is accepted; save it with 8 or 16 bits and try "
            "again.",
            size=unpacked >> 20,
        )
    if sum(head.counts) > len(data):
        raise OSError("the strips overlap or break off")
    colors = 1 if head.photometric in (0, 1) else 3
    wanted = colors + (head.alpha != "none" and head.samples > colors)
    result = np.empty((head.height, head.width, wanted), np.uint16)
    ranges = [(0.0, 0.0)] * wanted
    if head.kind == "f":  # floats are scaled by the range that they use, so they are gone through twice
        ranges[:colors] = [_range(data, head, range(colors))] * colors
        ranges[colors:] = [_range(data, head, range(place, place + 1)) for place in range(colors, wanted)]
    for plane in range(min(head.planes, wanted)):
        for top, values in _bands(data, head, plane):
            for place in range(wanted) if head.planes == 1 else [plane]:
                sample = values[..., place if head.planes == 1 else 0]
                result[top : top + len(values), :, place] = _sixteen_bits(sample, head, *ranges[place])
    color, alpha = result[..., :colors], result[..., colors] if wanted > colors else None
    if head.inverted:
        color = 65535 - color
    if head.alpha == "premultiplied" and alpha is not None:
        full = color.astype(np.float32) * 65535 / np.maximum(alpha, 1)[..., None]
        color = np.minimum(full, 65535).round().astype(np.uint16)
    return color[..., 0] if colors == 1 else color, alpha


def _sixteen_bits(values: np.ndarray, head: TiffHead, low: float, top: float) -> np.ndarray:
    """Bring samples of any type to uint16."""
    if head.kind == "f":
        return np.rint((values.astype(np.float64) - low) * (65535 / top)).astype(np.uint16)
    return (values >> 16 if head.bits == 32 else values).astype(np.uint16)


def _range(data: bytes, head: TiffHead, places: range) -> tuple[float, float]:
    """Find between which values these samples lie, as `float_range` returns it."""
    low, high = np.inf, -np.inf
    for plane in places if head.planes > 1 else [0]:
        for _, values in _bands(data, head, plane):
            part = values if head.planes > 1 else values[..., places.start : places.stop]
            low, high = np.minimum(low, part.min()), np.maximum(high, part.max())  # both keep NaN
    return float_range(float(low), float(high))


def float_range(low: float, high: float) -> tuple[float, float]:
    """Say what floats from `low` to `high` are scaled from: black, and the distance from there to white.

    Raises PictureError when they are not numbers.
    """
    if not np.isfinite([low, high]).all():
        raise PictureError(
            "That picture holds values that are not numbers; save it with 8 or 16 bits and try again."
        )
    low = min(low, 0.0)
    high -= low
    # Up to 16 it is light with highlights above white; nothing that is stored as 0 to 255 stays so dark.
    steps = ((1, 1.0), (16, high), (255, 255.0), (65535, 65535.0))
    return low, next((top for most, top in steps if high <= most), high)


def scale_floats(values: np.ndarray) -> np.ndarray:
    """Scale floats to uint16 by the range that they use: 0 to 1, 255 or 65535, or their own.

    Raises PictureError when values are not numbers.
    """
    low, top = float_range(float(values.min()), float(values.max()))
    return np.rint((values.astype(np.float64) - low) * (65535 / top)).astype(np.uint16)


def _bands(data: bytes, head: TiffHead, plane: int) -> Iterator[tuple[int, np.ndarray]]:
    """Unpack one plane a few rows at a time: the first row, and samples (rows, W, samples of the plane)."""
    across, down = -(-head.width // head.block_width), -(-head.height // head.block_height)
    samples = head.samples if head.planes == 1 else 1
    line = head.block_width * samples * head.dtype.itemsize
    together = 1 if head.tiled else max(1, _BAND // (line * head.block_height))
    for first in range(0, down, together):
        top = first * head.block_height
        rows = min(together * head.block_height, head.height - top)
        if head.tiled:
            places = range((plane * down + first) * across, (plane * down + first + 1) * across)
            blocks = [_unpack(data, head, [place], line, head.block_height) for place in places]
            raw = np.stack(blocks, axis=1)[:rows]
        else:
            places = range(plane * down + first, plane * down + min(first + together, down))
            raw = _unpack(data, head, list(places), line, rows)[:, None]
        values = _undifferenced(raw, head, samples)
        yield top, values.reshape(rows, -1, samples)[:, : head.width]


def _unpack(data: bytes, head: TiffHead, places: list[int], line: int, rows: int) -> np.ndarray:
    """Unpack a tile, or strips that follow each other, into bytes (rows, line)."""
    if head.compression not in (_RAW, _DEFLATE, _OLD_DEFLATE):
        with _Samples(io.BytesIO(_repacked(data, head, places, line, rows))) as image:
            return np.asarray(image)
    parts, left = [], rows
    for place in places:
        size = line * min(head.block_height, left)
        left -= head.block_height
        if head.compression == _RAW:
            parts.append(data[head.offsets[place] : head.offsets[place] + size])
        else:
            packed = data[head.offsets[place] : head.offsets[place] + head.counts[place]]
            parts.append(zlib.decompressobj().decompress(packed, size))
        if len(parts[-1]) != size:
            raise OSError("a strip breaks off")
    return np.frombuffer(b"".join(parts), np.uint8).reshape(rows, line)


class _Samples(TiffImageFile):
    """A repacked TIFF: Pillow's limit of pixels would count its bytes, and its size was checked already."""

    def load_prepare(self) -> None:
        self.im = Image.core.new(self.mode, self.size)  # type: ignore[attr-defined]  # private to Pillow
        super().load_prepare()


def _repacked(data: bytes, head: TiffHead, places: list[int], line: int, rows: int) -> bytes:
    """Write strips or a tile as they are under the head of an 8-bit gray TIFF of `line` bytes a row."""
    strips = [data[head.offsets[place] : head.offsets[place] + head.counts[place]] for place in places]
    entries = [
        (256, [line]),
        (257, [rows]),
        (258, [8]),
        (259, [head.compression]),
        (262, [1]),
        (277, [1]),
        (278, [min(head.block_height, rows)]),
    ]
    body = 8 + 2 + 12 * (len(entries) + 2) + 4
    lists = 4 * len(strips) if len(strips) > 1 else 0
    at, starts = body + 2 * lists, []
    for strip in strips:
        starts.append(at)
        at += len(strip)
    entries += [(273, starts), (279, [*map(len, strips)])]
    front = [struct.pack("<2sHIH", b"II", 42, 8, len(entries))]
    tail: list[bytes] = []
    for tag, values in sorted(entries):
        if len(values) == 1:
            front.append(struct.pack("<HHII", tag, 4, 1, values[0]))
        else:
            front.append(struct.pack("<HHII", tag, 4, len(values), body + sum(len(part) for part in tail)))
            tail.append(struct.pack(f"<{len(values)}I", *values))
    return b"".join([*front, struct.pack("<I", 0), *tail, *strips])


def _undifferenced(raw: np.ndarray, head: TiffHead, samples: int) -> np.ndarray:
    """Undo the predictor of bytes (rows, blocks, line): values (rows, blocks, pixels, samples)."""
    shape = (*raw.shape[:2], -1, samples)
    if head.predictor == 3:  # Adobe's TIFF technical note 3: byte planes, high first, differenced
        raw = _running_sum(raw.reshape(shape)).reshape(raw.shape)
        planes = raw.reshape(*raw.shape[:2], head.dtype.itemsize, -1).swapaxes(2, 3)
        return np.ascontiguousarray(planes).view(head.dtype.newbyteorder(">")).reshape(shape)
    values = np.ascontiguousarray(raw).view(head.dtype).reshape(shape)
    if head.predictor == 2:
        return _running_sum(values.astype(head.dtype.newbyteorder("=")))
    return values


def _running_sum(values: np.ndarray) -> np.ndarray:
    """Undo horizontal differences along axis 2, modulo the type."""
    return np.cumsum(values, axis=2, dtype=values.dtype)
