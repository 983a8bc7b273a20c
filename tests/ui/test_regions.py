"""Handlers of the regions, called as the stage and the panel would call them."""

import json
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest

from stylizer.engine import RequestError
from stylizer.imaging.picture import Picture, open_picture, save_picture
from stylizer.imaging.regions import RegionsError
from stylizer.models.checkpoint import CheckpointError
from stylizer.ui.handlers.regions import FOLLOW, GRAY, LIGHTER, PHOTO
from stylizer.ui.handlers.style_regions import StylizeRegionHandlers
from tests.engine.parted import parted
from tests.ui.small_studio import small_engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return small_engine(tmp_path_factory.mktemp("checkpoints"), segments=True)


@pytest.fixture
def desk(studio):
    return StylizeRegionHandlers(studio)


@pytest.fixture
def artist(visitor, desk, tmp_path):
    """A visitor whose photo has its regions found; `tell` is what the stage does."""
    save_picture(parted(48, 72), tmp_path / "parts.png")
    visitor.bring(tmp_path / "parts.png")
    visitor.paint()
    list(desk.find(visitor.visit, visitor.settings))
    visitor.edits = 0

    def tell(handler, **told):
        visitor.edits += 1
        event = SimpleNamespace(_data={"edit": visitor.edits, **told})
        return getattr(desk, handler)(visitor.visit, event, visitor.settings)

    visitor.tell = tell
    return visitor


def shown(answer):
    return {region["name"]: region for region in answer["stage"]["regions"]["entries"]}


def test_found_regions_are_told_to_the_stage_with_their_masks(artist):
    told = artist.studio.message(artist.session)["stage"]["regions"]
    assert [region["name"] for region in told["entries"]] == ["rest", "person", "vegetation", "sky"]
    assert len({(region["hatch"], *region["color"]) for region in told["entries"]}) == 4
    sheet = open_picture(told["file"]["path"]).rgb[..., 0]
    masks = sheet.reshape(4, *told["size"][::-1]).astype(int)
    assert (masks.sum(0) == 255).all()


def test_a_chosen_region_takes_the_style_that_is_clicked_and_the_others_keep_theirs(artist):
    artist.tell("choose", names=["sky"])
    answer = artist.choose("amber")
    assert "turn" in answer and artist.session.chosen != "amber"
    (last,) = [answer for answer in artist.paint() if "stage" in answer][-1:]
    looks = {name: region["layer"] for name, region in shown(last).items()}
    assert looks.pop("sky") in {layer["key"] for layer in last["stage"]["layers"]}
    assert set(looks.values()) == {""}


def test_what_a_chosen_region_is_painted_like_is_shown_large(artist):
    answer = artist.tell("choose", names=["sky"])
    assert "sky" in answer["status"] and "choose a painting" in answer["title"]
    shown_large = artist.choose("amber")["title"]
    assert "Sky: Amber" in shown_large and "chosen-picture" in shown_large
    artist.tell("choose", names=["person"])
    assert artist.tell("choose", names=["sky"])["title"] == shown_large
    answer = artist.tell("choose", names=[])
    assert "No region" in answer["status"] and "Sky" not in answer["title"]


def test_the_wall_rings_what_the_chosen_region_is_painted_like(artist, desk):
    def ringed(answer):
        return answer["wall"]["chosen"], answer["wall"]["shares"]

    artist.choose("moss", "rose")
    artist.paint()
    assert ringed(artist.tell("choose", names=["sky"])) == (["moss", "rose"], [50, 50]), (
        "it follows the picture"
    )
    assert ringed(artist.choose("amber")) == (["amber"], [100])
    assert ringed(artist.tell("choose", names=["person"])) == (["moss", "rose"], [50, 50])
    assert ringed(artist.tell("choose", names=["sky"])) == (["amber"], [100])
    assert ringed(desk.set_manner(artist.visit, "Keep the photo", artist.settings)) == ([], [])
    assert ringed(artist.tell("undo")) == (["amber"], [100])
    assert ringed(artist.tell("choose", names=[])) == (["moss", "rose"], [50, 50])


def test_a_chosen_region_may_be_a_mix(artist):
    artist.tell("choose", names=["sky"])
    answer = artist.choose("amber", "moss")
    assert (answer["wall"]["chosen"], answer["wall"]["shares"]) == (["amber", "moss"], [50, 50])
    names = [choice.style.slug for choice in artist.stage.edits.own_of("sky").styles]
    assert names == ["amber", "moss"]
    assert "Sky: Amber and Moss" in answer["title"] and "chosen-picture" in answer["title"]
    artist.tell("choose", names=[])
    assert artist.tell("choose", names=["sky"])["title"] == answer["title"]


def test_done_goes_back_to_the_whole_picture(artist, desk):
    assert artist.tell("choose", names=["sky"])["wall"]["wearer"] == "sky"
    answer = desk.let_go(artist.visit, artist.settings)
    assert not answer["region_box"].visible and answer["wall"]["wearer"] == ""
    assert answer["stage"]["regions"]["selected"] == [] and "whole picture" in answer["status"]
    artist.choose("amber")
    assert artist.session.chosen == "amber"


def test_a_true_picture_has_the_strengths_of_all_regions(artist):
    artist.tell("choose", names=["sky"])
    answer = artist.tell("set_strength", names=["sky"], strength=0.0)
    assert shown(answer)["sky"]["strength"] == 0.0
    message = artist.studio.rest(artist.visit, artist.settings)["stage"]
    (truth,) = message["truth"]
    assert truth["strengths"] == [1.0, None, None, None, 0.0]
    photo, painted = artist.stage.photo.rgb, open_picture(truth["file"]["path"]).rgb
    assert abs(painted[:10].astype(int) - photo[:10]).mean() < 3, "strength 0 is the photo"
    assert abs(painted[40:].astype(int) - photo[40:]).mean() > 10


def test_a_stroke_changes_a_mask_and_undo_takes_it_back(artist):
    before = artist.stage.edits.regions
    answer = artist.tell("stroke", name="sky", erase=False, radius=6, points=[[10, 40], [30, 40]])
    assert answer["stage"]["regions"]["acknowledged"] == 1
    assert artist.stage.edits.regions.mask("sky")[40, 20] == 255
    assert artist.stage.truth == {}
    changed = artist.stage.edits.regions
    artist.tell("undo")
    assert artist.stage.edits.regions == before
    artist.tell("redo")
    assert artist.stage.edits.regions == changed
    assert "nothing to redo" in artist.tell("redo")["status"]


def test_a_bad_stroke_is_acknowledged_and_says_why(artist):
    before = artist.stage.edits
    answer = artist.tell("stroke", name="sky", erase=False, radius=-1, points=[[0, 0]])
    assert "error" in answer["status"] and answer["stage"]["regions"]["acknowledged"] == 1
    assert artist.stage.edits is before


def test_steps_rename_merge_and_presets_keep_what_regions_override(artist, desk):
    artist.tell("choose", names=["sky"])
    desk.set_manner(artist.visit, PHOTO, artist.settings)
    desk.rename(artist.visit, "heaven", artist.settings)
    assert "heaven" in artist.stage.edits.kept
    desk.operation("Grow")(artist.visit, 4, artist.settings)
    assert "heaven" in artist.stage.edits.kept
    list(desk.preset("Protect people")(artist.visit, artist.settings))
    assert "person" in artist.stage.edits.kept and "heaven" in artist.stage.edits.kept
    with pytest.raises(RequestError, match="no sky"):
        list(desk.preset("Sky swap")(artist.visit, artist.settings))
    artist.tell("choose", names=["heaven", "person"])
    desk.operation("Merge")(artist.visit, 1, artist.settings)
    assert artist.stage.edits.regions.names == ("rest", "vegetation", "person")


def test_a_mask_from_a_file_becomes_a_region_and_a_bad_one_changes_nothing(artist, desk, tmp_path):
    half = np.zeros((48, 72, 3), np.uint8)
    half[:, :36] = 255
    save_picture(Picture(half), tmp_path / "left half.png")
    upload = {"path": str(tmp_path / "left half.png"), "orig_name": "left half.png"}
    desk.bring_mask(artist.visit, upload, artist.settings)
    assert artist.stage.edits.regions.share("left half") == pytest.approx(0.5, abs=0.02)
    before = artist.stage.edits
    save_picture(Picture(half[:, :20]), tmp_path / "left half.png")
    with pytest.raises(RegionsError, match="same shape"):
        desk.bring_mask(artist.visit, upload, artist.settings)
    assert artist.stage.edits is before


def test_a_painting_of_ones_own_is_matched_by_meaning_and_paired_anew(artist, desk, tmp_path):
    save_picture(parted(64, 64, seed=5), tmp_path / "mine.png")
    artist.studio.bring_styles(artist.visit, {"path": str(tmp_path / "mine.png"), "orig_name": "mine.png"})
    artist.paint()
    (answer,) = list(desk.match(artist.visit, artist.settings))
    assert "sky from sky" in answer["status"] and shown(answer)["sky"]["layer"] != ""
    artist.tell("choose", names=["sky"])
    answer = desk.pair(artist.visit, "person", artist.settings)
    assert "sky from person" in answer["status"]


def test_the_recipe_of_regions_restores_them(artist, other_visitor, tmp_path):
    artist.tell("choose", names=["person"])
    artist.tell("set_strength", names=["person"], strength=0.25)
    file = artist.render()[-1]["download"]
    other_visitor.bring(tmp_path / "parts.png")
    other_visitor.bring(file)
    edits = other_visitor.stage.edits
    assert edits.regions == artist.stage.edits.regions
    assert edits.own_of("person").strength == 0.25


def test_another_photo_has_no_regions(artist, photo_file):
    artist.bring(photo_file)
    assert artist.stage.edits is None
    assert artist.paint()[-1]["stage"]["regions"] is None


def test_without_a_segmenter_the_brush_still_makes_regions(visitor, desk, monkeypatch):
    def missing(picture, token=None):
        raise CheckpointError("there is no segmenter")

    monkeypatch.setattr(desk.engine, "segment", missing)
    with pytest.raises(CheckpointError):
        list(desk.find(visitor.visit, visitor.settings))
    answer = desk.add(visitor.visit, visitor.settings)
    assert list(shown(answer)) == ["rest", "region 1"]
    assert answer["stage"]["regions"]["selected"] == ["region 1"]
    json.dumps(answer["stage"])


def test_presets_do_not_lose_a_regions_own_painting(artist, desk):
    artist.tell("choose", names=["sky"])
    artist.choose("amber")
    list(desk.preset("Subject only")(artist.visit, artist.settings))
    assert "sky" in artist.stage.edits.kept
    list(desk.preset("Sky swap")(artist.visit, artist.settings))
    assert artist.stage.edits.own_of("sky").styles[0].style.slug == "amber"
    assert "sky" not in artist.stage.edits.kept


def test_what_lies_outside_the_subject_can_be_painted_lighter(artist, desk):
    list(desk.preset("Subject only")(artist.visit, artist.settings))
    artist.tell("choose", names=["sky", "vegetation"])
    answer = desk.set_manner(artist.visit, LIGHTER, artist.settings)
    base = artist.studio.request(artist.session, artist.settings)
    sky, person = (artist.stage.edits.resolved(name, base) for name in ("sky", "person"))
    assert 0 < sky.strength < person.strength and sky.styles == base.styles
    assert answer["region_manner"] == LIGHTER and shown(answer)["sky"]["layer"] == ""
    assert desk.set_manner(artist.visit, FOLLOW, artist.settings)["region_manner"] == FOLLOW


def test_what_lies_outside_can_be_the_photo_in_gray(artist, desk):
    artist.stage.selected = ("rest",)
    answer = desk.set_manner(artist.visit, GRAY, artist.settings)
    assert "Photo in gray: rest" in answer["status"] and answer["region_manner"] == GRAY
    assert (shown(answer)["rest"]["layer"], shown(answer)["rest"]["words"]) == ("gray", "photo in gray")
    artist.paint()
    request = artist.stage.edits.request(artist.studio.request(artist.session, artist.settings))
    assert request.region_style("rest").gray and request.region_style("rest").keeps
    assert desk.set_manner(artist.visit, PHOTO, artist.settings)["region_manner"] == PHOTO
    assert not artist.stage.edits.gray


def test_masks_are_handed_out_in_the_photos_size(artist, desk):
    *_, answer = desk.save_masks(artist.visit)
    with zipfile.ZipFile(answer["download"]) as pack:
        assert set(pack.namelist()) == {"person.png", "vegetation.png", "sky.png", "overlay.png"}
        (artist.session.folder / "sky.png").write_bytes(pack.read("sky.png"))
    mask = open_picture(artist.session.folder / "sky.png")
    assert (mask.height, mask.width) == (artist.stage.photo.height, artist.stage.photo.width)
    desk.clear(artist.visit, artist.settings)
    going = desk.save_masks(artist.visit)
    assert next(going) == {"download": None}
    with pytest.raises(RequestError, match="no regions"):
        next(going)


def test_matching_is_offered_only_for_a_painting_that_is_a_picture(artist, tmp_path):
    def offered():
        return [answer["match"].visible for answer in artist.paint() if "match" in answer]

    artist.choose("amber")
    assert offered() == [False]
    save_picture(parted(64, 64, seed=5), tmp_path / "mine.png")
    artist.studio.bring_styles(artist.visit, {"path": str(tmp_path / "mine.png"), "orig_name": "mine.png"})
    assert offered() == [True]


@pytest.mark.parametrize("told", [{}, {"tolerance": 1e9}])
def test_a_click_with_similar_adds_what_is_colored_alike_or_takes_it_away(artist, told):
    before = artist.stage.edits.regions.mask("person").astype(int)
    answer = artist.tell("similar", name="person", x=2, y=2, erase=0, **told)
    more = artist.stage.edits.regions.mask("person").astype(int)
    assert "Person has changed" in answer["status"] and more.sum() > before.sum()
    artist.tell("similar", name="person", x=2, y=2, erase=1, **told)
    assert artist.stage.edits.regions.mask("person").astype(int).sum() < more.sum()


@pytest.mark.parametrize("place", [{"x": 1e9, "y": -1e9}, {"x": -5, "y": 0.5, "tolerance": -1}])
def test_a_click_with_similar_beside_the_picture_is_answered_and_acknowledged(artist, place):
    answer = artist.tell("similar", name="sky", erase=0, **place)
    assert "status" in answer and answer["stage"]["regions"]["acknowledged"] == artist.edits


def test_what_needs_a_chosen_region_says_so(artist, desk):
    artist.stage.selected = ()
    for act in (
        lambda: desk.set_manner(artist.visit, PHOTO, artist.settings),
        lambda: desk.rename(artist.visit, "roof", artist.settings),
        lambda: desk.operation("Grow")(artist.visit, 8, artist.settings),
        lambda: desk.pair(artist.visit, "sky", artist.settings),
    ):
        with pytest.raises(RequestError, match="no region is chosen"):
            act()
