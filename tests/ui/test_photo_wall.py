"""The wall on the visitor's own photo: painted for whoever looks, of their photo alone, and gone with it."""

import time
from types import SimpleNamespace

import pytest

from stylizer.errors import RequestError
from stylizer.imaging.picture import open_picture, save_picture
from stylizer.ui import limits
from stylizer.ui.handlers.photo_wall import PhotoWallHandlers
from stylizer.ui.photo_wall import PhotoWalls
from tests.engine.drawn import drawn
from tests.ui.small_studio import STYLES


@pytest.fixture
def walls(studio):
    return PhotoWallHandlers(studio, PhotoWalls(studio.engine, studio.engine.styles()))


def look(walls, visitor, *first):
    answer = walls.look(visitor.visit, SimpleNamespace(_data={"first": list(first)}))
    return answer["photo_wall"]


def look_until_done(walls, visitor, *first):
    end = time.monotonic() + 20
    while (told := look(walls, visitor, *first))["left"] and time.monotonic() < end:
        time.sleep(0.02)
    assert told["left"] == 0
    return told


def files(visitor):
    return {file.stem: file for file in visitor.session.photo_wall.folder.iterdir()}


def test_every_named_style_is_painted_on_the_photo(walls, visitor, photo_file):
    visitor.bring(photo_file)
    told = look_until_done(walls, visitor)
    assert sorted(told["painted"]) == sorted(STYLES) and files(visitor).keys() == STYLES.keys()
    blue, amber = (open_picture(files(visitor)[slug]).rgb.mean((0, 1)) for slug in ("blue-hour", "amber"))
    assert blue[2] > blue[0] + 40 and amber[0] > amber[2] + 40
    assert told["place"].endswith(visitor.session.photo_wall.folder.as_posix())


def test_those_in_sight_come_first(walls, visitor, photo_file, monkeypatch):
    painted = []
    real = walls.stylize.engine.thumbnails

    def thumbnails(photo, styles, token):
        for style, picture in zip(styles, real(photo, styles, token), strict=True):
            painted.append(style.slug)
            yield picture

    monkeypatch.setattr(walls.stylize.engine, "thumbnails", thumbnails)
    visitor.bring(photo_file)
    look_until_done(walls, visitor, "rose")
    assert painted[0] == "rose" and sorted(painted) == sorted(STYLES)


def test_another_photo_takes_the_place_of_the_wall_before(walls, visitor, photo_file, tmp_path):
    visitor.bring(photo_file)
    before = look_until_done(walls, visitor)
    folder = visitor.session.photo_wall.folder
    save_picture(drawn(50, 50, seed=8), tmp_path / "other.png")
    visitor.bring(tmp_path / "other.png")
    told = look(walls, visitor)
    assert told["place"] != before["place"] and not folder.exists()
    look_until_done(walls, visitor)
    assert files(visitor).keys() == STYLES.keys()


def test_two_visitors_see_nothing_of_each_other(walls, visitor, other_visitor, photo_file):
    visitor.bring(photo_file)
    mine, theirs = look_until_done(walls, visitor), look_until_done(walls, other_visitor)
    assert visitor.session.folder in visitor.session.photo_wall.folder.parents
    assert other_visitor.session.folder in other_visitor.session.photo_wall.folder.parents
    assert mine["place"] != theirs["place"]


def test_whoever_leaves_or_looks_away_is_not_painted_for(walls, visitor, photo_file, monkeypatch):
    visitor.bring(photo_file)
    monkeypatch.setattr(limits, "PHOTO_WALL_SECONDS", -1.0)  # each look is long ago at once
    assert look(walls, visitor)["left"] == len(STYLES)
    time.sleep(0.5)
    assert len(visitor.session.photo_wall.painted) == 1, "what was begun is finished, and no more"
    monkeypatch.setattr(limits, "PHOTO_WALL_SECONDS", 10.0)
    visitor.session.stop()  # the page is closed
    assert visitor.session.photo_wall.token.cancelled
    look_until_done(walls, visitor)  # and opened again


def test_a_visit_that_is_forgotten_leaves_no_file(walls, visitor, photo_file):
    visitor.bring(photo_file)
    look(walls, visitor)
    session = visitor.session
    walls.sessions.forget(visitor.visit)
    time.sleep(0.3)
    assert not session.folder.exists()


def test_more_walls_than_fit_wait_and_come_later(studio, visitor, other_visitor, photo_file):
    few = PhotoWallHandlers(studio, PhotoWalls(studio.engine, studio.engine.styles(), most=1))
    visitor.bring(photo_file)
    told = [look(few, visitor), look(few, other_visitor)]
    assert all(each["left"] for each in told)
    look_until_done(few, visitor)
    look_until_done(few, other_visitor)


def test_what_keeps_it_from_being_painted_is_said_once(walls, visitor, photo_file, monkeypatch):
    def thumbnails(photo, styles, token):
        raise RequestError("the painter is out for lunch")
        yield

    monkeypatch.setattr(walls.stylize.engine, "thumbnails", thumbnails)
    visitor.bring(photo_file)
    look(walls, visitor)
    end = time.monotonic() + 10
    while visitor.session.photo_wall.problem is None and time.monotonic() < end:
        time.sleep(0.02)
    answer = walls.look(visitor.visit, SimpleNamespace(_data={"first": []}))
    assert answer["photo_wall"]["left"] == 0, "the page asks no more"
    assert "out for lunch" in answer["status"]


def test_what_is_no_list_of_keys_is_refused(walls, visitor):
    for data in (None, {}, {"first": "moss"}, {"first": [1]}):
        with pytest.raises(RequestError):
            walls.look(visitor.visit, SimpleNamespace(_data=data))


def test_a_page_that_has_no_visit_yet_is_told_to_ask_again(walls):
    told = walls.look(None, SimpleNamespace(_data={"first": []}))["photo_wall"]
    assert told["painted"] == [] and told["left"] > 0
