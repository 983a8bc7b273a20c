"""The perceptual network (VGG-16 to relu4_1) and the distances that are measured in its features."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylizer import CHECKPOINTS
from stylizer.models.channel_moments import channel_moments, gram_matrix, positions, shared_moments

# torchvision's numbering of VGG-16 "features"; a tap is read after the ReLU of its convolution.
_PLAN = (0, 2, "pool", 5, 7, "pool", 10, 12, 14, "pool", 17)
_TAPS = (0, 5, 10, 17)
_CHANNELS = {0: (3, 64), 2: (64, 64), 5: (64, 128), 7: (128, 128), 10: (128, 256)}
_CHANNELS |= {12: (256, 256), 14: (256, 256), 17: (256, 512)}
LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
_EPS = 1e-5
SHIPPED = CHECKPOINTS / "perceptual" / "vgg16.safetensors"
"""torchvision's ImageNet weights in half precision; its card tells more."""
SHIPPED_SHA = "cbd61bd96e452efa1f051e3f5f8d1ccf31809e5ac22acaa8e1bf59a65c3beb90"

Moments = tuple[Tensor, Tensor]
"""Channel means and standard deviations of one layer, (B, C) each."""


class Perceptual(nn.Module):
    """VGG-16 to relu4_1 (arXiv:1409.1556), frozen: relu1_1, relu2_1, relu3_1, relu4_1 of RGB in [0, 1]."""

    mean: Tensor
    std: Tensor

    def __init__(self, dtype: torch.dtype = torch.float32):
        super().__init__()
        self.convs = nn.ModuleDict(
            {str(i): nn.Conv2d(*_CHANNELS[i], 3, padding=1, dtype=dtype) for i in _CHANNELS}
        )
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1), persistent=False)
        self.to(memory_format=torch.channels_last).requires_grad_(False).eval()

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Return the four feature maps of pixels (B, 3, H, W), in the dtype of the weights."""
        dtype = next(self.convs.parameters()).dtype
        x = ((pixels - self.mean) / self.std).to(dtype).contiguous(memory_format=torch.channels_last)
        taps = []
        for step in _PLAN:
            if step == "pool":
                x = _HalfSize.apply(x)
                continue
            x = F.relu(self.convs[str(step)](x))
            if step in _TAPS:
                taps.append(x)
        return tuple(taps)


def load_perceptual(file: Path | None = None, dtype: torch.dtype = torch.float32) -> Perceptual:
    """Load the perceptual network from a safetensors file, or the one that ships when None.

    Raises ValueError when the file lacks one of the eight convolutions, or when the shipped file was changed;
    OSError when it cannot be read.
    """
    network = Perceptual(dtype)
    data = (file or SHIPPED).read_bytes()
    if file is None and hashlib.sha256(data).hexdigest() != SHIPPED_SHA:
        raise ValueError("The perceptual network that ships is damaged; copy checkpoints/perceptual again.")
    weights = safetensors.torch.load(data)
    for index, conv in network.convs.items():
        for part in ("weight", "bias"):
            key = f"features.{index}.{part}"
            if key not in weights:
                raise ValueError(
                    f"The perceptual network file lacks {key}; give a VGG-16 with torchvision's names."
                )
            getattr(conv, part).data.copy_(weights[key])
    return network


class _HalfSize(torch.autograd.Function):
    """Greatest values of 2 x 2 squares; equal ones share the blame, which ends at the ReLU before them if 0.

    torch's own backward pass takes some six times as long on a CPU with channels-last memory.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        largest = F.max_pool2d(x, 2)
        ctx.save_for_backward(x, largest)
        return largest

    @staticmethod
    def backward(ctx: Any, to_largest: Tensor) -> Tensor:
        x, largest = ctx.saved_tensors
        height, width = largest.shape[2:]
        to_x = torch.zeros_like(x)
        squares, found = (_squares(t, height, width) for t in (x, to_x))
        largest, to_largest = (t.permute(0, 2, 3, 1)[:, :, None, :, None] for t in (largest, to_largest))
        torch.mul(squares == largest, to_largest, out=found)
        return to_x


def _squares(x: Tensor, height: int, width: int) -> Tensor:
    """View (B, C, 2h, 2w), or one row and column more, as squares (B, h, 2, w, 2, C)."""
    even = x[:, :, : 2 * height, : 2 * width].permute(0, 2, 3, 1)
    return even.unflatten(2, (width, 2)).unflatten(1, (height, 2))


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Channel means and standard deviations of (B, C, h, w) as float32 (B, C) each."""
    mean, variance = channel_moments(features)
    return mean, (variance + 1e-8).sqrt()


def shares_of(parts: Tensor, features: Tensor) -> Tensor:
    """Fit soft parts (B, P, H, W) >= 0 to a layer (B, C, h, w): (B, P, h, w), the sum of each part 1."""
    shares = F.interpolate(parts, size=features.shape[2:], mode="area") + 1e-6
    return shares / shares.sum((2, 3), keepdim=True)


def part_moments(features: Tensor, shares: Tensor) -> Tensor:
    """Means and deviations (B, P, 2, C), float32, of a layer (B, C, h, w) in the parts of `shares_of`."""
    mean, variance = shared_moments(features, shares)
    return torch.stack([mean, (variance + 1e-6).sqrt()], 2)


def part_distance(result: Tensor, style: Tensor) -> Tensor:
    """Squared distance of `part_moments` (B, P, 2, C) relative to the style's own size; (B, P)."""
    return (result - style).square().sum((2, 3)) / style.square().sum((2, 3))


def gram(features: Tensor) -> Tensor:
    """Gram matrices F F^T / (h w) of (B, C, h, w) as float32 (B, C, C) (Gatys et al. 2016, eq. 3)."""
    return gram_matrix(features)


def moments_distance(result: tuple[Tensor, Tensor], style: tuple[Tensor, Tensor]) -> Tensor:
    """Squared distance of means and deviations relative to the style's own size; (B,) for pairs of (B, C)."""
    (mean, deviation), (style_mean, style_deviation) = result, style
    top = (mean - style_mean).square().sum(1) + (deviation - style_deviation).square().sum(1)
    return top / (style_mean.square().sum(1) + style_deviation.square().sum(1))


def gram_distance(result: Tensor, style: Tensor) -> Tensor:
    """Squared Frobenius distance of Gram matrices (B, C, C) relative to the style's; returns (B,)."""
    return (result - style).square().sum((1, 2)) / style.square().sum((1, 2))


def normalized(features: Tensor) -> Tensor:
    """Give every channel of (B, C, h, w) zero mean and unit variance over its own picture, float32."""
    mean, variance = channel_moments(features)
    inverse = (variance + _EPS).rsqrt()[:, :, None, None]
    return (features.float() - mean[:, :, None, None]) * inverse


def content_map(result: Tensor, photo: Tensor) -> Tensor:
    """Mean squared difference of normalized features (B, C, h, w), by place: (B, h, w)."""
    return (normalized(result) - normalized(photo)).square().mean(1)


def content_distance(result: Tensor, photo: Tensor) -> Tensor:
    """Mean of `content_map` over all places; (B,). 0 is the photo, 2 is unrelated."""
    return content_map(result, photo).mean((1, 2))


def style_moments(result: Sequence[Moments], style: Sequence[Moments], knee: float = 0.0) -> Tensor:
    """Mean over layers of the relative distance of channel moments (AdaIN's style loss); a scalar.

    With a knee, distances count as log(1 + knee d) / knee: nearly black styles, whose relative distances
    reach hundreds, no longer drown the rest of a batch.
    """
    terms = [_softened(moments_distance(a, b), knee) for a, b in zip(result, style, strict=True)]
    return torch.stack(terms).mean()


def style_gram(result: Sequence[Tensor], style: Sequence[Tensor], knee: float = 0.0) -> Tensor:
    """Mean over layers of the relative distance of Gram matrices (Gatys et al. 2016, eq. 4); a scalar.

    `knee` as in `style_moments`.
    """
    terms = [_softened(gram_distance(a, b), knee) for a, b in zip(result, style, strict=True)]
    return torch.stack(terms).mean()


def style_parts(
    result: Sequence[Tensor], style: Sequence[Tensor], areas: Tensor | None = None, knee: float = 0.0
) -> Tensor:
    """Mean over pictures, layers and parts of the relative distance of `part_moments`; a scalar.

    Each part against the painting's own (Gatys et al., arXiv:1611.07865, section 4), and each as much as
    `areas` (B, P) say, in sum 1, or all alike; `knee` as in `style_moments`.
    """
    distances = [_softened(part_distance(a, b), knee) for a, b in zip(result, style, strict=True)]
    return torch.stack(
        [each.mean() if areas is None else (each * areas).sum(1).mean() for each in distances]
    ).mean()


def _softened(distance: Tensor, knee: float) -> Tensor:
    return torch.log1p(knee * distance) / knee if knee else distance


def relative_content(result: Sequence[Tensor], photo: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Weighted sum over layers of the distance of instance-normalized features; a scalar."""
    terms = [w * content_distance(a, b).mean() for a, b, w in zip(result, photo, weights, strict=True)]
    return torch.stack(terms).sum()


def self_similarity(features: Tensor, places: Tensor) -> Tensor:
    """Cosine distances between N places of features (B, C, h, w), every column's mean 1: (B, N, N) float32.

    places (N,) are indices into h * w. What is alike in a picture stays alike in its painting, in whatever
    paint (STROTSS, arXiv:1904.12785, section 2.2).
    """
    chosen = F.normalize(positions(features)[:, places].float(), dim=2)
    distance = 1 - chosen @ chosen.transpose(1, 2)
    return distance / distance.mean(1, keepdim=True).clamp(min=_EPS)
