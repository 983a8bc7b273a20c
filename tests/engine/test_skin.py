"""Faces are painted gently: where a segmenter finds people's skin, the engine holds paint to its light."""

from __future__ import annotations

import numpy as np
import pytest

from stylizer.engine import Engine, StyleChoice, StyleRequest, TranslateRequest
from stylizer.engine.runtime import executor
from stylizer.imaging.picture import Picture
from stylizer.models.checkpoint import save_checkpoint
from tests.engine.fake_painter import FakeConfig, FakePainter
from tests.engine.fake_segmenter import FakeSegmenter, FakeSegmenterConfig
from tests.engine.models import save_models

SKIN = (217, 158, 128)  # red enough to be a person to the segmenter


_decode = FakePainter.decode


def _blotched(*given, **more):
    """Decode, with a dark blotch in the middle of the left half and of the right one."""
    painted = _decode(*given, **more).clone()
    height, width = painted.shape[2:]
    for middle in (width // 4, 3 * width // 4):
        painted[:, :, height // 2 - 4 : height // 2 + 4, middle - 6 : middle + 6] *= 0.3
    return painted


@pytest.fixture
def folder(tmp_path, monkeypatch):
    save_checkpoint(tmp_path / "painter", FakePainter(FakeConfig()), "# A fake\n", half=False)
    monkeypatch.setattr(FakePainter, "decode", _blotched)
    return tmp_path


def _portrait() -> Picture:
    rgb = np.empty((192, 256, 3), np.uint8)
    rgb[:] = (90, 120, 140)
    rgb[:, :128] = SKIN
    shade = np.linspace(1.0, 0.7, 192)[:, None, None]
    return Picture((rgb * shade).astype(np.uint8), name="portrait")


def _paint(engine: Engine, photo: Picture, strength: float = 1.0, **settings) -> np.ndarray:
    rows = np.arange(64 * 64 * 3).reshape(64, 64, 3) * 7 % 140 + 60
    style = Picture(rows.astype(np.uint8), name="style")
    request = StyleRequest(photo, (StyleChoice(style),), strength, detail=0.0, **settings)
    return engine.run(request).picture.rgb.astype(int)


def _blotch(rgb: np.ndarray, middle: int) -> float:
    """How much darker the blotch is than what is beside it."""
    return float(rgb[92:100, middle + 12 : middle + 20].mean() - rgb[94:98, middle - 3 : middle + 3].mean())


def test_a_blotch_on_skin_fades_and_one_beside_it_stays(folder):
    plain = _paint(Engine(folder, device="cpu", whole_precision=True), _portrait())
    save_checkpoint(folder / "segmenter", FakeSegmenter(FakeSegmenterConfig()), "# A fake\n", half=False)
    gentle = _paint(Engine(folder, device="cpu", whole_precision=True), _portrait())
    assert _blotch(plain, 64) > 50
    assert _blotch(gentle, 64) < 0.3 * _blotch(plain, 64)
    assert _blotch(gentle, 192) > 0.9 * _blotch(plain, 192)


def test_switched_off_faces_are_painted_as_if_nobody_looked_for_them(folder):
    plain = _paint(Engine(folder, device="cpu", whole_precision=True), _portrait())
    save_checkpoint(folder / "segmenter", FakeSegmenter(FakeSegmenterConfig()), "# A fake\n", half=False)
    engine = Engine(folder, device="cpu", whole_precision=True)
    gentle, off, again = (_paint(engine, _portrait(), gentle_faces=gentle) for gentle in (True, False, True))
    assert np.array_equal(off, plain) and np.array_equal(again, gentle)
    assert np.abs(gentle - off).max() > 50


def test_a_translation_is_held_to_faces_unless_it_is_switched_off(folder, monkeypatch):
    save_models(folder)
    save_checkpoint(folder / "segmenter", FakeSegmenter(FakeSegmenterConfig()), "# A fake\n", half=False)
    engine = Engine(folder, device="cpu", whole_precision=True)

    def made(gentle: bool) -> np.ndarray:
        request = TranslateRequest(_portrait(), "seasons", gentle_faces=gentle)
        return engine.run(request).picture.rgb.astype(int)

    apart = np.abs(made(True) - made(False))
    assert apart[:, :100].max() > 5 and apart[:, 160:].max() == 0


def test_a_photo_without_skins_colors_is_not_searched_for_people(folder):
    save_checkpoint(folder / "segmenter", FakeSegmenter(FakeSegmenterConfig()), "# A fake\n", half=False)
    engine = Engine(folder, device="cpu", whole_precision=True)
    _paint(engine, Picture(np.full((64, 96, 3), (60, 120, 90), np.uint8), name="grass"))
    assert "segmenter" not in engine.executor._resident


def test_a_large_photo_is_made_small_once_for_all_that_looks_at_it(folder, monkeypatch):
    save_checkpoint(folder / "segmenter", FakeSegmenter(FakeSegmenterConfig()), "# A fake\n", half=False)
    engine, large, shrunk = Engine(folder, device="cpu", whole_precision=True), [], executor.resize_picture
    rgb = np.repeat(np.repeat(_portrait().rgb, 5, 0), 5, 1)
    monkeypatch.setattr(
        executor, "resize_picture", lambda photo, *size: (large.append(photo.width), shrunk(photo, *size))[1]
    )
    photo = Picture(rgb, name="portrait")
    list(engine.keyframes(StyleRequest(photo, (StyleChoice(_portrait()),)), (1.0, 0.5), 768))
    engine.fitted(photo, 768)
    assert large.count(1280) == 1


def test_strengths_of_one_photo_search_it_once(folder):
    save_checkpoint(folder / "segmenter", FakeSegmenter(FakeSegmenterConfig()), "# A fake\n", half=False)
    engine = Engine(folder, device="cpu", whole_precision=True)
    for strength in (0.3, 0.6, 1.0):
        _paint(engine, _portrait(), strength)
    assert engine.segmenter.calls["segment"] == 1
