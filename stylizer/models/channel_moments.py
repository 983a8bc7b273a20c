"""Channel means and variances, quick for channels-last memory."""

from __future__ import annotations

from torch import Tensor


def positions(x: Tensor) -> Tensor:
    """View (B, C, h, w) as (B, h*w, C): no copy when the memory is channels-last."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def channel_moments(x: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Measure mean and population variance (B, C), float32, of every channel of x (B, C, h, w).

    `weights` (B, 1, h, w) >= 0 tell how much each place counts; their sum is positive.
    torch.var_mean over (2, 3) takes some five times as long on a CPU with channels-last memory.
    """
    flat = positions(x).float()
    if weights is not None:
        shares = positions(weights).float()
        shares = shares / shares.sum(1, keepdim=True)
        mean = (flat * shares).sum(1)
        return mean, ((flat - mean[:, None]).square() * shares).sum(1)
    mean = flat.mean(1)
    return mean, (flat - mean[:, None]).square().mean(1)
