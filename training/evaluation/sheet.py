"""Contact sheets: photo, painting and what each system made of them, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ..run.config import UserMistake

CELL = 288  # pixels
GAP = 6
LABEL = 20


def contact_sheet(
    rows: Sequence[Sequence[Image.Image | None]], titles: Sequence[str], cell: int = CELL
) -> Image.Image:
    """Lay out rows of images under column titles; each image is fitted into a cell, None leaves it empty."""
    width = len(titles) * (cell + GAP) + GAP
    sheet = Image.new("RGB", (width, LABEL + len(rows) * (cell + GAP) + GAP), (250, 250, 248))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for column, title in enumerate(titles):
        pen.text((GAP + column * (cell + GAP), 3), title, fill=(30, 30, 30), font=font)
    for row, images in enumerate(rows):
        for column, image in enumerate(images):
            if image is None:
                continue
            scale = cell / max(image.size)
            size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
            small = image.resize(size, Image.Resampling.LANCZOS)
            left = GAP + column * (cell + GAP) + (cell - small.width) // 2
            top = LABEL + GAP + row * (cell + GAP) + (cell - small.height) // 2
            sheet.paste(small, (left, top))
    return sheet


def check_sheet(file: Path) -> None:
    """Raise UserMistake for a file name that no sheet can be saved under."""
    if file.suffix.lower() not in (".webp", ".jpg", ".jpeg", ".png"):
        raise UserMistake(f"{file.name} is no picture file that can be written; end it in webp, jpg or png.")


def save_sheet(sheet: Image.Image, file: Path) -> Path:
    """Save a sheet in the format of its suffix and print where."""
    file.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(file, quality=88)
    print(file)
    return file
