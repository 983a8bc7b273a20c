"""Requests say no in one sentence, and their bounds are written once."""

import math
from dataclasses import replace

import numpy as np
import pytest

from stylizer.engine.requests import StyleChoice, StyleRequest
from stylizer.engine.settings import clamp_option, options
from stylizer.errors import RequestError
from tests.engine.drawn import drawn

PLAIN = StyleRequest(drawn(), (StyleChoice(drawn(seed=1)),))


def test_every_option_has_bounds_and_a_sentence():
    names = [entry.name for entry in options(StyleRequest)]
    assert names == [
        "strength",
        "color",
        "colors_only",
        "stroke",
        "detail",
        "long_side",
        "seed",
        "masterwork",
        "masterwork_steps",
        "gentle_faces",
    ]
    for entry in options(StyleRequest):
        assert entry.metadata["help"].endswith(".")
        if not isinstance(entry.default, bool):
            assert entry.metadata["least"] < entry.metadata["most"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"strength": 3}, "strength is 3; choose a number from 0 to 1.5"),
        ({"strength": -0.1}, "strength is -0.1; choose"),
        ({"strength": math.nan}, "strength is nan; choose"),
        ({"strength": "1"}, "strength is '1'; choose"),
        ({"strength": None}, "strength is None; choose"),
        ({"strength": True}, "strength is True; choose"),
        ({"stroke": 0.1}, "stroke is 0.1; choose a number from 0.5 to 2"),
        ({"colors_only": 1}, "colors only is 1; choose true or false"),
        ({"long_side": 10**9}, "long side is 1000000000; choose a whole number from 16 to 16384"),
        ({"long_side": 100.5}, "long side is 100.5; choose a whole number"),
        ({"seed": -1}, "seed is -1; choose a whole number"),
        ({"styles": ()}, "0 styles are chosen; choose 1 to 8"),
        ({"styles": (StyleChoice(drawn()),) * 9}, "9 styles are chosen"),
        ({"styles": (StyleChoice(drawn(), 0.0),)}, "every style has weight 0"),
        ({"content": "photo.jpg"}, "the photo is str; open a picture first"),
    ],
)
def test_what_is_out_of_bounds_is_refused(change, sentence):
    with pytest.raises(RequestError) as caught:
        replace(PLAIN, **change)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("weight", [-1, math.inf, "1", 1e9])
def test_a_weight_out_of_bounds_is_refused(weight):
    with pytest.raises(RequestError, match="weight is"):
        StyleChoice(drawn(), weight)


def test_numbers_of_numpy_are_numbers():
    request = replace(PLAIN, strength=np.float32(0.5), seed=np.int64(3))
    assert type(request.strength) is float and type(request.seed) is int


@pytest.mark.parametrize(
    ("name", "value", "used"),
    [
        ("strength", 1e9, 1.5),
        ("strength", "much", 1.0),
        ("strength", math.nan, 1.0),
        ("stroke", 0, 0.5),
        ("long_side", 1e9, 16384),
        ("long_side", "wide", None),
        ("seed", -5, 0),
        ("colors_only", "yes", False),
        pytest.param("seed", 10**5000, 0, id="enormous"),
    ],
)
def test_clamping_finds_the_nearest_value_and_says_so(name, value, used):
    found, note = clamp_option(name, value, StyleRequest)
    assert found == used and "is used" in note and len(note) < 160


def test_clamping_leaves_good_values_alone():
    assert clamp_option("strength", 0.7, StyleRequest) == (0.7, None)
