"""What the losses need to know of picture crops, measured once and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from stylizer.models.color_quantiles import color_quantiles
from stylizer.models.perceptual import LAYERS, Perceptual, gram, moments
from training.data.folders import PictureFolder, jitter_colors, random_crop
from training.run.method import generator

_GRAM_UNIT = 64.0  # Gram entries reach some 1e5; half precision holds up to 65504


class CropFacts(NamedTuple):
    """Facts of crops in the perceptual network and the style encoder; every tensor has a batch dimension."""

    description: Tensor  # (B, D), for the head that makes codes
    moments: tuple[tuple[Tensor, Tensor], ...]  # a layer: means and deviations (B, C)
    grams: tuple[Tensor, ...]  # the shallower layers: (B, C, C)
    content: tuple[Tensor, ...]  # the deeper layers' features (B, C, h, w); empty when not asked for
    colors: Tensor  # (B, D, Q), from `color_quantiles`


@dataclass(frozen=True)
class CropPlan:
    """Which crops a bank cuts."""

    side: int
    """Pixels."""
    variants: int
    """Crops of each picture."""
    scales: tuple[float, float]
    """The picture, long side 512, is resized by a factor from this range first: strokes of several sizes."""
    jitter: float = 0.0
    """Share of the crops, but for each picture's first, whose colors are changed."""
    content_layers: int = 0
    """How many layers, from relu4_1 down, keep their features for the content loss."""
    gram_layers: int = 3
    """How many layers, from relu1_1 up, keep their Gram matrix."""


class CropBank:
    """Facts of several crops of every picture of a folder; crop (index, variant) depends on the seed alone.

    Measuring costs a pass of the perceptual network and every crop is met many times in a run, so facts are
    kept in memory: 0.2 MB a crop for the Gram matrices, plus the content features.
    """

    def __init__(self, folder: PictureFolder, plan: CropPlan, perceptual: Perceptual,
                 describe: Callable[[Tensor], Tensor], seed: int):  # fmt: skip
        self.folder, self.plan, self.seed = folder, plan, seed
        self.perceptual, self.describe = perceptual, describe
        self._known: dict[tuple[int, int], CropFacts] = {}

    def picture(self, index: int, variant: int) -> Tensor:
        """Cut crop `variant` of picture `index`: (3, side, side) float32 in [0, 1]."""
        rng = generator(self.seed, 7919 * index + variant)
        crop = random_crop(self.folder.pictures[index], self.plan.side, self.plan.scales, rng)
        return jitter_colors(crop, self.plan.jitter if variant else 0.0, rng)

    def draw(self, count: int, shares: Tensor, rng: torch.Generator) -> list[tuple[int, int]]:
        """Draw crops as (index, variant); `shares` (pictures,) says how often each picture comes."""
        indices = torch.multinomial(shares, count, replacement=True, generator=rng).tolist()
        variants = torch.randint(self.plan.variants, (count,), generator=rng).tolist()
        return list(zip(indices, variants, strict=True))

    def pictures(self, keys: list[tuple[int, int]]) -> Tensor:
        """Cut several crops, (B, 3, side, side)."""
        return torch.stack([self.picture(*key) for key in keys])

    def facts(self, keys: list[tuple[int, int]]) -> CropFacts:
        """Return the facts of several crops, on the perceptual network's device, grams as float32."""
        for key in dict.fromkeys(keys):
            if key not in self._known:
                # one by one: arithmetic rounds by batch size, and a resumed run meets crops in other company
                self._measure([key])
        found = [self._known[key] for key in keys]
        return CropFacts(
            torch.cat([f.description for f in found]),
            tuple((torch.cat([f.moments[i][0] for f in found]), torch.cat([f.moments[i][1] for f in found]))
                  for i in range(len(LAYERS))),
            tuple(torch.cat([f.grams[i] for f in found]).float() * _GRAM_UNIT
                  for i in range(self.plan.gram_layers)),
            tuple(torch.cat([f.content[i] for f in found]) for i in range(self.plan.content_layers)),
            torch.cat([f.colors for f in found]),
        )  # fmt: skip

    @torch.no_grad()
    def _measure(self, keys: list[tuple[int, int]]) -> None:
        pictures = self.pictures(keys).to(self.perceptual.mean.device)
        features = self.perceptual(pictures)
        with torch.autocast(
            pictures.device.type, features[0].dtype, enabled=features[0].dtype != torch.float32
        ):
            described = self.describe(pictures).float()
        known, colors = [moments(f) for f in features], color_quantiles(pictures)
        grams = [(gram(f) / _GRAM_UNIT).half() for f in features[: self.plan.gram_layers]]
        kept = features[len(LAYERS) - self.plan.content_layers :]
        for i, key in enumerate(keys):
            one = slice(i, i + 1)
            self._known[key] = CropFacts(
                described[one].clone(),
                tuple((mean[one].clone(), std[one].clone()) for mean, std in known),
                tuple(g[one].clone() for g in grams),
                tuple(f[one].clone(memory_format=torch.channels_last) for f in kept),
                colors[one].clone(),
            )
