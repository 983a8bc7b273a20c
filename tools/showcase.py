"""A sheet of sample photos as they are, painted live, and as masterworks: docs/masterworks.webp.

    python -m tools.showcase docs/masterworks.webp [PHOTO:STYLE ...] [--paintings ROOT]

PHOTO is a sample of the page, STYLE a named style. A masterwork is worked out from what ships of the style's
painting; with ROOT, the folder that `named_styles.csv` starts its file names from, from the painting itself.
Every masterwork takes a minute or two.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

import stylizer
from stylizer.engine import Engine, StyleChoice, StyleRequest
from stylizer.imaging.picture import Picture, open_picture, save_picture
from stylizer.imaging.resize import fit_within

SAMPLES = Path(stylizer.__file__).parent / "ui" / "samples"
LIST = Path(__file__).parents[1] / "training" / "publishing" / "named_styles.csv"
SHOWN = ("astronaut:starry-night", "mountains:the-scream", "pagoda:great-wave", "chelsea:sunflowers")
PAINTED_AT, CELL, GAP = 768, 420, 6


def showcase(
    engine: Engine, pairs: Sequence[tuple[Picture, str, Picture | None]], cell: int = CELL
) -> Picture:
    """Lay out a row of photo, live and masterwork for each photo, named style and painting.

    Without a painting (None), the masterwork is worked out from what ships of it.
    """
    rows = []
    for photo, name, painting in pairs:
        live = StyleRequest(
            photo, (StyleChoice(engine.find_style(name)),), strength=1.0, long_side=PAINTED_AT
        )
        style = StyleChoice(painting or engine.find_style(name))
        worked = StyleRequest(photo, (style,), strength=1.0, long_side=PAINTED_AT, masterwork=True)
        rows.append([photo, engine.run(live).picture, engine.run(worked).picture])
    small = [[fit_within(picture, cell) for picture in row] for row in rows]
    heights = [max(picture.height for picture in row) for row in small]
    sheet = Image.new("RGB", (3 * cell + 2 * GAP, sum(heights) + GAP * (len(rows) - 1)), "white")
    top = 0
    for row, height in zip(small, heights, strict=True):
        for column, picture in enumerate(row):
            left = column * (cell + GAP) + (cell - picture.width) // 2
            sheet.paste(Image.fromarray(picture.rgb), (left, top))
        top += height + GAP
    return Picture(np.asarray(sheet))


def main(given: Sequence[str] | None = None) -> None:
    """Make the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("pairs", nargs="*", default=SHOWN, metavar="PHOTO:STYLE")
    parser.add_argument("--paintings", type=Path, metavar="ROOT")
    asked = parser.parse_args(given)
    with LIST.open(newline="", encoding="utf-8") as file:
        files = {row["slug"]: row["file"] for row in csv.DictReader(file)}
    pairs = []
    for photo, _, name in (pair.partition(":") for pair in asked.pairs):
        painting = asked.paintings / files[name] if asked.paintings else None
        known = open_picture(painting) if painting is not None and painting.is_file() else None
        pairs.append((open_picture(SAMPLES / f"{photo}.webp"), name, known))
    save_picture(showcase(Engine(), pairs), asked.out, quality=82)


if __name__ == "__main__":
    main()
