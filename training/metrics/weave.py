"""Does one wave stand out of a result? A weave, rows of dots, a corduroy that no brush leaves."""

from __future__ import annotations

import torch
from torch import Tensor


def weave(result: Tensor, photo: Tensor, painting: Tensor) -> float:
    """Return by how many decibels one wave stands out of a result beyond what photo and painting show.

    Arguments are (1, waves), from `stylizer.imaging.wave_peaks`. 0 where none stands out further than in
    either of the two: a photo's fence and a painting's canvas are allowed.
    """
    allowed = torch.maximum(photo, painting).clamp(min=0)
    return max(0.0, float((result - allowed).max()))
