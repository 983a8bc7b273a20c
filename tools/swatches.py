"""Swatches: a painting's strokes and colors without its motif, for masterworks in styles with names.

    python -m tools.swatches LIST ROOT OUT_DIR [SLUG...]

LIST is a CSV file with the columns file and slug, ROOT the folder that its files' names start from. A swatch
is worked out like a masterwork, of a photo that shows nothing; no pixel of the painting is in it.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from stylizer.imaging.picture import open_picture, save_picture
from stylizer.imaging.tensors import to_picture, to_tensor
from stylizer.models.masterwork import (
    MasterworkOptions,
    MasterworkPart,
    fitted,
    paint_masterwork,
)
from stylizer.models.masterwork_losses import MasterworkWeights
from stylizer.models.perceptual import Perceptual, load_perceptual

SIDE = 448
FREE = MasterworkWeights(similarity=0.0, content=(0.0, 0.0), follow=0.0, even=0.0)
"""Nothing is kept of the photo."""


def make_swatch(
    painting: Tensor,
    network: Perceptual,
    seed: int = 0,
    side: int = SIDE,
    steps: tuple[int, ...] = (80, 60, 40, 20),
) -> Tensor:
    """Work out the swatch (1, 3, side, side) of a painting (1, 3, H, W) in [0, 1]."""
    options = MasterworkOptions(side=side, steps=steps, seed=seed, weights=FREE)
    part = MasterworkPart(((painting, 1.0),))
    *_, last = paint_masterwork(cloudy(seed, side), [part], network, options)
    return last.picture


def cloudy(seed: int, side: int) -> Tensor:
    """Draw soft clouds with finer ones in some places, so that there is a calm third and a busy one."""
    rng = torch.Generator().manual_seed(seed)

    def clouds(cells: int) -> Tensor:
        noise = torch.rand(1, 1, cells, cells, generator=rng)
        return F.interpolate(noise, size=(side, side), mode="bicubic", align_corners=False)

    where = clouds(4)
    light = 0.5 * clouds(5) + 0.25 + (clouds(side // 12) - 0.5) * where.clamp(0, 1).square()
    return light.clamp(0, 1).expand(1, 3, side, side).contiguous()


def main() -> None:
    """Make the swatches of a list."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("list", type=Path)
    parser.add_argument("root", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("slugs", nargs="*")
    asked = parser.parse_args()
    network = load_perceptual(dtype=torch.bfloat16)
    asked.out.mkdir(parents=True, exist_ok=True)
    with asked.list.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if not asked.slugs or row["slug"] in asked.slugs]
    for row in tqdm(rows, unit="swatch"):
        painting = fitted(to_tensor(open_picture(asked.root / row["file"])), 1024)
        swatch = to_picture(make_swatch(painting, network))
        save_picture(swatch, asked.out / f"{row['slug']}.webp", quality=88)


if __name__ == "__main__":
    main()
