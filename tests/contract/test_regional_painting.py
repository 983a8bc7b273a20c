"""What painting by regions owes the artist, over the whole engine."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from stylizer.engine import Engine, RegionStyle, RequestError, StyleChoice, StyleRequest
from stylizer.engine.recipe_reader import read_recipe_text
from stylizer.imaging.regions import Regions, grow, regions_from_weights, whole
from stylizer.models.checkpoint import save_checkpoint
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from tests.engine.drawn import drawn
from tests.engine.fake_painter import FakeConfig, FakePainter

PAINTERS = {"fake": lambda: FakePainter(FakeConfig()), "painter": lambda: Painter(PainterConfig.tiny())}
STYLES = [StyleChoice(drawn(64, 64, seed=seed)) for seed in range(1, 5)]


@pytest.fixture(params=PAINTERS, scope="module")
def engine(request, tmp_path_factory) -> Engine:
    torch.manual_seed(3)
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp(request.param)
    save_checkpoint(folder / "painter", PAINTERS[request.param](), "# For tests\n", half=False)
    return Engine(folder, device="cpu", whole_precision=True)


def thirds(height=72, width=88) -> Regions:
    """Left, middle and right third, with soft borders four pixels wide."""
    across = np.linspace(0, 3, width)[None].repeat(height, 0)
    soft = [np.clip((edge - across) * width / 12 + 0.5, 0, 1) for edge in (1, 2)]
    return regions_from_weights(np.stack([soft[0], soft[1] - soft[0]]), ["left", "middle"])


def asked(content=None, region_styles=(), regions=None, **options) -> StyleRequest:
    regions = thirds() if regions is None else regions
    return StyleRequest(
        content or drawn(72, 88), (STYLES[0],), regions=regions, region_styles=region_styles, **options
    )


LOOKS = (RegionStyle("left", (STYLES[1],), 0.8, 0.5), RegionStyle("middle", (STYLES[2], STYLES[3])))


def test_every_way_of_painting_costs_one_decode_and_another_mask_none(tmp_path):
    save_checkpoint(tmp_path / "painter", FakePainter(FakeConfig()), "# A fake\n", half=False)
    engine = Engine(tmp_path, device="cpu", whole_precision=True)
    calls = engine.painter.calls
    engine.run(replace(asked(), regions=None))
    engine.run(asked(region_styles=LOOKS))
    assert (calls["encode"], calls["decode"]) == (1, 3)  # the rest is painted as the whole picture was
    engine.run(asked(region_styles=LOOKS, regions=grow(thirds(), "left", 5)))
    engine.run(asked(region_styles=(replace(LOOKS[0], color=0.1), LOOKS[1])))
    engine.run(asked(region_styles=(RegionStyle("left", ()), LOOKS[1])))
    assert calls["decode"] == 3  # masks, colors and the kept photo are matters of the finish
    engine.run(asked(region_styles=(replace(LOOKS[0], strength=0.7), LOOKS[1])))
    assert (calls["encode"], calls["decode"]) == (1, 4)
    engine.run(asked(region_styles=(replace(LOOKS[0], stroke=0.9), LOOKS[1])))
    assert (calls["encode"], calls["decode"]) == (2, 5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("options", [{}, {"color": 0.5, "detail": 1.0, "stroke": 1.7}, {"colors_only": True}])
@pytest.mark.parametrize("keep", [RegionStyle("middle", ()), RegionStyle("middle", (STYLES[2],), strength=0)])
def test_a_region_at_strength_zero_has_the_photos_samples(engine, dtype, options, keep):
    photo = drawn(72, 88, dtype=dtype)
    painted = engine.run(asked(photo, (LOOKS[0], keep), **options)).picture
    kept = thirds().mask("middle") == 255
    assert kept.any() and np.array_equal(painted.rgb[kept], photo.rgb[kept])
    assert not np.array_equal(painted.rgb[~kept], photo.rgb[~kept])


def test_a_kept_region_is_exact_in_full_size_too(engine, monkeypatch):
    monkeypatch.setattr("stylizer.engine.pipelines.upscale.PREVIEW", 96)
    photo = drawn(288, 352, dtype=np.uint16)
    painted = engine.run(asked(photo, (RegionStyle("middle", ()),))).picture
    assert np.array_equal(painted.rgb[:, 150:200], photo.rgb[:, 150:200])
    assert (painted.rgb[:, :90] != photo.rgb[:, :90]).mean() > 0.9


def test_photo_kept_everywhere_is_the_photo(engine):
    looks = tuple(RegionStyle(name, ()) for name in thirds().names)
    assert np.array_equal(engine.run(asked(region_styles=looks)).picture.rgb, drawn(72, 88).rgb)


def test_the_order_of_regions_and_looks_does_not_matter(engine):
    regions = thirds()
    turned = Regions(regions.masks[[0, 2, 1]], tuple(regions.names[place] for place in (0, 2, 1)))
    one = engine.run(asked(region_styles=LOOKS)).picture
    other = engine.run(asked(region_styles=LOOKS[::-1], regions=turned)).picture
    assert np.array_equal(one.rgb, other.rgb)


def test_regions_that_are_painted_alike_are_no_regions(engine):
    plain = engine.run(replace(asked(strength=0.7, color=0.4), regions=None)).picture
    assert np.array_equal(engine.run(asked(strength=0.7, color=0.4)).picture.rgb, plain.rgb)
    alone = asked(strength=0.7, color=0.4, regions=whole((72, 88)))
    assert np.array_equal(engine.run(alone).picture.rgb, plain.rgb)


def test_inside_a_region_the_picture_is_that_of_its_own_style(tmp_path):
    save_checkpoint(tmp_path / "painter", FakePainter(FakeConfig()), "# A fake\n", half=False)
    engine = Engine(tmp_path, device="cpu", whole_precision=True)  # the fake has no neighborhood
    painted = engine.run(asked(region_styles=LOOKS)).picture.rgb
    for look in map(asked(region_styles=LOOKS).region_style, ("left", "middle")):
        alone = StyleRequest(drawn(72, 88), look.styles, strength=look.strength, color=look.color)
        inside = thirds().mask(look.name) == 255
        far = np.abs(engine.run(alone).picture.rgb.astype(int) - painted)[inside]
        assert far.max() <= 1


def test_a_region_fades_in_without_a_jump(engine):
    photo = drawn(72, 88, dtype=np.uint16)
    before = None
    for strength in (0.0, 0.005, 0.01, 0.015):
        looks = (replace(LOOKS[0], strength=strength), LOOKS[1])
        after = engine.run(asked(photo, looks)).picture.rgb.astype(float) / 65535
        assert before is None or np.abs(after - before).mean() < 0.03
        before = after


def test_keyframes_move_the_strength_of_one_region(engine):
    request = asked(region_styles=LOOKS)
    frames = dict(engine.keyframes(request, [0.0, 1.0], region="left"))
    left, right = thirds().mask("left") == 255, thirds().mask("rest") == 255
    assert np.array_equal(frames[0.0].rgb[left], drawn(72, 88).rgb[left])
    far = np.abs(frames[0.0].rgb.astype(int) - frames[1.0].rgb)
    assert far[left].mean() > 3 * far[right].mean()
    truth = engine.run(request.with_region_styles(replace(LOOKS[0], strength=1.0)))
    assert np.array_equal(truth.picture.rgb, frames[1.0].rgb)


def test_a_recipe_with_regions_replays_to_the_same_bytes(engine):
    request = asked(region_styles=(*LOOKS, RegionStyle("rest", (STYLES[0],), 1.1, 0.3, 1.5)), detail=0.3)
    first = engine.run(request)
    recipe, notes = read_recipe_text(first.recipe.to_json())
    assert recipe == first.recipe
    fresh = Engine(engine.library.folder, device="cpu", whole_precision=True)
    again, more = fresh.restore(recipe, drawn(72, 88))
    second = fresh.run(again)
    assert np.array_equal(first.picture.rgb, second.picture.rgb)
    assert second.recipe.to_json() == first.recipe.to_json() and notes == more == ()


def test_a_recipe_for_a_photo_of_another_shape_leaves_the_regions_out(engine):
    recipe = engine.run(asked(region_styles=LOOKS)).recipe
    request, notes = engine.restore(recipe, drawn(120, 72))
    assert request.regions is None and "left out" in notes[-1]


def test_tiles_agree_with_the_whole(engine, monkeypatch):
    monkeypatch.setattr("stylizer.engine.pipelines.upscale.PREVIEW", 160)
    pictures = []
    for tile in (4096, 128):
        monkeypatch.setattr("stylizer.engine.runtime.device.Device.tile", tile)
        other = Engine(engine.library.folder, device="cpu", whole_precision=True)
        looks = (*LOOKS, RegionStyle("rest", (STYLES[1],), stroke=1.5))
        request = asked(drawn(300, 366), looks, detail=0.5)
        pictures.append(other.run(request).picture.rgb.astype(float) / 255)
    far = np.abs(pictures[0] - pictures[1])
    assert far.mean() < 0.001 and far.max() < 0.02


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"regions": thirds(72, 40)}, "the masks are 40 x 72 pixels, the photo is 88 x 72"),
        (
            {"region_styles": (RegionStyle("sea", ()),)},
            "no region called 'sea' in this photo; there are rest, left, middle",
        ),
        ({"region_styles": (RegionStyle("left", ()), RegionStyle("left", ()))}, "two styles of its own"),
        ({"regions": None, "region_styles": (RegionStyle("left", ()),)}, "has no regions"),
        ({"regions": None, "styles": ()}, "0 styles are chosen"),
    ],
)
def test_regions_that_do_not_fit_are_refused(change, sentence):
    with pytest.raises(RequestError) as caught:
        replace(asked(), **change)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "mistake", [{"strength": 2}, {"stroke": 0}, {"color": "red"}, {"styles": STYLES * 3}]
)
def test_a_look_out_of_bounds_is_refused(mistake):
    with pytest.raises(RequestError, match="choose"):
        RegionStyle("left", **{"styles": (STYLES[0],), **mistake})


def test_a_gray_region_is_the_photo_without_its_color_and_the_rest_is_painted_as_ever(engine):
    photo = drawn(72, 88)
    gray = RegionStyle("left", gray=True)
    kept = engine.run(asked(photo, (RegionStyle("left", ()),))).picture
    found = engine.run(asked(photo, (gray,)))
    left, right = found.picture.rgb[:, :24], found.picture.rgb[:, 36:]
    assert (np.ptp(left, axis=2) == 0).all()
    light = photo.rgb[:, :24].astype(float) @ (0.299, 0.587, 0.114)
    assert np.abs(left[..., 0] - light).max() <= 1
    assert (right == kept.rgb[:, 36:]).all(), "what is painted does not know of it"
    assert gray.keeps and np.ptp(kept.rgb[:, :24], axis=2).max() > 0
    back, _ = read_recipe_text(found.recipe.to_json())
    restored, _ = engine.restore(back, photo)
    assert (engine.run(restored).picture.rgb == found.picture.rgb).all()


def test_a_gray_region_keeps_depth_and_transparency(engine):
    deep = replace(drawn(72, 88), rgb=drawn(72, 88).rgb.astype(np.uint16) * 257)
    deep = replace(deep, alpha=np.full((72, 88), 40_000, np.uint16))
    found = engine.run(asked(deep, (RegionStyle("left", gray=True),))).picture
    assert found.rgb.dtype == np.uint16 and (found.alpha == 40_000).all()
    assert (np.ptp(found.rgb[:, :24].astype(int), axis=2) == 0).all()
