"""Paint the example that greets a visitor: python -m stylizer.ui.example STYLE [PHOTO]."""

from __future__ import annotations

import argparse

from stylizer.engine import Engine
from stylizer.ui.samples import CREDITS, FOLDER, paint_example, sample_photos


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("style", help="name of a style, as `python -m stylizer styles` lists them")
    parser.add_argument("photo", nargs="?", choices=tuple(CREDITS), default="astronaut")
    chosen = parser.parse_args()
    photo = next(sample for sample in sample_photos() if sample.name == chosen.photo)
    example = paint_example(Engine(), FOLDER / "example", photo, chosen.style)
    size = sum(path.stat().st_size for path in example.frames.values())
    print(f"{photo.title} in the style {chosen.style}: {len(example.frames)} pictures, {size / 1024:.0f} kB")


if __name__ == "__main__":
    main()
