from pathlib import Path

import numpy as np
import pytest

from stylizer.imaging.picture import Picture, open_picture
from tools import originals
from tools.originals.cells import _nearest_stone
from tools.originals.drawing import Chance, blur, ellipse, polygon, ramp

SHIPPED = Path(__file__).parents[2] / "checkpoints" / "originals"


def test_every_original_is_shipped_small_and_square():
    assert {file.stem for file in SHIPPED.glob("*.webp")} == set(originals.ORIGINALS)
    for file in SHIPPED.glob("*.webp"):
        assert file.stat().st_size <= originals.MAX_BYTES
        assert open_picture(file).rgb.shape == (768, 768, 3)


def test_originals_are_many_kinds_of_picture():
    assert len(originals.ORIGINALS) >= 8
    titles = [original.title for original in originals.ORIGINALS.values()]
    assert len(set(titles)) == len(titles) and all(original.tags for original in originals.ORIGINALS.values())


def test_drawing_all_writes_one_file_for_each(tmp_path, monkeypatch):
    def plain(chance):
        return np.full((20, 20, 3), int(chance.between(0, 255)), np.uint8)

    kinds = {slug: originals.Original(slug, ("plain",), plain) for slug in ("a", "b")}
    monkeypatch.setattr(originals, "ORIGINALS", kinds)
    files = originals.draw_all(tmp_path / "new", seed=3)
    assert [file.name for file in files] == ["a.webp", "b.webp"]
    assert isinstance(kinds["a"](3), Picture) and kinds["a"](3).digest == kinds["b"](3).digest
    assert kinds["a"](3).digest != kinds["a"](4).digest


def test_a_seed_gives_the_same_chance_every_time():
    draw = lambda chance: np.concatenate([chance.uniform(5), chance.normal(5), chance.noise(32, 4).ravel()])  # noqa: E731
    assert (draw(Chance(1)) == draw(Chance(1))).all() and (draw(Chance(1)) != draw(Chance(2))).any()


def test_noise_fills_its_range_smoothly():
    noise = Chance(0).noise(128, 4, 2)
    assert noise.min() == 0 and noise.max() == 1 and np.abs(np.diff(noise, axis=0)).max() < 0.2


@pytest.mark.parametrize(("x", "y"), [(0.5, 0.5), (0.0, 1.0), (1.6, 0.5)])
def test_shapes_cover_the_area_that_they_should(x, y):
    inside = 1.0 if 0 < x < 1 else 0.25 if x <= 1 else 0.0
    assert ellipse(200, x, y, 0.2, 0.1).mean() == pytest.approx(inside * np.pi * 0.02, abs=2e-3)
    corners = [(x - 0.1, y - 0.1), (x + 0.1, y - 0.1), (x + 0.1, y + 0.1), (x - 0.1, y + 0.1)]
    assert polygon(200, corners).mean() == pytest.approx(inside * 0.04, abs=2e-3)


@pytest.mark.parametrize("deviation", [1.0, 4.0, 12.0])
def test_blurring_spreads_a_point_by_its_deviation(deviation):
    point = np.zeros((121, 121), np.float32)
    point[60, 60] = 1
    soft = blur(point, deviation)
    rows = np.arange(121) - 60
    assert soft.sum() == pytest.approx(1, abs=0.02)
    assert np.sqrt((soft.sum(1) * rows**2).sum()) == pytest.approx(deviation, rel=0.1)


def test_ramps_pass_through_their_colors():
    assert np.allclose(
        ramp(np.array([0.0, 0.5, 1.0]), "000000", "ff0000", "ffffff"), [[0, 0, 0], [1, 0, 0], [1, 1, 1]]
    )


def test_stones_own_what_is_nearest_to_them():
    places = np.array([[10.0, 10.0], [30.0, 10.0], [20.0, 30.0]])
    owner, best, second = _nearest_stone(places, np.zeros(3), 40, 20.0)
    row, column = np.mgrid[0:40, 0:40]
    distance = np.maximum(
        np.abs(column[None] - places[:, 0, None, None]), np.abs(row[None] - places[:, 1, None, None])
    )
    near = distance.min(0) < 20
    assert np.allclose(best[near], distance.min(0)[near]) and (second >= best).all()
    assert (distance[owner, row, column] == distance.min(0))[near].all()
