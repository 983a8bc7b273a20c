"""The widgets take their bounds from the request."""

import re

import gradio as gr
import pytest

from stylizer.engine import GenerateRequest, StyleRequest, TranslateRequest
from stylizer.engine import options as request_options
from stylizer.engine.settings import find_option
from stylizer.ui import options
from stylizer.ui.api import Endpoints
from stylizer.ui.samples import COARSE, KEYFRAMES
from stylizer.ui.stage.message import compose_message
from stylizer.ui.tabs.shared import make_easel


@pytest.mark.parametrize("name", ["strength", "color", "stroke", "detail"])
def test_a_slider_has_the_bounds_default_and_step_of_the_request_and_strength_begins_at_75(name):
    entry = next(entry for entry in request_options(StyleRequest) if entry.name == name)
    slider = options.slider(name)
    assert slider.minimum == 100 * entry.metadata["least"]
    assert slider.maximum == 100 * entry.metadata["most"]
    assert slider.step == 100 * entry.metadata["step"]
    assert slider.value == (75 if name == "strength" else 100 * entry.default)


def test_every_setting_of_the_page_is_one_of_the_request():
    assert set(options.LABELS) <= {entry.name for entry in request_options(StyleRequest)}


@pytest.mark.parametrize(("name", "value"), [("strength", 0.37), ("stroke", 1.25), ("colors_only", True)])
def test_a_value_comes_back_from_the_page_as_it_went(name, value):
    assert options.to_request(name, options.to_page(name, value)) == value


@pytest.mark.parametrize("kind", [StyleRequest, TranslateRequest])
def test_the_stage_blends_as_far_as_the_slider_goes(kind):
    with gr.Blocks():
        easel = make_easel(compose_message(0, "", {}), "", kind=kind)
    assert f'data-most="{easel["strength"].maximum / 100:g}"' in easel["stage"].html_template


def test_previews_are_painted_at_the_end_of_the_slider():
    assert max(KEYFRAMES) == max(COARSE) == find_option("strength", StyleRequest).metadata["most"]


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        ("stylize", StyleRequest),
        ("stylize_regions", StyleRequest),
        ("masterwork", StyleRequest),
        ("translate", TranslateRequest),
        ("invent", GenerateRequest),
    ],
)
def test_what_programs_read_of_a_setting_names_its_bounds(endpoint, kind):
    told = dict(re.findall(r"^ +(\w+): (.+)$", getattr(Endpoints, endpoint).__doc__, re.MULTILINE))
    numbers = [entry for entry in request_options(kind) if entry.name in told and entry.metadata["most"]]
    for entry in numbers:
        if entry.name == "second":  # says what it is for, and is a seed
            continue
        found = [float(number) for number in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", told[entry.name])]
        assert {entry.metadata["least"], entry.metadata["most"]} <= set(found), told[entry.name]
    assert numbers
