"""Pictures of another size, by Lanczos' kernel."""

from __future__ import annotations

import numpy as np
from PIL import Image

from stylizer.imaging.picture import Picture


def fit_within(picture: Picture, long_side: int) -> Picture:
    """Make a picture's long side at most `long_side` pixels, never enlarging it.

    Raises ValueError when long_side is below 1.
    """
    return resize_picture(picture, *fitting_size(picture.height, picture.width, long_side))


def fitting_size(height: int, width: int, long_side: int) -> tuple[int, int]:
    """Return the height and width of a picture that is made so; raises ValueError likewise."""
    if long_side < 1:
        raise ValueError(f"long_side is {long_side}; it must be at least 1")
    longest = max(height, width)
    if longest <= long_side:
        return height, width
    return max(1, round(height * long_side / longest)), max(1, round(width * long_side / longest))


def resize_picture(picture: Picture, height: int, width: int) -> Picture:
    """Resize a picture to height x width pixels; depth, alpha and name are kept."""
    if (height, width) == (picture.height, picture.width):
        return picture
    if picture.alpha is not None:
        rgb, alpha = _resize_seen(picture, picture.alpha, height, width)
        return Picture(rgb, alpha, picture.name, picture.notes)
    if picture.rgb.dtype == np.uint8:
        small = Image.fromarray(picture.rgb).resize((width, height), Image.Resampling.LANCZOS)
        return Picture(np.asarray(small), None, picture.name, picture.notes)
    bands = [resize_plane(picture.rgb[..., band], height, width) for band in range(3)]
    return Picture(np.stack(bands, axis=-1), None, picture.name, picture.notes)


def resize_plane(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize one plane (H, W) of uint8, uint16 or float32 to (height, width) of the same type."""
    small = _lanczos(plane.astype(np.float32), height, width)
    if plane.dtype.kind == "f":
        return small
    return np.rint(small.clip(0, np.iinfo(plane.dtype).max)).astype(plane.dtype)


def _resize_seen(
    picture: Picture, opacity: np.ndarray, height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Resize with each color weighted by how much of it is seen, so that hidden colors do not bleed in."""
    peak = picture.peak
    alpha = opacity.astype(np.float32) / peak
    weight = alpha + np.float32(1e-4)  # where nothing is seen for a stretch, its colors go on
    total = np.maximum(_lanczos(weight, height, width), 1e-4)  # the kernel undershoots beside edges
    bands = [_lanczos(picture.rgb[..., band] * weight, height, width) / total for band in range(3)]
    rgb = np.rint(np.stack(bands, axis=-1).clip(0, peak)).astype(picture.rgb.dtype)
    seen = np.rint(_lanczos(alpha, height, width).clip(0, 1) * peak).astype(opacity.dtype)
    return rgb, seen


def _lanczos(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    image = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))


def middle_square(picture: Picture) -> Picture:
    """Cut the largest square out of the middle of a picture."""
    side = min(picture.height, picture.width)
    top, left = (picture.height - side) // 2, (picture.width - side) // 2
    window = slice(top, top + side), slice(left, left + side)
    alpha = None if picture.alpha is None else picture.alpha[window]
    return Picture(picture.rgb[window], alpha, picture.name)
