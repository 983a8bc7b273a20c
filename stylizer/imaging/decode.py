"""Bytes of a picture file to sRGB samples; the only place that knows Pillow's modes."""

from __future__ import annotations

import html
import io
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError, _imaging

from stylizer.errors import PictureError, Sentence
from stylizer.imaging import containers, heif, jpeg_end, png, profiles, text_chunk, tiff
from stylizer.imaging.bounds import MAX_PIXELS, MAX_PROFILE, check_size
from stylizer.imaging.tags import exif_orientation

# Pillow takes memory in blocks of 16 MB, which the C library keeps for the thread that asked: six photos of
# 40 megapixels, read by as many threads, held 1.5 GB for ever. Blocks as large as a picture go back at once.
_imaging.set_block_size(1 << 28)

_STRIP = 256  # rows that are copied out of Pillow at a time

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "BMP", "TIFF", "GIF")
ACCEPTED = "JPEG, PNG, WebP, AVIF, HEIC, BMP, TIFF and GIF"

# Files that people do bring; naming what they brought helps them more than "not a picture".
_STRANGERS = (
    (rb"....ftyp(avi[fs]|heic|heix|heim|heis|mif1|msf1)", Sentence("a damaged picture")),
    (rb"....ftypcrx |II(U\0|RO|RS)|FUJIFILMCCD-RAW", Sentence("a raw photo of a camera")),
    (rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI", Sentence("a video")),
    (rb"8BPS", Sentence("a Photoshop document")),
    (rb"%PDF", Sentence("a PDF document")),
    (rb"%!PS|\xc5\xd0\xd3\xc6", Sentence("a PostScript drawing")),
    (
        rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg",
        Sentence("an SVG drawing"),
    ),
    (rb"(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body|script)", Sentence("a web page")),
    (rb"\x00\x00\x00\x0cjP  |\xffO\xffQ", Sentence("a JPEG 2000 picture")),
    (rb"\xff\x0a|\x00\x00\x00\x0cJXL ", Sentence("a JPEG XL picture")),
    (rb"PK\x03\x04", Sentence("a ZIP archive")),
    (rb"SIMPLE  =", Sentence("a FITS picture")),
    (rb"version https://git-lfs", Sentence("a pointer of Git LFS, and the picture itself was not fetched")),
    (rb"\xff\xd8\xff|\x89PNG|GIF8|BM|II[*+]\x00|MM\x00[*+]|RIFF....WEBP", Sentence("a damaged picture")),
)


def decode(data: bytes) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """Decode a picture file into rgb (H, W, 3), alpha (H, W) or None, and notes for the artist.

    Samples are uint8 or uint16, sRGB, upright. Raises PictureError.
    """
    notes: list[str] = []
    with _reading(data):
        if heif.is_heif(data):
            return _finish(*heif.read_heif(data, notes), 1, notes)
        if tiff.is_tiff(data):
            head = tiff.read_head(data)
            if head.is_deep:
                return _finish(*tiff.read_tiff(data, head), head.profile, head.orientation, notes)
            bare = _Bare(tiff.for_pillow(data, head))
        else:
            bare = _bare(data)
        with _opened(bare.data) as image:
            if bare.animated or (
                image.format in ("PNG", "WEBP", "AVIF") and getattr(image, "is_animated", False)
            ):
                notes.append(Sentence("That picture is animated; its first frame is painted."))
            if image.format == "PNG" and png.is_deep_png(bare.data):
                samples, alpha = png.read_png(bare.data)
            else:
                image.load()
                if bare.open_end is not None:
                    jpeg_end.check_whole(image, bare.open_end)
                samples, alpha = _samples(image, notes)
            profile = bare.profile or image.info.get("icc_profile")
            return _finish(samples, alpha, profile, _orientation(image, bare.exif), notes)


def read_recipe(data: bytes) -> str | None:
    """Read the recipe out of a PNG, JPEG or WebP file; None when it carries none. Raises PictureError."""
    with _reading(data):
        if data.startswith(text_chunk.SIGNATURE):
            return text_chunk.read_text(data, "recipe")
        if heif.is_heif(data) or tiff.is_tiff(data):
            return None
        with _opened(_bare(data).data) as image:
            packet = image.info.get("xmp") or b""
    # Searched for twice, not by one pattern: looking for its end from every beginning takes n * n steps.
    start = packet.find(b"<studio:recipe>", 0, text_chunk.MAX_TEXT)
    end = packet.find(b"</studio:recipe>", start, text_chunk.MAX_TEXT)
    if start < 0 or end < 0:
        return None
    return html.unescape(packet[start + len(b"<studio:recipe>") : end].decode("utf-8", "replace"))


def read_size(data: bytes) -> tuple[int, int]:
    """Read a picture's width and height from a file's head, before it is turned; raises PictureError."""
    with _reading(data):
        bare = tiff.for_pillow(data, tiff.read_head(data)) if tiff.is_tiff(data) else _bare(data).data
        with _opened(bare) as image:
            return image.size


@dataclass(frozen=True)
class _Bare:
    """A file without what no pixel depends on, and what was taken out of it."""

    data: bytes
    animated: bool = False
    profile: bytes | None = None
    exif: bytes | None = None
    open_end: bytes | None = None
    """A JPEG that came without an end marker; in `data` it has one."""


def _bare(data: bytes) -> _Bare:
    """Leave out of a file what no pixel depends on; raises PictureError for what would take too long."""
    if data.startswith(b"\xff\xd8\xff"):
        bare, exif, ended = containers.without_segments(data)
        if ended:
            return _Bare(bare, exif=exif)
        bare = jpeg_end.trimmed(bare)
        return _Bare(bare + jpeg_end.END, exif=exif, open_end=bare)
    if data.startswith(text_chunk.SIGNATURE):
        bare, profile = png.without_hangers(data)
        return _Bare(bare, profile=profile)
    if data.startswith(b"GIF8"):
        return _Bare(*containers.first_frame(data))
    if data.startswith(b"BM"):
        containers.check_runs(data)
    return _Bare(data)


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """Open a file by Pillow, its samples not yet unpacked, and check its size."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        check_size(*image.size)
        yield image


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
            "That picture has far more than {most} megapixels, the most that is accepted; make it smaller "
            "and try again.",
            most=MAX_PIXELS // 10**6,
        ) from error
    except MemoryError as error:
        raise PictureError("There is not enough memory to open that picture; make it smaller.") from error
    except UnidentifiedImageError as error:
        kinds = (
            kind for pattern, kind in _STRANGERS if re.match(pattern, data[:2000], re.DOTALL | re.IGNORECASE)
        )
        raise PictureError(
            "That file is {kind}; {accepted} are accepted, so save the photo as one of these and try again.",
            kind=next(kinds, Sentence("not a picture")),
            accepted=ACCEPTED,
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
        return tiff.scale_floats(np.asarray(image)), None
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
    samples = _copied(image)
    if image.mode == "LA":
        return samples[..., 0], samples[..., 1]
    if image.mode == "RGBA":
        return samples[..., :3], samples[..., 3]
    return samples, None


def _copied(image: Image.Image) -> npt.NDArray[np.uint8]:
    """Copy 8-bit samples out of Pillow strip by strip: all at once takes two copies more."""
    width, height = image.size
    channels = len(image.getbands())
    samples = np.empty((height, width) + ((channels,) if channels > 1 else ()), np.uint8)
    for top in range(0, height, _STRIP):
        bottom = min(top + _STRIP, height)
        samples[top:bottom] = np.asarray(image.crop((0, top, width, bottom)))
    return samples


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


def _orientation(image: Image.Image, exif: bytes | None) -> int:
    """Read how the camera was held: from EXIF, which may have been taken out of the file, or else from XMP.

    Pillow would take all that EXIF names (`tags.py`). TIFFs it has turned by itself.
    """
    if image.format == "TIFF":
        return 1
    info, found = image.info, None
    with suppress(OSError, ValueError, struct.error):  # damaged, it says nothing, and the pixels are sound
        text = info.get("Raw profile type exif", "")
        exif = exif or info.get("exif") or bytes.fromhex("".join(text.split("\n")[3:]))
        found = exif_orientation(exif)
    if found is None:
        packet = info.get("XML:com.adobe.xmp") or info.get("xmp") or ""
        text = packet if isinstance(packet, str) else packet.decode("latin-1")
        said = re.search(r'tiff:Orientation(?:="|>)([0-9])', text)
        found = int(said[1]) if said else 1
    return found


def _finish(
    samples: np.ndarray, alpha: np.ndarray | None, profile: bytes | None, orientation: int, notes: list[str]
) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """Bring gray or rgb samples to upright sRGB."""
    if profile is not None and len(profile) > MAX_PROFILE:
        profile = b"too long"
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
