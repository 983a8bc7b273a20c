"""Errors become sentences; what nobody foresaw tells nothing of the machine."""

import logging
import re

import pytest

from stylizer.engine import RequestError
from stylizer.imaging.decode import ACCEPTED
from stylizer.imaging.folders import SUFFIXES
from stylizer.imaging.picture import open_picture
from stylizer.ui.api import Endpoints
from stylizer.ui.handlers.photos import REFUSED
from stylizer.ui.messages import UNKNOWN, duration, sentence_of, status, written


def test_a_known_mistake_is_a_whole_sentence():
    assert sentence_of(RequestError("no style is chosen")) == "No style is chosen."


def test_an_unknown_one_is_logged_and_says_nothing_of_paths(caplog):
    with caplog.at_level(logging.ERROR):
        assert sentence_of(OSError("/srv/secret/place")) == UNKNOWN
    assert "/srv/secret/place" in caplog.text


def test_the_status_line_shows_names_as_text():
    assert "<b>" not in status("Painted like Rose <b>.")


@pytest.mark.parametrize(
    ("name", "words"),
    [("van-gogh", "Van Gogh"), ("ukiyo-e", "Ukiyo-e"), ("chinese-ink-wash", "Chinese Ink Wash")],
)
def test_names_are_written_as_people_write_them(name, words):
    assert written(name) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (90, "90 s"), (91, "2 min"), (2755, "46 min"), (5400, "90 min"), (9000, "2 h 30 min")],
)
def test_long_waits_are_told_in_minutes_and_hours(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize("told", [REFUSED, open_picture.__doc__, Endpoints.stylize.__doc__])
def test_every_sentence_on_formats_names_all_that_are_read(told):
    names = set(re.findall(r"\w+", ACCEPTED)) - {"and"}
    assert names <= set(re.findall(r"\w+", told))
    assert {f".{name.lower()}" for name in names} <= set(SUFFIXES)
