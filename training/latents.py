"""Latent vectors and styles drawn from the global generator, which the loop seeds by the step."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from stylizer.models.style_gan import StyleGAN
from training.processes import shared_mean


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


def mixed_styles(inventor: StyleGAN, count: int, mixing: float, device: torch.device) -> Tensor:
    """Draw styles (count, layers, n); a share `mixing` changes to a second one between two layers.

    Style mixing regularization (arXiv:1812.04948, section 3.1).
    """
    first, second = inventor.style(torch.randn(2 * count, inventor.latent_size).to(device)).chunk(2)
    layers = torch.arange(inventor.layers)[None, :, None]
    cut = torch.randint(1, inventor.layers, (count, 1, 1))
    cut = torch.where(torch.rand(count, 1, 1) < mixing, cut, inventor.layers)
    return torch.where((layers < cut).to(device), first, second)
