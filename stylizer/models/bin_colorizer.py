"""A colorizer that chooses among hues: it need not answer with the brown mean of all that is likely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylizer.imaging.color import full_precision
from stylizer.models.colorizer import Coloring, guided_enlarge, to_chroma
from stylizer.models.lab import from_lab, to_lab, visible_bins
from stylizer.models.registry import architecture
from stylizer.models.translator_blocks import check_domains, pad_to

_STAGES = (0, 1, 2, 4)  # of EfficientNet-Lite0, whose answers are at 1/2, 1/4, 1/8 and 1/16
_QUARTER = 4


@dataclass(frozen=True)
class BinColorizerConfig:
    """Sizes of a colorizer that classifies."""

    widths: tuple[int, int, int] = (64, 96, 128)
    """Channels of the decoder at 1/4, 1/8 and 1/16."""
    grid: float = 10.0
    """Distance between the bins of the a-b plane of CIE Lab."""
    temperature: float = 0.38
    """1 answers with the mean of the distribution, near 0 with its mode (arXiv:1603.08511, section 2.3)."""
    work_side: int = 256
    """Long side in pixels at which colors are guessed; larger photos are guessed small."""
    domains: tuple[str, ...] = ("color",)
    """What the network translates to."""

    def __post_init__(self) -> None:
        check_domains(self.domains)
        if len(self.widths) != 3 or min(self.widths) < 8 or any(width % 8 for width in self.widths):
            raise ValueError(f"widths are {self.widths}; give three multiples of 8")
        if not 4 <= self.grid <= 60:
            raise ValueError(f"grid is {self.grid}; it must be between 4 and 60")
        if not 0 < self.temperature <= 1:
            raise ValueError(f"temperature is {self.temperature}; it must be above 0 and at most 1")
        if self.work_side < 16:
            raise ValueError(f"work_side is {self.work_side}; it must be at least 16")

    @staticmethod
    def tiny() -> BinColorizerConfig:
        """A small colorizer for tests; its encoder has one size only."""
        return BinColorizerConfig(widths=(8, 8, 16), grid=30.0, work_side=32)


class LightEncoder(nn.Module):
    """EfficientNet-Lite0 (arXiv:1905.11946) to a sixteenth, under timm's names, on light instead of colors.

    It keeps ImageNet's running statistics: batches of a colorizer are small.
    """

    channels = (16, 24, 40, 112)
    conv_stem: nn.Module
    bn1: nn.Module

    def __init__(self) -> None:
        super().__init__()
        full: Any = timm.create_model("tf_efficientnet_lite0", pretrained=False)
        self.conv_stem, self.bn1 = full.conv_stem, full.bn1
        self.blocks = nn.Sequential(*full.blocks[: _STAGES[-1] + 1])

    def train(self, mode: bool = True) -> LightEncoder:
        """Stay in evaluation mode."""
        return super().train(False)

    def forward(self, light: Tensor) -> list[Tensor]:
        """Return features at 1/2, 1/4, 1/8 and 1/16 of light (B, 1, H, W) in [0, 1]."""
        x, found = self.bn1(self.conv_stem((light * 2 - 1).expand(-1, 3, -1, -1))), []
        for stage, block in enumerate(self.blocks):
            x = block(x)
            if stage in _STAGES:
                found.append(x)
        return found


def _mixing(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.GroupNorm(8, outputs), nn.SiLU())


@architecture("bin-colorizer", role="translator", config=BinColorizerConfig)
class BinColorizer(Coloring):
    """Classify the hue of every place (arXiv:1603.08511) and answer with the annealed mean of what is likely.

    An ImageNet encoder sees the light; the mean of its deepest features over the whole picture joins them at
    every place (Iizuka et al. 2016, section 3.2), so that a beach and a snow field need not look alike.
    Answers are at a quarter of the size and enlarged along the edges of the light. Departures: a U-shaped
    decoder in place of dilated convolutions; hues are the a and b of Lab at the photo's own luma.
    """

    stride = 16
    bins: Tensor

    def __init__(self, config: BinColorizerConfig):
        super().__init__()
        self.config = config
        self.register_buffer("bins", visible_bins(config.grid))
        self.encoder = LightEncoder()
        _, quarter, eighth, deepest = self.encoder.channels
        fine, middle, coarse = config.widths
        self.whole = nn.Linear(deepest, coarse)
        self.at_16 = _mixing(deepest + coarse, coarse)
        self.at_8 = _mixing(coarse + eighth, middle)
        self.at_4 = _mixing(middle + quarter, fine)
        self.answer = nn.Conv2d(fine, len(self.bins), 1)

    def logits(self, light: Tensor) -> Tensor:
        """Return the logits of all bins (B, Q, H/4, W/4) for light (B, 1, H, W) in [0, 1], sides multiples
        of 16."""
        features: Sequence[Tensor] = self.encoder(light)
        whole = F.silu(self.whole(features[3].mean((2, 3))))[:, :, None, None]
        x = self.at_16(torch.cat([features[3], whole.expand(-1, -1, *features[3].shape[2:])], 1))
        for features_there, mixing in ((features[2], self.at_8), (features[1], self.at_4)):
            x = F.interpolate(x, size=features_there.shape[2:], mode="bilinear", align_corners=False)
            x = mixing(torch.cat([x, features_there], 1))
        return self.answer(x)

    def annealed_mean(self, logits: Tensor) -> Tensor:
        """Return the a and b (B, 2, h, w) that a distribution (B, Q, h, w) stands for (its eq. 5)."""
        with full_precision(logits):
            likely = (logits.float() / self.config.temperature).softmax(1)
            return torch.einsum("bqhw,qc->bchw", likely, self.bins.float())

    def hue_chroma(self, logits: Tensor, small: Tensor) -> tuple[Tensor, Tensor]:
        """Turn logits (B, Q, h, w) at light (B, 1, h, w) into chroma (B, 2, h, w), and into a and b."""
        hues = self.annealed_mean(logits)
        lightness = to_lab(small.float().expand(-1, 3, -1, -1))[:, :1]
        return to_chroma(from_lab(torch.cat([lightness, hues], 1))), hues

    def enlarged(self, chroma: Tensor, small: Tensor, light: Tensor) -> Tensor:
        """Enlarge chroma from its light (B, 1, h, w) to a larger light (B, 1, H, W), along its edges."""
        return guided_enlarge(chroma, small.float(), light.float()).clamp(-0.5, 0.5)

    def chroma(self, light: Tensor) -> Tensor:
        height, width = light.shape[2:]
        padded = pad_to(light, self.stride)
        small = F.avg_pool2d(padded.float(), _QUARTER)
        chroma, _ = self.hue_chroma(self.logits(padded), small)
        return self.enlarged(chroma, small, padded)[:, :, :height, :width]
