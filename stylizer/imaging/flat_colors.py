"""A photo laid down in flat colors: what is even becomes more even, and its borders stay where they are."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import full_precision

_REACH = 4  # pixels of the half-size picture: windows are 9 wide, 18 pixels of the photo
_EVEN = 2e-3  # variance, summed over colors, up to which windows count about alike
_SHARPNESS = 4  # power by which less even windows count less
_ANYWAY = 2e-3  # how much the window round a place counts however uneven: where none is even, it alone


def flat_colors(photos: Tensor) -> Tensor:
    """Lay photos (B, 3, H, W) in [0, 1], H and W even, down in flat colors: (B, 3, H/2, W/2), float32.

    Every place takes the mean color of the windows about it, the evener the more it counts. A mean over one
    window, or a smaller copy of the photo, would carry the dark of a roof a window's width into the sky. The
    Kuwahara filter with soft choice (Papari, Petkov and Campisi 2007, "Artistic edge and corner enhancing
    smoothing", equation 6), of nine square windows.
    """
    with full_precision(photos):
        small = F.avg_pool2d(photos.float(), 2)
        mean, squares = _window_means(small), _window_means(small.square())
        uneven = (squares - mean.square()).sum(1, keepdim=True).clamp(min=0)
        weight = (_EVEN / (_EVEN + uneven)).pow(_SHARPNESS)
        return (_neighbors(weight * mean) + _ANYWAY * mean) / (_neighbors(weight) + _ANYWAY)


def _window_means(x: Tensor) -> Tensor:
    side = 2 * _REACH + 1
    padded = F.pad(x, (_REACH, _REACH, _REACH, _REACH), mode="replicate")
    return F.avg_pool2d(F.avg_pool2d(padded, (side, 1), stride=1), (1, side), stride=1)


def _neighbors(x: Tensor) -> Tensor:
    """Sum the nine places at distances of 0 and one window's reach, right, left, up and down."""
    height, width = x.shape[2:]
    padded = F.pad(x, (_REACH, _REACH, _REACH, _REACH), mode="replicate")
    rows = padded[:, :, :height] + padded[:, :, _REACH:-_REACH] + padded[:, :, -height:]
    return rows[..., :width] + rows[..., _REACH:-_REACH] + rows[..., -width:]
