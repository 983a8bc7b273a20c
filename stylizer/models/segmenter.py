"""The segmenter: what is where in a photo, by a feature pyramid over a mobile network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylizer.models.class_table import NAMES
from stylizer.models.registry import Network, architecture


@dataclass(frozen=True)
class SegmenterConfig:
    """Sizes of the segmenter."""

    encoder: Literal["timm-tf_efficientnet_lite0", "tu-test_efficientnet"] = "timm-tf_efficientnet_lite0"
    """EfficientNet-Lite0 (arXiv:1905.11946), or timm's toy network for tests."""
    pyramid: int = 96
    """Channels of the feature pyramid."""
    merged: int = 64
    """Channels of the merged features at a quarter of the size; a multiple of 32."""
    classes: tuple[str, ...] = NAMES
    """Names of the classes in the order of the network's answers."""
    best_side: int = 512
    """Long side, pixels, at which photos are recognized best; larger photos are better shrunk first."""
    scales: tuple[float, ...] = (1.0, 0.5)
    """Sizes at which a photo is looked at, relative to its own; the mean of the answers counts."""

    def __post_init__(self) -> None:
        if not 16 <= self.pyramid <= 512:
            raise ValueError(f"pyramid is {self.pyramid}; it must be 16 to 512")
        if self.merged % 32 or not 32 <= self.merged <= 512:
            raise ValueError(f"merged is {self.merged}; it must be a multiple of 32 up to 512")
        if len(self.classes) < 2 or len(set(self.classes)) < len(self.classes):
            raise ValueError("classes must be two or more names, each of them once")
        if not self.scales or not all(0.1 <= scale <= 2 for scale in self.scales):
            raise ValueError(f"scales are {self.scales}; give one or more from 0.1 to 2")
        if not 64 <= self.best_side <= 4096:
            raise ValueError(f"best_side is {self.best_side}; it must be 64 to 4096")

    @classmethod
    def tiny(cls) -> SegmenterConfig:
        """Return the sizes of a network for tests."""
        return cls("tu-test_efficientnet", pyramid=16, merged=32)


@architecture("segmenter", role="segmenter", config=SegmenterConfig)
class Segmenter(Network):
    """Name every pixel's class: a feature pyramid (arXiv:1612.03144), merged as in arXiv:1901.02446."""

    stride = 32  # pixels of the coarsest features

    def __init__(self, config: SegmenterConfig):
        import segmentation_models_pytorch as smp  # slow to import, and few commands segment

        super().__init__()
        self.config = config
        self.network = smp.FPN(
            config.encoder,
            encoder_weights=None,
            classes=len(config.classes),
            decoder_pyramid_channels=config.pyramid,
            decoder_segmentation_channels=config.merged,
        )
        # the classifier's last layers, which no feature map passes through
        for name in ("conv_head", "bn2"):
            if hasattr(self.network.encoder, name):
                setattr(self.network.encoder, name, nn.Identity())

    @property
    def classes(self) -> tuple[str, ...]:
        """Name the classes in the order of the answers."""
        return self.config.classes

    @property
    def best_side(self) -> int:
        """Return the long side, in pixels, at which photos are recognized best."""
        return self.config.best_side

    def forward(self, photo: Tensor) -> Tensor:
        """Return logits (B, N, H, W) of photos (B, 3, H, W) in [0, 1] of any size."""
        height, width = photo.shape[-2:]
        # at least 2 x 2 of the coarsest features: a group of one number cannot be normalized
        down, right = (max(-n % self.stride, 2 * self.stride - n) for n in (height, width))
        x = F.pad(photo * 2 - 1, (0, right, 0, down), mode="replicate")  # the encoder's mean and std are 0.5
        logits = self.network(x.contiguous(memory_format=torch.channels_last))
        return logits[..., :height, :width]

    @torch.no_grad()
    def segment(self, photo: Tensor) -> Tensor:
        """Return the classes' probabilities (B, N, H, W) float32 of photos (B, 3, H, W) in [0, 1]."""
        return torch.stack([self._look(photo, scale) for scale in self.config.scales]).mean(0)

    def _look(self, photo: Tensor, scale: float) -> Tensor:
        """Return the probabilities found at one scale, at the photo's own size."""
        if scale == 1:
            return self(photo).float().softmax(1)
        size = [max(1, round(n * scale)) for n in photo.shape[-2:]]
        seen = F.interpolate(photo, size=size, mode="bilinear", antialias=True, align_corners=False)
        found = self(seen).float().softmax(1)
        return F.interpolate(found, size=photo.shape[-2:], mode="bilinear", align_corners=False)
