"""Put back what a painting lost of the photo's fine structure: eyes, lettering, twigs."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.keep_color import luma

_HALF = 2  # statistics are taken at half size: a quarter of the work, and nothing of it shows
_RADIUS = 2  # of the windows, in half-size pixels; wider ones redraw shapes, not details

REACH = 2 * _HALF * (_RADIUS + 1)
"""Pixels around a pixel that can change its result. Tiles need as many around their core, and begin on even
rows and columns."""

_FLAT = 0.0016  # variance of luminance below which the photo counts as flat (a deviation of .04)
_CONTRAST = 0.8  # share of the photo's own contrast that its structure gets at least
_MOST = 1.5  # contrast beyond which the painting exaggerates the photo's edges rather than showing them


def restore_detail(painted: Tensor, photo: Tensor, amount: float) -> Tensor:
    """Let a painting follow the photo's fine edges of light and dark; its colors and its flat parts stay.

    painted, photo (B, 3, H, W) in [0, 1]; amount in [0, 1], 0 leaves the painting. Returns (B, 3, H, W) in
    [0, 1]. In each window the painting's luminance becomes a line over the photo's, as in the guided filter
    (He et al., "Guided image filtering", 2013, eq. 5 to 8). Departing from it, the slope is at least a share
    of the photo's contrast, for an eye that was painted over no longer correlates with the photo.
    """
    if amount == 0:
        return painted
    guide, light = luma(photo), luma(painted)
    half = F.avg_pool2d(torch.cat([guide, light], 1), _HALF, ceil_mode=True, count_include_pad=False)
    half_guide, half_light = half.split(1, 1)
    means = _window_mean(torch.cat([half, half_guide * half_guide, half_guide * half_light], 1))
    guide_mean, light_mean, square, product = means.split(1, 1)
    variance = (square - guide_mean * guide_mean).clamp_(min=0)
    covariance = product - guide_mean * light_mean
    structure = variance / (variance + _FLAT)
    slope = torch.maximum(covariance / (variance + _FLAT), _CONTRAST * structure).clamp_(max=_MOST)
    line = _window_mean(torch.cat([slope, light_mean - slope * guide_mean, structure], 1))
    line = F.interpolate(line, scale_factor=_HALF, mode="bilinear")[..., : guide.shape[2], : guide.shape[3]]
    slope, offset, structure = line.split(1, 1)
    return (painted + amount * structure * (slope * guide + offset - light)).clamp_(0, 1)


def _window_mean(planes: Tensor) -> Tensor:
    """Average (B, C, h, w) over square windows, cut off at the border."""
    return F.avg_pool2d(planes, 2 * _RADIUS + 1, 1, _RADIUS, count_include_pad=False)
