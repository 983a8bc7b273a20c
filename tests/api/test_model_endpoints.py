"""The endpoints of translators and generators, called as a program would call them."""

import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError, ValidationError

from stylizer.imaging.picture import open_picture, read_recipe, save_picture
from tests.engine.drawn import drawn


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "waves.png"
    save_picture(drawn(40, 60, seed=3), path)
    return path


def translate(client, photo, **settings):
    return client.predict(photo=handle_file(photo), **settings, api_name="/translate")


def test_translate_makes_a_picture_of_the_photos_size_and_notes_it_down(client, photo):
    file = translate(client, photo, model="seasons", domains="autumn:3, winter", strength=0.9)
    made = open_picture(file)
    assert (made.height, made.width) == (40, 60)
    assert abs(made.rgb.astype(int) - open_picture(photo).rgb).mean() > 5
    recipe = read_recipe(file)
    assert '"name": "autumn", "weight": 3.0' in recipe and '"strength": 0.9' in recipe


def test_strength_zero_returns_the_photos_own_samples(client, photo):
    file = translate(client, photo, model="lines", strength=0)
    assert (open_picture(file).rgb == open_picture(photo).rgb).all()


def test_colors_that_are_known_are_in_the_recipe(client, photo):
    file = translate(client, photo, model="hues", hints="0.25,0.5=#e02010; 0.75,0.5=#1030d0")
    assert read_recipe(file).count('"color": "#') == 2


def test_invent_gives_the_same_picture_for_the_same_seed_and_mixes_two(client):
    first, again, other, mixed = (
        open_picture(client.predict(**settings, api_name="/invent")).rgb
        for settings in (
            {"seed": 5},
            {"seed": 5, "model": "dream"},
            {"seed": 6},
            {"seed": 5, "second": 6, "coarse": 1, "middle": 1, "fine": 1},
        )
    )
    assert (first == again).all() and (first != other).any()
    assert (mixed == other).all()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({}, "there are hues, lines, seasons, tint"),
        ({"model": "dream"}, "no translator called"),
        ({"model": "../painter"}, "no translator called"),
        ({"model": "org/name"}, "no translator called"),
        ({"model": "seasons", "domains": "spring"}, "there are photo, autumn, winter"),
        ({"model": "seasons", "domains": "winter:cold"}, "no domain 'winter:cold'"),
        ({"model": "lines", "strength": 2}, "1"),
        ({"model": "lines", "hints": "0.5,0.5=#e02010"}, "takes no color hints"),
        ({"model": "hues", "hints": "red"}, "write it like"),
    ],
)
def test_a_mistake_of_translating_is_a_sentence(client, photo, wrong, sentence):
    with pytest.raises((AppError, ValidationError), match=sentence):
        translate(client, photo, **wrong)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"model": "lines"}, "no generator called"),
        ({"coarse": 0.5}, "second seed"),
        ({"seed": -1}, "0"),
    ],
)
def test_a_mistake_of_inventing_is_a_sentence(client, wrong, sentence):
    with pytest.raises((AppError, ValidationError), match=sentence):
        client.predict(**wrong, api_name="/invent")
