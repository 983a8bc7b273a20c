"""A photo with three parts, as the fake segmenter sees it."""

import numpy as np

from stylizer.imaging.picture import Picture
from tests.engine.drawn import drawn

RED, GREEN, BLUE, GRAY = (220, 60, 60), (60, 200, 60), (60, 60, 220), (128, 128, 128)


def parted(height=96, width=128, seed=0, dtype=np.uint8, name="parted") -> Picture:
    """Draw blue above, green below, and a red block in the middle, with a little noise."""
    rgb = np.empty((height, width, 3), np.float64)
    rgb[: height // 2], rgb[height // 2 :] = BLUE, GREEN
    rgb[height // 4 : 3 * height // 4, width // 3 : 2 * width // 3] = RED
    rgb += 0.1 * (drawn(height, width, seed).rgb.astype(np.float64) - 128)
    scale = np.iinfo(dtype).max / 255
    return Picture((rgb.clip(0, 255) * scale).astype(dtype), None, name)
