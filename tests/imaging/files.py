"""Pictures drawn by code, and the bytes of files that hold them."""

import io

import numpy as np
from PIL import Image


def ramp(height: int, width: int, noise: bool = False) -> np.ndarray:
    """Draw (height, width, 3) uint8 whose every corner has its own color; noise makes it hard to compress."""
    rows, columns = np.mgrid[0:height, 0:width]
    red, green = 255 * rows // max(height - 1, 1), 255 * columns // max(width - 1, 1)
    blue = (rows * 7919 + columns * 104729) % 251 if noise else 255 - (red + green) // 2
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def file_of(samples: np.ndarray | Image.Image, format: str, **options) -> bytes:
    """Encode samples by Pillow, independently of our own encoder."""
    file = io.BytesIO()
    image = samples if isinstance(samples, Image.Image) else Image.fromarray(samples)
    image.save(file, format, **options)
    return file.getvalue()
