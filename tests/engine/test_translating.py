"""Translations: the photo at strength 0, one look in tiles and whole, regions, mixes, recipes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from stylizer.engine import (
    Cancelled,
    CancelToken,
    Engine,
    RegionTranslation,
    RequestError,
    TranslateRequest,
    read_recipe_text,
)
from stylizer.engine.runtime.device import Device
from stylizer.imaging.keep_color import luma
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import Regions
from stylizer.imaging.resize import fit_within
from stylizer.imaging.tensors import to_tensor
from tests.engine.drawn import drawn
from tests.engine.models import save_models

MODELS = ("seasons", "lines", "tint")


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Engine:
    """An engine with small models."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("checkpoints")
    save_models(folder)
    return Engine(folder, device="cpu", whole_precision=True)


@pytest.fixture
def small_pieces(monkeypatch):
    """Let a photo of 160 pixels be a large one: looks are found at 64 px, tiles have 48."""
    monkeypatch.setattr("stylizer.engine.pipelines.upscale.PREVIEW", 64)
    monkeypatch.setattr("stylizer.engine.pipelines.upscale.SMALLEST_SIDE", 16)
    monkeypatch.setattr(Device, "tile", 48)


def halves(height=48, width=64, edge=None) -> Regions:
    """Cut a photo into left ("rest") and right at `edge`, with a soft border of four pixels."""
    right = np.clip((np.arange(width) - (width // 2 if edge is None else edge) + 2) / 4, 0, 1)
    right = np.broadcast_to(np.rint(right * 255).astype(np.uint8), (height, width))
    return Regions(np.stack([255 - right, right]), ("rest", "right"))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("photo", [drawn(), drawn(dtype=np.uint16, alpha=True)], ids=["8", "16 alpha"])
def test_strength_zero_is_the_photo_to_the_last_bit(engine, model, photo):
    kept = engine.run(TranslateRequest(photo, model, strength=0))
    assert kept.picture.digest == photo.digest
    full = engine.run(TranslateRequest(photo, model)).picture
    assert full.rgb.dtype == photo.rgb.dtype and (full.rgb != photo.rgb).any()
    assert (full.alpha is None) == (photo.alpha is None)
    assert full.alpha is None or np.array_equal(full.alpha, photo.alpha)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("size", [(17, 23), (16, 16)])
def test_odd_sizes_stay(engine, model, size):
    made = engine.run(TranslateRequest(drawn(*size), model)).picture
    assert made.rgb.shape == (*size, 3)


@pytest.mark.parametrize("model", MODELS)
def test_a_photo_of_preview_size_is_what_the_network_gives(engine, model):
    photo = drawn()
    network = engine.library.load_model(model, "translator")
    mix = torch.tensor([0.0, 1.0, 0.0]) if model == "seasons" else None  # the first that is no photo
    expected = network.translate(to_tensor(photo), mix)[0].permute(1, 2, 0).numpy() * 255
    made = engine.run(TranslateRequest(photo, model)).picture.rgb
    assert np.abs(made - expected).max() < 0.51


def test_strength_blends_photo_and_translation(engine):
    photo = drawn()
    full = engine.run(TranslateRequest(photo, "lines")).picture.rgb.astype(float)
    half = engine.run(TranslateRequest(photo, "lines", strength=0.5)).picture.rgb
    assert np.abs(half - (full + photo.rgb) / 2).max() <= 1.01


@pytest.mark.parametrize("model", ["seasons", "lines"])
def test_tiles_equal_the_whole(engine, small_pieces, monkeypatch, model):
    request = TranslateRequest(drawn(131, 160), model, domains=())
    tiled = engine.run(request)
    monkeypatch.setattr(Device, "tile", 4096)
    whole = engine.run(request)
    assert np.abs(tiled.picture.rgb.astype(int) - whole.picture.rgb).max() <= 1
    assert (tiled.picture.rgb != whole.picture.rgb).mean() < 0.01


def test_tiles_equal_the_whole_with_a_mix_of_its_own_in_every_region(engine, small_pieces, monkeypatch):
    looks = (RegionTranslation("rest", 0.7), RegionTranslation("right", 1.0, (("winter", 1.0),)))
    request = TranslateRequest(drawn(131, 160), "seasons", regions=halves(131, 160), region_styles=looks)
    tiled = engine.run(request).picture.rgb.astype(int)
    monkeypatch.setattr(Device, "tile", 4096)
    assert np.abs(tiled - engine.run(request).picture.rgb).max() <= 1


def test_a_large_picture_looks_like_its_preview(engine, small_pieces):
    photo = drawn(128, 160)
    small = engine.run(TranslateRequest(photo, "seasons", long_side=64)).picture
    large = engine.run(TranslateRequest(photo, "seasons")).picture
    shrunk = fit_within(large, 64).rgb.astype(int)
    own = fit_within(photo, 64).rgb.astype(int)
    assert np.abs(shrunk - small.rgb).mean() < 0.25 * np.abs(own - small.rgb).mean()


def test_tiles_are_counted_and_a_cancel_lands_within_one(engine, small_pieces):
    token, done = CancelToken(), []

    def receive(progress):
        if progress.stage == "tiles":
            done.append((progress.done, progress.total))
            if progress.done == 2:
                token.cancel()

    request = TranslateRequest(drawn(131, 160, seed=2), "seasons")
    with pytest.raises(Cancelled):
        engine.run(request, token, receive)
    (total,) = {total for _, total in done}
    assert [tiles for tiles, _ in done] == [0, 1, 2] and total == 18  # 6 of 82 x 101 pixels, then 12


def test_keyframes_run_the_network_once(engine, monkeypatch):
    network = engine.library.load_model("seasons", "translator")
    calls, translate = [], type(network).translate
    monkeypatch.setattr(
        type(network), "translate", lambda self, *rest: calls.append(1) or translate(self, *rest)
    )
    request = TranslateRequest(drawn(60, 80, seed=5), "seasons")
    frames = list(engine.keyframes(request, [1.0, 0.0, 0.4], long_side=40))
    assert [strength for strength, _ in frames] == [1.0, 0.0, 0.4]
    assert {picture.rgb.shape for _, picture in frames} == {(30, 40, 3)} and len(calls) == 1


def test_one_domain_alone_is_a_mix_of_that_domain(engine):
    def made(*domains):
        return engine.run(TranslateRequest(drawn(), "seasons", domains=domains)).picture

    winter, autumn = made(("winter", 1.0)), made(("autumn", 1.0))
    assert made(("winter", 3.0), ("autumn", 0.0)).digest == winter.digest
    assert made(("winter", 1.0), ("winter", 2.0)).digest == winter.digest
    assert made().digest == autumn.digest != winter.digest  # not the photo, although it is the first
    assert made(("winter", 2.0), ("autumn", 1.0)).digest not in (winter.digest, autumn.digest)


def test_a_region_at_strength_zero_keeps_the_photo_to_the_last_bit(engine):
    photo = drawn(dtype=np.uint16)
    request = TranslateRequest(
        photo, "lines", regions=halves(), region_styles=(RegionTranslation("right", 0),)
    )
    made = engine.run(request).picture.rgb
    assert np.array_equal(made[:, 36:], photo.rgb[:, 36:])
    assert np.array_equal(made[:, :28], engine.run(TranslateRequest(photo, "lines")).picture.rgb[:, :28])


def test_regions_that_are_all_kept_are_the_photo(engine):
    request = TranslateRequest(drawn(), "lines", strength=0, regions=halves())
    assert engine.run(request).picture.digest == drawn().digest


def test_every_region_shows_what_its_own_domains_give(engine, monkeypatch):
    network = engine.library.load_model("seasons", "translator")
    calls, translate = [], type(network).translate
    monkeypatch.setattr(
        type(network), "translate", lambda self, *rest: calls.append(1) or translate(self, *rest)
    )
    photo = drawn(seed=6)
    looks = (RegionTranslation("right", 1.0, (("winter", 1.0),)),)
    request = TranslateRequest(photo, "seasons", (("autumn", 1.0),), regions=halves(), region_styles=looks)
    made = engine.run(request).picture.rgb
    assert len(calls) == 2
    for columns, domain in ((slice(0, 28), "autumn"), (slice(36, 64), "winter")):
        alone = engine.run(TranslateRequest(photo, "seasons", ((domain, 1.0),))).picture.rgb
        assert np.abs(made[:, columns].astype(int) - alone[:, columns]).max() <= 1
    engine.run(replace(request, regions=halves(edge=20)))
    assert len(calls) == 2, "another mask translates nothing anew"


def test_regions_of_different_strength_are_composed(engine):
    photo = drawn(seed=4)
    full = engine.run(TranslateRequest(photo, "lines")).picture.rgb.astype(float)
    looks = (RegionTranslation("rest", 0.25), RegionTranslation("right", 0.75))
    made = engine.run(TranslateRequest(photo, "lines", regions=halves(), region_styles=looks)).picture.rgb
    share = np.where(np.arange(64) < 32, 0.25, 0.75)[None, :, None]
    expected = photo.rgb + share * (full - photo.rgb)
    away = np.abs(np.arange(64) - 31.5) > 3
    assert np.abs(made - expected)[:, away].max() <= 1.01


def test_color_zero_keeps_the_photos_colors_under_the_models_light(engine):
    photo = Picture(np.full((32, 32, 3), (120, 130, 140), np.uint8))
    made = engine.run(TranslateRequest(photo, "lines", color=0)).picture
    full = engine.run(TranslateRequest(photo, "lines")).picture
    assert (luma(to_tensor(made)) - luma(to_tensor(full))).abs().max() < 0.02
    shifted = made.rgb.astype(int) - made.rgb[..., :1]
    roomy = (made.rgb.min(2) > 12) & (made.rgb.max(2) < 243)
    assert roomy.any() and np.abs(shifted[roomy] - (0, 10, 20)).max() <= 2


def test_a_colorizer_sees_color_photos_in_black_and_white(engine):
    photo = drawn(dtype=np.uint16)  # eight bits would round the gray, and a random network is touchy
    light = luma(to_tensor(photo))[0, 0].numpy()
    gray = Picture(np.rint(light * 65535).astype(np.uint16)[..., None].repeat(3, 2))
    from_color = engine.run(TranslateRequest(photo, "tint")).picture.rgb.astype(float)
    from_gray = engine.run(TranslateRequest(gray, "tint")).picture.rgb.astype(float)
    assert np.abs(from_color - from_gray).max() < 0.003 * 65535
    assert np.ptp(from_gray, axis=2).mean() > 0.05 * 65535
    half = engine.run(TranslateRequest(gray, "tint", strength=0.5)).picture.rgb
    assert np.abs(half - (from_gray + gray.rgb) / 2).max() <= 1.01


def test_a_recipe_translates_the_same_bytes(engine):
    looks = (RegionTranslation("right", 0.4, (("winter", 2.0), ("autumn", 1.0))),)
    request = TranslateRequest(
        drawn(), "seasons", (("winter", 1.0),), 0.8, 0.5, 1.3, 60, regions=halves(), region_styles=looks
    )
    first = engine.run(request)
    recipe, notes = read_recipe_text(first.recipe.to_json())
    again, more = engine.restore(recipe, drawn())
    assert notes == more == () and recipe == first.recipe
    assert engine.run(again).picture.digest == first.picture.digest


def test_a_recipe_of_other_weights_says_so(engine):
    recipe = engine.run(TranslateRequest(drawn(), "lines")).recipe
    _, notes = engine.restore(replace(recipe, sha="0" * 64), drawn(seed=1))
    assert "'lines' has changed" in notes[0] and "another photo" in notes[1]
    with pytest.raises(RequestError, match="open the photo first"):
        engine.restore(recipe)


WRONG = [
    ({"model": "../lines"}, "the model is '../lines'; give the name"),
    ({"model": "a/b/c"}, "give the name"),
    ({"model": "a/.."}, "give the name"),
    ({"model": "gone"}, "there is no translator called 'gone'; there are lines, seasons, tint"),
    ({"domains": (("spring", 1.0),)}, "seasons has no domain 'spring'; there are photo, autumn, winter"),
    ({"domains": (("autumn", -1.0),)}, "the weight of autumn is -1.0"),
    ({"domains": (("autumn", 0.0),)}, "every domain has weight 0"),
    ({"domains": ("autumn",)}, "a domain is 'autumn'; give a name and a weight"),
    ({"strength": 1.2}, "strength is 1.2; choose a number from 0 to 1"),
    (
        {"region_styles": (RegionTranslation("right"),)},
        "region 'right' has a style of its own, but the photo has no regions",
    ),
    ({"regions": halves(30, 64)}, "bring masks of the same shape"),
]


@pytest.mark.parametrize(("changes", "sentence"), WRONG)
def test_what_does_not_fit_is_refused_in_a_sentence(engine, changes, sentence):
    with pytest.raises(RequestError, match=sentence):
        engine.run(TranslateRequest(**({"content": drawn(), "model": "seasons"} | changes)))
