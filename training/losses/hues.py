"""Classifying hues: soft targets, the weight of rare hues, cross-entropy (arXiv:1603.08511, section 2)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

_NEAREST, _DEVIATION = 5, 5.0  # bins that share a target, and the Gaussian that weighs them, units of Lab
_ROWS = 65_536  # hues that are compared with all bins at once


def soft_bins(hues: Tensor, bins: Tensor) -> Tensor:
    """Share every hue (B, 2, h, w) out among its nearest bins (Q, 2): (B, Q, h, w), sum 1 over Q."""
    count, _, height, width = hues.shape
    rows = hues.permute(0, 2, 3, 1).reshape(-1, 2).float()
    shares = torch.cat([_shares(some, bins.float()) for some in rows.split(_ROWS)])
    return shares.view(count, height, width, len(bins)).permute(0, 3, 1, 2)


def _shares(rows: Tensor, bins: Tensor) -> Tensor:
    distance, index = torch.cdist(rows, bins).topk(min(_NEAREST, len(bins)), largest=False)
    near = (-0.5 * (distance / _DEVIATION).square()).softmax(1)
    return rows.new_zeros(len(rows), len(bins)).scatter_(1, index, near)


class Rebalancing(nn.Module):
    """What a hue weighs: the rarer, the more (eq. 4); a buffer, saved with the run.

    weights = 1 / ((1 - even) p + even / Q), scaled so that the mean weight of the hues that come, by p, is 1.
    """

    weights: Tensor

    def __init__(self, bins: int, even: float = 0.5):
        super().__init__()
        self.even = even
        self.register_buffer("weights", torch.ones(bins))

    @torch.no_grad()
    def count(self, hues: Iterable[Tensor], bins: Tensor) -> None:
        """Set the weights by the hues (2, n) of many pictures."""
        total = torch.zeros(len(bins))
        for some in hues:
            total += _shares(some.T.float().cpu(), bins.float().cpu()).sum(0)
        likely = total / total.sum()
        weights = 1 / ((1 - self.even) * likely + self.even / len(bins))
        self.weights.copy_(weights / (weights * likely).sum())


def hue_entropy(logits: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Mean cross-entropy of logits (B, Q, h, w) against shares, each place weighed by its likeliest hue (eq.
    2)."""
    places = -(target * logits.float().log_softmax(1)).sum(1)
    return (weights[target.argmax(1)] * places).mean()
