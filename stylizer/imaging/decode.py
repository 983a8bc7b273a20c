"""Bytes of a picture file to sRGB samples; the only place that knows Pillow's modes."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from stylizer.errors import PictureError
from stylizer.imaging import deep, profiles, text_chunk

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "BMP", "TIFF", "GIF")
ACCEPTED = "JPEG, PNG, WebP, AVIF, BMP, TIFF and GIF"
MIN_SIDE, MAX_SIDE, MAX_PIXELS = 16, 16384, 40_000_000
MAX_BYTES = 400 << 20  # 40 megapixels of uncompressed 16-bit RGBA are 320 MB

# Files that people do bring; naming what they brought helps them more than "not a picture".
_STRANGERS = (
    (rb"....ftypavi[fs]", "a damaged picture"),
    (rb"....ftyp(heic|heix|heim|heis|mif1|msf1)", "a HEIC photo"),
    (rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI", "a video"),
    (rb"8BPS", "a Photoshop document"),
    (rb"%PDF", "a PDF document"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript drawing"),
    (rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg", "an SVG drawing"),
    (rb"\s*<(!doctype html|html|head|body|script)", "a web page"),
    (rb"\x00\x00\x00\x0cjP  |\xffO\xffQ", "a JPEG 2000 picture"),
    (rb"\xff\x0a|\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (rb"PK\x03\x04", "a ZIP archive"),
    (rb"SIMPLE  =", "a FITS picture"),
    (rb"\xff\xd8\xff|\x89PNG|GIF8|BM|II\*\x00|MM\x00\*|RIFF....WEBP", "a damaged picture"),
)


def decode(data: bytes) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """Decode a picture file into rgb (H, W, 3), alpha (H, W) or None, and notes for the artist.

    Samples are uint8 or uint16, sRGB, upright. Raises PictureError.
    """
    with _reading(data):
        tiff = deep.tiff_layout(data)
        if tiff is not None:
            check_size(tiff.width, tiff.height)
            rgb, alpha = deep.read_tiff(data, tiff)
            return _finish(rgb, alpha, tiff.profile, tiff.orientation, [])
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            check_size(*image.size)
            notes = []
            if getattr(image, "is_animated", False) and image.format in ("GIF", "PNG", "WEBP", "AVIF"):
                notes.append("That picture is animated; its first frame is painted.")
            if image.format == "PNG" and deep.is_deep_png(data):
                rgb, alpha = deep.read_png(data)
            else:
                image.load()
                rgb, alpha = _samples(image, notes)
            return _finish(rgb, alpha, image.info.get("icc_profile"), _orientation(image), notes)


def read_recipe(data: bytes) -> str | None:
    """Read the recipe out of a PNG, JPEG or WebP file; None when it carries none. Raises PictureError."""
    with _reading(data):
        if data.startswith(text_chunk.SIGNATURE):
            return text_chunk.read_text(data, "recipe")
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            packet = image.info.get("xmp") or b""
    found = re.search(rb"<studio:recipe>(.*?)</studio:recipe>", packet[: text_chunk.MAX_TEXT], re.DOTALL)
    return html.unescape(found[1].decode("utf-8", "replace")) if found else None


def check_size(width: int, height: int) -> None:
    """Raise PictureError unless a picture of width x height pixels is one that we paint."""
    size = f"That picture is {width} x {height} pixels"
    if min(width, height) < MIN_SIDE:
        raise PictureError(f"{size}; each side needs at least {MIN_SIDE}, so choose a larger one.")
    if max(width, height) > MAX_SIDE:
        raise PictureError(f"{size}; a side may have at most {MAX_SIDE}, so make it smaller and try again.")
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"{size}, {width * height / 1e6:.0f} megapixels; at most {MAX_PIXELS // 10**6} are accepted, "
            "so make it smaller and try again."
        )


@contextmanager
def _reading(data: bytes) -> Iterator[None]:
    """Turn whatever a decoder raises on a bad file into one sentence."""
    if not data:
        raise PictureError("That file is empty; choose the photo again.")
    try:
        yield
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise PictureError(
            f"That picture has far more than {MAX_PIXELS // 10**6} megapixels, the most that is accepted; "
            "make it smaller and try again."
        ) from error
    except MemoryError as error:
        raise PictureError("There is not enough memory to open that picture; make it smaller.") from error
    except UnidentifiedImageError as error:
        kinds = (
            kind for pattern, kind in _STRANGERS if re.match(pattern, data[:2000], re.DOTALL | re.IGNORECASE)
        )
        raise PictureError(
            f"That file is {next(kinds, 'not a picture')}; {ACCEPTED} are accepted, "
            "so save the photo as one of these and try again."
        ) from error
    except Exception as error:  # decoders raise nearly every kind on damaged files; the cause stays attached
        raise PictureError(
            "That picture is damaged or incomplete and cannot be opened; get it again or save it anew."
        ) from error


def _samples(image: Image.Image, notes: list[str]) -> tuple[np.ndarray, np.ndarray | None]:
    """Take a loaded Pillow picture of any mode apart: gray (H, W), rgb (H, W, 3) or inks, and alpha."""
    mode = image.mode
    if mode.startswith("I;16"):
        return _scale_whole(np.asarray(image).astype(np.int64), _bits(image)), None
    if mode == "I":
        return _scale_whole(np.asarray(image).astype(np.int64), 32), None
    if mode == "F":
        return deep.scale_floats(np.asarray(image)), None
    if mode == "CMYK":
        rgb, note = profiles.inks_to_srgb(image)
        notes.extend(note)
        image.info.pop("icc_profile", None)  # spent
        return rgb, None
    if mode == "LAB":
        return profiles.lab_to_srgb(image), None
    if "transparency" in image.info or mode in ("PA", "La", "RGBa"):
        image = image.convert("RGBA")
    elif mode in ("LA", "RGBA"):
        pass
    elif mode in ("1", "L"):
        image = image.convert("L")
    else:  # P, RGBX, YCbCr, HSV
        image = image.convert("RGB")
    samples = np.asarray(image)
    if image.mode == "LA":
        return samples[..., 0], samples[..., 1]
    if image.mode == "RGBA":
        return samples[..., :3], samples[..., 3]
    return samples, None


def _bits(image: Image.Image) -> int:
    """Read how many bits a sample of a 16-bit gray picture really uses."""
    tags = getattr(image, "tag_v2", {})
    return int(tags.get(258, (16,))[0]) if tags else 16


def _scale_whole(values: np.ndarray, bits: int) -> np.ndarray:
    """Scale whole numbers to uint16: of `bits` bits, or of the range that 32-bit values turn out to use."""
    low, high = int(values.min()), int(values.max())
    if low < 0:
        values, high = values - low, high - low
    top = (1 << bits) - 1 if bits < 32 else next((t for t in (255, 65535) if high <= t), high)
    return ((values * 65535 + top // 2) // max(top, 1)).astype(np.uint16)


def _orientation(image: Image.Image) -> int:
    """Read how the camera was held (EXIF 0x0112); Pillow turns TIFF itself and clears the tag."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged EXIF says nothing, and the pixels are sound
        return 1


def _finish(
    samples: np.ndarray, alpha: np.ndarray | None, profile: bytes | None, orientation: int, notes: list[str]
) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """Bring gray or rgb samples to upright sRGB."""
    rgb, note = profiles.to_srgb(samples, profile)
    alpha = None if alpha is None else _upright(alpha, orientation)
    return _upright(rgb, orientation), alpha, (*notes, *note)


def _upright(samples: np.ndarray, orientation: int) -> np.ndarray:
    """Undo a camera's turn: EXIF orientation 1 to 8, anything else counts as 1."""
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    return samples
