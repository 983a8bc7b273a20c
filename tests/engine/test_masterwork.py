"""Masterworks asked of the engine: worked out, shown on the way, stopped, and made again."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from stylizer.engine import Cancelled, CancelToken, Engine, RegionStyle, StyleChoice, StyleRequest
from stylizer.engine.recipe_reader import read_recipe_text
from stylizer.errors import CheckpointError, RequestError
from stylizer.imaging.picture import Picture, save_picture
from stylizer.imaging.regions import REST, set_region, whole
from stylizer.models.checkpoint import save_checkpoint
from stylizer.models.masterwork import paint_masterwork
from stylizer.models.style_file import NamedStyle
from tests.engine.fake_painter import FakeConfig, FakePainter
from tests.engine.fake_segmenter import FakeSegmenter, FakeSegmenterConfig

RED, BLUE = (255, 60, 30), (30, 60, 255)


def _striped(color: tuple[int, int, int], side: int = 64) -> Picture:
    stripes = np.where(np.arange(side) % 6 < 3, 0.7, 1.0)[None, :, None]
    return Picture(
        np.broadcast_to(np.array(color) * stripes, (side, side, 3)).astype(np.uint8), name="Stripes"
    )


def _photo(height: int = 48, width: int = 64) -> Picture:
    down, across = np.mgrid[:height, :width]
    shapes = ((down // 12 + across // 16) % 2)[..., None] * 120 + 60
    return Picture(np.broadcast_to(shapes, (height, width, 3)).astype(np.uint8), name="photo")


@pytest.fixture
def engine(tmp_path) -> Engine:
    save_checkpoint(tmp_path / "painter", FakePainter(FakeConfig()), "# A fake\n", half=False)
    torch.set_num_threads(1)
    return Engine(tmp_path, device="cpu", whole_precision=True, masterwork_steps=(6, 4, 3, 3))


def _request(photo: Picture | None = None, **more) -> StyleRequest:
    choices = (StyleChoice(_striped(RED)),)
    return StyleRequest(photo or _photo(), choices, masterwork=True, **more)


def test_it_takes_the_paintings_colors_and_the_photos_size(engine):
    made = engine.run(_request()).picture
    assert made.rgb.shape == (48, 64, 3)
    red, _, blue = made.rgb.reshape(-1, 3).mean(0)
    assert red > 1.5 * blue


@pytest.mark.parametrize("size", [(16, 16), (48, 64), (16, 100)])
def test_the_smallest_photos_are_worked_out_with_the_finest_brush_too(engine, size):
    photo = _photo(*size)
    made = engine.run(_request(photo, stroke=0.5)).picture
    assert made.rgb.shape == photo.rgb.shape and not np.array_equal(made.rgb, photo.rgb)


def test_the_same_request_on_another_engine_gives_the_same_picture(engine, tmp_path):
    again = Engine(tmp_path, device="cpu", whole_precision=True, masterwork_steps=(6, 4, 3, 3))
    made = engine.run(_request(seed=5)).picture.rgb
    assert np.array_equal(made, again.run(_request(seed=5)).picture.rgb)
    assert not np.array_equal(made, engine.run(_request(seed=6)).picture.rgb)


def test_what_was_worked_out_serves_other_colors_and_sizes(engine):
    told = []
    first = engine.run(_request(), progress=told.append).picture
    worked = [news for news in told if news.stage == "masterwork" and news.total > 1]
    assert worked[-1].done == worked[-1].total
    told.clear()
    gray = engine.run(_request(color=0.0), progress=told.append).picture
    assert not [news for news in told if news.stage == "masterwork" and news.total > 1]
    assert np.ptp(gray.rgb.astype(int), 2).mean() < 0.2 * np.ptp(first.rgb.astype(int), 2).mean()


def test_it_tells_the_time_left_and_shows_what_is_there(engine, monkeypatch):
    monkeypatch.setattr("stylizer.engine.pipelines.masterwork._EVERY", 0.0)
    told = []
    engine.run(_request(), progress=told.append)
    worked = [news for news in told if news.stage == "masterwork" and news.total > 1]
    assert len(worked) == 6
    assert worked[-1].seconds_left == 0 and worked[1].seconds_left > 0
    shown = [news.shown for news in worked if news.shown is not None]
    assert len(shown) == 5 and shown[0].picture.rgb.shape == (48, 64, 3)
    assert [each.steps for each in shown] == [1, 2, 3, 4, 5]


def test_it_stops_within_a_step(engine):
    token, steps = CancelToken(), []

    def hear(news):
        if news.stage == "masterwork" and news.done > 0:
            steps.append(news)
            token.cancel()

    with pytest.raises(Cancelled):
        engine.run(_request(), token, hear)
    assert len(steps) == 1


@pytest.mark.parametrize("regions", [False, True])
def test_what_was_shown_grows_to_the_size_that_is_asked_for(engine, monkeypatch, regions):
    monkeypatch.setattr("stylizer.engine.pipelines.masterwork._EVERY", 0.0)
    monkeypatch.setattr("stylizer.engine.pipelines.masterwork.PREVIEW", 64)
    photo, shown, token = _photo(96, 128), [], CancelToken()
    request = _request(photo)
    if regions:
        left = np.zeros((48, 64), np.uint8)
        left[:, :32] = 255
        own = (RegionStyle("left", request.styles), RegionStyle(REST, ()))
        found = set_region(whole((48, 64)), "left", left)
        request = replace(request, regions=found, region_styles=own)

    def hear(news):
        if news.shown is not None:
            shown.append(news.shown)
            token.cancel()

    with pytest.raises(Cancelled):
        engine.run(request, token, hear)
    grown = engine.grow(replace(request, long_side=128), shown[0])
    first = shown[0].picture
    assert first.rgb.shape == (48, 64, 3) and grown.picture.rgb.shape == (96, 128, 3)
    assert '"masterwork": true' in grown.recipe.to_json()
    small, large = (each.rgb[:, : each.width // 2 - 8].mean((0, 1)) for each in (first, grown.picture))
    assert np.abs(small - large).max() < 12, "the same colors"
    if regions:
        assert np.array_equal(grown.picture.rgb[:, 80:], photo.rgb[:, 80:])


@pytest.mark.parametrize("settings", [{}, {"color": 0.4}, {"detail": 0.5}], ids=str)
@pytest.mark.parametrize("steps", [1, 4])
def test_the_recipe_of_a_stopped_one_makes_the_same_picture(engine, monkeypatch, tmp_path, steps, settings):
    monkeypatch.setattr("stylizer.engine.pipelines.masterwork._EVERY", 0.0)
    monkeypatch.setattr("stylizer.engine.pipelines.masterwork.PREVIEW", 64)
    request, shown, token = _request(_photo(96, 128), seed=2, **settings), [], CancelToken()

    def hear(news):
        if news.shown is not None:
            shown.append(news.shown)
            if len(shown) == steps:
                token.cancel()

    with pytest.raises(Cancelled):
        engine.run(request, token, hear)
    stopped = engine.grow(replace(request, long_side=100), shown[-1])
    recipe, notes = read_recipe_text(stopped.recipe.to_json())
    again, _ = engine.restore(recipe, _photo(96, 128))
    assert notes == () and again.masterwork_steps == steps
    elsewhere = Engine(tmp_path, device="cpu", whole_precision=True, masterwork_steps=(6, 4, 3, 3))
    told = []
    made = elsewhere.run(replace(again, styles=request.styles), progress=told.append).picture
    assert np.array_equal(made.rgb, stopped.picture.rgb)
    worked = [news for news in told if news.stage == "masterwork" and news.total > 1]
    assert len(worked) == steps and worked[-1].done == worked[-1].total, "its end is where it was stopped"
    whole = elsewhere.run(replace(request, long_side=100)).picture
    assert not np.array_equal(whole.rgb, made.rgb)


def test_more_steps_than_there_are_make_the_whole_masterwork(engine):
    whole = engine.run(_request()).picture.rgb
    assert np.array_equal(engine.run(_request(masterwork_steps=500)).picture.rgb, whole)


def test_every_region_takes_its_own_painting_and_the_rest_keeps_the_photo(engine):
    photo, left, right = _photo(), np.zeros((48, 64), np.uint8), np.zeros((48, 64), np.uint8)
    left[:, :20], right[:, 44:] = 255, 255
    regions = set_region(set_region(whole((48, 64)), "left", left), "right", right)
    own = [
        RegionStyle("left", (StyleChoice(_striped(RED)),)),
        RegionStyle("right", (StyleChoice(_striped(BLUE)),)),
    ]
    request = StyleRequest(photo, (), masterwork=True, regions=regions, region_styles=tuple(own))
    made = engine.run(request).picture.rgb.astype(int)
    assert made[:, 2:18, 0].mean() > made[:, 2:18, 2].mean() + 30
    assert made[:, 46:62, 2].mean() > made[:, 46:62, 0].mean() + 30
    assert np.array_equal(made[:, 24:40], photo.rgb[:, 24:40])


def test_a_larger_photo_is_worked_out_at_preview_size_and_grows(engine, monkeypatch):
    monkeypatch.setattr("stylizer.engine.pipelines.masterwork.PREVIEW", 64)
    told = []
    made = engine.run(_request(_photo(192, 256)), progress=told.append)
    assert made.picture.rgb.shape == (192, 256, 3)
    assert any(news.stage == "tiles" and news.done for news in told)


def test_strength_0_gives_the_photo(engine):
    assert np.array_equal(engine.run(_request(strength=0.0)).picture.rgb, _photo().rgb)


def test_the_recipe_says_so_and_asks_for_the_painting(engine):
    recipe, notes = read_recipe_text(engine.run(_request(strength=0.8, seed=3)).recipe.to_json())
    assert notes == ()
    made = engine.run(_request(strength=0.8, seed=3)).picture.rgb
    request, _ = engine.restore(recipe, _photo())
    assert (request.masterwork, request.strength, request.seed) == (True, 0.8, 3)
    assert not engine.has_paintings(request) and engine.has_paintings(_request())
    with pytest.raises(RequestError, match="needs the painting itself"):
        engine.run(request)
    again = replace(request, styles=(StyleChoice(_striped(RED)),))
    assert np.array_equal(engine.run(again).picture.rgb, made)


@pytest.mark.parametrize("kept", ["swatches/{}.webp", "originals/{}.webp", "styles/{}.painting.webp"])
def test_a_style_with_a_name_is_worked_like_what_may_be_shown_of_its_painting(engine, kept):
    file = engine.library.folder / kept.format(kept[:3] + "-wave")
    style = NamedStyle(
        f"{kept[:3]}-wave", "Wave", "", "", (), torch.zeros(engine.painter.code_size),
        engine.painter.checkpoint_sha,
    )  # fmt: skip
    request = replace(_request(), styles=(StyleChoice(style),))
    with pytest.raises(RequestError, match="'Wave' is a style with a name alone"):
        engine.run(request)
    file.parent.mkdir(exist_ok=True)
    save_picture(_striped(BLUE), file)
    red, _, blue = engine.run(request).picture.rgb.reshape(-1, 3).mean(0)
    assert blue > 1.5 * red


def test_skin_is_kept_where_a_segmenter_finds_people(engine, tmp_path, monkeypatch):
    rgb = _photo(96, 128).rgb.copy()
    rgb[:, :64] = (217, 158, 128)  # skin, and red enough to be a person
    request, told = _request(Picture(rgb, name="portrait"), color=0.5), []

    def paint(*given, skin, **more):
        told.append(skin)
        return paint_masterwork(*given, skin=skin, **more)

    monkeypatch.setattr("stylizer.engine.pipelines.masterwork.paint_masterwork", paint)
    plain = engine.run(request).picture
    save_checkpoint(tmp_path / "segmenter", FakeSegmenter(FakeSegmenterConfig()), "# A fake\n", half=False)
    seeing = Engine(tmp_path, device="cpu", whole_precision=True, masterwork_steps=(6, 4, 3, 3))
    kept = seeing.run(request).picture
    assert told[0] is None
    assert told[1][..., 8:56].min() > 0.6 and told[1][..., 72:].max() < 0.1
    assert not np.array_equal(kept.rgb, plain.rgb)


def test_colors_only_makes_no_masterwork():
    with pytest.raises(RequestError, match="made of strokes"):
        _request(colors_only=True)


def test_without_its_network_it_says_what_to_do(engine, tmp_path, monkeypatch):
    monkeypatch.setattr("stylizer.models.perceptual.SHIPPED", tmp_path / "none.safetensors")
    with pytest.raises(CheckpointError, match="checkpoints/perceptual"):
        engine.run(_request())


def test_two_at_once_are_worked_out_one_after_the_other(engine):
    order, lock = [], threading.Lock()

    def work(seed):
        def hear(news):
            if news.stage == "masterwork" and news.total > 1:
                with lock:
                    order.append(seed)

        engine.run(_request(seed=seed), progress=hear)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order in ([1] * 6 + [2] * 6, [2] * 6 + [1] * 6)


def test_memory_is_told_beforehand_and_grows_with_the_picture(engine):
    small, large = map(engine.masterwork_memory, (_request(long_side=64), _request(_photo(768, 1024))))
    assert small < large < 3 << 30
