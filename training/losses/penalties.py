"""Penalties: on the slopes of critics, on the path lengths of generators, on pictures outside the range."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..run.method import total
from ..run.processes import shared_mean

Critic = Callable[[Tensor], Tensor | tuple[Tensor, ...]]
"""From pictures (B, C, H, W) in [0, 1] to scores: (B, ...), or several such of one picture at several
sizes."""


def _slope(critic: Critic, pictures: Tensor) -> Tensor:
    """Return the gradient (B, n) of each picture's score at the picture, in units of pictures in [-1, 1].

    The papers' pictures are in [-1, 1]: the same change is twice as large there, so the slope is half as
    large. Scores of patches are averaged, as they are in the losses; those at several sizes add up, as they
    do there.
    """
    pictures = pictures.detach().requires_grad_(True)
    scores = critic(pictures)
    each = [s.view(len(s), -1).mean(1) for s in (scores if isinstance(scores, tuple) else (scores,))]
    (slope,) = torch.autograd.grad(total(each).sum(), pictures, create_graph=True)
    return 0.5 * slope.flatten(1)


def r1_penalty(critic: Critic, real: Tensor) -> Tensor:
    """Mean squared gradient norm of the scores of real pictures (arXiv:1801.04406, eq. 9 without gamma/2)."""
    return _slope(critic, real).square().sum(1).mean()


def gradient_penalty(
    critic: Critic, real: Tensor, made: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    """Push gradient norms between real and made pictures to 1 (WGAN-GP, arXiv:1704.00028, eq. 3)."""
    share = torch.rand(real.shape[0], 1, 1, 1, generator=generator).to(real)
    return (_slope(critic, share * real + (1 - share) * made).norm(dim=1) - 1).square().mean()


def path_lengths(pictures: Tensor, styles: Tensor, noise: Tensor) -> Tensor:
    """Measure how far pictures (B, 3, H, W) move with their styles (B, layers, n): (B,) lengths.

    noise (B, 3, H, W) from a normal distribution; arXiv:1912.04958, eq. 4, before the distance to their
    mean. Lengths are those of pictures in [-1, 1], which the paper's weight is for; ours in [0, 1] move half
    as far.
    """
    height, width = pictures.shape[2:]
    moved = (2 * pictures * noise).sum() / (height * width) ** 0.5
    (slope,) = torch.autograd.grad(moved, styles, create_graph=True)
    return slope.square().sum(2).mean(1).sqrt()


class PathMean(nn.Module):
    """The usual path length, as a buffer: it is saved with the run (arXiv:1912.04958, eq. 4, a)."""

    usual: Tensor

    def __init__(self, decay: float = 0.01):
        super().__init__()
        self.decay = decay
        self.register_buffer("usual", torch.zeros(()))

    def forward(self, lengths: Tensor) -> Tensor:
        """Move towards lengths (B,) and return their mean squared distance to the usual one."""
        self.usual.lerp_(shared_mean(lengths.detach().mean()), self.decay)
        return (lengths - self.usual).square().mean()


def outside_range(pictures: Tensor) -> Tensor:
    """Mean distance of pixels to [0, 1]; 0 for a picture that needs no clamping."""
    return (F.relu(-pictures) + F.relu(pictures - 1)).mean()
