"""Between pictures and tensors, both ways, with one law of what stands behind transparency."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stylizer.imaging.picture import Picture
from stylizer.imaging.resize import resize_plane

_EVERY = slice(None)
_SAMPLED = 1 << 20  # pixels that are enough to tell the mean color of a large picture


def to_device(values: Tensor, device: str | torch.device) -> Tensor:
    """Copy a tensor to a device; from the CPU to a GPU without waiting for what the GPU is still doing.

    CUDA copies from pinned memory while the program goes on, and torch keeps that memory until it is done.
    """
    if torch.device(device).type != "cuda" or values.device.type != "cpu":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


def from_device(samples: Tensor, dtype: np.dtype[Any]) -> Tensor:
    """Fetch samples, whole numbers that `dtype` holds, from a device.

    Of 8 bits a GPU sends bytes, a quarter of what its own numbers are: 25 MB for 3840 x 2160, not 100.
    """
    if samples.device.type != "cpu" and dtype == np.uint8:
        samples = samples.to(torch.uint8)
    return samples.cpu()


def to_tensor(picture: Picture, device: str | torch.device = "cpu") -> Tensor:
    """Give a picture to a network: (1, 3, H, W) float32 in [0, 1], laid on `ground_color`."""
    return to_device(window_tensor(picture, ground_color(picture), _EVERY, _EVERY), device)


def ground_color(picture: Picture) -> Tensor | None:
    """Return the mean color (3, 1, 1) in [0, 1] of what is seen; None for a picture without transparency.

    Where nothing is seen the samples are arbitrary, and a network would smear them into what is seen; so
    transparent pixels are laid on this color.
    """
    if picture.alpha is None:
        return None
    stride = max(1, round(math.sqrt(picture.height * picture.width / _SAMPLED)))
    alpha = picture.alpha[::stride, ::stride].astype(np.float64)
    seen = picture.rgb[::stride, ::stride].astype(np.float64) * alpha[..., None]
    mean = seen.sum((0, 1)) / alpha.sum() / picture.peak if alpha.sum() > 0 else np.full(3, 0.5)
    return torch.from_numpy(mean).float()[:, None, None]


def window_tensor(picture: Picture, ground: Tensor | None, rows: slice, columns: slice) -> Tensor:
    """Return a window (1, 3, h, w) float32 in [0, 1] of a picture, laid on the color `ground`.

    `ground` is the whole picture's `ground_color`; None gives the samples as they are.
    """
    samples = torch.from_numpy(picture.rgb[rows, columns].astype(np.float32))
    pixels = samples.permute(2, 0, 1)[None].contiguous().div_(picture.peak)
    if ground is None or picture.alpha is None:
        return pixels
    alpha = torch.from_numpy(picture.alpha[rows, columns].astype(np.float32)).div_(picture.peak)
    return pixels * alpha + ground * (1 - alpha)


def to_picture(samples: Tensor, like: Picture | None = None) -> Picture:
    """Turn a tensor (1, 3, H, W) into a picture with the depth, the alpha and the name of `like`.

    Values are clamped to [0, 1] and rounded; without `like` the picture has 8 bits. An alpha of another size
    is resized. Raises ValueError on another shape or on values that are not numbers.
    """
    if samples.ndim != 4 or samples.shape[:2] != (1, 3):
        raise ValueError(f"samples have shape {tuple(samples.shape)}; expected (1, 3, H, W)")
    samples = samples.detach()[0].permute(1, 2, 0).to("cpu", torch.float32)
    if not torch.isfinite(samples).all():
        raise ValueError("samples hold values that are not numbers; a network or a setting went wrong")
    dtype = np.dtype(np.uint8) if like is None else like.rgb.dtype
    rgb = samples.clamp(0, 1).mul(np.iinfo(dtype).max).round_().numpy().astype(dtype)
    if like is None:
        return Picture(rgb)
    alpha = like.alpha
    if alpha is not None and alpha.shape != rgb.shape[:2]:
        alpha = resize_plane(alpha, *rgb.shape[:2])
    return Picture(rgb, alpha, like.name)
