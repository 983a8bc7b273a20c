"""CIE Lab of sRGB colors (white point D65), and which of its hues a screen can show."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE = (0.95047, 1.0, 1.08883)
_BEND = 6 / 29  # below its cube the cube root of Lab is a line


def to_lab(pixels: Tensor) -> Tensor:
    """Turn sRGB (B, 3, H, W) in [0, 1] into L in [0, 100], a and b within about [-110, 110]: (B, 3, H, W)."""
    linear = torch.where(pixels <= 0.04045, pixels / 12.92, ((pixels.clamp(min=0) + 0.055) / 1.055) ** 2.4)
    xyz = torch.einsum("ij,bjhw->bihw", pixels.new_tensor(_TO_XYZ), linear)
    x = xyz / pixels.new_tensor(_WHITE).view(1, 3, 1, 1)
    bent = torch.where(x > _BEND**3, x.clamp(min=1e-8) ** (1 / 3), x / (3 * _BEND**2) + 4 / 29)
    one, two, three = bent.split(1, 1)
    return torch.cat([116 * two - 16, 500 * (one - two), 200 * (two - three)], 1)


def from_lab(lab: Tensor) -> Tensor:
    """Turn Lab (B, 3, H, W) into sRGB (B, 3, H, W), clamped to [0, 1]."""
    light, a, b = lab.split(1, 1)
    two = (light + 16) / 116
    bent = torch.cat([two + a / 500, two, two - b / 200], 1)
    x = torch.where(bent > _BEND, bent**3, 3 * _BEND**2 * (bent - 4 / 29))
    xyz = x * lab.new_tensor(_WHITE).view(1, 3, 1, 1)
    linear = torch.einsum("ij,bjhw->bihw", torch.linalg.inv(lab.new_tensor(_TO_XYZ)), xyz).clamp(0, 1)
    high = 1.055 * linear.clamp(min=1e-8) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, 12.92 * linear, high).clamp(0, 1)


def visible_bins(grid: float) -> Tensor:
    """Return the centers (Q, 2) of the cells of the a-b plane, `grid` apart, that sRGB reaches somewhere.

    The quantization of arXiv:1603.08511, section 2.1 (grid 10, 313 bins there).
    """
    levels = np.linspace(0, 1, 33, dtype=np.float32)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij")).reshape(1, 3, 1, -1)
    plane = to_lab(torch.from_numpy(cube).cpu())[0, 1:, 0].T.numpy()
    cells = np.unique(np.round(plane / grid).astype(np.int64), axis=0)
    return torch.from_numpy((cells * grid).astype(np.float32))
