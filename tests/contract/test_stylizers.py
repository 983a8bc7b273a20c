"""What every stylizer owes the artist, over the whole engine (architecture: the contract)."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from stylizer.engine.engine import Engine
from stylizer.engine.pipelines.upscale import Finish
from stylizer.engine.recipe_reader import read_recipe_text
from stylizer.engine.requests import StyleChoice, StyleRequest
from stylizer.imaging.resize import resize_picture
from stylizer.imaging.tensors import to_tensor
from stylizer.models.checkpoint import load_checkpoint, save_checkpoint
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from tests.engine.drawn import drawn
from tests.engine.fake_painter import FakeConfig, FakePainter

PAINTERS = {"fake": lambda: FakePainter(FakeConfig()), "painter": lambda: Painter(PainterConfig.tiny())}


@pytest.fixture(params=PAINTERS, scope="module")
def engine(request, tmp_path_factory) -> Engine:
    torch.manual_seed(3)
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp(request.param)
    save_checkpoint(folder / "painter", PAINTERS[request.param](), "# For tests\n", half=False)
    return Engine(folder, device="cpu", whole_precision=True)


def asked(content=None, seeds=(1,), **options) -> StyleRequest:
    styles = tuple(StyleChoice(drawn(96, 96, seed=seed)) for seed in seeds)
    return StyleRequest(content or drawn(72, 88), styles, **options)


def difference(a, b) -> np.ndarray:
    return np.abs(a.rgb.astype(np.int64) - b.rgb.astype(np.int64)) / a.peak


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("options", [{}, {"color": 0.5, "detail": 1.0, "stroke": 2.0}, {"colors_only": True}])
def test_strength_zero_returns_the_same_samples(engine, dtype, alpha, options):
    photo = drawn(dtype=dtype, alpha=alpha)
    result = engine.run(asked(photo, strength=0.0, **options)).picture
    assert result.rgb.dtype == dtype and np.array_equal(result.rgb, photo.rgb)
    assert (result.alpha is None) is not alpha
    assert not alpha or np.array_equal(result.alpha, photo.alpha)


@pytest.mark.parametrize("options", [{}, {"colors_only": True}])
def test_the_first_ticks_of_the_slider_do_not_jump(engine, options):
    before = drawn(72, 88, dtype=np.uint16)
    for strength in (0.005, 0.01, 0.015):
        after = engine.run(asked(drawn(72, 88, dtype=np.uint16), strength=strength, **options)).picture
        assert difference(before, after).mean() < 0.03
        before = after


def test_full_strength_changes_the_picture(engine):
    assert difference(drawn(72, 88), engine.run(asked()).picture).mean() > 0.02


def test_the_order_of_styles_does_not_matter(engine):
    a, b = StyleChoice(drawn(64, 64, seed=1), 0.3), StyleChoice(drawn(64, 64, seed=2), 0.7)
    one, other = (
        engine.run(replace(asked(strength=0.9), styles=order)).picture for order in ((a, b), (b, a))
    )
    assert np.array_equal(one.rgb, other.rgb)


def test_a_style_split_in_two_equals_itself(engine):
    style = drawn(64, 64, seed=1)
    whole = engine.run(replace(asked(), styles=(StyleChoice(style),))).picture
    halves = replace(asked(), styles=(StyleChoice(style, 0.25), StyleChoice(style, 0.25)))
    assert np.array_equal(whole.rgb, engine.run(halves).picture.rgb)


def test_a_style_of_weight_zero_is_not_there(engine):
    a, b = drawn(64, 64, seed=1), drawn(64, 64, seed=2)
    alone = engine.run(replace(asked(), styles=(StyleChoice(a),))).picture
    silent = replace(asked(), styles=(StyleChoice(b, 0.0), StyleChoice(a)))
    assert np.array_equal(alone.rgb, engine.run(silent).picture.rgb)
    other = replace(asked(), styles=(StyleChoice(a, 0.0), StyleChoice(b)))
    assert not np.array_equal(alone.rgb, engine.run(other).picture.rgb)


@pytest.mark.parametrize("size", [(17, 23), (16, 400), (101, 99), (333, 37)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_any_size_and_depth_comes_back_as_it_was(engine, size, dtype):
    result = engine.run(asked(drawn(*size, dtype=dtype, alpha=True), detail=0.5, color=0.5)).picture
    assert (result.height, result.width) == size and result.rgb.dtype == dtype
    assert np.array_equal(result.alpha, drawn(*size, dtype=dtype, alpha=True).alpha)


@pytest.mark.parametrize("stroke", [0.5, 2.0])
def test_the_brush_size_keeps_the_picture_size(engine, stroke):
    result = engine.run(asked(drawn(120, 90), stroke=stroke)).picture
    assert (result.height, result.width) == (120, 90)
    assert difference(result, engine.run(asked(drawn(120, 90))).picture).max() > 0


def test_a_plain_gray_photo_and_style_give_a_finite_picture(engine):
    gray = replace(drawn(40, 40), rgb=np.full((40, 40, 3), 128, np.uint8))
    for options in ({}, {"colors_only": True}):
        request = StyleRequest(gray, (StyleChoice(gray),), **options)
        assert engine.run(request).picture.rgb.std() < 80


def test_a_wholly_transparent_photo_is_painted(engine):
    photo = replace(drawn(40, 40), alpha=np.zeros((40, 40), np.uint8))
    assert np.array_equal(engine.run(asked(photo)).picture.alpha, photo.alpha)


def test_hidden_colors_do_not_bleed(engine):
    alpha = np.full((64, 64), 255, np.uint8)
    alpha[:, 32:] = 0
    clean = drawn(64, 64)
    loud = clean.rgb.copy()
    loud[:, 32:] = (255, 0, 255)
    shown = [engine.run(asked(replace(clean, rgb=rgb, alpha=alpha))).picture for rgb in (clean.rgb, loud)]
    assert difference(*shown)[:, :32].max() <= 1 / 255


def test_a_recipe_replays_to_the_same_bytes(engine):
    request = asked(drawn(90, 70), seeds=(1, 2), strength=1.2, color=0.6, detail=0.4, stroke=1.3, seed=11)
    first = engine.run(request)
    recipe, notes = read_recipe_text(first.recipe.to_json())
    fresh = Engine(engine.library.folder, device="cpu", whole_precision=True)
    again, more = fresh.restore(recipe, drawn(90, 70))
    second = fresh.run(again)
    assert np.array_equal(first.picture.rgb, second.picture.rgb)
    assert second.recipe.to_json() == first.recipe.to_json() and notes == more == ()


def test_tiles_agree_with_the_whole(engine, monkeypatch):
    photo = drawn(300, 420)
    small = Finish(from_scale=1.2)
    monkeypatch.setattr("stylizer.engine.pipelines.upscale.PREVIEW", 160)
    pictures = []
    for tile in (4096, 128):
        monkeypatch.setattr("stylizer.engine.runtime.device.Device.tile", tile)
        other = Engine(engine.library.folder, device="cpu", whole_precision=True, finish=small)
        pictures.append(other.run(asked(photo, detail=0.5)).picture)
    assert difference(*pictures).mean() < 0.001 and difference(*pictures).max() < 0.02


def test_full_size_looks_like_its_preview(engine, monkeypatch):
    monkeypatch.setattr("stylizer.engine.pipelines.upscale.PREVIEW", 192)
    other = Engine(engine.library.folder, device="cpu", whole_precision=True)
    request = asked(drawn(640, 480))
    full = other.run(request).picture
    ((_, preview),) = other.keyframes(request, [1.0], long_side=192)
    shrunk = resize_picture(full, preview.height, preview.width)
    assert difference(shrunk, preview).mean() < 0.02


def test_the_result_in_a_batch_is_the_result_alone(engine):
    painter = engine.painter
    pictures = torch.cat([to_tensor(drawn(48, 56, seed=seed)) for seed in (1, 2)])
    with torch.inference_mode():
        together = painter.code(pictures)
        alone = torch.cat([painter.code(picture[None]) for picture in pictures])
    assert torch.allclose(together, alone, atol=2e-4)


def test_saved_and_loaded_painters_paint_equal_bits(engine, tmp_path):
    save_checkpoint(tmp_path / "painter", engine.painter, "# Again\n", half=False)
    loaded = load_checkpoint(tmp_path / "painter").to(memory_format=torch.channels_last)
    photo, style = to_tensor(drawn(48, 56)), to_tensor(drawn(48, 56, seed=1))
    weights = torch.tensor([0.3, 0.7])
    with torch.inference_mode():
        codes = torch.cat([engine.painter.code(photo), engine.painter.code(style)])
        again = torch.cat([loaded.code(photo), loaded.code(style)])
        assert torch.equal(codes, again)
        painted = [net.decode(net.encode(photo), codes, weights) for net in (engine.painter, loaded)]
    assert torch.equal(*painted)
