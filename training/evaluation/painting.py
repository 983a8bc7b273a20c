"""Paint a whole picture with a stylizer, for samples and measurements; no tiles, no caches."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from stylizer.models.roles import Content, Stylizer

RAMP = 0.1  # below this strength the painting is blended with the photo itself


def strength_at(position: float, table: Sequence[tuple[float, float]]) -> float:
    """Turn a slider position into a strength by (position, strength) pairs; slope 1 beyond the last one."""
    for (left, low), (right, high) in pairwise(table):
        if position <= right:
            return low + (high - low) * (position - left) / (right - left)
    return table[-1][1] + position - table[-1][0] if table else position


@torch.no_grad()
def paint(painter: Stylizer, photo: Tensor, content: Content, codes: Tensor, position: float) -> Tensor:
    """Paint a photo (1, 3, H, W) in [0, 1] at a slider position in [0, 1.5]; 0 gives the photo itself.

    content: `painter.encode(photo)`; codes (2, code_size): the photo's own code, then the style's.
    """
    if position == 0:
        return photo
    strength = strength_at(position, painter.config.calibration)
    weights = torch.tensor([1 - strength, strength], device=codes.device)
    painted = painter.decode(content, codes, weights).float()
    return torch.lerp(photo, painted, min(1.0, position / RAMP))


@torch.no_grad()
def paint_once(painter: Stylizer, photo: Tensor, style: Tensor, position: float = 1.0) -> Tensor:
    """Paint a photo in the style of a painting, both (1, 3, H, W) in [0, 1]."""
    content = painter.encode(photo)
    codes = torch.cat([painter.own_code(content), painter.code(style)])
    return paint(painter, photo, content, codes, position)
