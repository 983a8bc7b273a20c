"""Is the style recognizable? Rank a result's painting among all paintings of a set.

Distances that a network was trained on can be met by one texture stamped on every picture; this asks another
network, EfficientNet-Lite0, in color and in luminance alone, where palette does not help.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn

from ..run.config import UserMistake


def load_lite0(file: Path) -> nn.Module:
    """Load an ImageNet EfficientNet-Lite0 encoder (arXiv:1905.11946); raises UserMistake."""
    if not file.is_file():
        raise UserMistake(f"{file} is not a file; give EfficientNet-Lite0 weights as safetensors.")
    import segmentation_models_pytorch as smp  # slow to load, and only needed here

    encoder = smp.encoders.get_encoder("timm-tf_efficientnet_lite0", weights=None)
    weights = {key: value.float() for key, value in load_file(str(file)).items()}
    try:
        encoder.load_state_dict(weights)
    except RuntimeError as error:
        raise UserMistake(f"{file.name} holds other weights than those of an EfficientNet-Lite0.") from error
    return encoder.eval().requires_grad_(False)


@torch.no_grad()
def style_vectors(encoder: nn.Module, image: Image.Image, long_side: int) -> Tensor:
    """Return channel means and deviations at strides 2 to 16 of an RGB image: (2, D), color and luminance."""
    scale = long_side / max(image.size)
    width, height = (max(32, round(side * scale / 32) * 32) for side in image.size)
    image = image.resize((width, height), Image.Resampling.LANCZOS)
    vectors = []
    for version in (image, image.convert("L").convert("RGB")):
        pixels = torch.from_numpy(np.asarray(version, np.float32).transpose(2, 0, 1).copy())[None] / 127.5 - 1
        features = encoder(pixels)[1:5]
        vectors.append(torch.cat([torch.cat([f.mean((2, 3)), f.std((2, 3))], 1)[0] for f in features]))
    return torch.stack(vectors)


def spread_of(vectors: Tensor) -> Tensor:
    """Return the deviation of every number over a sample (N, 2, D), the unit in which it counts."""
    return vectors.std(0) + 1e-6


def ranks(result: Tensor, paintings: Mapping[str, Tensor], right: str, spread: Tensor) -> tuple[int, int]:
    """Return the rank, from 1, of the right painting by distance to a result (2, D): color, luminance."""
    names = list(paintings)
    styles = torch.stack([paintings[name] for name in names])
    order = ((styles - result) / spread).square().sum(2).argsort(0)
    place = names.index(right)
    color, luminance = (1 + order[:, column].tolist().index(place) for column in (0, 1))
    return color, luminance
