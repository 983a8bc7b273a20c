"""Recipes come back as they were written; hostile ones are clamped or refused."""

import json
import math
import tracemalloc
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from stylizer.engine.recipe import (
    Recipe,
    RecipeStyle,
    code_digest,
    plain_name,
    store_code,
    write_recipe,
)
from stylizer.engine.recipe_reader import read_recipe_text
from stylizer.engine.requests import StyleChoice, StyleRequest
from stylizer.errors import RecipeError
from tests.engine.drawn import drawn

CODE = torch.linspace(-2, 2, 40)
STYLES = (
    RecipeStyle("great-wave", 0.7, code_digest(CODE)),
    RecipeStyle("my picture", 0.3, code_digest(CODE), store_code(CODE)),
)


def recipe(**options) -> Recipe:
    styles = tuple(StyleChoice(drawn(), style.weight) for style in STYLES)
    noted = dict(zip(map(id, styles), STYLES, strict=True))
    return write_recipe(StyleRequest(drawn(), styles, **options), "ab" * 32, lambda choice: noted[id(choice)])


@given(st.floats(0, 1.5), st.floats(0, 1), st.booleans(), st.none() | st.integers(16, 16384))
def test_a_recipe_survives_json(strength, color, colors_only, long_side):
    written = recipe(strength=strength, color=color, colors_only=colors_only, long_side=long_side)
    read, notes = read_recipe_text(written.to_json())
    assert read == written and notes == ()


def test_a_recipe_of_before_faces_could_be_painted_like_all_else_reads_as_gentle():
    data = json.loads(recipe(gentle_faces=False).to_json())
    assert read_recipe_text(json.dumps(data))[0].request["gentle_faces"] is False
    del data["request"]["gentle_faces"]
    read, notes = read_recipe_text(json.dumps(data))
    assert read.request["gentle_faces"] is True and notes == ()


def test_a_stored_code_comes_back_as_stored():
    assert torch.equal(STYLES[1].code(), CODE.half().float())
    with pytest.raises(RecipeError, match="not stored"):
        STYLES[0].code()


def changed(**entries) -> str:
    """Change the header, or with names of the request the request."""
    data = json.loads(recipe().to_json())
    for name, value in entries.items():
        (data if name in data else data["request"])[name] = value
    return json.dumps(data)


def test_settings_out_of_bounds_are_clamped_and_noted():
    settings = {"strength": 1e9, "color": "red", "stroke": None, "long_side": -4, "evil": "rm"}
    read, notes = read_recipe_text(changed(**settings))
    assert read.request["strength"] == 1.5 and read.request["color"] == 1.0
    assert read.request["stroke"] == 1.0 and read.request["long_side"] == 16
    assert "evil" not in read.request and len(notes) == 4


def test_names_become_plain_text():
    style = {"name": "../../etc/<b>passwd\n\x00", "weight": 1, "digest": "zz"}
    read, _ = read_recipe_text(
        changed(styles=[style], photo={"name": "C:\\a\\b.png", "digest": 3}, model=None)
    )
    assert read.request["styles"][0].name == "<b>passwd" and read.request["styles"][0].digest == ""
    assert read.photo == "b.png" and read.photo_digest == "" and read.sha == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "damaged"),
        ("[" * 100_000, "damaged"),
        ("[]", "not one of this studio"),
        ('{"format": "1"}', "not one of this studio"),
        (changed(format=99), "another version"),
        (changed(styles=[]), "no styles"),
        (changed(styles=[1]), "no name"),
        (changed(styles=[{"name": "a", "weight": 1}] * 9), "more than 8"),
        (changed(styles=[{"name": "a", "weight": 0}]), "weight 0"),
        (changed(styles=[{"name": "a", "weight": 1, "code": "%%%"}]), "damaged"),
        (changed(styles=[{"name": "a", "weight": 1, "code": 7}]), "damaged"),
        (changed(styles=[{"name": "a", "weight": 1, "code": "AAAA"}]), "damaged"),
        ("x" * (2 << 20), "at most"),
    ],
)
def test_recipes_that_make_no_sense_are_refused(text, words):
    with pytest.raises(RecipeError, match=words):
        read_recipe_text(text)


def test_a_code_that_is_not_a_number_is_refused():
    bad = torch.full((4,), torch.nan)
    style = RecipeStyle("a", 1.0, code_digest(bad), store_code(bad))
    with pytest.raises(RecipeError, match="not made of numbers"):
        read_recipe_text(replace(recipe(), request={"styles": (style,)}).to_json())


@pytest.mark.parametrize("weight", ["1", None, -1, 1e99, True])
def test_a_mad_weight_becomes_one(weight):
    read, notes = read_recipe_text(changed(styles=[{"name": "a", "weight": weight}]))
    assert read.request["styles"][0].weight == 1 and "1 is used" in notes[0]


@given(st.text())
def test_a_plain_name_is_one_short_line_without_folders(text):
    name = plain_name(text)
    assert len(name) <= 120 and name.isprintable() and "/" not in name and "\\" not in name


@pytest.mark.parametrize(
    "size", [[60_000, 60_000], [math.inf, 4], [10**400, 4], [-5, 10], [0, 0], "xy", [1], {}, None]
)
def test_a_size_of_regions_out_of_bounds_is_refused_before_anything_is_made(size):
    text = changed(regions={"size": size, "names": [], "masks": []})
    tracemalloc.start()
    with pytest.raises(RecipeError):
        read_recipe_text(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = sorted({*json.loads(recipe().to_json()), *json.loads(recipe().to_json())["request"]} - {"request"})


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*KEYS, "regions", "mix", "domains", "model", "size"]), ANYTHING, max_size=4
    )
)
def test_whatever_a_recipe_holds_it_is_read_or_refused_in_a_sentence(entries):
    for text in (changed(**entries), changed(request=entries)):
        try:
            read_recipe_text(text)
        except RecipeError as error:
            assert str(error) and "\n" not in str(error)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda data: data.decode("latin-1")))
def test_random_text_is_no_recipe(text):
    with pytest.raises(RecipeError):
        read_recipe_text(text)
