"""Distances in the features of the perceptual network (VGG-16, relu1_1 to relu4_1).

Features are tuples of maps (1, C, h, w), shallow to deep. The definitions of style and content are those of
the side-by-side evaluation, without the small constants that a loss adds for its gradient.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from stylizer.models.perceptual import content_distance, gram, gram_distance, moments_distance

Features = tuple[Tensor, ...]


class StyleFigures(NamedTuple):
    """What a picture's style is measured by, one entry a layer."""

    moments: tuple[tuple[Tensor, Tensor], ...]  # channel means and population deviations, (1, C) each
    grams: tuple[Tensor, ...]  # F F^T / (h w), (1, C, C)


def style_figures(features: Features) -> StyleFigures:
    """Measure the style of a picture by its features."""
    spread = [torch.std_mean(layer.flatten(2).float(), dim=2, correction=0) for layer in features]
    return StyleFigures(tuple((mean, deviation) for deviation, mean in spread), tuple(map(gram, features)))


def style_moments(result: StyleFigures, style: StyleFigures) -> float:
    """Return the mean over layers of (|mu_r - mu_s|^2 + |sd_r - sd_s|^2) / (|mu_s|^2 + |sd_s|^2)."""
    pairs = zip(result.moments, style.moments, strict=True)
    return torch.stack([moments_distance(a, b) for a, b in pairs]).mean().item()


def style_gram(result: StyleFigures, style: StyleFigures) -> float:
    """Return the mean over layers of |G_r - G_s|_F^2 / |G_s|_F^2 with G = F F^T / (h w)."""
    pairs = zip(result.grams, style.grams, strict=True)
    return torch.stack([gram_distance(a, b) for a, b in pairs]).mean().item()


def content(result: Features, photo: Features) -> float:
    """Return the mean squared difference of relu4_1, each channel normalized over its own picture.

    0 is the photo itself, about 2 is unrelated.
    """
    return content_distance(result[-1], photo[-1]).mean().item()


def perceptual(result: Features, other: Features) -> float:
    """Return how different two pictures of one size look.

    At each position features are scaled to unit length; squared differences are summed over channels and
    averaged over positions and layers (LPIPS without its learned weights, arXiv:1801.03924, eq. 1).
    """
    terms = []
    for a, b in zip(result, other, strict=True):
        a, b = (x.float() / (x.float().square().sum(1, keepdim=True).sqrt() + 1e-10) for x in (a, b))
        terms.append((a - b).square().sum(1).mean())
    return torch.stack(terms).mean().item()
