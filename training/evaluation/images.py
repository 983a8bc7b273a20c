"""Pictures as they are measured: 8 bits of sRGB, at one size, as other systems' results are stored."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from stylizer.imaging.picture import Picture, open_picture
from stylizer.imaging.tensors import to_picture, to_tensor


def open_rgb(path: Path) -> Image.Image:
    """Open a picture as 8-bit sRGB, with transparent pixels as painters see them (`ground_color`)."""
    return to_image(to_tensor(open_picture(path)))


def at_size(image: Image.Image, long_side: int) -> Image.Image:
    """Resize (Lanczos) so that the long side is `long_side` pixels."""
    scale = long_side / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image if size == image.size else resized(image, size)


def resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Resize (Lanczos) to a width and height."""
    return image.resize(size, Image.Resampling.LANCZOS)


def image_tensor(image: Image.Image) -> Tensor:
    """Return an 8-bit RGB image as (1, 3, H, W) float32 in [0, 1]."""
    return to_tensor(Picture(np.asarray(image)))


def to_image(picture: Tensor) -> Image.Image:
    """Return a picture (1, 3, H, W) in [0, 1] as an 8-bit image."""
    return Image.fromarray(to_picture(picture).rgb)


def through_jpeg(image: Image.Image, quality: int) -> Image.Image:
    """Return what JPEG of a quality leaves of an image; 0: the image itself."""
    if not quality:
        return image
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")
