"""Sixteen bits and floats, which Pillow folds into eight: read and write them whole.

Pillow still does the decoding: the bytes of a deep picture are repacked as a picture of twice or more as many
8-bit samples, which it reads at full speed, and are put together again here.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from stylizer.errors import PictureError
from stylizer.imaging.text_chunk import SIGNATURE, chunk, chunks

_PNG_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # by color type
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_TIFF_REPACKED = (1, 5, 8, 32773, 32946, 50000)  # none, LZW, deflate (twice), PackBits, Zstandard
_MOST_BYTES = 480_000_000  # of unpacked samples: 40 megapixels of float RGB
_ROWS = 256  # rows filtered at a time, so that writing needs little memory


def is_deep_png(png: bytes) -> bool:
    """Tell whether a PNG has 16 bits a sample."""
    return png.startswith(SIGNATURE) and png[12:16] == b"IHDR" and png[24] == 16 and png[25] in _PNG_CHANNELS


def read_png(png: bytes) -> tuple[np.ndarray, np.ndarray | None]:
    """Read a 16-bit PNG whose size was checked: gray (H, W) or rgb (H, W, 3), and alpha or None, uint16.

    PNG filters work byte by byte at a distance of one pixel (specification, 9.2), so the high bytes and the
    low bytes are each an 8-bit picture with the same filters. Raises whatever a damaged file raises.
    """
    width, height, _, color, _, _, interlaced = struct.unpack_from(">IIBBBBB", png, 16)
    channels = _PNG_CHANNELS[color]
    passes = [(height, width)]
    if interlaced:
        passes = [(-(-(height - y) // dy), -(-(width - x) // dx)) for x, y, dx, dy in _ADAM7]
        passes = [(rows, columns) for rows, columns in passes if rows > 0 and columns > 0]
    inflate, whole = zlib.decompressobj(), sum(h * (1 + 2 * channels * w) for h, w in passes)
    key, packed = None, []
    for kind, body in chunks(png):
        if kind == b"IDAT":
            packed.append(body)
        elif kind == b"tRNS" and color in (0, 2):
            key = np.frombuffer(body, ">u2", channels)
    raw = np.frombuffer(inflate.decompress(b"".join(packed), whole), np.uint8)
    if raw.size != whole:
        raise OSError("the picture data break off")
    halves = ([], [])
    for rows, columns in passes:
        lines, raw = np.split(raw, [rows * (1 + 2 * channels * columns)])
        lines = lines.reshape(rows, -1)
        for half, part in zip(halves, (lines[:, 1::2], lines[:, 2::2]), strict=True):
            half.append(np.concatenate([lines[:, :1], part], axis=1).tobytes())
    head = struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, interlaced)
    high, low = (_read_eight_bits(head, b"".join(half)) for half in halves)
    samples = (high.astype(np.uint16) << 8 | low).reshape(height, width, channels)
    color_samples = samples[..., 0] if channels < 3 else samples[..., :3]
    if channels in (2, 4):
        return color_samples, samples[..., -1]
    if key is None:
        return color_samples, None
    hidden = (samples == key).all(axis=2)
    return color_samples, np.where(hidden, 0, 65535).astype(np.uint16)


def _read_eight_bits(head: bytes, filtered: bytes) -> np.ndarray:
    png = SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(filtered, 0)) + chunk(b"IEND", b"")
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        return np.asarray(image)


def write_png(rgb: np.ndarray, alpha: np.ndarray | None, extra: bytes) -> bytes:
    """Write 16-bit rgb (H, W, 3) and alpha (H, W) or None as a PNG; `extra` holds framed chunks for its head.

    Every row is filtered by Paeth's predictor, which suits photos; zlib level 1, for the sake of time.
    """
    height, width = rgb.shape[:2]
    samples = rgb if alpha is None else np.dstack([rgb, alpha])
    step = 2 * samples.shape[2]
    above = np.zeros(step * (width + 1), np.int16)
    deflate, packed = zlib.compressobj(1), []
    for top in range(0, height, _ROWS):
        rows = samples[top : top + _ROWS].astype(">u2").view(np.uint8).reshape(-1, step * width)
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


@dataclass(frozen=True)
class TiffLayout:
    """How a deep TIFF lays out its samples."""

    width: int
    height: int
    samples: int
    dtype: np.dtype
    alpha: str
    """none, straight, or premultiplied."""
    inverted: bool
    compression: int
    predictor: int
    block_width: int
    block_height: int
    tiled: bool
    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    profile: bytes | None
    orientation: int


def tiff_layout(data: bytes) -> TiffLayout | None:
    """Read the head of a TIFF with 16 or more bits a sample; None for other files and layouts."""
    if data[:4] not in (b"II*\0", b"MM\0*", b"II+\0"):  # Pillow 12 does not know big-endian BigTIFF
        return None
    file = io.BytesIO(data)
    tags = ImageFileDirectory_v2(file.read(16 if data[2:3] == b"+" else 8))
    file.seek(tags.next)
    tags.load(file)
    samples, bits = tags.get(277, 1), set(tags.get(258, (1,)))
    photometric, planar, compression = tags.get(262), tags.get(284, 1), tags.get(259, 1)
    kind = {1: "u", 2: "i", 3: "f"}.get(tags.get(339, (1,))[0])
    deep = len(bits) == 1 and (kind, *bits) in {("u", 16), ("u", 32), ("f", 16), ("f", 32), ("f", 64)}
    colors = {0: 1, 1: 1, 2: 3}.get(photometric, 99)
    if not deep or planar != 1 or compression not in _TIFF_REPACKED or not colors <= samples <= colors + 4:
        return None
    if tags.get(266, 1) != 1 or tags.get(317, 1) not in ((1, 2) if kind == "u" else (1, 3)):
        return None
    extra = tags.get(338, (2,) if samples > colors else ())
    tiled = 324 in tags
    width, height = int(tags[256]), int(tags[257])
    profile = tags.get(34675)
    return TiffLayout(
        width=width,
        height=height,
        samples=samples,
        dtype=np.dtype(f"{'<' if data[:1] == b'I' else '>'}{kind}{bits.pop() // 8}"),
        alpha={1: "premultiplied", 2: "straight"}.get(extra[0] if extra else 0, "none"),
        inverted=photometric == 0,
        compression=compression,
        predictor=tags.get(317, 1),
        block_width=tags[322] if tiled else width,
        block_height=tags[323] if tiled else min(tags.get(278, height), height),
        tiled=tiled,
        offsets=tuple(tags[324 if tiled else 273]),
        counts=tuple(tags[325 if tiled else 279]),
        profile=profile if isinstance(profile, bytes) else None,
        orientation=int(tags.get(274, 1)),
    )


def read_tiff(data: bytes, layout: TiffLayout) -> tuple[np.ndarray, np.ndarray | None]:
    """Read a deep TIFF whose size was checked: gray (H, W) or rgb (H, W, 3), and alpha or None, uint16.

    Raises PictureError when values are not numbers or unpack to too much, and whatever a
    damaged file raises.
    """
    across = -(-layout.width // layout.block_width)
    pixel = layout.samples * layout.dtype.itemsize
    row = across * layout.block_width * pixel
    if row * layout.height > _MOST_BYTES:
        raise PictureError(
            f"That picture unpacks to {row * layout.height >> 20} MB, more than is accepted; "
            "save it with 8 or 16 bits and try again."
        )
    if sum(layout.counts) > len(data):
        raise OSError("the strips overlap or break off")
    with _Samples(io.BytesIO(_repack(data, layout, row))) as image:
        raw = np.array(image).reshape(layout.height, across, layout.block_width * pixel)
    if layout.predictor == 3:  # Adobe's TIFF technical note 3: byte planes, high first, differenced
        raw = _running_sum(raw.reshape(layout.height, across, -1, layout.samples)).reshape(raw.shape)
        planes = raw.reshape(layout.height, across, layout.dtype.itemsize, -1).swapaxes(2, 3)
        values = np.ascontiguousarray(planes).view(layout.dtype.newbyteorder(">"))
    else:
        values = raw.view(layout.dtype)
    values = values.reshape(layout.height, across, layout.block_width, layout.samples)
    if layout.predictor == 2:
        values = _running_sum(values.astype(layout.dtype.newbyteorder("=")))
    values = values.reshape(layout.height, -1, layout.samples)[:, : layout.width]
    return _to_sixteen_bits(values, layout)


class _Samples(TiffImageFile):
    """A repacked TIFF: Pillow's limit of pixels would count its bytes, and its size was checked already."""

    def load_prepare(self) -> None:
        self.im = Image.core.new(self.mode, self.size)
        super().load_prepare()


def _running_sum(values: np.ndarray) -> np.ndarray:
    """Undo horizontal differences along axis 2, modulo the type."""
    return np.cumsum(values, axis=2, dtype=values.dtype)


def _repack(data: bytes, layout: TiffLayout, row: int) -> bytes:
    """Write the same strips or tiles under the head of an 8-bit gray TIFF of `row` bytes a row."""
    strips = [data[at : at + count] for at, count in zip(layout.offsets, layout.counts, strict=True)]
    entries = [
        (256, [row]),
        (257, [layout.height]),
        (258, [8]),
        (259, [layout.compression]),
        (262, [1]),
        (277, [1]),
    ]
    if layout.tiled:
        across = -(-layout.width // layout.block_width)
        entries += [(322, [row // across]), (323, [layout.block_height])]
    else:
        entries += [(278, [layout.block_height])]
    body = 8 + 2 + 12 * (len(entries) + 2) + 4
    lists = 4 * len(strips) if len(strips) > 1 else 0
    at, places = body + 2 * lists, []
    for strip in strips:
        places.append(at)
        at += len(strip)
    for tag, values in (
        (324 if layout.tiled else 273, places),
        (325 if layout.tiled else 279, [*map(len, strips)]),
    ):
        entries.append((tag, values))
    head, tail = [struct.pack("<2sHIH", b"II", 42, 8, len(entries))], []
    for tag, values in sorted(entries):
        if len(values) == 1:
            head.append(struct.pack("<HHII", tag, 4, 1, values[0]))
        else:
            head.append(struct.pack("<HHII", tag, 4, len(values), body + sum(map(len, tail))))
            tail.append(struct.pack(f"<{len(values)}I", *values))
    return b"".join([*head, struct.pack("<I", 0), *tail, *strips])


def _to_sixteen_bits(values: np.ndarray, layout: TiffLayout) -> tuple[np.ndarray, np.ndarray | None]:
    """Bring samples of any type to uint16, straight alpha, gray or rgb."""
    colors = 3 if layout.samples >= 3 and not layout.inverted else 1
    color, alpha = values[..., :colors], None
    if layout.alpha != "none" and layout.samples > colors:
        alpha = values[..., colors]
    if layout.dtype.kind == "f":
        color, alpha = scale_floats(color), None if alpha is None else scale_floats(alpha)
    elif layout.dtype.itemsize == 4:
        color, alpha = (None if part is None else (part >> 16).astype(np.uint16) for part in (color, alpha))
    else:
        color, alpha = (None if part is None else part.astype(np.uint16) for part in (color, alpha))
    if layout.inverted:
        color = 65535 - color
    if layout.alpha == "premultiplied" and alpha is not None:
        full = color.astype(np.float32) * 65535 / np.maximum(alpha, 1)[..., None]
        color = np.minimum(full, 65535).round().astype(np.uint16)
    return color[..., 0] if colors == 1 else color, alpha


def scale_floats(values: np.ndarray) -> np.ndarray:
    """Scale floats to uint16 by the range that they use: 0 to 1, 255 or 65535, or their own.

    Raises PictureError when values are not numbers.
    """
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise PictureError(
            "That picture holds values that are not numbers; save it with 8 or 16 bits and try again."
        )
    low = min(low, 0.0)
    high -= low
    # Up to 16 it is light with highlights above white; nothing that is stored as 0 to 255 stays so dark.
    top = (
        1.0
        if high <= 1
        else high
        if high <= 16
        else 255.0
        if high <= 255
        else 65535.0
        if high <= 65535
        else high
    )
    return np.rint((values.astype(np.float64) - low) * (65535 / top)).astype(np.uint16)
