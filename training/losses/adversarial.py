"""Adversarial losses of critic and generator: BCE, least squares, hinge, Wasserstein; feature matching.

Scores may be of half precision; losses are summed in whole precision, or a report's figures had 8 bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Adversarial = Literal["bce", "least_squares", "hinge", "wasserstein"]


@dataclass(frozen=True)
class AdversarialLoss:
    """What a critic wants of its scores for real and made pictures, and what a generator wants of them."""

    critic: Callable[[Tensor, Tensor], Tensor]
    """(scores of real, scores of made) -> scalar"""
    generator: Callable[[Tensor], Tensor]
    """scores of made -> scalar"""


def _bce_critic(real: Tensor, made: Tensor) -> Tensor:
    return F.softplus(-real.float()).mean() + F.softplus(made.float()).mean()


def _least_squares_critic(real: Tensor, made: Tensor) -> Tensor:
    return 0.5 * ((real.float() - 1).square().mean() + made.float().square().mean())


def _hinge_critic(real: Tensor, made: Tensor) -> Tensor:
    return F.relu(1 - real.float()).mean() + F.relu(1 + made.float()).mean()


def _least(made: Tensor) -> Tensor:
    return -made.float().mean()


ADVERSARIAL = {
    # non-saturating form of Goodfellow et al. 2014 (arXiv:1406.2661, section 3), on logits
    "bce": AdversarialLoss(_bce_critic, lambda made: F.softplus(-made.float()).mean()),
    # Mao et al. (arXiv:1611.04076), eq. 9 with a = 0, b = c = 1
    "least_squares": AdversarialLoss(
        _least_squares_critic, lambda made: 0.5 * (made.float() - 1).square().mean()
    ),
    # Miyato et al. (arXiv:1802.05957), eq. 16 and 17
    "hinge": AdversarialLoss(_hinge_critic, _least),
    # Arjovsky et al. (arXiv:1701.07875), eq. 3
    "wasserstein": AdversarialLoss(lambda real, made: made.float().mean() - real.float().mean(), _least),
}


def feature_matching(real: tuple[Tensor, ...], made: tuple[Tensor, ...]) -> Tensor:
    """Mean absolute distance of the critic's inner features, summed over layers (arXiv:1711.11585, eq. 3)."""
    return torch.stack([(a.detach() - b).abs().mean() for a, b in zip(real, made, strict=True)]).sum()


def mean_feature_matching(real: tuple[Tensor, ...], made: tuple[Tensor, ...]) -> Tensor:
    """Mean squared distance of the critic's inner features, averaged over batch and positions first.

    Layers add up. For pictures without pairs (arXiv:1606.03498, section 3.1; in DiscoGAN's code). Departure:
    positions are averaged too, since in a small batch of crops a mean at each position would still be a
    picture.
    """
    means = [
        (a.detach().float().mean((0, 2, 3)), b.float().mean((0, 2, 3)))
        for a, b in zip(real, made, strict=True)
    ]
    return torch.stack([(a - b).square().mean() for a, b in means]).sum()
