"""Swatches of paintings."""

import csv

import numpy as np
import torch

from stylizer.imaging.picture import Picture, open_picture, save_picture
from tools import swatches


def _dashed(height: int, width: int) -> torch.Tensor:
    down, across = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    dashes = ((down // 3 + across // 9) % 2).float()[None, None]
    return torch.cat([0.9 - 0.3 * dashes, 0.5 - 0.2 * dashes, 0.2 + 0.1 * dashes], 1)


def test_a_swatch_has_the_paintings_colors_and_not_its_places():
    painting = _dashed(64, 64)
    painting[:, :, :32] *= 0.3  # the upper half is dark
    network = swatches.load_perceptual()
    swatch = swatches.make_swatch(painting, network, side=64, steps=(30, 1, 1, 1))
    assert swatch.shape == (1, 3, 64, 64)
    assert torch.allclose(swatch.mean((2, 3)), painting.mean((2, 3)), atol=0.08)
    halves = swatch[:, :, :32].mean(), swatch[:, :, 32:].mean()
    there = painting[:, :, :32].mean() - painting[:, :, 32:].mean()
    assert (halves[0] - halves[1]).abs() < 0.6 * there.abs()


def test_a_swatch_is_the_same_whenever_it_is_made():
    network = swatches.load_perceptual()
    first, again = (
        swatches.make_swatch(_dashed(64, 64), network, side=64, steps=(3, 1, 1, 1)) for _ in range(2)
    )
    assert torch.equal(first, again)


def test_a_list_of_paintings_becomes_a_folder_of_swatches(tmp_path, monkeypatch):
    samples = (255 * _dashed(48, 64)[0].permute(1, 2, 0)).byte().numpy()
    save_picture(Picture(np.ascontiguousarray(samples)), tmp_path / "dashes.png")
    with (tmp_path / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "slug"), ("dashes.png", "dashes"), ("none.png", "none")])
    monkeypatch.setattr(swatches, "make_swatch", lambda painting, network: painting[:, :, :64, :64])
    monkeypatch.setattr(
        "sys.argv", ["swatches", *map(str, (tmp_path / "list.csv", tmp_path, tmp_path / "out")), "dashes"]
    )
    swatches.main()
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["dashes.webp"]
    assert open_picture(tmp_path / "out" / "dashes.webp").rgb.shape[:2] == (64, 64)
