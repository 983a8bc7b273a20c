"""Paint with the photo's colors: the painting's light and dark under the photo's hue and saturation."""

from __future__ import annotations

import torch
from torch import Tensor

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, on coded values


def luma(pixels: Tensor) -> Tensor:
    """Weigh (B, 3, H, W) in [0, 1] to light and dark (B, 1, H, W)."""
    red, green, blue = pixels.split(1, 1)
    return _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue


def keep_color(painted: Tensor, photo: Tensor, amount: float | Tensor) -> Tensor:
    """Give a painting the photo's chroma and keep its luminance (Gatys et al., arXiv:1606.05897, section 3).

    painted, photo (B, 3, H, W) in [0, 1]; amount, one or (B, 1, H, W): 0 leaves the painting, 1 has the
    photo's chroma whole, between them the two are mixed. Returns (B, 3, H, W) in [0, 1]. Chroma that would
    leave the range shrinks toward gray instead of being cut off, so hue and luminance hold.
    """
    if not isinstance(amount, Tensor) and amount == 0:
        return painted
    light = luma(painted)
    chroma = photo - luma(photo)
    # The largest share of the chroma that keeps every channel within [0, 1] on this luminance.
    room = torch.where(chroma > 0, 1 - light, light) / chroma.abs().clamp(min=1e-6)
    share = room.amin(1, keepdim=True).clamp(max=1)
    return torch.lerp(painted, light + share * chroma, amount)
