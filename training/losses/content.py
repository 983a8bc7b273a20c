"""Distances of what two pictures show, in features of the perceptual network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from stylizer.models.perceptual import relative_content

Features = Sequence[Tensor]


def plain_content(found: Features, wanted: Features, weights: Sequence[float]) -> Tensor:
    """Mean squared difference of feature maps (B, C, h, w), summed over layers with their weights.

    Gatys et al. 2016, eq. 1, as a mean over all numbers (Johnson et al., arXiv:1603.08155, eq. 2). Colors and
    contrast count as much as shapes do.
    """
    terms = [
        weight * (a.float() - b.float()).square().mean()
        for a, b, weight in zip(found, wanted, weights, strict=True)
        if weight
    ]
    return torch.stack(terms).sum()


CONTENT: Mapping[str, Callable[[Features, Features, Sequence[float]], Tensor]] = {
    "normalized": relative_content,
    "plain": plain_content,
}
