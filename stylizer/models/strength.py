"""The law of strength: from a slider's position and a mix of styles to the weights of codes.

Painting and measuring share it: the engine paints by it, and every published figure goes through it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor

Key = TypeVar("Key", bound=Hashable)

RAMP = 0.1
"""Below this strength the painting is blended with the photo: painting a photo in its own style is not quite
the photo, and the slider's first tick must not jump."""


def mix_styles(chosen: Sequence[tuple[Key, float]]) -> dict[Key, float]:
    """Return each style's share, sum 1, in an order of their keys: neither order nor splitting matters.

    Raises ValueError when no weight is positive.
    """
    shares: dict[Key, float] = {}
    for key, weight in sorted(chosen):
        shares[key] = shares.get(key, 0.0) + weight
    total = sum(shares.values())
    if not total > 0:
        raise ValueError("no style has a weight above 0; give at least one")
    return {key: weight / total for key, weight in shares.items() if weight > 0}


def code_weights(shares: Sequence[float], strength: float) -> Tensor:
    """Weigh the photo's own code and the styles': (1 + K,) float32, sum 1; strength > 1 extrapolates."""
    return torch.tensor([1 - strength, *(strength * share for share in shares)], dtype=torch.float32)


def calibrate(strength: float, table: Sequence[tuple[float, float]]) -> float:
    """Turn the slider's position into the strength that looks like it.

    `table` has rising pairs (position, strength); straight lines between them, and beyond the last pair on
    with slope 1. An empty table changes nothing.
    """
    if not table or strength <= table[0][0]:
        return strength if not table else table[0][1] + strength - table[0][0]
    for (left, low), (right, high) in pairwise(table):
        if strength <= right:
            return low + (high - low) * (strength - left) / (right - left)
    return table[-1][1] + strength - table[-1][0]


def painted_share(strength: float) -> float:
    """Return how much of the painting shows over the photo: the ramp from 0 to 1 near strength 0."""
    return min(1.0, strength / RAMP)
