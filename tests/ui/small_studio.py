"""A studio that paints at once: the real engine over a painter that only moves colors, with a few styles."""

from __future__ import annotations

import socket
from functools import partial
from pathlib import Path

import pytest
import torch

from stylizer.engine import Engine
from stylizer.imaging.picture import Picture, save_picture
from stylizer.imaging.tensors import to_tensor
from stylizer.models.checkpoint import save_checkpoint
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.study import Practice
from stylizer.models.style_file import NamedStyle, save_style
from tests.engine.drawn import drawn
from tests.engine.fake_painter import FakeConfig, FakePainter
from tests.engine.fake_segmenter import FakeSegmenter, FakeSegmenterConfig
from tests.engine.models import save_hinted, save_models

STYLES = {  # slug: title, artist, year, tags, the red, green and blue that it turns photos to
    "amber": ("Amber", "A. Painter", "1850", ("warm", "portrait"), (0.9, 0.6, 0.1)),
    "blue-hour": ("Blue Hour", "B. Painter", "1888", ("cold", "night"), (0.1, 0.2, 0.8)),
    "moss": ("Moss", "C. Painter", "", ("cold",), (0.2, 0.6, 0.2)),
    "rose": ("Rose <b>", "D. Painter", "1901", ("warm",), (0.9, 0.3, 0.5)),
}


def small_engine(
    folder: Path, segments: bool = False, models: bool = False, teachable: bool = False
) -> Engine:
    """Write a checkpoint with a see-through painter and four styles, and open it.

    With `segments` there is a segmenter, too, which sees colors; with `models` translators and a generator.
    With `teachable` the painter is one of the kind that ships, small and with random weights.
    """
    torch.set_num_threads(1)
    if models:
        save_models(folder)
        save_hinted(folder)
    if segments:
        save_checkpoint(folder / "segmenter", FakeSegmenter(FakeSegmenterConfig()), "# Sees colors\n")
    torch.manual_seed(0)
    painter = Painter(PainterConfig.tiny()) if teachable else FakePainter(FakeConfig())
    save_checkpoint(folder / "painter", painter, "# A painter of colors\n", half=False)
    engine = Engine(folder, device="cpu", whole_precision=True)
    for seed, (slug, (title, artist, year, tags, tint)) in enumerate(STYLES.items()):
        picture = tinted(tint, seed)
        code = engine.painter.code(to_tensor(picture))[0].detach()
        sha = engine.painter.checkpoint_sha
        save_style(folder / "styles", NamedStyle(slug, title, artist, year, tags, code, sha))
        save_picture(picture, folder / "styles" / f"{slug}.webp")
    return Engine(folder, device="cpu", whole_precision=True, masterwork_steps=(4, 4, 4, 4))


def tinted(tint: tuple[float, float, float], seed: int = 0, size: int = 64) -> Picture:
    """Draw a picture of about one color."""
    waves = drawn(size, size, seed).rgb.astype("float32") / 255 - 0.5
    color = torch.tensor(tint).numpy()
    return Picture(((0.3 * waves + color).clip(0, 1) * 255).astype("uint8"), name="tinted")


def practice_on_small_crops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let studies of the engine practice on few small crops: a step on those that ship takes a second."""
    monkeypatch.setattr("stylizer.engine.pipelines.study.Practice", partial(Practice, side=64, crops=4))


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
