"""What README promises of photos holds at every size: small, a camera's, as wide as a panorama."""

import numpy as np
import pytest

from stylizer.engine import RegionStyle, StyleChoice, StyleRequest, read_recipe_text
from stylizer.imaging.picture import Picture, open_picture, read_recipe, save_picture
from stylizer.imaging.regions import Regions
from tests.engine.drawn import drawn

SIZES = [(300, 200), (1200, 900), (6000, 120)]


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]} px")
def photo(request) -> Picture:
    width, height = request.param
    return drawn(height, width, seed=3)


def test_strength_0_is_the_photo_sample_for_sample(fake_engine, photo):
    painted = fake_engine.run(StyleRequest(photo, (StyleChoice(drawn(60, 60)),), strength=0)).picture
    assert np.array_equal(painted.rgb, photo.rgb)


def test_a_region_that_keeps_the_photo_keeps_it_to_the_last_bit(fake_engine, photo):
    scale = min(1.0, 1000 / max(photo.width, photo.height))
    mask = np.zeros((max(1, round(photo.height * scale)), round(photo.width * scale)), np.uint8)
    mask[:, mask.shape[1] // 2 :] = 255
    regions = Regions(np.stack([255 - mask, mask]), ("rest", "right"))
    request = StyleRequest(
        photo, (StyleChoice(drawn(60, 60)),), regions=regions, region_styles=(RegionStyle("right", ()),)
    )
    painted = fake_engine.run(request).picture.rgb
    edge = photo.width // 2 + 16 + photo.width // 50  # the edge itself is soft
    assert np.array_equal(painted[:, edge:], photo.rgb[:, edge:])
    assert np.abs(painted[:, : photo.width // 3].astype(int) - photo.rgb[:, : photo.width // 3]).mean() > 1


def test_the_settings_come_back_out_of_the_file_and_make_the_picture_again(fake_engine, photo, tmp_path):
    request = StyleRequest(photo, (StyleChoice(drawn(60, 60)),), strength=0.63, color=0.4, stroke=1.2)
    first = fake_engine.run(request)
    save_picture(first.picture, tmp_path / "painted.png", first.recipe.to_json())
    recipe, notes = read_recipe_text(read_recipe(tmp_path / "painted.png"))
    again, more = fake_engine.restore(recipe, photo)
    assert (again.strength, again.color, again.stroke) == (0.63, 0.4, 1.2) and not notes and not more
    difference = fake_engine.run(again).picture.rgb.astype(int) - open_picture(tmp_path / "painted.png").rgb
    assert np.abs(difference).max() <= 1  # the style's code is stored in half precision
