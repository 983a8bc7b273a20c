"""Channel means and variances, quick for channels-last memory."""

from __future__ import annotations

from torch import Tensor


def positions(x: Tensor) -> Tensor:
    """View (B, C, h, w) as (B, h*w, C): no copy when the memory is channels-last."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def channel_moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Measure mean and population variance (B, C), float32, of every channel of x (B, C, h, w).

    torch.var_mean over (2, 3) takes some five times as long on a CPU with channels-last memory.
    """
    flat = positions(x).float()
    mean = flat.mean(1)
    return mean, (flat - mean[:, None]).square().mean(1)
