"""The endpoints for regions, called as a program would call them."""

import json

import numpy as np
import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError

from stylizer.imaging.picture import Picture, open_picture, read_recipe, save_picture
from tests.engine.parted import parted


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    save_picture(parted(), folder / "photo.png")
    save_picture(parted(80, 80, seed=4), folder / "painting.png")
    left = np.zeros((96, 128, 3), np.uint8)
    left[:, :64] = 255
    save_picture(Picture(left), folder / "hat.png")
    return folder


def paint(client, files, **settings):
    return client.predict(photo=handle_file(files / "photo.png"), **settings, api_name="/stylize_regions")


def test_segment_returns_regions_and_masks(client, files):
    regions, masks = client.predict(photo=handle_file(files / "photo.png"), api_name="/segment")
    assert {region["name"] for region in regions} >= {"person", "sky", "vegetation"}
    assert sum(region["share"] for region in regions) == pytest.approx(1, abs=0.01)
    names = {file.rsplit("/", 1)[-1] for file in masks}
    assert names >= {"person.png", "sky.png", "vegetation.png", "overlay.png"}


def test_regions_are_painted_in_their_own_styles(client, files):
    file = paint(client, files, regions="sky=amber:0.7, person=keep", style="moss")
    photo, painted = (open_picture(name).rgb.astype(int) for name in (files / "photo.png", file))
    assert np.array_equal(painted[35:60, 52:76], photo[35:60, 52:76])
    sky, field = painted[:15].mean((0, 1)), painted[80:].mean((0, 1))
    assert sky[0] > sky[2] and field[1] == field.max()
    looks = json.loads(read_recipe(file))["request"]["region_styles"]
    assert [(look["name"], look["strength"]) for look in looks] == [("sky", 0.7), ("person", None)]


def test_masks_of_ones_own_are_regions(client, files):
    file = paint(client, files, regions="hat=keep", style="moss", masks=[handle_file(files / "hat.png")])
    photo, painted = (open_picture(name).rgb.astype(int) for name in (files / "photo.png", file))
    assert np.array_equal(painted[:, :60], photo[:, :60])
    assert (painted[:, 68:] != photo[:, 68:]).mean() > 0.8


def test_a_painting_dresses_by_meaning(client, files):
    file = paint(client, files, painting=handle_file(files / "painting.png"), match=True)
    looks = json.loads(read_recipe(file))["request"]["region_styles"]
    assert ["painting, sky"] in [[style["name"] for style in look["styles"]] for look in looks]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"regions": "sky"}, "write it like sky"),
        ({"regions": "sky=monet"}, "There is no style called"),
        ({"regions": "sky=painting"}, "No painting was sent"),
        ({"regions": "sky=amber:much"}, "There is no style called .amber:much"),
        ({"regions": "sky=amber:9"}, "1.5"),
        ({"regions": "horse=keep"}, "no region called horse"),
        ({"match": True, "style": "amber"}, "bring the painting as a picture"),
    ],
)
def test_a_mistake_is_a_sentence(client, files, wrong, sentence):
    with pytest.raises(AppError, match=sentence):
        paint(client, files, **wrong)
