"""Figures read from pixels; pictures are (1, 3, H, W) in [0, 1]."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

PERIODS = (2, 4, 8)  # pixels; the strides at which a painter's layers can leave a grid
LEAST_SIDE = 64  # pixels in which a grid can be told from a texture


def l1(result: Tensor, photo: Tensor) -> float:
    """Return the mean absolute difference."""
    return (result - photo).abs().mean().item()


def psnr(result: Tensor, photo: Tensor) -> float:
    """Return 10 log10(1 / mean squared difference), decibels; infinite for equal pictures."""
    error = (result - photo).square().mean().item()
    return 10 * math.log10(1 / error) if error else math.inf


def ssim(result: Tensor, photo: Tensor) -> float:
    """Return structural similarity (Wang et al. 2004, eq. 13), the mean over whole windows and channels.

    Gaussian window 11x11, deviation 1.5, K1 = .01, K2 = .03.
    """
    # torchmetrics' own mean counts windows too that hang over the border, where pixels are mirrored
    _, windows = structural_similarity_index_measure(result, photo, data_range=1.0, return_full_image=True)
    return windows[..., 5:-5, 5:-5].mean().item()


def colorfulness(picture: Tensor) -> float:
    """Return how colorful a picture is, on the scale of 8 bits (Hasler and Suesstrunk 2003, eq. for M-hat-3).

    0 is gray, 15 slightly colorful, 59 highly colorful by their observers.
    """
    red, green, blue = (picture * 255).unbind(1)
    first, second = red - green, 0.5 * (red + green) - blue
    spread = math.hypot(first.std(unbiased=False).item(), second.std(unbiased=False).item())
    return spread + 0.3 * math.hypot(first.mean().item(), second.mean().item())


def checkerboard(result: Tensor, photo: Tensor) -> dict[int, float]:
    """Return how much a grid of 2, 4 or 8 px stands out in a result, relative to its photo, by period.

    A grid of period P has energy at multiples of 1/P cycles per pixel alone. Their power is divided by that
    of the frequencies around them, so that busy and calm pictures compare; 1 is no more grid than the photo.
    """
    found, own = grid_peaks(result), grid_peaks(photo)
    return {period: found[period] / own[period] for period in PERIODS}


def grid_peaks(picture: Tensor) -> dict[int, float]:
    """Return, by period, the mean power at that grid's own frequencies over the power around them."""
    luminance = (picture * picture.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    height, width = (side // 8 * 8 for side in picture.shape[2:])
    if min(height, width) < LEAST_SIDE:
        raise ValueError(
            f"{picture.shape[2]}x{picture.shape[3]} px are too few to tell a grid; 64x64 is the least"
        )
    luminance = luminance[:, :, :height, :width].double()
    window = torch.hann_window(height, periodic=True)[:, None] * torch.hann_window(width, periodic=True)
    power = torch.fft.fft2((luminance - luminance.mean()) * window.to(luminance)).abs().square()
    # under this window a peak is 3x3 bins wide; it is compared with the ring 3 and 4 bins away
    peak, inner, outer = (
        F.avg_pool2d(F.pad(power, 4 * (side // 2,), mode="circular"), side, 1)[0, 0] * side**2
        for side in (3, 5, 9)
    )
    ratio = (peak / 9) / ((outer - inner) / 56).clamp(min=1e-12)
    return {period: ratio[grid_bins(period, height, width)].mean().item() for period in PERIODS}


def grid_bins(period: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    """List rows and columns of the frequencies of this grid that a grid of half its period has not."""
    down, across = torch.meshgrid(torch.arange(period), torch.arange(period), indexing="ij")
    own = (down % 2 == 1) | (across % 2 == 1)
    return down[own] * (height // period), across[own] * (width // period)
