"""HEIC photos, which many phones take unless told otherwise: libheif's samples, through pillow-heif."""

from __future__ import annotations

import numpy as np

from stylizer.errors import PictureError, Sentence
from stylizer.imaging.bounds import MAX_PIXELS, MAX_PROFILE, check_size
from stylizer.imaging.heif_parts import pixels_unpacked

_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# H.273 code points that stand for sRGB's primaries (BT.709) and for curves near sRGB's; 2 is "unspecified".
_PRIMARIES, _CURVES = (1, 2), (1, 2, 6, 13, 14, 15)


def is_heif(data: bytes) -> bool:
    """Tell whether a file is a HEIC or HEIF photo; AVIF, which shares the container, is not."""
    if data[4:8] != b"ftyp" or data[8:12] not in _BRANDS:
        return False
    brands = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    return not any(brands[at : at + 4] in (b"avif", b"avis") for at in range(0, len(brands), 4))


def read_heif(data: bytes, notes: list[str]) -> tuple[np.ndarray, np.ndarray | None, bytes | None]:
    """Read the primary picture: gray (H, W) or rgb (H, W, 3), alpha or None, and its color profile.

    Samples are uint8, or uint16 for 10 and 12 bits, and upright: libheif turns them itself. Adds notes.
    Raises PictureError, and whatever a damaged file raises.
    """
    try:
        import pillow_heif
    except ImportError as error:
        raise PictureError(
            "That file is a HEIC photo, and pillow-heif, which reads these, is not installed here; "
            "save the photo as JPEG or PNG and try again."
        ) from error
    if pixels_unpacked(data) > 4 * MAX_PIXELS:  # the photo, its opacity, and what hangs over at the edges
        raise PictureError(
            "That picture is put together of more than {most} megapixels; save it as JPEG or PNG and try "
            "again.",
            most=4 * MAX_PIXELS // 10**6,
        )
    # Pictures that hang on the photo are not painted, so they are not unpacked either.
    options = pillow_heif.options
    options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
    photo = pillow_heif.open_heif(data, convert_hdr_to_8bit=False)
    check_size(*photo.size)
    samples, bits = np.asarray(photo), photo.info["bit_depth"]
    check_size(*photo.size)  # known for certain only when unpacked
    profile = photo.info.get("icc_profile")
    if profile and len(profile) > MAX_PROFILE:
        profile = b"too long"
    described = photo.info.get("nclx_profile")
    if (
        not profile
        and described
        and not (
            described["color_primaries"] in _PRIMARIES and described["transfer_characteristics"] in _CURVES
        )
    ):
        notes.append(
            Sentence("Its colors are described in a way that is not followed here; they were read as sRGB.")
        )
    if samples.dtype == np.uint16:  # libheif puts 10 bits at the upper end of 16, so white is not 65535
        top = (1 << bits) - 1
        table = ((np.arange(top + 1) * 65535 + top // 2) // top).astype(np.uint16)
        samples = table[samples >> (16 - bits)]
    if not photo.has_alpha:
        return samples, None, profile
    color, alpha = samples[..., :-1], samples[..., -1]
    if photo.premultiplied_alpha:
        full = color.astype(np.float32) * np.iinfo(color.dtype).max / np.maximum(alpha, 1)[..., None]
        color = np.minimum(full, np.iinfo(color.dtype).max).round().astype(color.dtype)
    return color[..., 0] if color.shape[2] == 1 else color, alpha, profile
