"""Handlers without a browser."""

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from stylizer.engine import RequestError, StyleChoice, StyleRequest
from stylizer.imaging.picture import PictureError, open_picture, read_recipe, save_picture
from stylizer.ui.handlers.full_size import SIZES, HistoryHandlers
from stylizer.ui.handlers.visits import VisitHandlers
from stylizer.ui.samples import COARSE, FINE, KEYFRAMES, paint_example
from tests.engine.drawn import drawn


def strengths(answer):
    return [frame["strength"] for frame in answer["stage"]["frames"]]


def test_the_photo_comes_first_then_full_strength_then_the_steps_between(visitor, photo_file):
    visitor.bring(photo_file)
    seen = [strengths(answer) for answer in visitor.paint() if "stage" in answer]
    assert seen[0] == [0.0]
    assert seen[1] == [0.0, 1.0]
    assert seen[-1] == sorted((0.0, *COARSE))


def test_who_comes_to_the_slider_gets_the_frames_between_once_a_turn(visitor, photo_file):
    visitor.bring(photo_file)
    visitor.paint()
    seen = [strengths(answer) for answer in visitor.studio.finer(visitor.visit)]
    assert len(seen) == len(FINE) and seen[-1] == sorted((0.0, *KEYFRAMES))
    assert list(visitor.studio.finer(visitor.visit)) == [], "they are there"
    visitor.choose("moss")
    assert len(strengths([a for a in visitor.paint() if "stage" in a][-1])) == 1 + len(COARSE)
    assert len(list(visitor.studio.finer(visitor.visit))) == len(FINE), "another turn, and they are asked for"


def test_frames_between_never_go_before_the_coarse_ones(visitor, photo_file):
    visitor.bring(photo_file)
    turn = visitor.studio.paint(visitor.visit, visitor.settings)
    next(turn)
    assert list(visitor.studio.finer(visitor.visit)) == [], "the turn itself goes on with them"
    shown = [strengths(answer) for answer in turn if "stage" in answer]
    first = next(place for place, seen in enumerate(shown) if set(FINE) & set(seen))
    assert shown[first - 1] == sorted((0.0, *COARSE))
    assert shown[-1] == sorted((0.0, *KEYFRAMES))


def test_another_style_stops_the_frames_between(visitor, photo_file):
    visitor.bring(photo_file)
    visitor.paint()
    work = visitor.studio.finer(visitor.visit)
    next(work)
    visitor.choose("moss")
    assert list(work) == []
    assert strengths([answer for answer in visitor.paint() if "stage" in answer][-1]) == sorted(
        (0.0, *COARSE)
    )


def test_frames_between_are_in_the_style_s_color_wherever_the_color_stands(visitor, photo_file):
    visitor.bring(photo_file)
    visitor.set(color=0)
    visitor.paint()
    *_, last = visitor.studio.finer(visitor.visit)
    between = next(f for f in last["stage"]["frames"] if f["strength"] == FINE[0])
    gray = open_picture(between["file"]["path"]).rgb.astype(int)
    visitor.set(color=100)
    visitor.studio.renew(visitor.visit)
    visitor.paint()
    *_, last = visitor.studio.finer(visitor.visit)
    between = next(f for f in last["stage"]["frames"] if f["strength"] == FINE[0])
    assert abs(open_picture(between["file"]["path"]).rgb - gray).max() <= 2


def test_a_page_that_is_just_opening_enters_its_first_tab_in_silence(studio):
    assert studio.enter(None) == {}


def test_the_frame_at_strength_zero_is_the_photo(visitor, photo_file):
    visitor.bring(photo_file)
    first = visitor.paint()[0]["stage"]["frames"][0]
    shown = open_picture(first["file"]["path"])
    assert abs(shown.rgb.astype(int) - open_picture(photo_file).rgb).mean() < 4


def test_the_strength_of_the_slider_is_painted_second_and_true(visitor, photo_file):
    visitor.bring(photo_file)
    visitor.set(strength=63)
    answers = [answer for answer in visitor.paint() if "stage" in answer]
    assert [truth["strengths"] for truth in answers[2]["stage"]["truth"]] == [[0.63]]


def test_rest_paints_the_true_picture_of_a_strength(visitor):
    visitor.choose("moss")
    visitor.paint()
    visitor.set(strength=88)
    message = visitor.studio.rest(visitor.visit, visitor.settings)["stage"]
    (truth,) = message["truth"]
    request = StyleRequest(
        visitor.stage.photo, (StyleChoice(visitor.studio.engine.find_style("moss")),), strength=0.88
    )
    expected = visitor.studio.engine.paint(request).picture
    assert abs(open_picture(truth["file"]["path"]).rgb.astype(int) - expected.rgb).mean() < 3


def test_the_stage_gets_the_whole_color_and_true_pictures_as_they_will_be(visitor):
    visitor.choose("moss")
    visitor.set(color=20, strength=63)
    message = visitor.paint()[-1]["stage"]
    style = (StyleChoice(visitor.studio.engine.find_style("moss")),)
    frame = next(each for each in message["frames"] if each["strength"] == 1.0)
    (truth,) = message["truth"]
    for shown, strength, color in ((frame, 1.0, 1.0), (truth, 0.63, 0.2)):
        request = StyleRequest(visitor.stage.photo, style, strength=strength, color=color)
        expected = visitor.studio.engine.run(request).picture
        assert abs(open_picture(shown["file"]["path"]).rgb.astype(int) - expected.rgb).mean() < 3
    assert message["color"] == 0.2


def test_another_color_keeps_the_keyframes_and_forgets_the_true_pictures(visitor):
    visitor.choose("moss")
    visitor.set(strength=63)
    visitor.paint()
    frames = dict(visitor.stage.frames)
    visitor.set(color=20)
    visitor.studio.keep(visitor.visit, visitor.settings)
    message = visitor.studio.rest(visitor.visit, visitor.settings)["stage"]
    assert visitor.stage.frames == frames and message["color"] == 0.2
    (truth,) = message["truth"]
    style = (StyleChoice(visitor.studio.engine.find_style("moss")),)
    expected = visitor.studio.engine.run(StyleRequest(visitor.stage.photo, style, strength=0.63, color=0.2))
    assert abs(open_picture(truth["file"]["path"]).rgb.astype(int) - expected.picture.rgb).mean() < 3


def test_the_stage_is_not_burdened_with_every_strength_that_was_tried(visitor):
    visitor.choose("moss")
    visitor.paint()
    for strength in range(31, 41):
        visitor.set(strength=strength)
        message = visitor.studio.rest(visitor.visit, visitor.settings)["stage"]
    assert [truth["strengths"] for truth in message["truth"]] == [[0.37], [0.38], [0.39], [0.4]]


def test_a_new_turn_stops_the_work_for_the_last(visitor):
    visitor.choose("moss")
    painting = visitor.studio.paint(visitor.visit, visitor.settings)
    next(painting)
    visitor.choose("rose")
    assert list(painting) == []
    assert set(visitor.stage.frames) == {0.0}, "the photo stays"


def test_the_photo_is_made_small_once_whatever_it_is_painted_like(visitor, photo_file):
    first = visitor.stage.frames[0.0]
    visitor.bring(photo_file)
    visitor.paint()
    photo = visitor.stage.frames[0.0]
    assert photo != first, "another photo has another preview"
    for slug in ("moss", "rose"):
        visitor.choose(slug)
        assert visitor.paint()[-1]["stage"]["frames"][0]["file"]["path"] == str(photo)
    assert photo.is_file()


def test_a_click_that_arrives_late_does_not_win(visitor):
    visitor.choose("rose", moment=200.0)
    assert visitor.choose("moss", moment=190.0) == {}
    assert "Rose" in visitor.paint()[-1]["status"]


def test_a_turn_is_painted_once_however_many_events_ask_for_it(visitor):
    visitor.choose("moss")
    visitor.choose("rose")
    assert "Rose" in visitor.paint()[-1]["status"]
    assert visitor.paint() == []


def test_two_visitors_do_not_see_each_other(visitor, other_visitor, photo_file):
    visitor.bring(photo_file)
    visitor.choose("amber")
    other_visitor.choose("blue-hour")
    mine, theirs = visitor.paint()[-1]["stage"], other_visitor.paint()[-1]["stage"]
    paths = [{frame["file"]["path"] for frame in message["frames"]} for message in (mine, theirs)]
    assert not paths[0] & paths[1]
    assert mine["photo"] != theirs["photo"]
    assert "Amber" in mine["alt"] and "Blue Hour" in theirs["alt"]


def test_a_bad_photo_says_why_and_keeps_the_old_one(visitor, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"this is no picture")
    before = visitor.stage.photo
    with pytest.raises(PictureError):
        visitor.bring(bad)
    assert visitor.stage.photo is before
    assert visitor.stage.turns.number == 0


def test_several_own_paintings_are_chosen_together_with_weights(visitor, tmp_path):
    uploads = []
    for seed in range(3):
        save_picture(drawn(32, 32, seed), tmp_path / f"{seed}.png")
        uploads.append({"path": str(tmp_path / f"{seed}.png"), "orig_name": f"mine {seed}.png"})
    answer = visitor.studio.bring_styles(visitor.visit, uploads)
    visitor.take(answer)
    assert len(visitor.settings.further) == 2
    assert [answer[f"share{place}"].visible for place in range(4)] == [True, True, True, False]
    assert answer["wall"]["shares"] == [33, 33, 34] == list(visitor.settings.shares[:3])
    assert "Mine 0, Mine 1 and Mine 2" in visitor.paint()[-1]["status"]


def test_a_weight_of_nothing_leaves_a_style_out(visitor):
    visitor.choose("amber")
    visitor.set(further=["blue-hour"], shares=(0, 100, 50, 50))
    mixed = visitor.paint()[-1]["stage"]["frames"]
    visitor.choose("blue-hour")
    visitor.set(further=[], shares=(50, 50, 50, 50))
    alone = visitor.paint()[-1]["stage"]["frames"]
    pictures = [open_picture(frames[-1]["file"]["path"]).rgb.astype(int) for frames in (mixed, alone)]
    assert abs(pictures[0] - pictures[1]).max() == 0


def test_a_finished_picture_has_the_photos_size_and_a_recipe_that_brings_the_settings_back(
    visitor, photo_file
):
    visitor.bring(photo_file)
    visitor.choose("rose")
    visitor.set(strength=120, color=40, colors_only=False, stroke=150, detail=30, gentle_faces=False)
    file = visitor.render()[-1]["download"]
    finished = open_picture(file)
    assert (finished.height, finished.width) == (40, 60)
    assert read_recipe(file)

    visitor.choose("moss")
    answer = visitor.bring(file)
    assert visitor.session.chosen == "rose"
    names = ("strength", "color", "colors_only", "stroke", "detail", "gentle_faces")
    assert [answer[name] for name in names] == [120, 40, False, 150, 30, False]
    assert visitor.stage.photo.name == "photo"


def test_what_is_saved_stays_in_the_history_however_many_clicks_follow(visitor, photo_file):
    visitor.bring(photo_file)
    visitor.choose("rose")
    visitor.set(strength=64, gentle_faces=False)
    jpeg = visitor.render(format="JPEG")[-1]["download"]
    assert jpeg.endswith(".jpg") and '"rose"' in read_recipe(jpeg)
    for slug in ("moss", "amber"):
        visitor.choose(slug)
        visitor.paint()
    history = HistoryHandlers(visitor.studio.sessions)
    answer = history.choose(visitor.visit, SimpleNamespace(index=0))
    assert "Rose" in answer["history_title"] and answer["history_box"].visible
    png = history.file(".png")(visitor.visit)["history_file"]
    assert open_picture(png).width == 60 and '"rose"' in read_recipe(png)
    again = visitor.studio.use_again(visitor.visit)
    assert (again["strength"], again["gentle_faces"]) == (64, False) and visitor.session.chosen == "rose"


def test_settings_of_an_own_painting_come_back_to_the_card_that_hangs_there(visitor, photo_file, tmp_path):
    visitor.bring(photo_file)
    uploads = []
    for seed, name in ((5, "old-harbor"), (6, "barn")):
        save_picture(drawn(32, 32, seed), tmp_path / f"{name}.png")
        uploads.append({"path": str(tmp_path / f"{name}.png"), "orig_name": f"{name}.png"})
    visitor.set(further=visitor.studio.bring_styles(visitor.visit, uploads)["further"])
    visitor.render()
    visitor.choose("rose")
    HistoryHandlers(visitor.studio.sessions).choose(visitor.visit, SimpleNamespace(index=0))
    answer = visitor.studio.use_again(visitor.visit)
    assert list(visitor.session.own) == ["own:1", "own:2"]
    assert visitor.session.chosen == "own:1" and answer["further"] == ["own:2"]
    visitor.set(further=answer["further"])
    assert "Painted like Old Harbor and Barn." in visitor.paint()[-1]["status"]

    save_picture(drawn(32, 32, 7), tmp_path / "other.png")
    namesake = {"path": str(tmp_path / "other.png"), "orig_name": "old-harbor.png"}
    visitor.studio.bring_styles(visitor.visit, namesake)
    visitor.studio.use_again(visitor.visit)
    assert visitor.session.chosen == "own:1" and len(visitor.session.own) == 3, "not the other of that name"


def test_nothing_is_handed_out_before_a_picture_is_chosen(visitor):
    with pytest.raises(RequestError, match="click one"):
        HistoryHandlers(visitor.studio.sessions).file(".png")(visitor.visit)


@pytest.mark.parametrize("place", [1, 99, -1, 2**53])
def test_a_place_beyond_a_gallery_is_one_sentence(visitor, photo_file, place):
    visitor.bring(photo_file)
    visitor.choose("rose")
    visitor.render()
    event = SimpleNamespace(index=place if place != 1 else len(visitor.studio.samples))
    for choose in (
        lambda: HistoryHandlers(visitor.studio.sessions).choose(visitor.visit, event),
        lambda: visitor.studio.use_sample(visitor.visit, 1e6, event),
    ):
        with pytest.raises(RequestError, match="not in the list any more"):
            choose()


def test_a_size_is_said_in_pixels_and_in_print(visitor, tmp_path):
    save_picture(drawn(1200, 3000, 1), tmp_path / "wide.png")
    visitor.bring(tmp_path / "wide.png")
    sizes = {size: visitor.studio.choose_size(visitor.visit, size)["facts"] for size in SIZES}
    assert "3000 × 1200 pixels, 25.4 × 10.2 cm in print" in sizes["photo"]
    nothing_is_enlarged = sizes["photo"].replace("pixels,", "pixels, all that the photo has,")
    assert sizes["4096 px"] == nothing_is_enlarged
    assert "2048 × 819 pixels, 17.3 × 6.9 cm" in sizes["2048 px"]
    assert visitor.paint()[0]["facts"] == sizes["1024 px"], "the size that was chosen last"


def test_the_recipe_of_an_own_painting_restores_it_in_another_visit(visitor, other_visitor, tmp_path):
    save_picture(drawn(32, 32, 5), tmp_path / "own.png")
    upload = {"path": str(tmp_path / "own.png"), "orig_name": "own.png"}
    visitor.studio.bring_styles(visitor.visit, upload)
    file = visitor.render()[-1]["download"]
    other_visitor.bring(file)
    assert other_visitor.session.chosen in other_visitor.session.own
    again = other_visitor.render()[-1]["download"]
    assert (open_picture(again).rgb == open_picture(file).rgb).all()


def test_stop_ends_a_render_and_saves_nothing(visitor):
    visitor.choose("moss")
    rendering = visitor.studio.render(visitor.visit, "photo", "PNG", visitor.settings)
    next(rendering)
    visitor.studio.stop(visitor.visit)
    last = list(rendering)[-1]
    assert "Stopped. Nothing was saved." in last["status"]
    assert visitor.session.results == []


def test_a_closed_tab_stops_its_work(visitor, other_visitor):
    visitor.choose("moss")
    painting = visitor.studio.paint(visitor.visit, visitor.settings)
    next(painting)
    VisitHandlers(visitor.studio).leave(SimpleNamespace(session_hash="tab"))
    assert list(painting) == []
    other_visitor.choose("moss")
    assert "Painted like" in other_visitor.paint()[-1]["status"]


def test_an_example_is_painted_and_read_back(engine, studio, tmp_path):
    photo = replace(studio.samples[0])
    example = paint_example(engine, tmp_path / "example", photo, "rose")
    assert sorted(example.frames) == sorted((0.0, *COARSE))
    assert all(path.is_file() for path in example.frames.values())


@pytest.fixture
def with_own_painting(visitor, tmp_path, monkeypatch):
    """A visitor with a painting of the own, and a masterwork that shows every step."""
    monkeypatch.setattr("stylizer.engine.pipelines.masterwork._EVERY", 0.0)
    save_picture(drawn(48, 48, 5), tmp_path / "own.png")
    visitor.studio.bring_styles(visitor.visit, {"path": str(tmp_path / "own.png"), "orig_name": "own.png"})
    return visitor


def _masterwork(visitor):
    return visitor.studio.render_masterwork(visitor.visit, "photo", "PNG", visitor.settings)


def test_a_masterwork_grows_on_the_stage_and_is_offered(with_own_painting, other_visitor, photo_file):
    visitor = with_own_painting
    visitor.bring(photo_file)
    answers = list(_masterwork(visitor))
    assert any(" left." in answer.get("status", "") for answer in answers)
    grown = [answer["stage"]["truth"][0]["file"]["path"] for answer in answers if answer.get("stage")]
    assert len(grown) == 4 and len(set(grown)) == 4
    assert answers[-1]["render"].visible and answers[-1]["masterwork"].visible
    file = answers[-1]["download"]
    assert '"masterwork": true' in read_recipe(file)
    again = list(_masterwork(visitor))
    assert len([answer for answer in again if answer.get("stage")]) == 1, "it is remembered, and shown"
    assert visitor.session.results[-1].caption == "Photo, Own, 100 %"
    said = visitor.bring(file)["status"]
    assert "It was a masterwork; Masterwork makes it again." in said
    other_visitor.bring(photo_file)
    said = other_visitor.bring(file)["status"]
    assert "It was a masterwork; open its painting, then Masterwork makes it again." in said


def test_a_stopped_masterwork_keeps_what_is_there(with_own_painting, photo_file):
    visitor = with_own_painting
    visitor.bring(photo_file)
    visitor.set(strength=90)
    work = _masterwork(visitor)
    for answer in work:
        if answer.get("stage"):
            assert "Stopping." in visitor.studio.stop(visitor.visit)["status"]
            break
    last = list(work)[-1]
    assert visitor.studio.stop(visitor.visit) == {}, "there is nothing to stop any more"
    assert "What is there is kept" in last["status"] and last["render"].visible
    kept = open_picture(last["download"])
    assert (kept.width, kept.height) == (60, 40), "as large as the stage, however small it was"
    assert f"{kept.width} × {kept.height} pixels" in last["status"]
    assert visitor.session.results[-1].caption == "Photo, Own, 90 %, stopped early"
    assert '"masterwork": true' in read_recipe(last["download"])
    assert '"masterwork_steps": 1' in read_recipe(last["download"])
    shown = open_picture(last["stage"]["truth"][0]["file"]["path"])
    assert shown.rgb.shape == kept.rgb.shape, "and this is what the stage shows by now"
    said = visitor.bring(last["download"])["status"]
    assert "It was a masterwork, stopped early; Masterwork makes all of it." in said


def test_a_masterwork_shows_its_coarse_beginning_as_large_as_the_stage(with_own_painting, photo_file):
    visitor = with_own_painting
    visitor.bring(photo_file)
    for answer in _masterwork(visitor):
        if answer.get("stage"):
            shown = open_picture(answer["stage"]["truth"][0]["file"]["path"])
            assert (shown.width, shown.height) == (60, 40)


def test_a_masterwork_that_was_stopped_before_anything_was_there_saves_nothing(with_own_painting, photo_file):
    visitor = with_own_painting
    visitor.bring(photo_file)
    work = _masterwork(visitor)
    next(work)
    visitor.studio.stop(visitor.visit)
    last = list(work)[-1]
    assert "Nothing was saved" in last["status"] and not visitor.session.results


def test_another_wish_meanwhile_is_not_painted_over_by_a_masterwork(with_own_painting, photo_file):
    visitor = with_own_painting
    visitor.bring(photo_file)
    visitor.set(strength=80)
    work = _masterwork(visitor)
    next(work)
    visitor.choose("moss")
    assert not any(answer.get("stage") for answer in work)


def test_a_masterwork_of_a_style_with_a_name_alone_says_what_to_do(visitor, photo_file):
    visitor.bring(photo_file)
    visitor.choose("moss")
    last = list(_masterwork(visitor))[-1]
    assert "open the painting as a picture" in last["status"] and last["render"].visible


def test_painting_is_not_said_any_more_when_the_picture_at_the_set_strength_is_there(visitor, photo_file):
    visitor.bring(photo_file)
    visitor.set(strength=63)
    said = [(strengths(a) if "stage" in a else [], a.get("status", "")) for a in visitor.paint()]
    first = next(place for place, (_, words) in enumerate(said) if "Painted like" in words)
    assert len(said[first][0]) < len(COARSE) / 2 + 1, "most keyframes are still to come"
    assert not any("Painting." in words for _, words in said[first:])


def test_settings_are_back_stays_said_and_asks_for_the_photo(visitor, other_visitor, photo_file):
    visitor.bring(photo_file)
    file = visitor.render()[-1]["download"]
    answer = other_visitor.bring(file)
    assert "Now open the photo Photo." in answer["status"]
    painted = other_visitor.paint()
    assert all("Settings are back." in each["status"] for each in painted if "status" in each)
    other_visitor.choose("moss")
    assert "Settings are back." not in other_visitor.paint()[-1]["status"]


@pytest.fixture
def begun(studio, monkeypatch):
    """What previews are asked for: requests, strengths and tokens."""
    asked = []
    monkeypatch.setattr(studio, "previews", lambda *values: asked.append(values) or ())
    return asked


def _wait_for(asked, count):
    for _ in range(1000):
        if len(asked) >= count:
            return
        time.sleep(0.01)
    raise AssertionError(f"{len(asked)} of {count} were asked for")


def test_a_click_on_a_style_begins_to_paint_before_the_browser_asks_for_it(visitor, begun):
    visitor.choose("moss")
    _wait_for(begun, 1)
    request, strengths, token = begun[0]
    assert request.styles[0].style.slug == "moss" and strengths == (0.75,), "as the slider begins"
    assert token is visitor.stage.turns.token
    visitor.choose("rose")
    assert token.cancelled, "and another click stops it"


def test_what_a_click_begins_is_as_the_widgets_were_last(visitor, begun):
    visitor.set(strength=120, stroke=150)
    visitor.studio.keep(visitor.visit, visitor.settings)
    visitor.choose("moss")
    _wait_for(begun, 1)
    request, strengths, _ = begun[0]
    assert strengths == (1.2,) and request.stroke == 1.5


def test_a_photo_begins_to_be_painted_before_the_browser_asks_for_it(visitor, begun, photo_file):
    visitor.set(strength=120)
    visitor.studio.keep(visitor.visit, visitor.settings)
    visitor.bring(photo_file)
    _wait_for(begun, 1)
    request, strengths, token = begun[0]
    assert request.content is visitor.stage.photo and strengths == (1.2,)
    assert token is visitor.stage.turns.token


def test_a_file_that_is_no_picture_gets_an_answer(visitor):
    with pytest.raises(RequestError, match=r"“<b>notes.txt” is no picture"):
        visitor.studio.refuse(visitor.visit, SimpleNamespace(_data={"name": "<b>notes.txt"}))
