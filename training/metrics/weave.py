"""Does one wave stand out of a result: a weave, rows of dots, a corduroy that no brush leaves?"""

from __future__ import annotations

import torch
from torch import Tensor

LEAST_SIDE = _WINDOW = 64  # pixels
_PERIODS = 2.2, 10.0  # pixels, of the waves that are looked at
_LEAST_POWER = 1e-3  # of the log: a deviation of a thousandth of a level in every pixel
_DECIBELS = 10 / torch.log(torch.tensor(10.0)).item()


def wave_peaks(picture: Tensor) -> Tensor:
    """Return how far waves of light stand above all others as long, of a picture (1, 3, H, W) in [0, 1].

    Decibels (64, 64) by frequency, in the order of `torch.fft.fft2`: the log power spectrum, averaged over
    windows of 64 px that overlap by half (Welch 1967), against its mean over the ring of that frequency.
    Raises ValueError when the picture is smaller than a window.
    """
    if min(picture.shape[2:]) < _WINDOW:
        raise ValueError(f"the picture is {picture.shape[3]}x{picture.shape[2]} px; 64x64 is the least")
    light = 255 * picture.float().mean(1)[0]
    windows = (
        light.unfold(0, _WINDOW, _WINDOW // 2).unfold(1, _WINDOW, _WINDOW // 2).reshape(-1, _WINDOW, _WINDOW)
    )
    taper = torch.hann_window(_WINDOW, device=light.device)
    windows = (windows - windows.mean((1, 2), keepdim=True)) * taper[:, None] * taper
    power = torch.fft.fft2(windows).abs().square().mean(0)
    level = (power + _LEAST_POWER).log()
    rings = _frequency(light.device).mul(_WINDOW).round().long()
    sums = torch.zeros(int(rings.max()) + 1, device=light.device).index_add_(
        0, rings.flatten(), level.flatten()
    )
    means = sums / torch.bincount(rings.flatten())
    return _DECIBELS * (level - means[rings])


def weave(result: Tensor, photo: Tensor, painting: Tensor) -> float:
    """Return by how many decibels one wave stands out of a result beyond what photo and painting show.

    Arguments are `wave_peaks`. The largest over waves of 2.2 to 10 px; 0 where none stands out further than
    in either of the two: a photo's fence and a painting's canvas are allowed.
    """
    frequency = _frequency(result.device)
    seen = (frequency > 1 / _PERIODS[1]) & (frequency < 1 / _PERIODS[0])
    allowed = torch.maximum(photo, painting).clamp(min=0)
    return max(0.0, float((result - allowed)[seen].max()))


def _frequency(device: torch.device) -> Tensor:
    steps = torch.fft.fftfreq(_WINDOW, device=device)
    return torch.hypot(steps[:, None], steps)
