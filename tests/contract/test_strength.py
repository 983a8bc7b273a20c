"""One law of strength: what is painted is what is measured."""

import numpy as np
import pytest
import torch

from stylizer.engine import Engine, StyleChoice, StyleRequest
from stylizer.imaging.picture import save_picture
from stylizer.models.checkpoint import load_checkpoint, save_checkpoint
from tests.engine.drawn import drawn
from tests.engine.fake_painter import FakeConfig, FakePainter
from training.evaluation.pairs import Pair
from training.evaluation.stylizer import PairPainter

TABLE = ((0.0, 0.05), (0.5, 0.2), (1.0, 1.0))
"""A table that does not begin at 0, bends, and ends below the slider's end."""


@pytest.mark.parametrize("position", [0.0, 0.02, 0.05, 0.3, 0.9, 1.4])
def test_evaluation_measures_what_the_engine_paints(tmp_path, position):
    torch.set_num_threads(1)
    folder = tmp_path / "painter"
    save_checkpoint(folder, FakePainter(FakeConfig(calibration=TABLE)), "# A fake\n", half=False)
    photo, style = drawn(), drawn(seed=1)
    pair = Pair(tmp_path / "photo.png", tmp_path / "style.png")
    save_picture(photo, pair.photo)
    save_picture(style, pair.painting)
    request = StyleRequest(photo, (StyleChoice(style),), strength=position)
    painted = Engine(tmp_path, device="cpu", whole_precision=True).run(request).picture.rgb
    measured = PairPainter(load_checkpoint(folder), max(photo.rgb.shape)).paint(pair, position)
    far = np.abs(measured[0].permute(1, 2, 0).clamp(0, 1).numpy() * 255 - painted)
    assert far.max() < 0.75  # half a level of rounding, and the code's half precision
