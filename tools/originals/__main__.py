"""python -m tools.originals FOLDER: draw the original style pictures, which anyone may reuse."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.originals import draw_all

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tools.originals", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder to draw them into")
    for file in draw_all(parser.parse_args().folder):
        print(file)
