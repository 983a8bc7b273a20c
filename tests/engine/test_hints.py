"""Color hints: their bounds, what they change, in recipes, and those that a reference gives."""

import json

import numpy as np
import pytest

from stylizer.engine import ColorHint, Engine, RecipeError, RequestError, TranslateRequest, read_recipe_text
from stylizer.engine.parsing import read_hints
from stylizer.imaging.keep_color import luma
from stylizer.imaging.tensors import to_tensor
from tests.engine.drawn import drawn
from tests.engine.models import save_hinted, save_models

HINTS = (ColorHint(0.25, 0.5, "#E02010"), ColorHint(0.75, 0.5, "#1030d0"))


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Engine:
    folder = tmp_path_factory.mktemp("checkpoints")
    save_models(folder)
    save_hinted(folder)
    return Engine(folder, device="cpu", whole_precision=True)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((1.2, 0.5, "#aabbcc"), "a hint's x is 1.2"),
        ((0.5, float("nan"), "#aabbcc"), "a hint's y"),
        ((0.5, 0.5, "red"), "write it like #c08040"),
        ((0.5, 0.5, 7), "write it like"),
    ],
)
def test_hints_out_of_bounds_are_refused(values, told):
    with pytest.raises(RequestError, match=told):
        ColorHint(*values)


def test_a_request_refuses_what_is_no_list_of_hints():
    photo = drawn()
    for hints, told in (
        ("0.5", "give a list"),
        ([(0.5, 0.5, "#aabbcc")], "give ColorHint"),
        ([HINTS[0]] * 65, "at most 64"),
    ):
        with pytest.raises(RequestError, match=told):
            TranslateRequest(photo, "hues", hints=hints)


def test_hints_change_colors_and_never_the_light(engine):
    photo = drawn(48, 64)
    plain = engine.run(TranslateRequest(photo, "hues")).picture
    hinted = engine.run(TranslateRequest(photo, "hues", hints=HINTS)).picture
    assert hinted.digest != plain.digest
    light = [luma(to_tensor(picture)) for picture in (photo, hinted)]
    assert (light[0] - light[1]).abs().max() < 2.5 / 255


def test_a_model_that_does_not_color_refuses_hints(engine):
    with pytest.raises(RequestError, match="lines takes no color hints"):
        engine.run(TranslateRequest(drawn(), "lines", hints=HINTS))
    with pytest.raises(RequestError, match="takes no color hints"):
        engine.color_hints(drawn(), drawn(), "lines")


def test_hints_come_back_out_of_a_recipe(engine):
    photo = drawn(48, 64)
    result = engine.run(TranslateRequest(photo, "hues", hints=HINTS))
    recipe, notes = read_recipe_text(result.recipe.to_json())
    request, more = engine.restore(recipe, photo)
    assert (notes, more) == ((), ()) and request.hints == HINTS
    assert engine.run(request).picture.digest == result.picture.digest


def test_a_recipe_without_hints_has_none_and_a_damaged_one_is_refused(engine):
    text = engine.run(TranslateRequest(drawn(), "lines")).recipe.to_json()
    data = json.loads(text)
    del data["request"]["hints"]
    assert read_recipe_text(json.dumps(data))[0].request["hints"] == ()
    for damaged in ([{"x": 5, "y": 0, "color": "#000000"}], [3], 7):
        data["request"]["hints"] = damaged
        with pytest.raises(RecipeError, match="color hints"):
            read_recipe_text(json.dumps(data))


def test_a_reference_gives_hints_in_its_own_colors(engine):
    photo = drawn(64, 64, seed=2)
    found = engine.color_hints(photo, photo, "hues", 5)
    assert 1 <= len(found) <= 5
    for hint in found:
        assert 0 < hint.x < 1 and 0 < hint.y < 1
        row, column = int(hint.y * 2) * 32, int(hint.x * 2) * 32  # the tiny network sees 32 px: two cells
        cell = photo.rgb[row : row + 32, column : column + 32].mean((0, 1))
        told = np.array([int(hint.color[place : place + 2], 16) for place in (1, 3, 5)])
        assert np.abs(cell - told).max() < 2


def test_hints_are_read_as_people_write_them():
    assert read_hints([" 0.25, 0.5 = #e02010"]) == HINTS[:1]
    with pytest.raises(RequestError, match="write it like"):
        read_hints(["0.5=#aabbcc"])
