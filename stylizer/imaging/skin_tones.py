"""Hold what is painted on skin to the face's own light: no wounds on a cheek, no second eyebrow."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import full_precision
from stylizer.imaging.guided import weighted_mean
from stylizer.imaging.keep_color import luma

_CELL = 4  # pixels; colors are compared between cells of this side
_REACH = 1 / 16  # of the long side, from the middle of a window to its edge
_NOISE = 1e-3  # variance of light below which a difference within the photo explains none of the painting's
_STROKE = 0.06  # of color: what is this far from the face's own light is halved, what is farther fades more
_PATCH = 0.1  # of color: what is this far from it counts half when the face's own light is found
_SURE = 1.25  # what is skin by four fifths is skin: a tenth of a dark patch shows
_SOON = 2  # of the strength; patches show well before a half of it
_LEAST = 1e-4


def hold_to_skin(painted: Tensor, photo: Tensor, skin: Tensor, strength: float = 1.0) -> Tensor:
    """Let colors that are painted on skin follow its light in the photo, but for strokes that are faint.

    painted, photo (B, 3, H, W) in [0, 1]; skin (B, 1, h, w) in [0, 1], of any size; strength >= 0, at
    which they are painted: from a half on all of this is done, below in proportion, as a photo is to stay
    what it is. Returns (B, 3, H, W), float32.

    Within wide windows the painting's colors on skin become a linear function of the photo's light, by the
    guided filter (He et al. 2013, eq. 5 to 8) with skin alone counted, and once more with what departs from
    it counted less. What departs by r then shows as r / (1 + (|r| / s)^2), as in robust statistics (Geman and
    McClure 1987): the mark of a brush stays, a patch of a rare tone goes.
    """
    with full_precision(painted):
        painted, light = painted.float(), luma(photo.float())
        size = (painted.shape[2], painted.shape[3])
        skin = (_SURE * _resized(skin.float(), size, "bilinear")).clamp(max=1)
        slope, offset = _resized(_lines(painted, light, skin), size, "bilinear").split(3, 1)
        wanted = slope * light + offset
        rest = painted - wanted
        kept = rest * _likely(rest, _STROKE)
        return torch.lerp(painted, (wanted + kept).clamp(0, 1), min(1.0, _SOON * strength) * skin)


def _lines(painted: Tensor, light: Tensor, skin: Tensor) -> Tensor:
    """Fit the painting's colors as lines over the light of skin, window by window: (B, 6, h, w).

    Fitted twice, the second time with what departs from the first lines counted less.
    """
    cells = max(1, light.shape[2] // _CELL), max(1, light.shape[3] // _CELL)
    sums = _resized(torch.cat([skin, skin * light, skin * painted], 1), cells, "area")
    share = sums[:, :1] + _LEAST
    guide, color = (sums[:, 1:] / share).split([1, 3], 1)
    slope, offset = _fitted(share, guide, color).split(3, 1)
    return _fitted(share * _likely(color - slope * guide - offset, _PATCH), guide, color)


def _fitted(share: Tensor, guide: Tensor, color: Tensor) -> Tensor:
    radius = max(1, round(_REACH * max(guide.shape[2:])))
    parts = weighted_mean(share, torch.cat([guide, color, guide.square(), guide * color], 1), radius)
    mean, wanted, square, product = parts.split([1, 3, 1, 3], 1)
    slope = ((product - mean * wanted) / (square - mean.square() + _NOISE)).clamp(min=0)
    return weighted_mean(share, torch.cat([slope, wanted - slope * mean], 1), radius)


def _likely(rest: Tensor, size: float) -> Tensor:
    """Weigh what departs by (B, 3, h, w) of color: 1 where nothing does, a half at `size`."""
    return 1 / (1 + rest.square().sum(1, keepdim=True) / size**2)


def _resized(planes: Tensor, size: tuple[int, int], mode: str) -> Tensor:
    return F.interpolate(planes, size=size, mode=mode) if planes.shape[2:] != size else planes
