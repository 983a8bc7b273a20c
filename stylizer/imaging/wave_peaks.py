"""How far single waves of light stand out of a picture: a weave, rows of dots, a corduroy."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from stylizer.imaging.color import full_precision
from stylizer.imaging.keep_color import luma

WINDOW = 64
"""Side of the windows in which waves are looked for, pixels; no picture may be smaller."""
_PERIODS = (
    2.2,
    10.0,
)  # pixels, of the waves that are looked at: shorter ones no eye sees, longer ones are form
_LEAST_POWER = 1e-3  # of levels squared: a picture of one color has no waves
_DECIBELS = 10 / math.log(10)


def wave_peaks(pictures: Tensor) -> Tensor:
    """Tell how far waves of 2.2 to 10 px stand above all others as long in pictures (B, 3, H, W) in [0, 1].

    Decibels (B, waves): the log power spectrum of the light, averaged over windows of 64 px that overlap by
    half (Welch 1967), against its mean over the ring of that frequency. Raises ValueError when pictures are
    smaller than a window.
    """
    height, width = pictures.shape[2:]
    if min(height, width) < WINDOW:
        raise ValueError(f"the picture is {width}x{height} px; {WINDOW}x{WINDOW} is the least")
    with full_precision(pictures):
        light = 255 * luma(pictures.float())[:, 0]
        windows = light.unfold(1, WINDOW, WINDOW // 2).unfold(2, WINDOW, WINDOW // 2).flatten(1, 2)
        taper = torch.hann_window(WINDOW, device=light.device)
        windows = (windows - windows.mean((2, 3), keepdim=True)) * taper[:, None] * taper
        level = (torch.fft.fft2(windows).abs().square().mean(1) + _LEAST_POWER).log().flatten(1)
        frequency = _frequency(light.device)
        rings = (frequency * WINDOW).round().long()
        sums = level.new_zeros(len(level), int(rings.max()) + 1).index_add(1, rings, level)
        means = sums / torch.bincount(rings)
        seen = (frequency > 1 / _PERIODS[1]) & (frequency < 1 / _PERIODS[0])
        return _DECIBELS * (level - means[:, rings])[:, seen]


def _frequency(device: torch.device) -> Tensor:
    """Cycles a pixel of every wave of a window, (64 * 64,)."""
    steps = torch.fft.fftfreq(WINDOW, device=device)
    return torch.hypot(steps[:, None], steps).flatten()
