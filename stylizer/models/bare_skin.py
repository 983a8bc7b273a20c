"""Where people's bare skin is in a photo: faces first of all, which are lost sooner than anything else."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from stylizer.imaging.guided import widest
from stylizer.imaging.keep_color import luma
from stylizer.imaging.resample import blur, resample
from stylizer.imaging.skin_tones import Skin
from stylizer.models.roles import Segmenter

_PERSON = "person"
SKIN_SIDE = 320
"""Long side, pixels, of a photo whose skin is looked for while somebody waits."""
_CHROMA = ((77.0, 127.0), (133.0, 190.0))
"""Cb and Cr of skin, 0 to 255 (Chai and Ngan, IEEE Transactions on CSVT 9(4), 1999, who have 173 for 190:
a cheek in the sun has 183)."""
_SOFT = 2.5  # levels of chroma over which an end of these ranges fades
_HOLES = 1 / 40  # of the long side: eyes and mouths of a head that fills the photo are filled up to there
_RIM = 1 / 100  # of the long side, over which the end of a face fades
_HAIR = 1 / 120  # of the long side: the deviation of the Gaussian under which strands of hair are seen
_STRANDS = 0.085  # of light: places that vary by more are hair, or an eye, which is filled again
_SOME = 0.01  # of a photo: with less of skin's chroma no face in it is large enough to be spoiled


_SEEN = 0.3
"""What is skin by no more than this, all over a photo, is none."""


def skin_in(photo: Tensor, segmenter: Segmenter, plain: bool = True) -> Skin | None:
    """Find skin in a photo (1, 3, H, W), as `find_skin` does."""

    def fitted(side: int) -> Tensor:
        height, width = photo.shape[2:]
        scale = min(1.0, side / max(height, width))
        return resample(photo, (max(1, round(height * scale)), max(1, round(width * scale)))).clamp(0, 1)

    return find_skin(fitted, lambda: segmenter, plain)


def find_skin(
    fitted: Callable[[int], Tensor], segmenter: Callable[[], Segmenter], plain: bool = True
) -> Skin | None:
    """Find skin in a photo; None where none is in sight, at once where its colors already tell.

    `fitted` gives the photo (1, 3, h, w) at a long side of at most so many pixels, `segmenter` who finds
    people. `plain` skin is seen at SKIN_SIDE, as somebody waits; all of it as well as the segmenter can.
    """
    small = fitted(SKIN_SIDE)
    if not may_show_skin(small):
        return None
    network = segmenter()
    side = min(SKIN_SIDE, network.best_side) if plain else network.best_side
    found = bare_skin(small if side == SKIN_SIDE else fitted(side), network, plain)
    return Skin.of(found) if found.max() > _SEEN else None


def may_show_skin(photo: Tensor) -> bool:
    """Tell at once whether a photo (1, 3, H, W) in [0, 1] has enough of skin's chroma to look for people."""
    return bool((_skin_chroma(photo.float()) > 0.5).float().mean() > _SOME)


def bare_skin(photo: Tensor, segmenter: Segmenter, plain: bool = False) -> Tensor:
    """Find people's bare skin, eyes and mouths in it included: (B, 1, H, W) in [0, 1].

    photo (B, 3, H, W) in [0, 1], long side best `segmenter.best_side`. What is no person to the segmenter, or
    has not skin's chroma, is 0; so is all of a photo without color. Hair and light cloth beside skin count a
    little. `plain`: smooth skin alone, and what it surrounds: faces close to the camera, without their hair.
    """
    if _PERSON not in segmenter.classes:
        return torch.zeros_like(photo[:, :1])
    person = segmenter.segment(photo)[:, segmenter.classes.index(_PERSON)][:, None].to(photo)
    if person.max() <= _SEEN:  # nobody
        return torch.zeros_like(photo[:, :1])
    long_side = max(photo.shape[2:])
    reach = max(1, round(_HOLES * long_side))
    sure = _skin_chroma(photo.float()) * person.float()
    if plain:
        sure = sure * _smoothness(photo.float(), _HAIR * long_side)
    skin = blur(sure, 0.002 * long_side)
    closed = -widest(-widest(skin[:, 0], reach), reach)[:, None]
    return blur((closed * person).clamp(0, 1), _RIM * long_side).clamp(0, 1)


def _skin_chroma(photo: Tensor) -> Tensor:
    """Tell how surely colors are skin's, (B, 1, H, W) in [0, 1]."""
    red, green, blue = (255 * photo).split(1, 1)
    cb = 128 - 0.168736 * red - 0.331264 * green + 0.5 * blue
    cr = 128 + 0.5 * red - 0.418688 * green - 0.081312 * blue
    sure = torch.ones_like(cb)
    for plane, (low, high) in zip((cb, cr), _CHROMA, strict=True):
        sure = sure * torch.sigmoid((plane - low) / _SOFT) * torch.sigmoid((high - plane) / _SOFT)
    return sure


def _smoothness(photo: Tensor, reach: float) -> Tensor:
    """Tell how smooth places are, (B, 1, H, W) in [0, 1]: cheeks are, hair is not."""
    light = luma(photo)
    varied = (blur(light.square(), reach) - blur(light, reach).square()).clamp(min=0)
    return 1 / (1 + (varied / _STRANDS**2).square())
