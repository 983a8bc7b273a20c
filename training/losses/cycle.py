"""Distances of pictures that should come back as they were, and of latent codes from noise."""

from __future__ import annotations

from torch import Tensor


def picture_l1(first: Tensor, second: Tensor) -> Tensor:
    """Mean absolute distance of pictures in [0, 1], doubled: the papers' weights are for pictures in [-1, 1].

    The cycle loss of arXiv:1703.10593, eq. 2, the identity loss of its section 5.2, the reconstruction losses
    of arXiv:1704.02510, eq. 2, arXiv:1711.09020, eq. 4, and arXiv:1611.07004, eq. 3.
    """
    return 2 * (first - second).abs().mean()


def picture_l2(first: Tensor, second: Tensor) -> Tensor:
    """Mean squared distance of pictures, in units of [-1, 1] (arXiv:1703.05192, eq. 4)."""
    return 4 * (first - second).square().mean()


def latent_divergence(mean: Tensor) -> Tensor:
    """Divergence of N(mean, 1) from N(0, 1) for each number, without its factor of a half.

    The variance is fixed at 1 (arXiv:1703.00848, section 3), so that only the squared mean is left of it.
    """
    return mean.square().mean()
