"""EfficientNet-Lite0: its first stages see for the style encoder, for the colorizer and for critics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from torch import Tensor, nn

Self = TypeVar("Self", bound="LiteEncoder")


class LiteEncoder(nn.Module):
    """The first stages of EfficientNet-Lite0 (arXiv:1905.11946), under timm's names.

    Weights come from a checkpoint, or from ImageNet. Whether they learn or not, it stays in evaluation mode:
    batches here are too small to measure what ImageNet's running statistics say.
    """

    conv_stem: nn.Conv2d
    bn1: nn.Module

    def __init__(self, stages: int = 5):
        import timm  # slow to import, with torchvision as slow as all else, and few commands need it

        super().__init__()
        full: Any = timm.create_model("tf_efficientnet_lite0", pretrained=False)
        self.conv_stem, self.bn1 = full.conv_stem, full.bn1
        self.blocks = nn.Sequential(*list(full.blocks)[:stages])
        self.eval()

    def train(self: Self, mode: bool = True) -> Self:
        """Stay in evaluation mode."""
        return super().train(False)

    def stem(self, pixels: Tensor) -> Tensor:
        """Return what comes before the stages, (B, 32, H/2, W/2), of pixels (B, 3, H, W) in [0, 1]."""
        seen = (pixels * 2 - 1).to(self.conv_stem.weight.dtype)
        stem: Tensor = self.bn1(self.conv_stem(seen))
        return stem

    def stages(self, pixels: Tensor) -> Iterator[Tensor]:
        """Yield each stage's features of pixels (B, 3, H, W) in [0, 1]: at 1/2, 1/4, 1/8, 1/16, 1/16, ..."""
        x = self.stem(pixels)
        for stage in self.blocks:
            x = stage(x)
            yield x
