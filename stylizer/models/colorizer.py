"""The colorizer: hue and saturation for the light and dark of a black-and-white photo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import full_precision
from stylizer.imaging.guided import EdgeGuide
from stylizer.imaging.keep_color import luma
from stylizer.models.blocks import Statistics, pad_to
from stylizer.models.registry import architecture
from stylizer.models.translator_blocks import Translating, check_domains, domain_mix
from stylizer.models.unet import UShape

_RADIUS, _EDGE = 3, 1e-3  # of the guided enlargement: pixels of the small picture; squared luma
_EVEN = 0.01  # deviation of the light over a photo below which nothing is there that could have a color


@dataclass(frozen=True)
class ColorizerConfig:
    """Sizes of a colorizer."""

    widths: tuple[int, ...] = (32, 64, 128, 192, 192)
    """Channels at 1/2, 1/4 and so on; as many halvings as numbers."""
    work_side: int = 256
    """Long side in pixels at which colors are guessed; larger photos are guessed small."""
    domains: tuple[str, ...] = ("color",)
    """What the network translates to."""

    def __post_init__(self) -> None:
        check_domains(self.domains)
        if not 1 <= len(self.widths) <= 8 or min(self.widths) < 1:
            raise ValueError(f"widths are {self.widths}; give one to eight numbers of at least 1")
        if self.work_side < 16:
            raise ValueError(f"work_side is {self.work_side}; it must be at least 16")

    @staticmethod
    def tiny() -> ColorizerConfig:
        """A small colorizer for tests."""
        return ColorizerConfig(widths=(8, 8), work_side=32)


def to_chroma(pixels: Tensor) -> Tensor:
    """Measure blue and red chroma (B, 2, H, W) in [-0.5, 0.5] of colors (ITU-R BT.601)."""
    light = luma(pixels)
    return torch.cat([(pixels[:, 2:] - light) / 1.772, (pixels[:, :1] - light) / 1.402], 1)


def with_chroma(light: Tensor, chroma: Tensor) -> Tensor:
    """Color light (B, 1, H, W) in [0, 1] by chroma (B, 2, H, W); returns (B, 3, H, W) of that luma.

    Chroma that would leave the range shrinks toward gray, so hue and luma hold.
    """
    blue, red = chroma[:, :1], chroma[:, 1:]
    away = torch.cat([1.402 * red, -0.344136 * blue - 0.714136 * red, 1.772 * blue], 1)
    room = torch.where(away > 0, 1 - light, light) / away.abs().clamp(min=1e-6)
    return (light + room.amin(1, keepdim=True).clamp(max=1) * away).clamp(0, 1)


def guided_enlarge(chroma: Tensor, small: Tensor, large: Tensor) -> Tensor:
    """Enlarge chroma along the edges of the light (see EdgeGuide).

    chroma (B, 2, h, w) and small (B, 1, h, w), its light; large (B, 1, H, W) the light at full size.
    Returns (B, 2, H, W).
    """
    size = (large.shape[2], large.shape[3])
    enlarged = [
        EdgeGuide(0.5 + planes, light, _RADIUS, _EDGE).window(
            edges, size, slice(0, size[0]), slice(0, size[1])
        )
        for planes, light, edges in zip(chroma, small.split(1), large.split(1), strict=True)
    ]
    return torch.stack(enlarged) - 0.5


class Coloring(Translating):
    """Base of the colorizers: the answer has the photo's own luma at every pixel.

    Photos larger than `work_side` are guessed small, as in training, and the chroma is enlarged along the
    edges of the light: eyes see little of fine chroma.

    chroma(light (B, 1, H, W) in [0, 1]) -> chroma (B, 2, H, W) in [-0.5, 0.5], at its own size. An even card
    has nothing that tells of colors, and stays gray.
    """

    tiling = "whole"
    halo = 0

    def chroma(self, light: Tensor) -> Tensor:
        raise NotImplementedError

    def translate(
        self, photo: Tensor, mix: Tensor | None = None, statistics: Statistics | None = None
    ) -> Tensor:
        """Color photos (B, 3, H, W) in [0, 1], whole; their own colors are not looked at.

        H and W at least 16; returns (B, 3, H, W) in [0, 1]. There are no statistics: the network sees
        the whole photo small, so memory is no reason to cut it.
        """
        height, width = photo.shape[2:]
        if min(height, width) < 16:
            raise ValueError(f"photo is {width} x {height} pixels; it must be at least 16 x 16")
        domain_mix(mix, photo, self.domains)
        light = luma(photo.float())
        drawn = (light.flatten(1).std(1) / _EVEN).clamp(max=1)[:, None, None, None]  # an even card stays gray
        return self._colored(light, lambda seen: drawn * self.chroma(seen))

    def _colored(self, light: Tensor, guess: Callable[[Tensor], Tensor]) -> Tensor:
        """Color light (B, 1, H, W) by what is guessed of it small."""
        height, width = light.shape[2:]
        scale = self.config.work_side / max(height, width)
        if scale >= 1:
            return with_chroma(light, guess(light))
        size = [max(8, round(height * scale)), max(8, round(width * scale))]
        small = F.interpolate(light, size=size, mode="area")
        return with_chroma(light, guided_enlarge(guess(small), small, light))

    def measure(self, photo: Tensor, mix: Tensor | None = None) -> None:
        """Measure nothing: photos are colored whole."""
        return None


@architecture("colorizer", role="translator", config=ColorizerConfig)
class Colorizer(Coloring):
    """Guess chroma from luma with a U-shaped network (pix2pix, arXiv:1611.07004).

    Departures: those of `UNet`; two chroma planes in place of three colors, so that no detail can be lost.
    """

    def __init__(self, config: ColorizerConfig):
        super().__init__()
        self.config = config
        self.shape = UShape(1, 2, config.widths, bridges=True)

    @property
    def stride(self) -> int:
        """Two to the number of halvings."""
        return 2 ** len(self.config.widths)

    def chroma(self, light: Tensor) -> Tensor:
        """Guess the chroma (B, 2, H, W) in [-0.5, 0.5] of light (B, 1, H, W) in [0, 1], at its own size."""
        height, width = light.shape[2:]
        pixels = pad_to(light, self.stride) * 2 - 1
        found = self.shape(pixels, domain_mix(None, light, self.domains), Statistics().started())
        with full_precision(found):
            return 0.5 * torch.tanh(found.float())[:, :, :height, :width]
