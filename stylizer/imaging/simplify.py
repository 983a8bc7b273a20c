"""Smooth what has no direction in photos: gravel, grass and grain; edges, hair and features stay.

A painter who sees every blade of grass paints a photo. Kuwahara's filter takes at each place the mean of that
window around it which is most even, so that edges stay sharp; here the windows are Gaussian and all count, by
how even they are (Kuwahara et al. 1976; Papari, Petkov and Campisi, IEEE Transactions on Image Processing
16(10), 2007). Where contours have a direction, or contrast is a feature's, the photo stays as it is.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import full_precision
from stylizer.imaging.contours import light_steps
from stylizer.imaging.keep_color import luma
from stylizer.imaging.resample import blur_planes

_WINDOW = 1.2  # deviation of the windows, pixels
_AWAY = 2  # how far their middles are from the place, pixels
_NOISE = 1 / 255  # of light: a window with a deviation of this counts half of an even one
_AROUND = 3.0  # deviation of the Gaussian over which directions are averaged
_CLEAR, _NONE = 0.8, 0.4  # coherence from which on a contour stays, and below which all is smoothed
_SEEN, _FEATURE = 2.0, 0.1  # deviation of light, under such a Gaussian, that is an eye or a letter, no grain
_NO_FORM = 1e-6


def simplified(pictures: Tensor) -> Tensor:
    """Smooth pictures (B, 3, H, W) in [0, 1] where their detail has no direction: (B, 3, H, W), float32."""
    with full_precision(pictures):
        pictures = pictures.float()
        light = luma(pictures)
        smooth = _most_even(pictures, light)
        return torch.lerp(pictures, smooth, _undirected(light))


def _most_even(pictures: Tensor, light: Tensor) -> Tensor:
    """Mix the means of eight windows around every place by how even they are."""
    height, width = pictures.shape[2:]
    seen = blur_planes(torch.cat([pictures, light.square()], 1), _WINDOW, 4)
    wide = F.pad(seen, (_AWAY,) * 4, mode="replicate")
    aslant = round(_AWAY * 0.5**0.5)
    ways = [(0, _AWAY), (aslant, aslant)]
    ways += [(right, -down) for down, right in ways]  # by quarters of a turn
    ways += [(-down, -right) for down, right in ways]
    mixed, whole = torch.zeros_like(pictures), torch.zeros_like(light)
    for down, right in ways:
        window = wide[:, :, _AWAY + down :, _AWAY + right :][:, :, :height, :width]
        mean = window[:, :3]
        uneven = (window[:, 3:] - luma(mean).square()).clamp(min=0) / _NOISE**2
        share = 1 / (1 + uneven.square())
        mixed, whole = mixed + share * mean, whole + share
    return mixed / whole.clamp(min=1e-12)


def _undirected(light: Tensor) -> Tensor:
    """Tell where light (B, 1, H, W) has detail without a direction that is fainter than a feature: 0 to 1."""
    even, odd, size = (blur_planes(part, _AROUND) for part in light_steps(light))
    coherence = (even.square() + odd.square()).sqrt() / (size + _NO_FORM)
    aimless = ((_CLEAR - coherence) / (_CLEAR - _NONE)).clamp(0, 1)
    varied = (blur_planes(light.square(), _SEEN) - blur_planes(light, _SEEN).square()).clamp(min=0)
    return aimless / (1 + (varied / _FEATURE**2).square())
