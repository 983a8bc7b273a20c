"""Which way the contours of a picture run, and how much of another one's drawing crosses them.

A painter's strokes follow the form: along a horizon, round a cheek (Hertzmann 1998, "Painterly Rendering with
Curved Brush Strokes of Multiple Sizes", section 2.2: normal to the gradient). A network that draws the same
short dab everywhere turns a waterline to a rope and a clear sky to cloth.
"""

from __future__ import annotations

import torch
from torch import Tensor

from stylizer.imaging.color import full_precision
from stylizer.imaging.detail_bands import gaussian_blur

_SEEN_AT = 1.5  # pixels: deviation of the Gaussian under which the contours are looked for
_AROUND = 6.0  # the same over which their directions are averaged
_DRAWN_AT = 0.8  # the same under which the drawing is looked at
_NO_FORM = (
    1e-6  # mean square of steps of light between pixels that shows no form: a quarter of a level of 255
)
_NOT_DRAWN = 1e-5  # the same that is no drawing: most of a level


def contours(planes: Tensor) -> Tensor:
    """Tell the direction of contours of light (B, 1, H, W), float32: (B, 3, H, W).

    Cosine and sine of twice the angle between the steepest way and the x axis, and how sure that is, 0 to 1:
    the squared coherence of the structure tensor (Weickert 1998, "Anisotropic Diffusion in Image Processing",
    section 2.2). Twice the angle, as both ways along a contour are one direction.
    """
    with full_precision(planes):
        even, odd, size = light_steps(gaussian_blur(planes.float(), _SEEN_AT))
        even, odd, size = (gaussian_blur(part, _AROUND) for part in (even, odd, size))
        length = (even.square() + odd.square()).sqrt()
        sure = (length / (size + _NO_FORM)).square()
        turn = length.clamp(min=1e-12)
        return torch.cat([even / turn, odd / turn, sure], 1)


def crossing(planes: Tensor, along: Tensor) -> Tensor:
    """Return the share of the steps of light (B, 1, H, W) that are made along contours: (B,), 0 to 1.

    along: from `contours`. A half is drawn in all directions alike, 0 follows them all. Every place counts by
    how sure its direction is, faint drawing as much as bold.
    """
    with full_precision(planes):
        even, odd, size = light_steps(gaussian_blur(planes.float(), _DRAWN_AT))
        across = (size - even * along[:, :1] - odd * along[:, 1:2]) / 2
        across, size = (gaussian_blur(part, _AROUND) for part in (across, size))
        sure = along[:, 2:]
        share = across / (size + _NOT_DRAWN)
        return (share * sure).sum((1, 2, 3)) / sure.sum((1, 2, 3)).clamp(min=1e-6)


def light_steps(planes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Central differences of (B, 1, H, W): their squares' difference, twice their product, squares' sum."""
    wide = torch.nn.functional.pad(planes, (1, 1, 1, 1), mode="replicate")
    right = (wide[:, :, 1:-1, 2:] - wide[:, :, 1:-1, :-2]) / 2
    down = (wide[:, :, 2:, 1:-1] - wide[:, :, :-2, 1:-1]) / 2
    return right.square() - down.square(), 2 * right * down, right.square() + down.square()
