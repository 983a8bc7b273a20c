"""What brings a visit back: after a reload, and after the server was started anew."""

import json
import shutil
from types import SimpleNamespace

import pytest

from stylizer.imaging.picture import open_picture, save_picture
from stylizer.ui import state
from stylizer.ui.gallery import StyleGallery
from stylizer.ui.handlers import photos
from stylizer.ui.handlers.full_size import keep_finished
from stylizer.ui.handlers.style_regions import StylizeRegionHandlers
from stylizer.ui.handlers.stylize import StylizeHandlers
from stylizer.ui.handlers.translate import TranslateHandlers
from stylizer.ui.handlers.visits import VisitHandlers
from stylizer.ui.messages import SessionExpired
from stylizer.ui.sessions import Sessions
from stylizer.ui.visits import BACK, RECORD, read_visit
from tests.engine.drawn import drawn
from tests.engine.parted import parted
from tests.ui.small_studio import small_engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return small_engine(tmp_path_factory.mktemp("checkpoints"), segments=True, models=True)


@pytest.fixture
def restart(engine, studio, tmp_path):
    """Start the server anew over the same folder: nothing is in memory any more."""

    def again(folder=None):
        sessions = Sessions(folder or studio.sessions.folder)
        gallery = StyleGallery(engine.styles(), tmp_path / "shelf")
        handlers = StylizeHandlers(engine, sessions, gallery, studio.samples, studio.example)
        translate = TranslateHandlers(engine, sessions, studio.samples)
        named = {style.slug: style for style in engine.styles()}
        types = {each.stage_name: each.edits_type for each in (handlers, translate)}
        sessions.read = lambda session: read_visit(session, sessions.shown, named, types)
        return handlers

    return again


def come_back(handlers, visitor, known=None):
    """Open the page in a browser that remembers the visit; returns what the page then shows."""
    request = SimpleNamespace(session_hash="reloaded")
    opened = VisitHandlers(handlers).open_visit(visitor.visit if known is None else known, request)
    visitor.studio, visitor.visit = handlers, opened["visit"]
    return {**opened, **handlers.come_back(visitor.visit)}


@pytest.fixture
def artist(visitor, tmp_path):
    save_picture(parted(48, 72), tmp_path / "parts.png")
    visitor.bring(tmp_path / "parts.png", "My parts.png")
    visitor.choose("rose")
    visitor.set(strength=63, color=40, further=["amber"], shares=(30, 70, 50, 50))
    visitor.paint()
    return visitor


def test_a_reload_shows_the_picture_at_once_with_all_settings(artist):
    frames = dict(artist.stage.frames)
    answer = come_back(artist.studio, artist)
    assert answer["visit"] == artist.visit
    assert [answer[name] for name in ("strength", "color")] == [63, 40]
    assert answer["further"] == ["amber"] and answer["share1"].value == 70
    assert {frame["file"]["path"] for frame in answer["stage"]["frames"]} == set(map(str, frames.values()))
    assert artist.paint()[-1]["status"].count(BACK) == 1


def test_after_a_reload_the_first_click_counts_though_the_clock_began_anew(artist):
    artist.choose("moss", moment=900_000.0)
    come_back(artist.studio, artist)
    artist.choose("amber", moment=1500.0)
    assert artist.session.chosen == "amber"


def test_after_a_restart_photo_style_and_settings_are_there(artist, restart):
    photo = artist.stage.photo
    answer = come_back(restart(), artist)
    assert artist.stage.photo.digest == photo.digest and artist.stage.photo.name == "My parts"
    assert artist.session.chosen == "rose" and "Rose" in answer["title"]
    assert answer["strength"] == 63 and answer["tab"].split()[0] == "Stylize"
    last = artist.paint()[-1]
    assert BACK in last["status"] and "Rose" in last["status"] and "Amber" in last["status"]


def test_a_strength_that_came_to_rest_at_a_keyframe_is_kept(artist, restart):
    artist.set(strength=50)
    artist.studio.keep(artist.visit, artist.settings)
    assert come_back(restart(), artist)["strength"] == 50


def test_after_a_restart_regions_have_their_masks_styles_and_strengths(artist, restart, tmp_path):
    desk = StylizeRegionHandlers(artist.studio)
    list(desk.find(artist.visit, artist.settings))
    save_picture(drawn(32, 32, 9), tmp_path / "own.png")
    artist.stage.selected = ("sky",)
    artist.studio.bring_styles(artist.visit, {"path": str(tmp_path / "own.png"), "orig_name": "own.png"})
    artist.choose("amber")
    artist.stage.selected = ("person",)
    own = artist.studio.gallery.find(artist.session, "own:1")
    artist.studio.paint_chosen(artist.session, own)
    desk.set_manner(artist.visit, "Keep the photo", artist.settings)
    artist.paint()
    before = artist.stage.edits
    come_back(restart(), artist)
    after = artist.stage.edits
    assert after.regions == before.regions and after.kept == {"person"}
    assert after.own_of("sky").styles[0].style.slug == "amber"
    assert after.own_of("person").styles[0].style.digest == open_picture(tmp_path / "own.png").digest


def test_after_a_restart_finished_pictures_are_still_there(artist, restart):
    artist.render()
    (before,) = artist.session.results
    answer = come_back(restart(), artist)
    assert [result.file for result in artist.session.results] == [before.file]
    assert answer["history"].visible and before.file.is_file()


def test_another_server_finds_pictures_by_its_own_path_to_the_folder(artist, restart, tmp_path):
    artist.render()
    (before,) = artist.session.results
    (tmp_path / "elsewhere").symlink_to(artist.studio.sessions.folder)
    come_back(restart(tmp_path / "elsewhere"), artist)
    (after,) = artist.session.results
    assert after.file.is_relative_to(tmp_path / "elsewhere") and after.file.samefile(before.file)
    assert after.thumbnail.samefile(before.thumbnail)


def test_a_sample_photo_needs_no_copy(visitor, restart):
    visitor.studio.use_sample(visitor.visit, 1e6, SimpleNamespace(index=1))
    visitor.choose("moss")
    visitor.paint()
    come_back(restart(), visitor)
    assert visitor.stage.photo.digest == visitor.studio.samples[1].open().digest


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": 99}', '{"format": 1}'])
def test_a_damaged_record_is_a_new_visit(artist, restart, damage):
    (artist.session.record / RECORD).write_text(damage)
    old = artist.visit
    assert "strength" not in come_back(restart(), artist)
    assert artist.visit != old


def test_nobody_comes_back_to_the_visit_of_another(artist, restart):
    old = artist.visit
    stranger = come_back(restart(), artist, known=f"../{artist.session.record.name}")
    assert stranger["visit"] != old and "strength" not in stranger


def test_a_record_names_no_id_and_its_files_lie_outside_what_is_served(artist):
    session = artist.session
    text = (session.record / RECORD).read_text()
    assert session.id not in text and json.loads(text)["chosen"] == "rose"
    assert artist.studio.sessions.shown not in session.record.parents
    assert {path.suffix for path in session.record.iterdir()} <= {".json", ".source", ".masks"}


def test_a_visit_is_deleted_at_once_when_its_artist_says_so(artist, restart):
    session = artist.session
    VisitHandlers(artist.studio).forget(artist.visit)
    assert not session.folder.exists() and not session.record.exists()
    assert "strength" not in come_back(restart(), artist)


def test_an_artist_goes_on_after_the_folder_of_visits_was_removed(engine, restart, visitor, tmp_path):
    """The page reaches it by a link, which then leads nowhere."""
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    visitor.studio = restart(tmp_path / "link")
    come_back(visitor.studio, visitor)
    shutil.rmtree(tmp_path / "elsewhere")
    save_picture(drawn(40, 60, seed=3), tmp_path / "waves.png")
    visitor.bring(tmp_path / "waves.png")
    assert "error" not in visitor.paint()[-1]["status"]
    assert (visitor.session.record / RECORD).is_file() and visitor.stage.frames[1.0].is_file()


def test_what_is_at_work_while_all_is_deleted_leaves_nothing_behind(artist, tmp_path, monkeypatch):
    """A large photo is still being read, and a picture painted, when the visitor deletes everything."""
    studio, session = artist.studio, artist.session
    sessions = studio.sessions
    save_picture(drawn(40, 60, seed=9), tmp_path / "late.png")
    read = photos.open_picture

    def deleted_meanwhile(*given):
        photo = read(*given)
        VisitHandlers(studio).forget(artist.visit)
        return photo

    monkeypatch.setattr(photos, "open_picture", deleted_meanwhile)
    with pytest.raises(SessionExpired):
        studio.open_photo(artist.visit, {"path": str(tmp_path / "late.png"), "orig_name": "late.png"})
    request = studio.request(session, artist.settings)
    with pytest.raises(SessionExpired):
        keep_finished(session, request, studio.engine.run(request), ["Rose"], studio.tab)
    with pytest.raises(SessionExpired):
        sessions.save(session)
    assert not session.folder.exists() and not session.record.exists()
    assert sessions.come_back(artist.visit) is None


def test_whoever_asks_for_a_visit_while_it_is_deleted_does_not_bring_it_back(artist, monkeypatch):
    sessions, found = artist.studio.sessions, []
    remove = shutil.rmtree

    def asked_meanwhile(folder, **more):
        found.append(sessions.come_back(artist.visit))
        remove(folder, **more)

    monkeypatch.setattr(state.shutil, "rmtree", asked_meanwhile)
    session = artist.session
    VisitHandlers(artist.studio).forget(artist.visit)
    monkeypatch.undo()
    assert len(found) == 2 and all(each in (None, session) for each in found)
    assert sessions.come_back(artist.visit) is None and not session.record.exists()
