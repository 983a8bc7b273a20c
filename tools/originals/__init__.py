"""Style pictures drawn by our own code, from nothing but a seed; anyone may use them for anything (CC0)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stylizer.imaging.picture import Picture, encode_picture
from tools.originals import cells, dots, flows, lines
from tools.originals.drawing import Chance

SEED = 7
"""The seed of the pictures in `checkpoints/originals`."""

MAX_BYTES = 150 << 10
"""Size that no file exceeds: screens of dots hold more than a photo does, so they are packed harder."""

_QUALITIES = (80, 65, 50, 40, 30, 20, 15, 10)


@dataclass(frozen=True)
class Original:
    """One picture that our code can draw."""

    title: str
    tags: tuple[str, ...]
    drawn_by: Callable[[Chance], np.ndarray]

    def __call__(self, seed: int = SEED) -> Picture:
        """Draw it, 768 x 768 pixels; another seed gives another picture of the kind."""
        return Picture(self.drawn_by(Chance(seed)), name=self.title)


ORIGINALS: dict[str, Original] = {
    "bay-in-dots": Original("Bay in Dots", ("pointillism", "dots", "sea"), dots.pointillist_bay),
    "hatched-valley": Original("Hatched Valley", ("ink", "hatching", "drawing"), lines.hatched_valley),
    "leaded-sunrise": Original("Leaded Sunrise", ("stained glass", "sun"), cells.leaded_sunrise),
    "printed-still-life": Original("Printed Still Life", ("halftone", "pop"), dots.halftone_still_life),
    "marbled-ink": Original("Marbled Ink", ("marbling", "suminagashi", "abstract"), flows.marbled_ink),
    "thick-evening": Original("Thick Evening", ("impasto", "oil", "landscape"), flows.impasto_evening),
    "carved-sea": Original("Carved Sea", ("woodcut", "sea", "sun"), lines.woodcut_wave),
    "misty-lake": Original("Misty Lake", ("watercolor", "landscape"), flows.watercolor_lake),
    "pond-in-stones": Original("Pond in Stones", ("mosaic", "koi"), cells.mosaic_pond),
    "three-ink-garden": Original("Three-Ink Garden", ("risograph", "poster", "pop"), dots.riso_poster),
}


def draw_all(folder: str | Path, seed: int = SEED) -> tuple[Path, ...]:
    """Draw every original into a folder, as `<slug>.webp` of at most MAX_BYTES, and return the files.

    The folder is made when missing. Raises OSError when a file cannot be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for slug, original in ORIGINALS.items():
        picture = original(seed)
        packed = (encode_picture(picture, "webp", quality=quality) for quality in _QUALITIES)
        files.append(folder / f"{slug}.webp")
        files[-1].write_bytes(next(data for data in packed if len(data) <= MAX_BYTES))
    return tuple(files)
