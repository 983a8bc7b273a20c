"""Channel means, variances and Gram matrices, quick for channels-last memory, forward and backward."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def positions(x: Tensor) -> Tensor:
    """View (B, C, h, w) as (B, h*w, C): no copy when the memory is channels-last."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def channel_moments(x: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Measure mean and population variance (B, C), float32, of every channel of x (B, C, h, w).

    `weights` (B, 1, h, w) >= 0 tell how much each place counts; their sum is positive.
    """
    if weights is None:
        return _Moments.apply(x)
    flat = positions(x).float()
    shares = positions(weights).float()
    shares = shares / shares.sum(1, keepdim=True)
    mean = (flat * shares).sum(1)
    return mean, ((flat - mean[:, None]).square() * shares).sum(1)


def shared_moments(x: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
    """Measure mean and variance (B, R, C), float32, of x (B, C, h, w) in R soft parts at once.

    shares (B, R, h, w) >= 0 sum to 1 over every part's places.
    """
    flat, shares = positions(x).float(), shares.flatten(2).float()
    mean = shares @ flat
    return mean, (shares @ flat.square() - mean.square()).clamp(min=0)


def gram_matrix(x: Tensor) -> Tensor:
    """Gram matrices F F^T / (h w) of (B, C, h, w) as float32 (B, C, C) (Gatys et al. 2016, eq. 3)."""
    return _Gram.apply(x)


class _Moments(torch.autograd.Function):
    """Mean and variance whose gradient is one multiplication and one addition a value.

    Left to autograd the backward pass keeps and walks through several float32 copies of the features.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        quick = x.device.type == "cpu" and not torch.onnx.is_in_onnx_export()  # ONNX has no such operation
        mean, variance = _measured_by_batch_norm(x) if quick else _measured(x)
        ctx.save_for_backward(x, mean)
        return mean, variance

    @staticmethod
    def backward(ctx: Any, to_mean: Tensor, to_variance: Tensor) -> Tensor:
        x, mean = ctx.saved_tensors
        count = x.shape[2] * x.shape[3]
        slope = 2 * to_variance / count
        offset = to_mean / count - slope * mean
        return torch.addcmul(offset[:, :, None, None].to(x.dtype), x, slope[:, :, None, None].to(x.dtype))


def _measured(x: Tensor) -> tuple[Tensor, Tensor]:
    flat = positions(x).float()
    mean = flat.mean(1)
    return mean, (flat - mean[:, None]).square().mean(1)


def _measured_by_batch_norm(x: Tensor) -> tuple[Tensor, Tensor]:
    """Let batch normalization measure, one picture at a time.

    It reads channels-last memory of any precision as it lies, in two passes; `_measured` makes float32 copies
    and takes three times as long or more, torch.var_mean over (2, 3) ten times.
    """
    unused = torch.zeros(2, x.shape[1])  # running ones, whose precision is that of the answer
    found = [torch.batch_norm_update_stats(one[None], unused[0], unused[1], 0.0) for one in x]
    mean, variance = (torch.stack(part) for part in zip(*found, strict=True))
    return mean, variance


class _Gram(torch.autograd.Function):
    """Gram matrices whose gradient is one product: F (G' + G'^T) / (h w)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        flat = positions(x)
        return (flat.transpose(1, 2) @ flat).float() / flat.shape[1]

    @staticmethod
    def backward(ctx: Any, to_gram: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        flat = positions(x)
        both = ((to_gram + to_gram.transpose(1, 2)) / flat.shape[1]).to(x.dtype)
        return (flat @ both).unflatten(1, x.shape[2:]).permute(0, 3, 1, 2)
