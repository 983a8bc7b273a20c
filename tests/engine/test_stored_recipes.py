"""Pictures that were saved by the first studio, format 1, open with all that is in them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from stylizer.engine import Engine, read_recipe_text
from stylizer.imaging.picture import open_picture, read_recipe
from stylizer.models.checkpoint import save_checkpoint
from stylizer.models.style_file import NamedStyle, save_style
from tests.engine.drawn import drawn
from tests.engine.fake_painter import FakeConfig, FakePainter
from tests.engine.models import save_models

STORED = Path(__file__).with_name("stored")


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Engine:
    """An engine with the painter, the style and the models that the stored pictures were made with."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("checkpoints")
    save_checkpoint(folder / "painter", FakePainter(FakeConfig()), "# A fake\n", half=False)
    save_models(folder)
    sha = Engine(folder, device="cpu").painter.checkpoint_sha
    save_style(folder / "styles", NamedStyle("wave", "The Wave", "", "", (), torch.arange(1, 19) / 19, sha))
    return Engine(folder, device="cpu", whole_precision=True)


def restored(engine, name, photo):
    recipe, notes = read_recipe_text(read_recipe(STORED / f"{name}.png"))
    request, more = engine.restore(recipe, photo)
    assert notes == ()
    return request, more


@pytest.mark.parametrize("name", ["painting", "regions"])
def test_an_old_painting_is_painted_again(engine, name):
    request, notes = restored(engine, name, drawn())
    assert notes == ()
    again, stored = engine.run(request).picture.rgb, open_picture(STORED / f"{name}.png").rgb
    assert again.shape == stored.shape
    # their brush is broad, and broad strokes are grown: what is finer than the preview is drawn otherwise now
    difference = again.astype(int) - stored
    assert np.abs(difference).mean() < 3 and np.abs(difference.mean((0, 1))).max() < 0.5
    assert np.abs(pooled(difference)).mean() < 0.5


def pooled(difference: np.ndarray) -> np.ndarray:
    """Average squares of 4 x 4 pixels: what a preview shows."""
    height, width = (side // 4 * 4 for side in difference.shape[:2])
    return difference[:height, :width].reshape(height // 4, 4, width // 4, 4, 3).mean((1, 3))


def test_an_old_paintings_settings_come_back(engine):
    request, _ = restored(engine, "painting", drawn())
    amounts = (request.strength, request.color, request.stroke, request.detail, request.long_side)
    assert amounts == (0.8, 0.5, 1.3, 0.3, 60)
    assert [(choice.style.title, choice.weight) for choice in request.styles] == [
        ("ink", 2.0),
        ("The Wave", 1.0),
    ]


def test_an_old_paintings_regions_come_back(engine):
    request, _ = restored(engine, "regions", drawn())
    assert request.regions.names == ("rest", "right") and request.regions.mask("right")[0, 33] == 191
    rest, right = request.region_style("rest"), request.region_style("right")
    assert (rest.strength, rest.color, rest.stroke) == (0.4, 0.5, 1.5)
    assert [choice.style.title for choice in rest.styles] == ["ink"]
    assert right.keeps and not rest.keeps


def test_an_old_translation_comes_back(engine):
    request, _ = restored(engine, "translation", drawn())
    assert (request.model, request.domains) == ("seasons", (("winter", 1.0),))
    assert (request.strength, request.color, request.stroke, request.long_side) == (0.8, 0.5, 1.3, 60)
    look = request.region_style("right")
    assert (look.strength, look.domains) == (0.4, (("winter", 2.0), ("autumn", 1.0)))
    assert (
        request.region_style("rest").domains == request.domains
        and request.region_style("rest").strength == 0.8
    )


def test_an_old_invention_comes_back(engine):
    request, _ = restored(engine, "invention", None)
    assert (request.model, request.seed, request.second) == ("dream", 3, 8)
    assert (request.mix, request.truncation, request.size) == ((0.1, 0.5, 1.0), 0.9, (20, 24))
