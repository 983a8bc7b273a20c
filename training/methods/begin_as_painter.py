"""Translators that begin as the painter: their strokes are its own, their codes means of a domain's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylizer.imaging.color import color_moments
from stylizer.models.brush_translator import BrushTranslator, BrushTranslatorConfig, PrototypeChoice
from stylizer.models.checkpoint import CONFIG, read_card
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.roles import PHOTO
from stylizer.models.style_encoder import style_size

from ..data.folders import PictureFolder
from ..run.config import from_plain, read_options
from ..run.method import find_method

BRUSH_BEFORE = PainterConfig(
    match_colors=False,
    told_calmness=False,
    even_tones=False,
    blurs=(0.0, 0.0, 0.0),
    smooth_enlarging=False,
    brushwork=False,
    simplifies=False,
)
"""How brush translators were built before it was an option."""
_EVEN = 0.01  # added to deviations of colors, of 1: folders of nearly one color
_PICTURES = 64  # of a domain at least, if it has them, whose codes' mean it begins with; and of photos


def brush_of(init: Path | None, own: PainterConfig) -> PainterConfig:
    """Return how a brush translator is built that begins with what `init` names: as that is.

    A painter's strokes are its own only with its floor of variance and its ways with color. What `own` has
    other than by default was asked for, and stays. The painter's slider is not a translator's. Raises
    StudioError when what `init` names cannot be read.
    """
    found = _sizes(init) if init else None
    if not isinstance(found, PainterConfig):
        return own
    usual = PainterConfig()
    asked = {one.name: getattr(own, one.name) for one in fields(PainterConfig)}
    asked = {name: value for name, value in asked.items() if value != getattr(usual, name)}
    return replace(found, **{"calibration": usual.calibration, **asked})


def _sizes(init: Path) -> object:
    """Return the sizes of the network of a checkpoint folder or of a run's snapshot, if there is one."""
    if (init / CONFIG).is_file():
        found = read_card(init).config
        return found.painter if isinstance(found, BrushTranslatorConfig) else found
    run = init.parent.parent
    if not (init / "state.json").is_file() or not (run / "options.json").is_file():
        return None
    name, options = read_options(run)
    return getattr(from_plain(find_method(name)[0], options), "brush", None)


def begin_as_painter(
    translator: BrushTranslator,
    painter: nn.Module,
    folders: Sequence[PictureFolder],
    photos: PictureFolder,
) -> None:
    """Give a translator the strokes of a painter, and each domain the mean code of its folder's pictures.

    With several prototypes a domain has as many: means over pictures whose colors are alike.
    The domain of photos begins with the code that gives photos back. `photos` are what will be translated.
    Raises RuntimeError when `painter` is none, or one of another size.
    """
    if not isinstance(painter, Painter):
        raise RuntimeError("a brush translator begins with a painter or with one of its own kind")
    usual, spread = _mean_and_spread(_colors(_some(photos)))
    codes, means, spreads, standings = [], [], [spread], []
    for name, folder in zip(translator.domains, folders, strict=True):
        pictures = list(_some(folder))
        colors = _colors(pictures)
        mean, spread = _mean_and_spread(colors)
        groups = alike((colors - mean) / spread, translator.prototypes)
        if name == PHOTO:
            codes += [_code_of_photos(painter)] * translator.prototypes
        else:
            found = _codes(painter, pictures)
            codes += [found[group].mean(0) for group in groups]
        means.append(mean)
        spreads.append(spread)
        standings += [((colors[group].mean(0) - mean) / spread) for group in groups]
    choice = PrototypeChoice(torch.stack(means), torch.stack(spreads), torch.stack(standings))
    translator.begin_with(painter, torch.stack(codes), usual, choice)


def alike(rows: Tensor, count: int, rounds: int = 20) -> list[Tensor]:
    """Part rows (N, n) into `count` groups that are alike: indices, none empty (Lloyd's k-means, 1982).

    The first centers are rows far from each other, so it is the same each time. With fewer rows than groups,
    some are in several.
    """
    centers = [int((rows - rows.mean(0)).square().sum(1).argmin())]
    while len(centers) < count:
        centers.append(int(torch.cdist(rows, rows[centers]).amin(1).argmax()))
    found = rows[centers].clone()
    for _ in range(rounds):
        nearest = torch.cdist(rows, found).argmin(1)
        for number in range(count):
            if bool((nearest == number).any()):
                found[number] = rows[nearest == number].mean(0)
    apart = torch.cdist(rows, found)
    nearest = apart.argmin(1)
    return [
        group if len(group := (nearest == number).nonzero()[:, 0]) else apart[:, number].argmin()[None]
        for number in range(count)
    ]


@torch.no_grad()
def _codes(painter: Painter, pictures: Sequence[Tensor]) -> Tensor:
    return torch.cat([painter.code(picture) for picture in pictures])


def _colors(pictures: Iterable[Tensor]) -> Tensor:
    """Measure the mean and covariance root of the colors of pictures: (N, 12)."""
    means, roots = zip(*(color_moments(picture) for picture in pictures), strict=True)
    return torch.cat([torch.cat(means), torch.cat(roots).flatten(1)], 1)


def _mean_and_spread(colors: Tensor) -> tuple[Tensor, Tensor]:
    return colors.mean(0), colors.std(0, unbiased=False) + _EVEN


def _some(folder: PictureFolder) -> Iterator[Tensor]:
    step = max(1, len(folder.trained) // _PICTURES)
    return (_fitted(folder.pictures[index]) for index in folder.trained[::step])


@torch.no_grad()
def _code_of_photos(painter: Painter) -> Tensor:
    gray = painter.encode(torch.full((1, 3, 32, 32), 0.5))  # the colors are replaced by each photo's own
    return painter.own_code(gray)[0]


def _fitted(picture: Tensor) -> Tensor:
    """Turn a picture (3, H, W) uint8 into (1, 3, h, w) in [0, 1], long side at most 512."""
    pixels = picture[None].float() / 255
    return F.interpolate(pixels, size=style_size(*picture.shape[1:]), mode="area")
