"""Hold what is painted on skin to the face's own light: no wounds on a cheek, no second eyebrow."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import full_precision
from stylizer.imaging.guided import weighted_mean
from stylizer.imaging.keep_color import luma
from stylizer.imaging.resample import linear_window

_CELL = 4  # pixels; colors are compared between cells of this side
_REACH = 1 / 16  # of the long side, from the middle of a window to its edge
_NOISE = 1e-3  # variance of light below which a difference within the photo explains none of the painting's
_STROKE = 0.06  # of color: what is this far from the face's own light is halved, what is farther fades more
_PATCH = 0.1  # of color: what is this far from it counts half when the face's own light is found
_SURE = 1.25  # what is skin by four fifths is skin: a tenth of a dark patch shows
_SOON = 2  # of the strength; patches show well before a half of it
_FAINT = 1 / 256  # what is skin by less than this shows nowhere
_LEAST = 1e-8  # so little that what is no skin moves no line, and a window without any divides by something


@dataclass(frozen=True, eq=False)
class Skin:
    """Where skin is, and in which part of the picture all of it lies: nothing else has to be looked at.

    `mask` (B, 1, h, w) in [0, 1], of any size; `rows` and `columns` are half-open ranges of its pixels.
    """

    mask: Tensor
    rows: tuple[int, int]
    columns: tuple[int, int]

    @classmethod
    def of(cls, mask: Tensor) -> Skin:
        """Look where a mask is more than 0; asks the device, so once a photo is enough."""
        seen = (mask > _FAINT).any(0)[0]
        (top, bottom), (left, right) = (_ends(seen.any(axis).cpu()) for axis in (1, 0))
        return cls(mask * seen, (top, bottom), (left, right))

    @property
    def nbytes(self) -> int:
        """Count the bytes held, for the cache's budget."""
        return self.mask.nbytes

    def window(self, size: tuple[int, int]) -> tuple[slice, slice]:
        """Return the rows and columns of a picture of `size` that skin is in, and a rim; whole cells."""
        height, width = self.mask.shape[2:]
        return _reached(self.rows, height, size[0]), _reached(self.columns, width, size[1])


def _ends(seen: Tensor) -> tuple[int, int]:
    places = seen.nonzero()
    return (int(places[0]), int(places[-1]) + 1) if len(places) else (0, 0)


def _reached(part: tuple[int, int], source: int, length: int) -> slice:
    """Return the pixels of a side of `length` that a part of a mask's side of `source` reaches."""
    if part[0] == part[1]:
        return slice(0, 0)
    scale = length / source  # an enlarged pixel fades over its neighbors, and so does a cell's line
    first = int((part[0] - 1) * scale) - _CELL
    last = int((part[1] + 1) * scale) + 1 + _CELL
    return slice(max(0, first // _CELL * _CELL), min(length, -(-last // _CELL) * _CELL))


def hold_to_skin(painted: Tensor, photo: Tensor, skin: Skin, strength: float = 1.0) -> Tensor:
    """Let colors that are painted on skin follow its light in the photo, but for strokes that are faint.

    painted, photo (B, 3, H, W) in [0, 1]; strength >= 0, at which they are painted: from a half on all of
    this is done, below in proportion, as a photo is to stay what it is. Returns (B, 3, H, W), float32.

    Within wide windows the painting's colors on skin become a linear function of the photo's light, by the
    guided filter (He et al. 2013, eq. 5 to 8) with skin alone counted, and once more with what departs from
    it counted less. What departs by r then shows as r / (1 + (|r| / s)^2), as in robust statistics (Geman and
    McClure 1987): the mark of a brush stays, a patch of a rare tone goes.
    """
    size = painted.shape[2], painted.shape[3]
    rows, columns = skin.window(size)
    if rows.start == rows.stop:
        return painted.float()
    with full_precision(painted):
        held = painted.float().clone()
        part, light = held[..., rows, columns], luma(photo[..., rows, columns].float())
        share = linear_window(_SURE * skin.mask.float()[:, 0], size, rows, columns)[:, None].clamp(max=1)
        lines = F.interpolate(_lines(part, light, share, max(size)), scale_factor=_CELL, mode="bilinear")
        slope, offset = lines[..., : part.shape[2], : part.shape[3]].split(3, 1)
        wanted = torch.addcmul(offset, slope, light)
        rest = part - wanted
        kept = torch.addcmul(wanted, rest, _likely(rest, _STROKE)).clamp_(0, 1)
        held[..., rows, columns] = torch.lerp(part, kept, min(1.0, _SOON * strength) * share)
    return held


def _lines(painted: Tensor, light: Tensor, skin: Tensor, long_side: int) -> Tensor:
    """Fit the painting's colors as lines over the light of skin, window by window: (B, 6, h, w).

    They are a part of pictures of `long_side`. Fitted twice, the second time with what departs from the first
    lines counted less.
    """
    radius = max(1, round(_REACH * long_side / _CELL))
    planes = torch.cat([skin, skin * light, skin * painted], 1)
    sums = F.avg_pool2d(planes, _CELL, ceil_mode=True, count_include_pad=False)
    share = sums[:, :1] + _LEAST
    guide, color = (sums[:, 1:] / share).split([1, 3], 1)
    slope, offset = _fitted(share, guide, color, radius).split(3, 1)
    return _fitted(share * _likely(color - slope * guide - offset, _PATCH), guide, color, radius)


def _fitted(share: Tensor, guide: Tensor, color: Tensor, radius: int) -> Tensor:
    parts = weighted_mean(share, torch.cat([guide, color, guide.square(), guide * color], 1), radius)
    mean, wanted, square, product = parts.split([1, 3, 1, 3], 1)
    slope = ((product - mean * wanted) / (square - mean.square() + _NOISE)).clamp(min=0)
    return weighted_mean(share, torch.cat([slope, wanted - slope * mean], 1), radius)


def _likely(rest: Tensor, size: float) -> Tensor:
    """Weigh what departs by (B, 3, h, w) of color: 1 where nothing does, a half at `size`."""
    return 1 / (1 + rest.square().sum(1, keepdim=True) / size**2)
