"""How events reach handlers."""

import gradio as gr
import pytest

from stylizer.engine import RequestError
from stylizer.ui.page import make_page
from stylizer.ui.wiring import Wires


def failing():
    raise RequestError("no photo")


def test_an_error_touches_the_status_line_alone():
    first, line = Wires._safe(failing, ["stage", "status"])()
    assert first == gr.skip()
    assert "No photo." in line


def test_an_answer_without_an_output_is_a_mistake_of_ours():
    (line,) = Wires._safe(lambda: {"nowhere": 1}, ["status"])()
    assert "Something went wrong" in line


@pytest.fixture(scope="module")
def page(engine):
    return make_page(engine)


def test_only_the_documented_endpoints_are_public(page):
    names = {fn.api_name for fn in page.fns.values() if fn.api_visibility == "public" and fn.fn is not None}
    assert names == {"stylize", "styles", "segment", "stylize_regions"}


def test_no_event_that_paints_can_lose_the_last_wish(page):
    painting = [fn for fn in page.fns.values() if fn.concurrency_id in ("preview", "truth")]
    assert len(painting) == 2
    assert all(fn.trigger_mode == "always_last" for fn in painting)


def test_the_strength_slider_starts_nothing_on_the_server(page):
    strength = next(block for block in page.blocks.values() if block.elem_id == "strength")
    for fn in page.fns.values():
        if any(target[0] == strength._id for target in fn.targets):
            assert fn.fn is None and fn.js
