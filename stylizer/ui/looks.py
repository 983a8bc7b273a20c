"""Looks of the translators by people's names, and samples of them: python -m stylizer.ui.looks."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stylizer.engine import Engine, TranslateRequest
from stylizer.imaging.picture import Picture, save_picture
from stylizer.imaging.resize import fit_within, middle_square
from stylizer.models.checkpoint import Card
from stylizer.models.roles import PHOTO
from stylizer.ui.messages import written
from stylizer.ui.samples import FOLDER, sample_photos

SHOWN = "pagoda"
"""The sample photo that every look is shown on: a building, trees and sky."""
SIDE, _PAINTED = 240, 480
"""Side of a sample, and at which it is made: strokes are as fine as on a preview."""


@dataclass(frozen=True, eq=False)
class Look:
    """One look of one translator: what a click takes, what it is called, and a sample of it."""

    model: str
    domain: str
    title: str
    sample: Path | NDArray[np.uint8]
    experimental: bool = False


def looks(card: Card) -> list[str]:
    """List what a translator translates to; the photo itself is strength 0, and not offered."""
    return [name for name in getattr(card.config, "domains", ()) if name != PHOTO]


def colors(card: Card) -> bool:
    """Tell whether a translator colors black-and-white photos."""
    return card.architecture in ("colorizer", "bin-colorizer")


def called(card: Card) -> str:
    """Return a model's title, or what it does; a folder's name is written as people write."""
    if colors(card):
        return "Black and white to color"
    return written(card.name) if card.title == card.name else card.title


def takes_hints(card: Card) -> bool:
    """Tell whether a translator can be told the colors of some places."""
    return card.architecture == "bin-colorizer"


def way(card: Card, domain: str) -> str:
    """Name a look, with a + where it mixes with others."""
    return f"{written(domain)}\N{NO-BREAK SPACE}+" if len(looks(card)) > 1 else called(card)


def convincing(engine: Engine) -> list[Card]:
    """List the translators' cards: what convinces first, what colors after what paints; then by place."""
    return sorted(engine.models("translator"), key=lambda card: (bool(card.status), colors(card), card.place))


def find_looks(engine: Engine, folder: Path = FOLDER) -> list[Look]:
    """List all looks with a sample each: one that ships, of just these weights, or else one made now."""
    return [
        Look(card.name, domain, way(card, domain), _sample(engine, card, domain, folder), bool(card.status))
        for card in convincing(engine)
        for domain in looks(card)
    ]


def _sample(engine: Engine, card: Card, domain: str, folder: Path) -> Path | NDArray[np.uint8]:
    file = sample_file(card, domain, folder)
    return file if file.is_file() else paint_sample(engine, card.name, domain, folder).rgb


def sample_file(card: Card, domain: str, folder: Path = FOLDER) -> Path:
    """Name the file of a sample; other weights have another one."""
    return folder / "looks" / f"{card.name}-{domain}-{card.sha256[:8]}.webp"


def paint_sample(engine: Engine, model: str, domain: str, folder: Path = FOLDER) -> Picture:
    """Translate the middle of a sample photo; raises what the engine raises."""
    photo = next(sample for sample in sample_photos(folder) if sample.name == SHOWN).open()
    content = fit_within(middle_square(photo), _PAINTED)
    made = engine.run(TranslateRequest(content, model, ((domain, 1.0),)))
    return fit_within(made.picture, SIDE)


def paint_all(engine: Engine, folder: Path = FOLDER) -> list[Path]:
    """Make the samples that are missing, and delete those of weights that are not here any more."""
    (folder / "looks").mkdir(exist_ok=True)
    files = []
    for card in engine.models("translator"):
        for domain in looks(card):
            files.append(sample_file(card, domain, folder))
            if not files[-1].is_file():
                save_picture(paint_sample(engine, card.name, domain, folder), files[-1], quality=82)
    for file in (folder / "looks").glob("*.webp"):
        if file not in files:
            file.unlink()
    return files


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()  # `--help` is not taken for the work itself
    made = paint_all(Engine())
    print(f"{len(made)} samples, {sum(file.stat().st_size for file in made) / 1024:.0f} kB")
