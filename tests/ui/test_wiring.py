"""How events reach handlers."""

import re

import gradio as gr
import pytest

from stylizer.engine import RequestError
from stylizer.ui.messages import Status, status
from stylizer.ui.options import StyleSettings
from stylizer.ui.page import make_page
from stylizer.ui.sessions import Sessions
from stylizer.ui.wires import ErrorLine, Wires, spread_answers
from tests.ui.small_studio import small_engine

NONE = ("translate-none", "invent-none")


def failing():
    raise RequestError("no photo")


def test_an_error_touches_the_status_line_alone():
    first, line = spread_answers(failing, 0, ["stage", "status"])()
    assert first == gr.skip()
    assert "No photo." in line


def test_an_answer_without_an_output_is_a_mistake_of_ours():
    line = spread_answers(lambda: {"nowhere": 1}, 0, ["status"])()
    assert "Something went wrong" in line


def test_a_handler_that_has_nothing_to_say_leaves_every_widget_as_it_is():
    def silent():
        yield from ()

    assert list(spread_answers(silent, 0, ["stage", "status"])()) == [(gr.skip(), gr.skip())]


def test_what_does_not_fit_together_is_found_out_when_it_is_wired():
    with gr.Blocks():
        wires = Wires({"status": gr.HTML(), "go": gr.Button()})
        click = wires.widgets["go"].click
        with pytest.raises(TypeError):
            wires.on(click, lambda visit: {}, [], [])
        with pytest.raises(KeyError, match="nowhere"):
            wires.on(click, lambda: {}, [], ["nowhere"])
        with pytest.raises(KeyError, match="strength"):
            wires.on(click, lambda settings: {}, [], [], StyleSettings)


def test_values_reach_a_handler_as_a_record():
    def handler(visit, settings):
        return {"status": f"{visit} {settings.strength} {settings.shares[3]}"}

    values = dict.fromkeys(StyleSettings.WIDGETS, 0) | {"strength": 70, "share3": 25}
    assert spread_answers(handler, 1, ["status"], StyleSettings)("me", *values.values()) == "me 70 25"


def test_an_event_with_one_output_gives_its_value_and_not_a_list_of_it():
    assert spread_answers(lambda: {}, 0, ["status"])() == gr.skip()


class Line:
    """A status line of a visit, with handlers that say something there."""

    def __init__(self, sessions, name="a tab"):
        self.line, self.visit, self.moments = ErrorLine(sessions, name), sessions.open().id, []

    def ask(self, *said, act=True):
        """Answer each of what is said, one after the other; an error is raised."""

        def handler(visit):
            for each in said:
                if isinstance(each, Exception):
                    raise each
                yield {"status": each if isinstance(each, Status) else status(each)}

        for line in spread_answers(handler, 1, ["status"], None, self.line, act)(self.visit):
            self.moments.append(int(re.search(r'data-at="(\d+)" ', line)[1]))
            yield line.replace(f'data-at="{self.moments[-1]}" ', "")


@pytest.fixture
def line(tmp_path):
    return Line(Sessions(tmp_path))


WRONG = RequestError("that is no picture")


@pytest.mark.parametrize("said_before", range(3), ids=["at once", "busy", "there"])
def test_an_error_stands_until_the_next_act_whenever_it_meets_a_painting(line, said_before):
    painting = line.ask("Painting.", "Painted.", "All is painted.", act=False)
    before = [next(painting) for _ in range(said_before)]
    assert not any("no picture" in each for each in before)
    (refused,) = line.ask(WRONG)
    after = list(painting)
    assert 'role="alert">That is no picture.' in refused
    assert len(after) == 3 - said_before
    assert all("error" in each and "That is no picture." in each for each in after)
    assert not any("alert" in each for each in after), "it is read aloud once"
    assert "All is painted." in after[-1]


def test_what_is_painted_so_far_is_shown_beside_an_error(line):
    list(line.ask(WRONG))
    (told,) = line.ask(status("Half.", "busy", 0.5), act=False)
    assert "That is no picture. Half." in told and "<progress" in told


def test_a_line_tells_when_it_was_said_so_that_the_page_knows_the_newest(line):
    list(line.ask("Painting.", "Painted."))
    list(line.ask(WRONG))
    assert line.moments == sorted(line.moments) and line.moments[0] > 1.7e15


def test_a_line_that_is_said_again_is_no_newer_than_it_was(line):
    painted = status("Painted.")
    list(line.ask(painted))
    list(line.ask("Found sky. Click it to choose it."))
    list(line.ask(painted, act=False))
    assert line.moments[0] == line.moments[2] < line.moments[1]


def test_the_next_act_takes_an_error_away(line):
    list(line.ask(WRONG))
    assert list(line.ask("Chosen.")) == [status("Chosen.")]
    assert list(line.ask("Painted.", act=False)) == [status("Painted.")]


def test_an_error_that_is_said_with_other_answers_stands_too(line):
    list(line.ask(status("That stroke is too long.", "error")))
    assert "too long. Painted." in next(line.ask("Painted.", act=False))


def test_an_error_of_a_painting_stands_as_any_other(line):
    list(line.ask(WRONG, act=False))
    assert "That is no picture." in next(line.ask("Painted.", act=False))


def test_an_error_stands_in_its_own_visit_and_tab_alone(line, tmp_path):
    list(line.ask(WRONG))
    other_visit, other_tab = Line(line.line.sessions), Line(line.line.sessions, "another tab")
    other_tab.visit = line.visit
    for other in (other_visit, other_tab):
        assert list(other.ask("Painted.", act=False)) == [status("Painted.")]


def test_a_visit_that_has_ended_is_told_so(line):
    line.visit = "long gone"
    assert list(line.ask("Painted.", act=False)) == [status("Painted.")]
    assert "no picture" in next(line.ask(WRONG))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return make_page(small_engine(tmp_path_factory.mktemp("checkpoints"), models=True))


def test_only_the_documented_endpoints_are_public(page):
    names = {fn.api_name for fn in page.fns.values() if fn.api_visibility == "public" and fn.fn is not None}
    painting = {"stylize", "masterwork", "stylize_regions", "translate", "invent"}
    assert names == painting | {"styles", "segment", "study"}


def test_no_event_that_paints_can_lose_the_last_wish(page):
    painting = [fn for fn in page.fns.values() if fn.concurrency_id in ("preview", "truth")]
    assert len(painting) == 4
    assert all(fn.trigger_mode == "always_last" for fn in painting)


def test_no_strength_slider_starts_anything_on_the_server(page):
    names = ("strength", "translate-strength")
    strengths = [block._id for block in page.blocks.values() if block.elem_id in names]
    heard = [fn for fn in page.fns.values() if any(target[0] in strengths for target in fn.targets)]
    assert len(heard) == 2
    assert all(fn.fn is None and fn.js for fn in heard)


def test_a_page_without_translators_and_inventors_says_so(engine):
    words = [block.value for block in make_page(engine).blocks.values() if block.elem_id in NONE]
    assert len(words) == 2
    assert all("checkpoints" in sentence for sentence in words)
