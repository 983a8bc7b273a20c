"""Undo takes back whatever was decided: a style, a slider, a region; redo does it again."""

from dataclasses import fields
from types import SimpleNamespace

import pytest

from stylizer.imaging.picture import save_picture
from stylizer.ui.handlers.style_regions import StylizeRegionHandlers
from tests.engine.drawn import drawn


@pytest.fixture
def desk(visitor, photo_file):
    visitor.bring(photo_file)
    visitor.paint()
    return StylizeRegionHandlers(visitor.studio)


def go(visitor, handler):
    """Press a button, and let the widgets show what it says."""
    answer = handler(visitor.visit, SimpleNamespace(_data={"edit": 1}), visitor.settings)
    names = [each.name for each in fields(visitor.settings)]
    visitor.set(**{name: value for name, value in answer.items() if name in names and name != "further"})
    return answer


def rest(visitor, strength):
    visitor.set(strength=strength)
    visitor.studio.keep(visitor.visit, visitor.settings)


def test_styles_and_sliders_are_taken_back_in_turn(visitor, desk):
    visitor.choose("rose")
    visitor.paint()
    rest(visitor, 40)
    visitor.choose("moss")
    visitor.paint()
    visitor.set(color=20)
    visitor.paint()
    assert go(visitor, desk.undo)["color"] == 100 and visitor.session.chosen == "moss"
    assert "Rose" in go(visitor, desk.undo)["title"]
    assert visitor.session.chosen == "rose" and visitor.settings.strength == 40
    assert go(visitor, desk.undo)["strength"] == 100
    go(visitor, desk.redo)
    go(visitor, desk.redo)
    assert visitor.session.chosen == "moss" and visitor.settings.strength == 40
    visitor.paint()
    assert asked_style(visitor) == "moss"


def asked_style(visitor):
    return visitor.studio.request(visitor.session, visitor.settings).styles[0].style.slug


def test_regions_are_steps_among_the_others(visitor, desk):
    desk.add(visitor.visit, visitor.settings)
    assert visitor.stage.edits is not None
    visitor.choose("rose")
    desk.clear(visitor.visit, visitor.settings)
    assert visitor.stage.edits is None
    go(visitor, desk.undo)
    assert "region 1" in visitor.stage.edits.regions.names
    assert go(visitor, desk.undo)["stage"]["regions"] is not None


def test_what_was_painted_stays_when_a_strength_is_taken_back(visitor, desk):
    visitor.choose("rose")
    visitor.paint()
    rest(visitor, 40)
    frames = dict(visitor.stage.frames)
    go(visitor, desk.undo)
    assert visitor.stage.frames == frames


def test_another_photo_begins_anew(visitor, desk, tmp_path):
    visitor.choose("rose")
    visitor.paint()
    save_picture(drawn(40, 60, seed=8), tmp_path / "other.png")
    visitor.bring(tmp_path / "other.png")
    visitor.paint()
    assert "nothing to undo" in go(visitor, desk.undo)["status"]
    assert "nothing to redo" in go(visitor, desk.redo)["status"]


def test_what_the_page_tells_late_of_the_values_before_is_no_step(visitor, desk):
    visitor.choose("rose")
    visitor.paint()
    rest(visitor, 40)
    before = visitor.settings
    go(visitor, desk.undo)
    visitor.studio.keep(visitor.visit, before)
    assert go(visitor, desk.redo)["strength"] == 40, "there is still something to redo"
    rest(visitor, 70)
    assert go(visitor, desk.undo)["strength"] == 40


def test_a_rest_that_changes_nothing_is_no_step(visitor, desk):
    visitor.choose("rose")
    visitor.paint()
    for _ in range(3):
        rest(visitor, visitor.settings.strength)
    go(visitor, desk.undo)
    assert visitor.session.chosen != "rose"
