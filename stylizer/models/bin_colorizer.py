"""A colorizer that chooses among hues: it need not answer with the brown mean of all that is likely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylizer.imaging.color import full_precision
from stylizer.imaging.keep_color import luma
from stylizer.models.blocks import pad_to
from stylizer.models.colorizer import Coloring, guided_enlarge, to_chroma
from stylizer.models.lab import from_lab, to_lab, visible_bins
from stylizer.models.lite_encoder import LiteEncoder
from stylizer.models.registry import architecture
from stylizer.models.translator_blocks import check_domains

_STAGES = (0, 1, 2, 4)  # of EfficientNet-Lite0, whose answers are at 1/2, 1/4, 1/8 and 1/16
_QUARTER = 4
_FULL_HUE = 100.0  # units of Lab; brings hints to about 1, as the features beside them
_TOLD, _MOST_AGAINST = 12.0, 12.0  # units of Lab within which a told hue is one; the most against any other
_LEAST_ALIKE = 0.1  # cosine from which on a place takes some of a told hue
_ALIKE = 0.05  # temperature of the likeness by which a hint spreads: cosines differ by some tenths
_TOUCH = 1  # radius of a click in pixels of the quarter
_SURE = 0.5  # likeness above which a reference is believed


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


class Hints(NamedTuple):
    """Hues that are known at some places (B, 2, h, w), `_FULL_HUE` is 1, and how surely (B, 1, h, w).

    Where nothing is known both are 0.
    """

    hues: Tensor
    sure: Tensor

    def smaller(self, like: Tensor) -> Hints:
        """Shrink to the size of features: means of what is known in a cell, as sure as the surest of it."""
        size = (like.shape[2], like.shape[3])
        known = F.adaptive_avg_pool2d(torch.cat([self.hues * self.sure, self.sure], 1), size)
        hues = known[:, :2] / known[:, 2:].clamp(min=1e-6)
        return Hints(hues, F.adaptive_max_pool2d(self.sure, size))

    def planes(self) -> Tensor:
        """Return both as (B, 3, h, w)."""
        return torch.cat([self.hues * self.sure, self.sure], 1)


def hints_at(places: Tensor, size: tuple[int, int]) -> Hints:
    """Put hints (N, 5), x, y, red, green and blue in [0, 1] each, on a map of size (h, w) for one photo."""
    height, width = size
    hues, sure = places.new_zeros(1, 2, height, width), places.new_zeros(1, 1, height, width)
    colors = to_lab(places[:, 2:].T[None, :, :, None])[0, 1:, :, 0].T / _FULL_HUE
    for (x, y), color in zip(places[:, :2].tolist(), colors, strict=True):
        column, row = min(width - 1, int(x * width)), min(height - 1, int(y * height))
        rows = slice(max(0, row - _TOUCH), row + _TOUCH + 1)
        columns = slice(max(0, column - _TOUCH), column + _TOUCH + 1)
        hues[0, :, rows, columns], sure[0, :, rows, columns] = color[:, None, None], 1.0
    return Hints(hues, sure)


class LightEncoder(LiteEncoder):
    """EfficientNet-Lite0 to a sixteenth, on light instead of colors."""

    channels = (16, 24, 40, 112)
    """Channels of what it returns."""

    def forward(self, light: Tensor) -> list[Tensor]:
        """Return features at 1/2, 1/4, 1/8 and 1/16 of light (B, 1, H, W) in [0, 1]."""
        every = enumerate(self.stages(light.expand(-1, 3, -1, -1)))
        return [features for stage, features in every if stage in _STAGES]


def _mixing(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.GroupNorm(8, outputs), nn.SiLU())


@architecture("bin-colorizer", role="translator", config=BinColorizerConfig)
class BinColorizer(Coloring):
    """Classify the hue of every place (arXiv:1603.08511) and answer with the annealed mean of what is likely.

    An ImageNet encoder sees the light; the mean of its deepest features over the whole picture joins them at
    every place (Iizuka et al. 2016, section 3.2), so that a beach and a snow field need not look alike.
    Answers are at a quarter of the size and enlarged along the edges of the light. Departures: a U-shaped
    decoder in place of dilated convolutions; hues are the a and b of Lab at the photo's own luma.

    Colors that are known at some places join the decoder (Zhang et al., arXiv:1705.02999), where they lie and
    where the deepest features are alike, so that one click colors a whole sky.
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
        self.at_16 = _mixing(deepest + coarse + 6, coarse)  # hints, and where they are spread to
        self.at_8 = _mixing(coarse + eighth + 3, middle)
        self.at_4 = _mixing(middle + quarter + 3, fine)
        self.answer = nn.Conv2d(fine, len(self.bins), 1)

    def logits(self, light: Tensor, hints: Hints | None = None) -> Tensor:
        """Return the logits of all bins (B, Q, H/4, W/4) for light (B, 1, H, W) in [0, 1], sides multiples
        of 16, with hints at a quarter of the size."""
        features: Sequence[Tensor] = self.encoder(light)
        _, quarter, eighth, deepest = features
        told = hints is not None
        if hints is None:
            nothing = light.new_zeros(len(light), 3, *quarter.shape[2:])
            hints = Hints(nothing[:, :2], nothing[:, 2:])
        whole = F.silu(self.whole(deepest.mean((2, 3))))[:, :, None, None]
        coarse = hints.smaller(deepest)
        carried = spread(coarse, deepest)
        known = [coarse.planes(), carried.planes()]
        x = self.at_16(torch.cat([deepest, whole.expand(-1, -1, *deepest.shape[2:]), *known], 1))
        for there, mixing in ((eighth, self.at_8), (quarter, self.at_4)):
            x = F.interpolate(x, size=there.shape[2:], mode="bilinear", align_corners=False)
            x = mixing(torch.cat([x, there, hints.smaller(there).planes()], 1))
        answer = self.answer(x)
        return answer - self._objections(hints, carried) if told else answer

    def _objections(self, hints: Hints, carried: Hints) -> Tensor:
        """Weigh against bins (B, Q, h, w) by how far they are from hues that are told, there and where it is
        alike: what an artist says is no guess among others."""
        with full_precision(hints.hues):
            size = hints.sure.shape[2:]
            hues = F.interpolate(carried.hues.float(), size=size, mode="bilinear")
            alike = F.interpolate(carried.sure.float(), size=size, mode="bilinear")
            alike = ((alike - _LEAST_ALIKE) / (1 - _LEAST_ALIKE)).clamp(min=0)
            here = (hints.sure > 0).float()
            hues, sure = torch.lerp(hues, hints.hues.float(), here), torch.maximum(alike, here)
            away = (self.bins[None, :, :, None, None] - _FULL_HUE * hues[:, None]).square().sum(2)
            return sure * (away / (2 * _TOLD**2)).clamp(max=_MOST_AGAINST)

    @staticmethod
    def hints(hues: Tensor, sure: Tensor) -> Hints:
        """Tell the a and b (B, 2, h, w) of a photo where `sure` (B, 1, h, w) is above 0."""
        return Hints((hues / _FULL_HUE) * (sure > 0), sure)

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

    def translate_hinted(self, photo: Tensor, hints: Tensor) -> Tensor:
        """Color a photo (1, 3, H, W) in [0, 1] where hints (N, 5) say how: x, y, red, green and blue in
        [0, 1]."""
        if photo.shape[0] != 1 or min(photo.shape[2:]) < 16:
            raise ValueError(f"photo is {tuple(photo.shape)}; hints are for one photo of at least 16 x 16")
        if hints.dim() != 2 or hints.shape[1] != 5:
            raise ValueError(f"hints are {tuple(hints.shape)}; give (N, 5)")
        return self._colored(luma(photo.float()), lambda light: self.chroma(light, hints))

    def chroma(self, light: Tensor, hints: Tensor | None = None) -> Tensor:
        height, width = light.shape[2:]
        padded = pad_to(light, self.stride)
        small = F.avg_pool2d(padded.float(), _QUARTER)
        known = None
        if hints is not None:
            inside = hints.new_tensor([width / padded.shape[3], height / padded.shape[2], 1, 1, 1])
            known = hints_at(hints * inside, (small.shape[2], small.shape[3]))
        chroma, _ = self.hue_chroma(self.logits(padded, known), small)
        return self.enlarged(chroma, small, padded)[:, :, :height, :width]

    def match(self, photo: Tensor, reference: Tensor, most: int) -> Tensor:
        """Find what a photo (1, 3, H, W) has in common with one in color: at most `most` hints (n, 5).

        Places whose deepest features are each other's nearest take the reference's color; the surest come
        first. Sides of both at least 16.
        """
        found = [self._places(picture) for picture in (photo, reference)]
        (own, size), (other, shape) = found
        like = own.T @ other
        nearest, back = like.argmax(1), like.argmax(0)
        surest = like.max(1).values
        mutual = (back[nearest] == torch.arange(len(nearest), device=like.device)) & (surest > _SURE)
        order = [place for place in surest.argsort(descending=True).tolist() if mutual[place]][:most]
        colors = F.interpolate(reference.float(), size=shape, mode="area")[0].flatten(1)
        rows = [
            torch.cat([colors.new_tensor(_middle(place, size)), colors[:, nearest[place]]]) for place in order
        ]
        return torch.stack(rows) if rows else colors.new_zeros(0, 5)

    def _places(self, picture: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """Return the directions of the deepest features (C, n) of a picture's light, and their (h, w)."""
        height, width = picture.shape[2:]
        scale = min(1.0, self.config.work_side / max(height, width))
        size = [max(self.stride, round(side * scale / self.stride) * self.stride) for side in (height, width)]
        light = F.interpolate(luma(picture.float()), size=size, mode="area")
        deepest = self.encoder(light)[-1].float()
        return _directions(deepest)[0], (deepest.shape[2], deepest.shape[3])


def _middle(place: int, size: tuple[int, int]) -> tuple[float, float]:
    row, column = divmod(place, size[1])
    return (column + 0.5) / size[1], (row + 0.5) / size[0]


def _directions(features: Tensor) -> Tensor:
    """Return features (B, C, h, w), less their mean over the picture, as directions (B, C, h * w)."""
    flat = features.flatten(2).float()
    return F.normalize(flat - flat.mean(2, keepdim=True), dim=1)


def spread(hints: Hints, features: Tensor) -> Hints:
    """Carry hints (B, ., h, w) to where features (B, C, h, w) are alike, as surely as they are alike."""
    with full_precision(features):
        directions = _directions(features)
        like = directions.transpose(1, 2) @ directions  # from every place to every place
        sure = hints.sure.flatten(2).float()
        shares = (like / _ALIKE + sure.clamp(min=1e-8).log()).softmax(2)
        hues = shares @ hints.hues.flatten(2).transpose(1, 2).float()
        surest = (like * sure).amax(2).clamp(min=0)
        size = features.shape[2:]
        return Hints(
            hues.transpose(1, 2).unflatten(2, size).to(features),
            surest[:, None].unflatten(2, size).to(features),
        )
