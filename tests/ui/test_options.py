"""The widgets take their bounds from the request."""

import pytest

from stylizer.engine import StyleRequest
from stylizer.engine import options as request_options
from stylizer.ui import options


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
