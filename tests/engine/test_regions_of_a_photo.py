"""The engine finds regions, and matches them with the parts of a painting."""

from dataclasses import replace

import numpy as np
import pytest

from stylizer.engine import (
    Cancelled,
    CancelToken,
    Engine,
    RegionStyle,
    RequestError,
    StyleChoice,
    StyleRequest,
)
from stylizer.imaging.picture import Picture
from stylizer.models.checkpoint import CheckpointError, save_checkpoint
from tests.engine.drawn import drawn
from tests.engine.fake_segmenter import FakeSegmenter, FakeSegmenterConfig
from tests.engine.parted import GRAY, GREEN, parted


@pytest.fixture
def engine(fake_engine) -> Engine:
    folder = fake_engine.library.folder / "segmenter"
    save_checkpoint(folder, FakeSegmenter(FakeSegmenterConfig()), "# A fake\n", half=False)
    return fake_engine


def asked(**changes) -> StyleRequest:
    return replace(StyleRequest(parted(), (StyleChoice(parted(128, 160, seed=3, name="meadow")),)), **changes)


def test_the_parts_of_a_photo_are_found_and_sharp(engine):
    regions = engine.segment(parted())
    assert regions.names == ("rest", "person", "vegetation", "sky") and regions.size == (96, 128)
    assert regions.share("rest") < 0.01
    assert (regions.mask("person")[30:66, 48:80] == 255).all()
    assert (regions.mask("sky")[:20] == 255).all() and (regions.mask("sky")[60:] == 0).all()


def test_a_photo_is_segmented_once(engine):
    first = engine.segment(parted())
    assert engine.segment(parted(name="same")) is first and engine.segmenter.calls["segment"] == 1
    engine.segment(parted(seed=5))
    assert engine.segmenter.calls["segment"] == 2


def test_large_photos_are_seen_small_and_their_masks_stay_small(engine):
    assert max(engine.segment(parted(330, 1000)).size) == 768


def test_what_is_not_sure_is_the_rest(engine):
    gray = Picture(np.full((80, 80, 3), GRAY, np.uint8))
    assert engine.segment(gray).names == ("rest",)


def test_specks_belong_to_what_is_around_them(engine):
    rgb = np.full((200, 200, 3), GREEN, np.uint8)
    rgb[50:54, 50:54] = (220, 60, 60)
    rgb[100:102, 20:180] = GRAY
    regions = engine.segment(Picture(rgb))
    assert regions.names == ("rest", "vegetation") and (regions.mask("vegetation")[40:60] == 255).all()


def test_without_a_segmenter_the_engine_paints_and_says_what_is_missing(fake_engine):
    with pytest.raises(CheckpointError, match="select them by click, brush or mask"):
        fake_engine.segment(parted())
    fake_engine.run(asked())


def test_segmenting_can_be_stopped(engine):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        engine.segment(parted(), token)


def test_regions_are_paired_with_the_parts_of_the_painting(engine):
    assert engine.pairing(asked()) == {
        "rest": None,
        "person": "person",
        "vegetation": "vegetation",
        "sky": "sky",
    }


def test_a_part_that_the_painting_has_hardly_or_not_takes_the_whole_painting(engine):
    rgb = np.full((100, 100, 3), GREEN, np.uint8)
    rgb[:10, :20] = (60, 60, 220)
    request = asked(styles=(StyleChoice(Picture(rgb)),))
    assert engine.pairing(request) == {
        "rest": None,
        "person": None,
        "vegetation": "vegetation",
        "sky": None,
    }
    matched = engine.match(request)
    assert matched.region_style("sky").styles[0].style is request.styles[0].style
    assert matched.region_style("vegetation").styles[0].style.title == "picture, vegetation"


def test_the_painted_sky_dresses_the_sky(engine):
    rgb = np.full((100, 100, 3), (20, 120, 20), np.uint8)
    rgb[:20] = (10, 30, 140)
    request = asked(styles=(StyleChoice(Picture(rgb)),))
    sky = engine.segment(parted()).mask("sky") == 255

    def skys_color(asked_for):
        return engine.run(asked_for).picture.rgb[sky].astype(float).mean(0)

    assert np.abs(skys_color(engine.match(request)) - (10, 30, 140)).max() < 4
    assert np.abs(skys_color(request) - (10, 30, 140)).max() > 20
    assert np.abs(skys_color(engine.match(request, {"sky": "vegetation"})) - (20, 120, 20)).max() < 4


def test_a_look_of_ones_own_wins_over_matching(engine):
    kept = engine.match(asked(regions=engine.segment(parted()), region_styles=(RegionStyle("person", ()),)))
    assert kept.region_style("person").keeps and not kept.region_style("sky").keeps


def test_a_matched_recipe_replays_to_the_same_bytes(engine):
    first = engine.run(engine.match(asked()))
    again, notes = engine.restore(first.recipe, parted())
    assert np.array_equal(engine.run(again).picture.rgb, first.picture.rgb) and notes == ()


@pytest.mark.parametrize(
    ("pairing", "sentence"),
    [
        ({"sea": "sky"}, "there is no region called 'sea'"),
        ({"sky": "horse"}, "no part called 'horse'; it has person, sky, vegetation"),
    ],
)
def test_a_pairing_that_makes_no_sense_is_refused(engine, pairing, sentence):
    with pytest.raises(RequestError, match=sentence):
        engine.match(asked(), pairing)


def test_a_style_without_a_picture_has_no_parts(engine):
    named = engine.match(asked()).region_style("sky").styles[0]
    with pytest.raises(RequestError, match="bring the painting as a picture"):
        engine.match(asked(styles=(named,)))
    both = engine.match(asked(styles=(named, StyleChoice(parted(seed=3)))))
    assert both.region_style("person").styles[0].style is named.style


def test_an_alpha_channel_is_no_obstacle(engine):
    assert "sky" in engine.segment(replace(parted(), alpha=drawn(96, 128, alpha=True).alpha)).names
