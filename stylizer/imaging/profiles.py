"""Color profiles: whatever a file says its numbers mean becomes sRGB, and what we write says so."""

from __future__ import annotations

import io
import struct
from functools import cache

import numpy as np
from PIL import Image, ImageCms

from stylizer.errors import Sentence

_DAMAGED = Sentence(
    "The color profile of that picture is damaged or of an unknown kind; its colors were read as sRGB."
)
_COARSE = Sentence("Its color profile could be followed in 8 bits only.")
# sRGB's primaries for the D50 white of profiles (IEC 61966-2-1, Bradford-adapted).
_SRGB_TO_XYZ = np.array(
    [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
)
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_MOST_TAGS = 200  # of a profile: real ones have 10 to 30
_ROWS = 512  # rows converted at a time: floats of a whole large picture would fill the memory


@cache
def srgb_profile() -> bytes:
    """Return an sRGB profile to write into files, the same bytes every time."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)  # its date; results must repeat to the byte
    return bytes(profile)


def to_srgb(samples: np.ndarray, profile: bytes | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Turn gray (H, W) or rgb (H, W, 3), uint8 or uint16, into sRGB (H, W, 3) of the same type, and notes.

    A profile that cannot be used is reported in a note and the samples are taken for sRGB.
    """
    plain = np.repeat(samples[..., None], 3, axis=2) if samples.ndim == 2 else samples
    if not profile or profile == srgb_profile():  # pictures of ours; to ask the engine took up to 65 ms
        return plain, ()
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(_without_elements(profile)))
        space = source.profile.xcolor_space.strip()
        if space != ("GRAY" if samples.ndim == 2 else "RGB"):
            # Gray pictures often carry the RGB profile of their camera: equal amounts go through it.
            if space != "RGB":
                return plain, (_DAMAGED,)
            samples = plain
        if samples.dtype == np.uint8:
            return _by_engine(samples, source), ()
        try:
            return _by_curves(samples, profile), ()
        except (KeyError, struct.error):  # tables instead of curves: eight bits have to do
            coarse = _by_engine((samples // 257).astype(np.uint8), source)
            return coarse.astype(np.uint16) * 257, (_COARSE,)
    except (ImageCms.PyCMSError, OSError, ValueError, IndexError, struct.error):
        return plain, (_DAMAGED,)


def inks_to_srgb(image: Image.Image) -> tuple[np.ndarray, tuple[str, ...]]:
    """Turn a CMYK picture into rgb (H, W, 3) uint8 through its profile, or plainly without one."""
    profile = image.info.get("icc_profile")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(_without_elements(profile)))
            return np.asarray(_transform(source, "CMYK").apply(image)), ()
        except (ImageCms.PyCMSError, OSError, ValueError, struct.error):
            return np.asarray(image.convert("RGB")), (_DAMAGED,)
    return np.asarray(image.convert("RGB")), ()


def lab_to_srgb(image: Image.Image) -> np.ndarray:
    """Turn a CIELAB picture into rgb (H, W, 3) uint8."""
    return np.asarray(_transform(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "LAB").apply(image))


def _transform(source: ImageCms.ImageCmsProfile, mode: str) -> ImageCms.ImageCmsTransform:
    target = ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(source, target, mode, "RGB", _INTENT, _FLAGS)


def _by_engine(samples: np.ndarray, source: ImageCms.ImageCmsProfile) -> np.ndarray:
    """Convert uint8 gray or rgb by LittleCMS; profiles that say sRGB leave the samples as they are."""
    mode = "L" if samples.ndim == 2 else "RGB"
    transform = _transform(source, mode)
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    probe = (
        levels[None] if mode == "L" else np.stack(np.meshgrid(levels, levels, levels), -1).reshape(1, -1, 3)
    )
    changed = np.asarray(transform.apply(Image.fromarray(probe))).astype(int)
    if np.abs(changed - (probe[..., None] if mode == "L" else probe)).max() <= 2:
        return np.repeat(samples[..., None], 3, axis=2) if mode == "L" else samples
    return np.asarray(transform.apply(Image.fromarray(np.ascontiguousarray(samples))))


def _by_curves(samples: np.ndarray, profile: bytes) -> np.ndarray:
    """Convert uint16 gray or rgb exactly, by the profile's curves and primaries (ICC.1:2022, annex F.3).

    Raises KeyError when the profile has tables instead.
    """
    tags = _tags(profile)
    if b"A2B0" in tags:
        raise KeyError("A2B0")
    if samples.ndim == 2:
        level = _curve(tags[b"kTRC"])
        linear_to_code = _encode_srgb(level)
        codes = np.rint(linear_to_code * 65535).astype(np.uint16)
        return np.repeat(codes[samples][..., None], 3, axis=2)
    curves = np.stack([_curve(tags[kind]) for kind in (b"rTRC", b"gTRC", b"bTRC")])
    columns = [struct.unpack(">3i", tags[kind][8:20]) for kind in (b"rXYZ", b"gXYZ", b"bXYZ")]
    matrix = (np.linalg.inv(_SRGB_TO_XYZ) @ (np.array(columns).T / 65536)).astype(np.float32)
    ramp = np.arange(65536) / 65535
    if np.abs(matrix - np.eye(3)).max() < 0.003 and np.abs(_encode_srgb(curves) - ramp).max() < 0.003:
        return samples  # sRGB by another name
    result = np.empty_like(samples)
    for top in range(0, samples.shape[0], _ROWS):
        rows = samples[top : top + _ROWS]
        linear = np.stack([curves[band][rows[..., band]] for band in range(3)], axis=-1) @ matrix.T
        result[top : top + _ROWS] = np.rint(_encode_srgb(linear) * 65535)
    return result


def _encode_srgb(linear: np.ndarray) -> np.ndarray:
    """Give linear light in [0, 1] the curve of sRGB; what is outside its gamut is clipped."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _without_elements(profile: bytes) -> bytes:
    """Rename the tags of processing elements (ICC.1:2022, 9.2.17), so that the tables or curves are followed.

    A profile may hold 60,000 elements, which packed are 15 kB, and whose like took 80 s to be followed.
    """
    (count,) = struct.unpack_from(">I", profile, 128)
    table = bytearray(profile[132 : 132 + 12 * min(count, _MOST_TAGS)])
    for at in range(0, len(table) - 11, 12):
        if bytes(table[at : at + 3]) in (b"D2B", b"B2D"):
            table[at : at + 3] = table[at : at + 3].lower()
    return profile[:132] + bytes(table) + profile[132 + len(table) :]


def _tags(profile: bytes) -> dict[bytes, memoryview]:
    """Read the tag table of a profile. Raises struct.error on a damaged one."""
    (count,) = struct.unpack_from(">I", profile, 128)
    table = [struct.unpack_from(">4sII", profile, 132 + 12 * row) for row in range(min(count, _MOST_TAGS))]
    return {kind: memoryview(profile)[at : at + size] for kind, at, size in table}  # which may overlap


def _curve(tag: memoryview) -> np.ndarray:
    """Sample a tone curve at all 65536 codes, float32 (ICC.1:2022, 10.6 and 10.18)."""
    ramp = np.arange(65536, dtype=np.float64) / 65535
    form = bytes(tag[:4])
    if form == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return ramp.astype(np.float32)
        values = np.array(struct.unpack_from(f">{count}H", tag, 12))
        if count == 1:
            return (ramp ** (values[0] / 256)).astype(np.float32)
        return np.interp(ramp, np.linspace(0, 1, count), values / 65535).astype(np.float32)
    if form != b"para":
        raise KeyError(form)
    (kind,) = struct.unpack_from(">H", tag, 8)
    count = (1, 3, 4, 5, 7)[kind]
    numbers = [value / 65536 for value in struct.unpack_from(f">{count}i", tag, 12)]
    g, a, b, c, d, e, f = numbers + [0.0] * (7 - count)
    if kind == 0:
        return (ramp**g).astype(np.float32)
    if kind in (1, 2):
        c, d, e, f = 0.0, -b / a, c, c
    power = np.maximum(a * ramp + b, 0) ** g + e
    return np.where(ramp >= d, power, c * ramp + f).astype(np.float32)
