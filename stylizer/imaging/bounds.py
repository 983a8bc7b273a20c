"""What a picture file may ask of us; each bound is checked before anything of that size is made."""

from __future__ import annotations

from stylizer.errors import PictureError, Sentence

MIN_SIDE, MAX_SIDE, MAX_PIXELS = 16, 16384, 40_000_000
MAX_BYTES = 400 << 20
"""Of a file: 40 megapixels of uncompressed 16-bit RGBA are 320 MB."""
MAX_UNPACKED = 8 * MAX_PIXELS
"""Bytes of samples before they are brought to 8 or 16 bits: 40 megapixels of 16-bit RGBA."""
MAX_PROFILE = 4 << 20
"""Bytes of a color profile: those of cameras have 3 kB, of printing presses up to 2.7 MB."""
MAX_PARTS = 200_000
"""Segments, chunks or blocks of a file that are walked over one by one: 0.2 s. A GIF of 51 MB has as many."""
MAX_SCANS = 100
"""Of a progressive JPEG: each goes over the whole picture, and programs write 10 or so."""
MAX_RUNS = 4_000_000
"""Pixels of a BMP packed in runs, which Pillow unpacks one by one in Python: 0.5 s."""


def check_size(width: int, height: int) -> None:
    """Raise PictureError unless a picture of width x height pixels is one that we paint."""
    size = Sentence("That picture is {width} x {height} pixels", width=width, height=height)
    if min(width, height) < MIN_SIDE:
        raise PictureError(
            "{size}; each side needs at least {least}, so choose a larger one.", size=size, least=MIN_SIDE
        )
    if max(width, height) > MAX_SIDE:
        raise PictureError(
            "{size}; a side may have at most {most}, so make it smaller and try again.",
            size=size,
            most=MAX_SIDE,
        )
    if width * height > MAX_PIXELS:
        raise PictureError(
            "{size}, {megapixels:.0f} megapixels; at most {most} are accepted, so make it smaller and try "
            "again.",
            size=size,
            megapixels=width * height / 1e6,
            most=MAX_PIXELS // 10**6,
        )
