"""Noise drawn out along a picture's contours: beginnings of strokes for places where a photo shows nothing.

A convolutional network that is asked for strokes in an even sky has nothing there to make them of. Left alone
it lifts the grain to a weave of one period; given white noise it stamps blobs. Noise that is drawn out along
the contours becomes strokes that run along clouds and horizons, as a painter's do (line integral convolution,
Cabral and Leedom 1993, along edge tangents, Kang et al. 2007).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import full_precision
from stylizer.imaging.contours import light_steps
from stylizer.imaging.keep_color import luma
from stylizer.imaging.resample import blur_planes

MOST_LIGHT = 0.03
"""What strokes add to the light where they are strongest, their deviation at either breadth."""
_SIDE = 384  # of the noise, which is repeated: a preview's at half size
_WAYS = 16  # directions in which it is drawn out
_LENGTH, _WIDTH = 5.0, 0.7  # deviations of the Gaussian line along which it is, places
_LIGHT = (
    1.0  # deviation of the Gaussian under which contours are looked for, at a quarter of a picture's size
)
_NEAR = 1.5  # the same over which their directions are averaged
_FAR = ((2.0, 0.1), (8.0, 0.01))  # the same at an eighth, and how much they count beside the near ones
_NO_FORM = 1e-9


def stroke_banks() -> Tensor:
    """Draw one noise out in 16 directions, from the x axis on by even steps of half a turn: (16, 384, 384).

    Mean 0, variance 1; it repeats without a seam, and is the same on every machine up to rounding.
    """
    white = torch.randn(_SIDE, _SIDE, generator=torch.Generator().manual_seed(0))
    noise = torch.fft.fft2(white - white.mean())
    down, right = torch.meshgrid(torch.fft.fftfreq(_SIDE), torch.fft.fftfreq(_SIDE), indexing="ij")
    banks = []
    for angle in torch.arange(_WAYS) * (math.pi / _WAYS):
        along = right * angle.cos() + down * angle.sin()
        across = down * angle.cos() - right * angle.sin()
        line = torch.exp(-2 * math.pi**2 * ((_LENGTH * along) ** 2 + (_WIDTH * across) ** 2))
        drawn = torch.fft.ifft2(noise * line).real
        banks.append(drawn / drawn.std())
    return torch.stack(banks)


def stroke_noise(pictures: Tensor, banks: Tensor) -> tuple[Tensor, Tensor]:
    """Draw noise out along the contours of pictures (B, 3, H, W), H and W multiples of 8.

    Returns fine strokes (B, 1, H/2, W/2), some 3 px wide and 25 long, and ones twice as broad
    (B, 1, H/4, W/4): float32, of about variance 1. `banks` is from `stroke_banks`.
    """
    with full_precision(pictures):
        shares = _shares(_turns(pictures))
        return _mixed(F.interpolate(shares, scale_factor=2, mode="bilinear"), banks), _mixed(shares, banks)


def _turns(pictures: Tensor) -> Tensor:
    """Tell how contours run in pictures (B, 3, H, W): cosine and sine of twice their angle, (B, 2, H/4, W/4).

    Where nothing is near, what is far away leads: strokes in a sky follow the ridge below it.
    """
    light = blur_planes(F.avg_pool2d(luma(pictures.float()), 4), _LIGHT)
    even, odd, _ = light_steps(light)
    # along a contour is across its steepest way, and half a turn in twice the angle
    steps = -torch.cat([even, odd], 1)
    smaller = F.avg_pool2d(steps, 2)
    far = torch.stack([share * blur_planes(smaller, size, 2) for size, share in _FAR]).sum(0)
    turns = blur_planes(steps, _NEAR, 2) + F.interpolate(far, scale_factor=2, mode="bilinear")
    return turns / (turns.square().sum(1, keepdim=True) + _NO_FORM**2).sqrt()


def _shares(turns: Tensor) -> Tensor:
    """Share turns (B, 2, h, w) between the two directions next to them: (B, 16, h, w), squares in sum 1."""
    angles = torch.arange(_WAYS, device=turns.device) * (2 * math.pi / _WAYS)
    near = torch.einsum("bthw,tk->bkhw", turns, torch.stack([angles.cos(), angles.sin()]))
    shares = F.relu(near - math.cos(2 * math.pi / _WAYS))
    return shares / (shares.square().sum(1, keepdim=True) + 1e-12).sqrt()


def _mixed(shares: Tensor, banks: Tensor) -> Tensor:
    """Mix banks (16, s, s), repeated over the places of shares (B, 16, h, w): (B, 1, h, w)."""
    height, width, side = shares.shape[2], shares.shape[3], banks.shape[1]
    rows, columns = (torch.arange(length, device=banks.device) % side for length in (height, width))
    repeated = banks.float().index_select(1, rows).index_select(2, columns)
    return (shares * repeated).sum(1, keepdim=True)
