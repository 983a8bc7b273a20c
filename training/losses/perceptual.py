"""Style and content losses over several layers of the perceptual network."""

from __future__ import annotations

from torch import Tensor

from stylizer.models.perceptual import content_distance, gram_distance, moments_distance

Moments = tuple[Tensor, Tensor]


def style_moments(result: tuple[Moments, ...], style: tuple[Moments, ...]) -> Tensor:
    """Mean over layers of the relative squared distance of channel moments; a scalar over the batch."""
    terms = [moments_distance(a, b).mean() for a, b in zip(result, style, strict=True)]
    return sum(terms) / len(terms)


def style_gram(result: tuple[Tensor, ...], style: tuple[Tensor, ...]) -> Tensor:
    """Mean over layers of the relative squared distance of Gram matrices; a scalar over the batch."""
    terms = [gram_distance(a, b).mean() for a, b in zip(result, style, strict=True)]
    return sum(terms) / len(terms)


def relative_content(
    result: tuple[Tensor, ...], photo: tuple[Tensor, ...], weights: tuple[float, ...]
) -> Tensor:
    """Weighted sum over layers of the distance of instance-normalized features; layers at weight 0 are skipped."""
    return sum(
        weight * content_distance(a, b).mean()
        for a, b, weight in zip(result, photo, weights, strict=True)
        if weight
    )
