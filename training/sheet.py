"""Contact sheets: photo, painting and what each system made of them, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

CELL = 288  # pixels
GAP = 6
LABEL = 20


def contact_sheet(rows: Sequence[Sequence[Image.Image | None]], titles: Sequence[str]) -> Image.Image:
    """Lay out rows of images under column titles; each image is fitted into a cell, None leaves it empty."""
    width = len(titles) * (CELL + GAP) + GAP
    sheet = Image.new("RGB", (width, LABEL + len(rows) * (CELL + GAP) + GAP), (250, 250, 248))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for column, title in enumerate(titles):
        pen.text((GAP + column * (CELL + GAP), 3), title, fill=(30, 30, 30), font=font)
    for row, images in enumerate(rows):
        for column, image in enumerate(images):
            if image is None:
                continue
            scale = CELL / max(image.size)
            small = image.resize([max(1, round(side * scale)) for side in image.size], Image.LANCZOS)
            left = GAP + column * (CELL + GAP) + (CELL - small.width) // 2
            top = LABEL + GAP + row * (CELL + GAP) + (CELL - small.height) // 2
            sheet.paste(small, (left, top))
    return sheet
