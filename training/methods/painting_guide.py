"""A guide by the painter's own losses: each picture is led to the painting that is most like it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import full_precision
from stylizer.models.color_quantiles import color_quantiles
from stylizer.models.painting_losses import (
    CONTENT_LAYERS,
    PaintingWeights,
    StyleTarget,
    painting_losses,
    photo_target,
    sample_places,
)
from stylizer.models.perceptual import Perceptual, moments

from ..data.crop_bank import CropBank, CropPlan
from ..data.folders import PictureFolder
from ..run.config import UserMistake
from ..run.method import FIRST_SIGHT_NUMBER, Losses, generator
from .crop_method import CropMethod
from .domain_guide import GuidedRun

_SIDE, _SCALES = 256, (0.6, 1.1)  # of the paintings' crops, as the painter's
_VARIANTS = 2  # crops of each painting
_COLORS = 6  # of the 96 quantiles along each direction: what a crop looks like, not its every spot
_AT_ONCE = 16  # crops
_PHOTOS = 96  # from whose crops is learned what is usual among photos


@dataclass(frozen=True)
class PaintedRun(GuidedRun):
    """Options of a run whose translations the painter's losses may lead."""

    paint: float = 0.0
    """Weight of the painter's own losses (`stylizer/models/painting_losses.py`), 1 as it was trained itself;
    0: none."""
    paint_weights: PaintingWeights = field(default_factory=partial(PaintingWeights, weave=0.0))
    """Weights of these losses beside each other; in small crops waves stand out by chance."""
    paint_among: int = 16
    """Crops of a domain's paintings, drawn at random, among which the one most like a picture is its goal."""
    faces: Path | None = None
    """Where faces are in the photos, a file of `training faces`; None: they count no more than the rest."""
    facts: Path | None = Path(".cache/facts")
    """Folder in which the measurements of crops are kept, for this run and others; None: they are not."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.paint < 0:
            raise UserMistake(f"paint is {self.paint}; it must be 0 or more.")
        if self.paint_among < 1:
            raise UserMistake(f"paint_among is {self.paint_among}; it must be at least 1.")


class Usual(NamedTuple):
    """Mean and deviation of what crops of one kind look like, (n,) each."""

    mean: Tensor
    deviation: Tensor

    def standing(self, looks: Tensor) -> Tensor:
        """Tell where looks (N, n) stand among what is usual: 0 is the middle."""
        return (looks - self.mean) / self.deviation


class Gallery(NamedTuple):
    """The crops of a domain's paintings."""

    bank: CropBank
    keys: list[tuple[int, int]]
    standing: Tensor  # (crops, n)


class PaintingGuide:
    """Losses that lead translations to paintings of their domains, one picture to one painting.

    A mean over a domain's paintings asks for mud, and any one of them for its own night or noon whatever the
    photo shows. So the goal is the most like of some paintings: by where a picture's colors and contents
    (channel means of relu4_1) stand among those of photos, and a painting's among those of its domain, which
    is the idea of color transfer (Reinhard et al. 2001) between sets of pictures.
    """

    def __init__(self, method: CropMethod[Any], photos: PictureFolder, domains: Mapping[int, PictureFolder]):
        """Lead translations of `photos` to the paintings of `domains`, which are folders by their numbers."""
        self.config: PaintedRun = method.config
        self.method, self.folder, self.domains = method, photos, domains
        if self.config.paint:
            self.perceptual: Perceptual = method.perceptual()

    @cached_property
    def photos(self) -> Usual:
        """What is usual among photos."""
        device = self.perceptual.mean.device
        rng = generator(self.config.seed, FIRST_SIGHT_NUMBER)
        seen = [self.method.crops([self.folder] * 8, rng).to(device) for _ in range(0, _PHOTOS, 8)]
        return _usual(torch.cat([self._looks(some) for some in seen]))

    @cached_property
    def galleries(self) -> Mapping[int, Gallery]:
        """The crops of every domain, by number; measured when first asked for, in a resumed run too."""
        return {number: self._gallery(folder) for number, folder in self.domains.items()}

    def _gallery(self, folder: PictureFolder) -> Gallery:
        plan = CropPlan(_SIDE, _VARIANTS, _SCALES)
        bank = CropBank(folder, plan, self.perceptual, _undescribed, self.config.seed, self.config.facts)
        keys = [(index, variant) for index in folder.trained for variant in range(_VARIANTS)]
        some = [keys[begin : begin + _AT_ONCE] for begin in range(0, len(keys), _AT_ONCE)]
        looks = torch.cat([_looks_of(bank.facts(part).style) for part in some])
        return Gallery(bank, keys, _usual(looks).standing(looks))

    @torch.no_grad()
    def _looks(self, pictures: Tensor) -> Tensor:
        return _looks(color_quantiles(pictures), moments(self.perceptual(pictures)[-1])[0])

    def losses(self, real: Tensor, made: Tensor, targets: Sequence[int], faces: Tensor, step: int) -> Losses:
        """Judge translations made (N, 3, H, W) of real pictures, both in [0, 1], in the domains `targets`.

        faces (N, 1, H, W): 1 in faces. Returns nothing when not asked for, and without translations.
        """
        if not self.config.paint or not len(targets):
            return {}
        rng = generator(self.config.seed, step)
        with torch.no_grad():
            features = self.perceptual(real)
            looks = _looks(color_quantiles(real), moments(features[-1])[0])
        with full_precision(made):  # facts are kept in half precision
            standing = self.photos.standing(looks)
            style = _stacked(
                [
                    self._most_like(row, self.galleries[t], rng)
                    for row, t in zip(standing, targets, strict=True)
                ]
            )
        found = painting_losses(
            made,
            self.perceptual(made),
            photo_target(real, features[-CONTENT_LAYERS:], faces),
            style,
            [places.to(made.device) for places in sample_places(made.shape[2], made.shape[3], rng)],
            self.config.paint_weights,
        )
        return {f"paint_{name}": self.config.paint * loss for name, loss in found.items()}

    def _most_like(self, standing: Tensor, gallery: Gallery, rng: torch.Generator) -> StyleTarget:
        some = torch.randperm(len(gallery.keys), generator=rng)[: self.config.paint_among]
        away = (gallery.standing[some.to(standing.device)] - standing).square().mean(1)
        return gallery.bank.facts([gallery.keys[int(some[int(away.argmin())])]]).style


def _undescribed(pictures: Tensor) -> Tensor:
    """No style encoder is asked."""
    return torch.zeros(len(pictures), 1)


def _looks_of(style: StyleTarget) -> Tensor:
    return _looks(style.colors, style.moments[-1][0])


def _looks(colors: Tensor, content: Tensor) -> Tensor:
    """Join colors (B, D, Q) and contents (B, C) to rows in which either counts as much: (B, n)."""
    colors = F.adaptive_avg_pool1d(colors, _COLORS).flatten(1)
    return torch.cat([colors.repeat(1, round(content.shape[1] / colors.shape[1])), content], 1)


def _usual(looks: Tensor) -> Usual:
    return Usual(looks.mean(0), looks.std(0, unbiased=False) + 1e-4)


def _stacked(styles: Sequence[StyleTarget]) -> StyleTarget:
    """Join the goals of single pictures to those of a batch."""

    def joined(parts: Sequence[Any]) -> Any:
        first = parts[0]
        if isinstance(first, Tensor):
            return torch.cat(list(parts))
        whole = (joined(some) for some in zip(*parts, strict=True))
        return type(first)(*whole) if hasattr(first, "_fields") else tuple(whole)

    return joined(styles)
