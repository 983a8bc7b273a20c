"""Engines over a fake painter, and over a small real one."""

import pytest
import torch

from stylizer.engine.engine import Engine
from stylizer.models.checkpoint import save_checkpoint
from tests.engine.fake_painter import FakeConfig, FakePainter


@pytest.fixture
def fake_engine(tmp_path) -> Engine:
    """An engine whose painter counts its calls (`engine.painter.calls`)."""
    save_checkpoint(tmp_path / "painter", FakePainter(FakeConfig()), "# A fake\n", half=False)
    torch.set_num_threads(1)
    return Engine(tmp_path, device="cpu", whole_precision=True)
