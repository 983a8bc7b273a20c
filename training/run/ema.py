"""Averaged weights: what is shown and shipped."""

from __future__ import annotations

import copy

import torch
from torch import nn


class AveragedWeights:
    """An exponential mean of the networks' weights; buffers are copied.

    `half_life` in pictures. Early on it is a tenth of the pictures seen, so that the mean is not held
    back by the first weights; both are functions of the step, so nothing but `nets` has to be saved.
    """

    def __init__(self, nets: nn.ModuleDict, half_life: float, pictures_per_step: int) -> None:
        self.nets = copy.deepcopy(nets).requires_grad_(False).eval()
        self.half_life = half_life
        self.pictures_per_step = pictures_per_step

    def decay(self, step: int) -> float:
        """Return the share of the old mean that is kept after step number `step`."""
        seen = (step + 1) * self.pictures_per_step
        return 0.5 ** (self.pictures_per_step / min(self.half_life, seen / 10))

    @torch.no_grad()
    def update(self, nets: nn.ModuleDict, step: int) -> None:
        """Move the mean towards the weights that `nets` have after step number `step`."""
        share = 1.0 - self.decay(step)
        for mean, now in zip(self.nets.parameters(), nets.parameters(), strict=True):
            mean.lerp_(now, share)
        for held, current in zip(self.nets.buffers(), nets.buffers(), strict=True):
            held.copy_(current)
