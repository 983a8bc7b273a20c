"""Stabilizers of critics, and smoothness and range of pictures."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.run.processes import shared_mean


def r1_penalty(critic: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """Mean squared gradient norm of the scores of real pictures (arXiv:1801.04406, eq. 9 without gamma/2)."""
    pictures = real.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(pictures).sum(), pictures, create_graph=True)
    return slope.square().flatten(1).sum(1).mean()


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], real: Tensor, made: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    """Push gradient norms between real and made pictures to 1 (WGAN-GP, arXiv:1704.00028, eq. 3)."""
    share = torch.rand(real.shape[0], 1, 1, 1, generator=generator).to(real)
    between = (share * real + (1 - share) * made).detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


def path_lengths(pictures: Tensor, styles: Tensor, noise: Tensor) -> Tensor:
    """Measure how far pictures (B, 3, H, W) move with their styles (B, layers, n): (B,) lengths.

    noise (B, 3, H, W) from a normal distribution; arXiv:1912.04958, eq. 4, before the distance to their mean.
    """
    height, width = pictures.shape[2:]
    moved = (pictures * noise).sum() / (height * width) ** 0.5
    (slope,) = torch.autograd.grad(moved, styles, create_graph=True)
    return slope.square().sum(2).mean(1).sqrt()


class PathMean(nn.Module):
    """The usual path length, as a buffer: it is saved with the run (arXiv:1912.04958, eq. 4, a)."""

    def __init__(self, decay: float = 0.01):
        super().__init__()
        self.decay = decay
        self.register_buffer("usual", torch.zeros(()))

    def forward(self, lengths: Tensor) -> Tensor:
        """Move towards lengths (B,) and return their mean squared distance to the usual one."""
        self.usual.lerp_(shared_mean(lengths.detach().mean()), self.decay)
        return (lengths - self.usual).square().mean()


def total_variation(pictures: Tensor) -> Tensor:
    """Mean absolute difference of neighboring pixels, down and across, of (B, C, H, W)."""
    down = (pictures[:, :, 1:] - pictures[:, :, :-1]).abs().mean()
    across = (pictures[:, :, :, 1:] - pictures[:, :, :, :-1]).abs().mean()
    return down + across


def outside_range(pictures: Tensor) -> Tensor:
    """Mean distance of pixels to [0, 1]; 0 for a picture that needs no clamping."""
    return (F.relu(-pictures) + F.relu(pictures - 1)).mean()
