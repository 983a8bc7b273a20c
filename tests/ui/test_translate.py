"""Handlers of the Translate tab, without a browser."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from stylizer.engine import ColorHint, RequestError
from stylizer.engine.hints import MOST_HINTS
from stylizer.imaging.picture import Picture, open_picture, read_recipe, save_picture
from stylizer.models.checkpoint import UNPLACED, read_card
from stylizer.ui.handlers.hints import HintHandlers
from stylizer.ui.handlers.regions import PHOTO
from stylizer.ui.handlers.translate import TO_GRAY, TranslateHandlers, TranslateRegionHandlers
from stylizer.ui.looks import SIDE, convincing, find_looks, looks, paint_all, way
from stylizer.ui.options import TranslateSettings, hints_for, written_hints
from stylizer.ui.samples import FOLDER
from tests.engine.drawn import drawn
from tests.engine.parted import parted
from tests.ui.small_studio import small_engine

CHECKPOINTS = Path(__file__).parents[2] / "checkpoints"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return small_engine(tmp_path_factory.mktemp("checkpoints"), segments=True, models=True)


@pytest.fixture
def artist(visitor, studio, photo_file):
    """A visitor who brought a photo in the Stylize tab, and then came to the Translate tab."""
    live = TranslateHandlers(studio.engine, studio.sessions, studio.samples)
    visitor.live, visitor.showing = live, visitor.session.stages["translate"]
    visitor.values = TranslateSettings("seasons", ["autumn"])
    visitor.bring(photo_file)
    live.enter(visitor.visit)
    return visitor


def painted(artist):
    return list(artist.live.paint(artist.visit, artist.values))


def last_frame(answers):
    (message,) = [answer["stage"] for answer in answers if "stage" in answer][-1:]
    return open_picture(message["frames"][-1]["file"]["path"]).rgb.astype(int)


def test_the_photo_brought_to_the_other_tab_is_translated(artist):
    answers = painted(artist)
    frames = answers[-1]["stage"]["frames"]
    assert [frame["strength"] for frame in frames] == [0.0, 1.0]
    photo = artist.stage.photo.rgb.astype(int)
    assert abs(open_picture(frames[0]["file"]["path"]).rgb - photo).mean() < 4
    assert abs(last_frame(answers) - photo).mean() > 8
    assert "Translated: Autumn." in answers[-1]["status"]


def test_a_photo_brought_here_is_the_other_tabs_too(artist, tmp_path):
    save_picture(drawn(50, 50, seed=8), tmp_path / "other.png")
    artist.live.open_photo(artist.visit, {"path": str(tmp_path / "other.png"), "orig_name": "other.png"})
    assert artist.stage.photo.name != "other"
    assert artist.studio.enter(artist.visit)["turn"] == artist.stage.turns.number
    assert artist.stage.photo.name == "other"
    assert artist.studio.enter(artist.visit) == {}, "there is nothing new"
    assert artist.live.enter(artist.visit) == {}


def test_photo_is_no_look_and_looks_mix_by_their_shares(artist):
    answer = artist.live.choose_model(artist.visit, "seasons")
    assert [name for _, name in answer["domains"].choices] == ["autumn", "winter"]
    answer = artist.live.choose_domains(artist.visit, "seasons", ["autumn", "winter"])
    assert [answer[f"share{place}"].visible for place in range(3)] == [True, True, False]
    artist.values = replace(artist.values, domains=["autumn", "winter"], shares=(100, 0, *[50] * 6))
    mixed = last_frame(painted(artist))
    artist.live.choose_domains(artist.visit, "seasons", ["autumn"])
    artist.values = replace(artist.values, domains=["autumn"])
    alone = last_frame(painted(artist))
    artist.live.choose_domains(artist.visit, "seasons", ["winter"])
    artist.values = replace(artist.values, domains=["winter"])
    assert (mixed == alone).all()
    assert abs(last_frame(painted(artist)) - alone).mean() > 4


def test_what_is_chosen_is_ringed_however_it_was_chosen(artist):
    def ringed(answer):
        (wall,) = [name for name in ("looks", "trials") if answer[name].selected_index is not None]
        look = artist.live.wall(wall)[answer[wall].selected_index]
        return look.model, look.domain

    assert ringed(artist.live.choose_model(artist.visit, "lines"))[0] == "lines"
    assert ringed(artist.live.choose_model(artist.visit, "tint"))[0] == "tint", "on the other wall"
    assert ringed(artist.live.choose_model(artist.visit, "seasons")) == ("seasons", "autumn")
    assert ringed(artist.live.choose_domains(artist.visit, "seasons", ["winter"])) == ("seasons", "winter")
    artist.session.values["translate"] = replace(artist.values, model="lines", domains=[]).to_widgets()
    assert ringed(artist.live.widgets(artist.session))[0] == "lines", "the visit is back"


def test_what_is_colored_is_said_in_few_words_beside_the_tools(artist):
    artist.values = replace(artist.values, model="tint")
    artist.live.choose_model(artist.visit, "tint")
    said = painted(artist)[-1]["status"]
    assert f"Colored. {TO_GRAY}" in said and len(f"Colored. {TO_GRAY}") < 48, "two lines of 24 letters"


def test_without_a_look_the_picture_stays(artist):
    turn = artist.showing.turns.number
    with pytest.raises(RequestError, match="at least one"):
        artist.live.choose_domains(artist.visit, "seasons", [])
    assert artist.showing.turns.number == turn


def test_a_color_photo_is_told_that_it_was_turned_gray(artist, tmp_path):
    artist.values = replace(artist.values, model="tint")
    artist.live.choose_model(artist.visit, "tint")
    assert TO_GRAY in painted(artist)[-1]["status"]
    gray = Picture(np.repeat(drawn(40, 40, 2).rgb[..., :1], 3, 2))
    save_picture(gray, tmp_path / "gray.png")
    artist.live.open_photo(artist.visit, {"path": str(tmp_path / "gray.png"), "orig_name": "gray.png"})
    assert TO_GRAY not in painted(artist)[-1]["status"]


def test_a_finished_translation_brings_its_settings_back(artist):
    mixed = {"domains": ["autumn", "winter"], "shares": (30, 60, *[50] * 6)}
    artist.values = replace(artist.values, **mixed, strength=80, color=40, stroke=150)
    file = list(artist.live.render(artist.visit, "photo", "PNG", artist.values))[-1]["download"]
    assert json.loads(read_recipe(file))["model"]["name"] == "seasons"
    (finished,) = artist.session.results
    assert finished.caption == "Photo, Autumn and Winter, 80 %"

    artist.live.choose_model(artist.visit, "lines")
    answer = artist.live.open_photo(artist.visit, {"path": file, "orig_name": "it.png"})
    assert [answer[name] for name in ("model", "strength", "color", "stroke")] == ["seasons", 80, 40, 150]
    assert answer["domains"].value == ["autumn", "winter"]
    assert [answer[f"share{place}"].value for place in range(2)] == [50, 100]
    artist.session.looked_at = finished
    assert artist.studio.use_again(artist.visit) == {}, "it was not made there"
    assert artist.live.use_again(artist.visit)["tab"].split()[0] == "Translate"
    told = artist.studio.open_photo(artist.visit, {"path": file, "orig_name": "it.png"})["status"]
    assert "Open it in the Translate tab" in told


def test_regions_are_masks_and_what_keeps_the_photo_keeps_every_sample(artist, tmp_path):
    save_picture(parted(48, 72), tmp_path / "parts.png")
    artist.bring(tmp_path / "parts.png")
    desk = TranslateRegionHandlers(artist.live)
    artist.live.enter(artist.visit)
    list(desk.find(artist.visit, artist.values))
    artist.showing.selected = ("sky",)
    answer = desk.set_manner(artist.visit, PHOTO, artist.values)
    shown = {region["name"]: region for region in answer["stage"]["regions"]["entries"]}
    assert shown["sky"]["layer"] == "keep" and shown["person"]["layer"] == ""
    artist.showing.selected = ("person",)
    answer = desk.set_domains(artist.visit, ["winter"], artist.values)
    assert "turn" in answer
    layers = painted(artist)[-1]["stage"]["layers"]
    assert len(layers) == 1
    assert answer["region_domains"].value == ["winter"]

    artist.studio.enter(artist.visit)
    assert artist.stage.edits.regions == artist.showing.edits.regions, "both tabs have the same masks"
    file = list(artist.live.render(artist.visit, "photo", "PNG", artist.values))[-1]["download"]
    photo, made = artist.stage.photo.rgb, open_picture(file).rgb
    assert (made[:8] == photo[:8]).all()
    assert (made[40:] != photo[40:]).mean() > 0.5
    artist.live.choose_model(artist.visit, "lines")
    assert artist.showing.edits.own_of("person").domains is None, "another model has other looks"
    assert "sky" in artist.showing.edits.kept


# -- looks and hints -----------------------------------------------------------------------------------------


def test_every_look_has_a_sample_and_a_click_takes_it(artist):
    live = artist.live
    titles = {look.title: place for place, look in enumerate(live.wall("looks"))}
    assert {"Autumn\N{NO-BREAK SPACE}+", "Winter\N{NO-BREAK SPACE}+", "Lines"} <= set(titles)
    samples = [look.sample for look in live.looks]
    assert all(sample.shape == (SIDE, SIDE, 3) for sample in samples)
    assert len({sample.tobytes() for sample in samples}) == len(samples), "each is its own picture"
    answer = live.choose_look(artist.visit, 1.0, SimpleNamespace(index=titles["Winter\N{NO-BREAK SPACE}+"]))
    assert answer["model"] == "seasons" and answer["domains"].value == ["winter"]
    assert answer["turn"] == artist.session.stages["translate"].turns.number
    late = live.choose_look(artist.visit, 0.5, SimpleNamespace(index=0))
    assert late == {}, "a click that was made before counts no more"
    assert [(look.model, look.title) for look in live.wall("trials")] == [
        ("tint", "Black and white to color")
    ]
    answer = live.choose_trial(artist.visit, 2.0, SimpleNamespace(index=0))
    assert answer["model"] == "tint" and "look twice" in answer["about"]
    with pytest.raises(RequestError, match="not in the list any more"):
        live.choose_trial(artist.visit, 3.0, SimpleNamespace(index=1))


def test_the_best_stand_first_by_their_cards_and_what_is_experimental_apart(engine):
    lines, seasons = (
        next(c for c in engine.models("translator") if c.name == n) for n in ("lines", "seasons")
    )
    by_name = SimpleNamespace(models=lambda role: (lines, seasons))
    placed = SimpleNamespace(models=lambda role: (lines, replace(seasons, place=1)))
    doubtful = SimpleNamespace(models=lambda role: (replace(lines, place=0, status="experimental"), seasons))
    assert [card.name for card in convincing(by_name)] == ["lines", "seasons"]
    assert [card.name for card in convincing(placed)] == ["seasons", "lines"]
    assert [card.name for card in convincing(doubtful)] == ["seasons", "lines"]


def test_no_two_looks_that_ship_have_one_name_on_one_wall():
    cards = [read_card(file.parent) for file in CHECKPOINTS.glob("*/config.json")]
    for experimental in (False, True):
        shown = [c for c in cards if c.role == "translator" and bool(c.status) == experimental]
        titles = [way(card, domain) for card in shown for domain in looks(card)]
        assert len(set(titles)) == len(titles), titles
    placed = [card.place for card in cards if card.role == "translator" and card.place < UNPLACED]
    assert min(placed) == 0 and len(set(placed)) == len(placed), "one opens the tab"


def test_samples_that_ship_are_of_the_weights_that_ship(engine, tmp_path):
    shutil.copytree(FOLDER, tmp_path / "samples", ignore=shutil.ignore_patterns("looks", "example"))
    (tmp_path / "samples" / "looks").mkdir()
    (tmp_path / "samples" / "looks" / "lines-stroke-00000000.webp").write_bytes(b"of other weights")
    files = paint_all(engine, tmp_path / "samples")
    assert sorted(files) == sorted((tmp_path / "samples" / "looks").iterdir())
    found = find_looks(engine, tmp_path / "samples")
    assert [look.sample for look in found] and all(look.sample in files for look in found)


@pytest.fixture
def tinter(artist):
    artist.values = TranslateSettings("hues")
    artist.hints = HintHandlers(artist.live)
    return artist


def test_a_click_is_a_hint_and_the_last_one_can_be_taken_back(tinter):
    before = last_frame(painted(tinter))
    width, height = tinter.stage.photo.width, tinter.stage.photo.height
    event = SimpleNamespace(_data={"index": [width // 4, height // 2], "value": None})
    answer = tinter.hints.add(tinter.visit, "rgba(224.2, 32, 16, 1)", event, tinter.values)
    (hint,) = hints_for(answer["hints"], tinter.stage.photo.digest)
    assert hint.color == "#e02010" and abs(hint.x - 0.25) < 0.01 and abs(hint.y - 0.5) < 0.01
    mark = answer["hint_picture"][int(hint.y * height), int(hint.x * width)]
    assert np.abs(mark.astype(int) - (224, 32, 16)).max() <= 1
    tinter.values = replace(tinter.values, hints=answer["hints"])
    answers = painted(tinter)
    assert "1 color is given" in answers[0]["hint_line"]
    assert np.abs(last_frame(answers) - before).max() > 3
    assert tinter.hints.take_back(tinter.visit, tinter.values)["hints"] == ""


@pytest.mark.parametrize(
    "data", [None, {}, {"index": 3}, {"index": [1]}, {"index": ["a", {}]}, {"index": [True, 1]}]
)
def test_a_click_that_says_no_place_is_a_sentence(tinter, data):
    with pytest.raises(RequestError, match="which place was clicked"):
        tinter.hints.add(tinter.visit, "#e02010", SimpleNamespace(_data=data), tinter.values)


def test_one_hint_too_many_and_hints_without_a_photo_are_sentences(tinter):
    digest = tinter.stage.photo.digest
    many = tuple(ColorHint(0.5, 0.5, "#e02010") for _ in range(MOST_HINTS))
    full = replace(tinter.values, hints=written_hints(many, digest))
    event = SimpleNamespace(_data={"index": [1, 1]})
    with pytest.raises(RequestError, match="take one back first"):
        tinter.hints.add(tinter.visit, "#e02010", event, full)
    assert tinter.hints.clear(tinter.visit, full)["hints"] == ""
    assert tinter.hints.bring_reference(tinter.visit, [], full) == {}
    tinter.stage.photo = tinter.showing.photo = None
    for act in (tinter.hints.take_back, tinter.hints.clear):
        with pytest.raises(RequestError, match="There is no photo yet"):
            act(tinter.visit, full)


def test_hints_are_of_one_photo_and_of_a_model_that_takes_them(tinter, tmp_path):
    digest = tinter.stage.photo.digest
    hints = (ColorHint(0.5, 0.5, "#e02010"),)
    tinter.values = replace(tinter.values, hints=written_hints(hints, digest))
    assert tinter.live.request(tinter.session, tinter.values).hints == hints
    lines = replace(tinter.values, model="lines")
    assert tinter.live.request(tinter.session, lines).hints == ()
    assert tinter.live.hint_panel(tinter.session, lines) == {}
    assert tinter.live.choose_model(tinter.visit, "lines")["hint_box"].visible is False
    assert tinter.live.choose_model(tinter.visit, tinter.values.model)["hint_box"].visible
    save_picture(drawn(50, 50, seed=8), tmp_path / "other.png")
    tinter.live.open_photo(tinter.visit, {"path": str(tmp_path / "other.png"), "orig_name": "other.png"})
    assert tinter.live.request(tinter.session, tinter.values).hints == ()


def test_a_reference_gives_hints_or_says_that_it_has_none(tinter, tmp_path, monkeypatch):
    save_picture(tinter.stage.photo, tmp_path / "own.png")
    brought = {"path": str(tmp_path / "own.png"), "orig_name": "own.png"}
    answer = tinter.hints.bring_reference(tinter.visit, brought, tinter.values)
    assert hints_for(answer["hints"], tinter.stage.photo.digest)
    monkeypatch.setattr(tinter.live.engine, "color_hints", lambda *_: ())
    answer = tinter.hints.bring_reference(tinter.visit, brought, tinter.values)
    assert "nothing in common" in answer["status"] and "hints" not in answer


def test_a_look_counts_before_its_box_has_followed(artist):
    def painted(domains):
        settings = replace(artist.values, model="seasons", domains=domains)
        return [name for name, _ in artist.live.read(artist.session, settings).domains]

    winter = next(i for i, each in enumerate(artist.live.looks) if each.domain == "winter")
    artist.live.choose_look(artist.visit, 1.0, SimpleNamespace(index=winter))
    assert painted(["autumn"]) == ["winter"]  # what the box held before
    assert artist.session.values["translate"]["domains"] == ["winter"]
    artist.live.choose_domains(artist.visit, "seasons", ["autumn"])
    assert painted(["autumn"]) == ["autumn"]
