"""Copies: how near pictures come to the nearest of a known set, beside what unseen pictures do."""

from __future__ import annotations

import torch
from torch import Tensor


def nearest(asked: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Find the nearest known row of every asked one: distances (N,) and indices (N,).

    asked (N, D), known (M, D): features. Every number counts in units of its deviation over the known rows;
    distances are divided by the square root of D, so that rows of one cloud are about 1.4 apart.
    """
    unit = known.std(0) + 1e-6
    found = torch.cdist(asked / unit, known / unit) / known.shape[1] ** 0.5
    return tuple(found.min(1))


def copying(asked: Tensor, unseen: Tensor, known: Tensor) -> float:
    """Return the median distance to the nearest known row of asked rows over that of unseen ones.

    Near 1: no nearer to what was trained on than pictures that training never saw; near 0: copies.
    """
    return (nearest(asked, known)[0].median() / nearest(unseen, known)[0].median()).item()
