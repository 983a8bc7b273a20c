"""The test card: what its patterns are, and what a sheet of it shows."""

import numpy as np
import pytest
import torch
from PIL import Image

from stylizer.models.checkpoint import load_checkpoint, save_checkpoint
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.style_file import NamedStyle, save_style
from training.__main__ import main
from training.evaluation.images import image_tensor
from training.evaluation.patterns import draw_patterns, paint_patterns, unrest


def test_the_patterns_are_what_they_are_called():
    shown = {name: np.asarray(image, float) for name, image in draw_patterns(96).items()}
    assert set(shown) == {"flat", "ramp", "noisy ramp", "disc", "text"}
    assert shown["flat"].std() == 0
    assert (np.diff(shown["ramp"][0, :, 0]) >= 0).all() and (shown["ramp"] == shown["ramp"][:1]).all()
    grain = shown["noisy ramp"] - shown["ramp"]
    assert 0.5 < grain.std() < 1.6 and abs(grain.mean()) < 0.1
    assert (
        shown["disc"][48, 48, 1] < shown["disc"][2, 2, 1]
        and shown["disc"][48, 48, 0] > shown["disc"][48, 48, 1]
    )
    assert len(np.unique(shown["text"])) > 2


def test_unrest_is_the_deviation_in_levels():
    board = (torch.arange(64).view(8, 8) + torch.arange(8)[:, None]) % 2
    picture = 0.5 + (board - 0.5) * 8 / 255
    assert unrest(picture.expand(1, 3, 8, 8)) == pytest.approx(4, rel=0.02)
    assert unrest(image_tensor(draw_patterns(64)["flat"])) == pytest.approx(0, abs=1e-4)


def test_every_named_style_has_a_row_and_strength_0_is_the_card_itself(tmp_path, capsys):
    torch.manual_seed(0)
    save_checkpoint(tmp_path / "painter", Painter(PainterConfig.tiny()), "# painter\n")
    painter = load_checkpoint(tmp_path / "painter")
    for slug in ("moss", "stone"):
        code = torch.randn(painter.code_size)
        style = NamedStyle(slug, slug, "", "", (), code, painter.checkpoint_sha, source=f"{slug}.jpg")
        save_style(tmp_path / "styles", style)
    words = ["patterns", tmp_path / "painter", "--styles", tmp_path / "styles", "--size", 64, "--cell", 40]
    assert main([*map(str, words), "-o", str(tmp_path / "sheet.png")]) == 0
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (6 * 46 + 6, 20 + 3 * 46 + 6)  # title and five patterns; the card and two styles
    assert capsys.readouterr().out.count("levels") == 2
    patterns = draw_patterns(64)
    row = paint_patterns(painter, {"moss": torch.zeros(1, painter.code_size)}, patterns, 0.0)["moss"]
    assert all(
        torch.equal(made, image_tensor(image)) for made, image in zip(row, patterns.values(), strict=True)
    )


def test_the_test_card_is_painted_in_studied_styles_beside_others():
    torch.manual_seed(1)
    painter = Painter(PainterConfig.tiny()).eval().requires_grad_(False)
    painter.straight.weight.normal_(std=0.1)
    read = painter.code(torch.rand(1, 3, 64, 64))
    studied = torch.cat([read, 3 * torch.randn(1, painter.adapter_size)], 1)
    card = {"noise": Image.effect_noise((48, 40), 60).convert("RGB")}
    pictures = paint_patterns(painter, {"studied": studied, "read": read}, card, 1.0)
    assert all(made.shape[2:] == (40, 48) for row in pictures.values() for made in row)
    assert not torch.equal(pictures["studied"][0], pictures["read"][0])
