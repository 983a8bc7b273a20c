"""What may happen in the calm parts of a picture: statistics guided by calmness, bands of detail.

One global target for busy and calm places lets a texture of the busy ones be stamped into skies ("ground
textures applied to sky regions", Gatys et al. 2017, arXiv:1611.07865, section 4). Here calm places answer to
the painting's own calm places, and what is drawn there has to come from the photo.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.models.channel_moments import shared_moments

BANDS = ((0.6, 1.6), (1.6, 5.0), (5.0, 14.0))
"""Deviations, in pixels, of the two Gaussians whose difference is a band: fine, middle, coarse detail."""
PARTS = 3
_BOX = 25  # pixels over which a band's energy is averaged
_CALM = 0.3  # share of a picture that counts as calm
_TINY = 1e-5
_LUMA = (0.299, 0.587, 0.114)


def luminance(pictures: Tensor) -> Tensor:
    """Return the luminance (B, 1, H, W), float32, of pictures (B, 3, H, W) (Rec. 601)."""
    weights = torch.tensor(_LUMA, device=pictures.device).view(1, 3, 1, 1)
    return (pictures.float() * weights).sum(1, keepdim=True)


def detail_bands(pictures: Tensor) -> Tensor:
    """Split luminance into fine, middle and coarse detail: (B, 3, H, W) of pictures (B, 3, H, W)."""
    gray = luminance(pictures)
    blurred = {sigma: _blur(gray, sigma) for band in BANDS for sigma in band}
    return torch.cat([blurred[low] - blurred[high] for low, high in BANDS], 1)


def band_energy(bands: Tensor) -> Tensor:
    """Root mean square of every band round each pixel, of the same shape (B, 3, H, W)."""
    half = _BOX // 2
    padded = F.pad(bands.square(), (half, half, half, half), mode="reflect")
    rows = F.avg_pool2d(padded, (_BOX, 1), stride=1)  # one way after the other: a fifth of the time
    return (F.avg_pool2d(rows, (1, _BOX), stride=1) + _TINY**2).sqrt()


def calm_mask(energy: Tensor) -> Tensor:
    """Mark the calmest 30 % of every picture, by its bands' energies (B, 3, H, W): (B, 1, H, W) of 0, 1."""
    total = energy.sum(1, keepdim=True)
    limit = total.flatten(1).quantile(_CALM, dim=1)
    return (total <= limit[:, None, None, None]).float()


def calm_energy(energy: Tensor, mask: Tensor) -> Tensor:
    """Mean energy of each band over the calm part: (B, 3)."""
    return (energy * mask).sum((2, 3)) / mask.sum((2, 3)).clamp(min=1)


def follow(bands: Tensor, photo_bands: Tensor, mask: Tensor) -> Tensor:
    """Correlation of each band of a painting with the photo's over the photo's calm part: (B, bands)."""
    count = mask.sum((2, 3)).clamp(min=1)
    a = (bands - ((bands * mask).sum((2, 3)) / count)[:, :, None, None]) * mask
    b = (photo_bands - ((photo_bands * mask).sum((2, 3)) / count)[:, :, None, None]) * mask
    top = (a * b).sum((2, 3)) / count
    return (
        top
        / ((a.square().sum((2, 3)) / count + _TINY**2) * (b.square().sum((2, 3)) / count + _TINY**2)).sqrt()
    )


def relief(bands: Tensor, photo_bands: Tensor) -> Tensor:
    """How far a painting looks embossed: (B, 2, bands), its correlation with slopes right and down.

    One side of every edge lighter, the other darker, as if lit from a corner: a network draws it by a single
    filter, no painter does. Both of (B, bands, H, W); 0 for the photo itself, within .02 for other systems.
    """
    drawn = _centered(bands[..., 1:-1, 1:-1])
    right = _centered(photo_bands[..., 1:-1, 2:] - photo_bands[..., 1:-1, :-2])
    down = _centered(photo_bands[..., 2:, 1:-1] - photo_bands[..., :-2, 1:-1])
    size = drawn.square().mean((2, 3)) + _TINY**2
    return torch.stack(
        [
            (drawn * slope).mean((2, 3)) / (size * (slope.square().mean((2, 3)) + _TINY**2)).sqrt()
            for slope in (right, down)
        ],
        1,
    )


def _centered(bands: Tensor) -> Tensor:
    return bands - bands.mean((2, 3), keepdim=True)


def excess(energy: Tensor, allowed: Tensor) -> Tensor:
    """Squared logarithm of how far calm energies (B, 3) exceed those that are allowed; (B,)."""
    return F.relu((energy.clamp(min=_TINY) / allowed.clamp(min=_TINY)).log()).square().mean(1)


def calmness_guides(pictures: Tensor) -> Tensor:
    """Part pictures (B, 3, H, W) softly into calm, middling and busy places: (B, 3, H/2, W/2), sum 1.

    Three hats at the ranks 0, 1/2 and 1 of how busy a place is, so that every picture has all three.
    """
    gray = F.avg_pool2d(luminance(pictures), 2)
    across = F.pad((gray[..., 1:] - gray[..., :-1]).abs(), (0, 1, 0, 0), mode="replicate")
    down = F.pad((gray[:, :, 1:] - gray[:, :, :-1]).abs(), (0, 0, 0, 1), mode="replicate")
    busy = F.avg_pool2d(F.pad(across + down, (4, 4, 4, 4), mode="reflect"), 9, stride=1)
    flat = busy.flatten(1)
    rank = flat.argsort(1).argsort(1).float() / max(1, flat.shape[1] - 1)
    hats = torch.stack([1 - 2 * rank, 1 - (2 * rank - 1).abs(), 2 * rank - 1], 1).clamp(min=0)
    return hats.unflatten(2, busy.shape[2:])


def guided_moments(features: Sequence[Tensor], guides: Tensor) -> tuple[Tensor, ...]:
    """Means and deviations of each part: for every layer (B, C, h, w) a tensor (B, 3, 2, C)."""
    found = []
    for layer in features:
        shares = F.interpolate(guides, size=layer.shape[2:], mode="area") + 1e-6
        shares = shares / shares.sum((2, 3), keepdim=True)
        mean, variance = shared_moments(layer, shares)
        found.append(torch.stack([mean, (variance + 1e-6).sqrt()], 2))
    return tuple(found)


def guided_distance(result: Sequence[Tensor], style: Sequence[Tensor], knee: float = 0.0) -> Tensor:
    """Relative squared distance of `guided_moments`, mean over pictures, layers and parts; a scalar.

    The target of the calm part is what the eye reads as the painter's ground. `knee` as in `style_moments`.
    """
    terms = []
    for a, b in zip(result, style, strict=True):
        distance = (a - b).square().sum((2, 3)) / b.square().sum((2, 3))
        terms.append((torch.log1p(knee * distance) / knee if knee else distance).mean())
    return torch.stack(terms).mean()


def _blur(gray: Tensor, sigma: float) -> Tensor:
    """Blur (B, 1, H, W) by a Gaussian; wide ones on a smaller copy."""
    size = gray.shape[2:]
    if sigma > 3:
        small = F.avg_pool2d(gray, 4, ceil_mode=True, count_include_pad=False)
        return F.interpolate(_blur(small, (sigma**2 / 16 - 0.08) ** 0.5), size=size, mode="bilinear")
    radius = min(max(1, int(3 * sigma + 0.5)), min(size) - 1)
    steps = torch.arange(-radius, radius + 1, device=gray.device, dtype=gray.dtype)
    kernel = torch.exp(-0.5 * (steps / sigma).square())
    kernel = kernel / kernel.sum()
    padded = F.pad(gray, (radius, radius, radius, radius), mode="reflect")
    return F.conv2d(F.conv2d(padded, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1))
