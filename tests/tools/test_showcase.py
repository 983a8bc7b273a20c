"""The sheet of photos as they are, live and as masterworks."""

import numpy as np
import pytest
import torch

from stylizer.engine import Engine
from stylizer.imaging.picture import Picture
from stylizer.models.checkpoint import save_checkpoint
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.style_file import NamedStyle, save_style
from tools.showcase import GAP, showcase


@pytest.fixture
def engine(tmp_path) -> Engine:
    torch.manual_seed(0)
    painter = Painter(PainterConfig.tiny())
    save_checkpoint(tmp_path / "painter", painter, "# A small one\n", half=False)
    sha = Engine(tmp_path, device="cpu").painter.checkpoint_sha
    save_style(
        tmp_path / "styles", NamedStyle("wave", "Wave", "", "", (), torch.zeros(painter.code_size), sha)
    )
    return Engine(tmp_path, device="cpu", whole_precision=True, masterwork_steps=(1, 1, 1, 1))


def test_every_row_has_the_photo_and_two_paintings_of_it(engine):
    photo = Picture(np.full((40, 64, 3), 200, np.uint8), name="Flat")
    painting = Picture(np.tile(np.uint8([[[250, 40, 40]], [[40, 40, 40]]]), (32, 64, 1)), name="Stripes")
    sheet = showcase(engine, [(photo, "wave", painting), (photo, "wave", painting)], cell=64)
    assert sheet.rgb.shape == (2 * 40 + GAP, 3 * 64 + 2 * GAP, 3)
    first, live, worked = (sheet.rgb[:40, i * (64 + GAP) : i * (64 + GAP) + 64] for i in range(3))
    assert (first == 200).all()
    assert not np.array_equal(live, first) and not np.array_equal(worked, live)
