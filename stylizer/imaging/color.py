"""Closed-form color transport between a photo and a style: means and covariances of RGB."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from stylizer.imaging.tensors import to_device

# A gray photo has no color spread to stretch; without a floor its noise would become confetti.
_VARIANCE_FLOOR = 1e-3
_LEAST_SPREAD = 0.014  # added to both sides of a match: colors that hardly spread are hardly stretched
_TINY = 1e-6  # of a variance: a root of 0 has no derivative
_LEAST_VARIANCE = 1e-8  # whose root's derivative is the steepest that is passed on
_ALIKE = 1e-6  # eigenvalues that differ by less, of their sum, count as equal
_ROOT_STEPS = 16  # of Newton's method: roots of numbers down to 1e-4 of the largest are exact after 15


def full_precision(tensor: Tensor) -> torch.autocast:
    """Switch autocast off around sums over whole pictures and around final colors: bfloat16 has 8 bits."""
    return torch.autocast(tensor.device.type, enabled=False)


def color_moments(pixels: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Measure the mean color and the root of the color covariance of each picture.

    pixels (B, 3, H, W) in [0, 1]; `weights` (B, 1, H, W) >= 0 tell how much each pixel counts. Returns mean
    (B, 3) and root (B, 3, 3), float32 and symmetric, with root @ root = covariance.
    """
    mean, covariance = color_covariance(pixels, weights)
    return mean, matrix_root(covariance)


def matrix_root(matrix: Tensor, power: float = 0.5, floor: float = 0.0) -> Tensor:
    """Raise symmetric matrices (B, 3, 3) to `power`; eigenvalues below `floor` are lifted to it.

    Gradients stay finite where eigenvalues are equal or 0, as those of a picture of one color are.
    """
    raised: Tensor = _MatrixPower.apply(
        matrix.double().cpu(), power, floor
    )  # MPS has neither doubles nor eigh
    return raised.to(matrix)


class _MatrixPower(torch.autograd.Function):
    """Power of symmetric matrices; derivative by divided differences (Daleckii and Krein 1965).

    That of `eigh` divides by differences of eigenvalues, and that of a root by the root, which may be 0.
    """

    @staticmethod
    def forward(ctx: Any, matrix: Tensor, power: float, floor: float) -> Tensor:
        values, vectors = torch.linalg.eigh(matrix)
        lifted = values.clamp(min=max(floor, 0.0))
        ctx.save_for_backward(values, vectors)
        ctx.power, ctx.floor = power, floor
        return (vectors * lifted.pow(power)[:, None]) @ vectors.transpose(1, 2)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None]:
        values, vectors = ctx.saved_tensors
        lifted = values.clamp(min=max(ctx.floor, _LEAST_VARIANCE))
        raised = lifted.pow(ctx.power)
        apart = values[:, :, None] - values[:, None]
        alike = apart.abs() < _ALIKE * (lifted[:, :, None] + lifted[:, None])
        own = ctx.power * ((lifted[:, :, None] + lifted[:, None]) / 2).pow(ctx.power - 1)
        share = torch.where(alike, own, (raised[:, :, None] - raised[:, None]) / apart.where(~alike, 1.0))
        steady = (values < ctx.floor)[:, :, None] & (values < ctx.floor)[:, None]
        turned = vectors.transpose(1, 2) @ slope @ vectors
        return vectors @ (share.masked_fill(steady, 0.0) * turned) @ vectors.transpose(1, 2), None, None


def color_transport(root: Tensor, style_root: Tensor) -> Tensor:
    """Find the 3x3 matrix that gives colors with `root` the covariance of `style_root` with least motion.

    root, style_root (B, 3, 3) symmetric. Returns (B, 3, 3), the Monge-Kantorovich map of Pitié and Kokaram,
    "The linear Monge-Kantorovitch linear colour mapping" (2007), eq. 13.
    """
    there = root.device
    if there.type != "cpu":  # all roots are taken on the CPU: one wait for the device, not three
        root, style_root = torch.stack(torch.broadcast_tensors(root, style_root)).cpu().unbind()
    with full_precision(root):
        lifted = matrix_root(root @ root, 0.5, _VARIANCE_FLOOR)
        inverse = matrix_root(root @ root, -0.5, _VARIANCE_FLOOR)
        middle = matrix_root(lifted @ (style_root @ style_root) @ lifted)
        return to_device(inverse @ middle @ inverse, there)


def color_covariance(pixels: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Measure the mean color (B, 3) and covariance (B, 3, 3) of pictures (B, 3, H, W), float32.

    `weights` (B, 1, H, W) >= 0, not all 0, tell how much each pixel counts. Gradients flow.
    """
    with full_precision(pixels):
        flat = pixels.flatten(2).float()
        if weights is None:
            mean = flat.mean(2)
            centered = flat - mean[:, :, None]
            shared = centered / flat.shape[2]
        else:
            shares = weights.flatten(2).float()
            shares = shares / shares.sum(2, keepdim=True)
            mean = (flat * shares).sum(2)
            centered = flat - mean[:, :, None]
            shared = centered * shares
        # a product of matrices would round by where in memory they lie: a seed must give one picture
        rows = [(shared * centered[:, row : row + 1]).sum(2) for row in range(3)]
        return mean, torch.stack(rows, 1)


def color_match(covariance: Tensor, wanted: Tensor) -> Tensor:
    """Find matrices (B, 3, 3) that give colors with a covariance (B, 3, 3) the one whose root is `wanted`.

    Whitening, then coloring (Li et al. 2017, arXiv:1705.08086, section 3.1), here of pixels: the identity
    where both agree already. Linear in `wanted`, so a mean of matches is the match of a mean of styles.
    Differentiable, and nothing waits for a GPU.
    """
    with full_precision(covariance):
        one = identities(covariance)
        root, _ = _newton_roots(covariance + _TINY * one)
        _, half = _newton_roots(root + _LEAST_SPREAD * one)
        return _product(_product(wanted.float() + _LEAST_SPREAD * one, half), half)


def identities(like: Tensor) -> Tensor:
    """Return as many unit matrices as there are matrices in (B, n, n), made where they are."""
    return torch.ones_like(like).tril().triu()


def _newton_roots(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """Root and inverse root of positive definite matrices (B, n, n), by the coupled Newton-Schulz iteration.

    Higham 2008, "Functions of Matrices", equation 6.35.
    """
    one = identities(matrices)
    size = (matrices * one).sum((1, 2), keepdim=True)  # the trace bounds the eigenvalues
    root, inverse = matrices / size, one
    for _ in range(_ROOT_STEPS):
        step = 1.5 * one - 0.5 * _product(inverse, root)
        root, inverse = _product(root, step), _product(step, inverse)
    return root * size.sqrt(), inverse / size.sqrt()


def _product(left: Tensor, right: Tensor) -> Tensor:
    """Multiply small matrices (B, n, n): the library's product rounds by where in memory they lie."""
    return (left[:, :, :, None] * right[:, None]).sum(2)


def apply_colors(pixels: Tensor, mean: Tensor, transport: Tensor, style_mean: Tensor) -> Tensor:
    """Move colors: transport (pixels - mean) + style_mean; pixels (B, 3, H, W), means (B, 3)."""
    with full_precision(pixels):
        moved = torch.einsum("bij,bjhw->bihw", transport, pixels - mean[:, :, None, None])
    return moved + style_mean[:, :, None, None]
