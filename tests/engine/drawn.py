"""Pictures drawn by code, for tests."""

import numpy as np

from stylizer.imaging.picture import Picture


def drawn(height=48, width=64, seed=0, dtype=np.uint8, alpha=False, name="drawn") -> Picture:
    """Draw smooth color waves with a little noise, other ones for every seed."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float64)
    phases = np.array([[1.0, 2.0, 0.3], [0.5, 0.2, 1.7]]) * (1 + seed % 7) + seed
    waves = [
        np.sin(rows / (9 + c) + phases[0, c]) * np.cos(columns / (7 + c) + phases[1, c]) for c in range(3)
    ]
    noise = np.modf(np.sin(rows * 12.9898 + columns * 78.233 + seed) * 43758.5453)[0]
    tint = 0.15 * np.sin(np.arange(3) * 2.0 + seed * 1.9)
    rgb = 0.5 + tint + (0.15 + 0.05 * (seed % 5)) * np.stack(waves, -1) + 0.1 * noise[..., None]
    peak = np.iinfo(dtype).max
    samples = (rgb.clip(0, 1) * peak).astype(dtype)
    seen = None
    if alpha:
        seen = (np.clip(columns / width * 1.5 - 0.2, 0, 1) * peak).astype(dtype)
    return Picture(samples, seen, name)
