"""Studying asked of the engine: it goes step by step, stops, lets previews in between, and can be kept."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from stylizer.engine import Cancelled, CancelToken, Engine, StudyRequest, StyleChoice, StyleRequest
from stylizer.engine.recipe_reader import read_recipe_text
from stylizer.errors import RequestError
from stylizer.imaging.picture import Picture
from stylizer.models.checkpoint import save_checkpoint
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.style_file import NamedStyle, load_style
from tests.ui.small_studio import practice_on_small_crops


def picture(seed: int, side: int = 96) -> Picture:
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.randint(256, (side // 8, side // 8, 3), generator=rng, dtype=torch.uint8).numpy()
    return Picture(np.repeat(np.repeat(coarse, 8, 0), 8, 1), name=f"Squares {seed}")


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Engine:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("checkpoints")
    save_checkpoint(folder / "painter", Painter(PainterConfig.tiny()), "# A small one\n", half=False)
    return Engine(folder, device="cpu", whole_precision=True)


@pytest.fixture
def small_crops(monkeypatch):
    practice_on_small_crops(monkeypatch)


def asked(**more) -> StudyRequest:
    return StudyRequest(picture(1), (picture(2, 224),), **{"steps": 4, **more})


def test_a_style_comes_out_of_every_step_and_paints(engine):
    told = []
    found = list(engine.study(asked(), progress=told.append))
    assert [step.done for step in told if step.stage == "study"] == [1, 2, 3, 4]
    assert told[-1].seconds_left == pytest.approx(0, abs=1e-6)
    assert all(style.refined and engine.painter.fits(style.code) for style in found)
    assert not torch.equal(found[0].code, found[-1].code)
    painted = engine.run(StyleRequest(picture(3), (StyleChoice(found[-1]),)))
    assert painted.picture.rgb.shape == (96, 96, 3)


@pytest.mark.usefixtures("small_crops")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_painter_that_was_loaded_while_it_painted_can_be_taught(engine, monkeypatch, dtype):
    monkeypatch.setattr("stylizer.models.number_type.fast_type", lambda kind: dtype)
    fresh = Engine(engine.library.folder, device="cpu", whole_precision=True)
    fresh.run(StyleRequest(picture(3), (StyleChoice(picture(1)),)))
    assert len(list(fresh.study(asked(steps=1)))) == 1


@pytest.mark.usefixtures("small_crops")
def test_the_recipe_of_a_studied_style_restores_it_with_its_adapters(engine):
    *_, found = engine.study(asked())
    adapters = 0.1 * torch.randn(engine.painter.adapter_size, generator=torch.Generator().manual_seed(0))
    found = replace(found, code=torch.cat([found.code, adapters]))
    made = engine.run(StyleRequest(picture(3), (StyleChoice(found),)))
    recipe, damage = read_recipe_text(made.recipe.to_json())
    request, notes = engine.restore(recipe, picture(3))
    assert not damage and not notes
    again = engine.run(request).picture
    assert np.abs(again.rgb.astype(int) - made.picture.rgb.astype(int)).max() <= 1


def test_a_style_with_adapters_and_one_without_mix_in_their_colors_alone(engine):
    plain = torch.rand(engine.painter.code_size, generator=torch.Generator().manual_seed(1))
    codes = (plain, torch.cat([plain, torch.full((engine.painter.adapter_size,), 0.1)]))
    sha = engine.painter.checkpoint_sha
    choices = [
        StyleChoice(NamedStyle("", f"Style {len(code)}", "", "", (), code, sha), 0.5) for code in codes
    ]
    request = StyleRequest(picture(3), tuple(choices), colors_only=True)
    only = replace(request, styles=(StyleChoice(choices[0].style),))
    made, wanted = engine.run(request).picture, engine.run(only).picture
    assert np.array_equal(made.rgb, wanted.rgb), "their colors are the same"


@pytest.mark.usefixtures("small_crops")
def test_it_goes_on_from_what_is_known(engine):
    *_, first = engine.study(asked())
    again = next(iter(engine.study(asked(start=first.code))))
    afresh = next(iter(engine.study(asked())))
    assert (again.code - first.code).abs().mean() < (afresh.code - first.code).abs().mean()
    assert again.code.shape == first.code.shape
    with pytest.raises(RequestError, match="another painter"):
        next(iter(engine.study(asked(start=torch.zeros(3)))))


@pytest.mark.usefixtures("small_crops")
def test_it_stops_when_asked_and_leaves_the_device_free(engine):
    token = CancelToken()
    studying = engine.study(asked(steps=50), token)
    next(studying)
    token.cancel()
    with pytest.raises(Cancelled):
        next(studying)
    assert len(list(engine.study(asked(steps=1)))) == 1


@pytest.mark.usefixtures("small_crops")
def test_previews_slip_in_between_two_steps(engine):
    studying = engine.study(asked(steps=6))
    next(studying)
    painted = []
    other = threading.Thread(
        target=lambda: painted.append(engine.run(StyleRequest(picture(3), (StyleChoice(picture(1)),))))
    )
    other.start()
    other.join(60)  # the study waits for its caller, and holds nothing meanwhile
    assert painted
    assert len(list(studying)) == 5


@pytest.mark.usefixtures("small_crops")
def test_a_studied_picture_is_kept_as_a_file_and_read_again(engine):
    facts = NamedStyle("squares", "Squares", "", "", (), torch.zeros(1), "0" * 64)
    learned = engine.learn(picture(1), facts, [picture(2, 224)], steps=2)
    kept = load_style(engine.library.folder / "styles" / "squares.safetensors")
    assert kept.refined and torch.equal(kept.code, learned.code.half().float())
    assert (engine.library.folder / "styles" / "squares.webp").is_file()


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"seconds": -1.0}, {"steps": 10_001}])
def test_settings_out_of_bounds_are_refused(wrong):
    with pytest.raises(RequestError):
        asked(**wrong)
