"""ONNX files, run by ONNX Runtime: the same pictures at any size, and at the slider's strength."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from stylizer.engine import Engine, StyleChoice, StyleRequest
from stylizer.engine import export as exporting
from stylizer.engine.export import TOLERANCE, export_networks
from stylizer.engine.library import Library
from stylizer.engine.onnx_graphs import matrix_root, soft_histogram
from stylizer.errors import RequestError
from stylizer.imaging import color
from stylizer.imaging.tensors import to_tensor
from stylizer.models import style_encoder
from stylizer.models.brush_translator import BrushTranslator, BrushTranslatorConfig
from stylizer.models.checkpoint import save_checkpoint
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.segmenter import Segmenter, SegmenterConfig
from tests.engine.drawn import drawn
from tests.engine.models import save_models

onnxruntime = pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(1)
    save_models(folder)
    config = PainterConfig.tiny()
    painter = Painter(PainterConfig(**{**vars(config), "calibration": ((0.0, 0.0), (0.5, 0.7), (1.0, 0.9))}))
    with torch.no_grad():
        painter.identity.normal_()
        for layer in (painter.calm2, painter.calm4, painter.calm8):  # before any training they say nothing
            layer.weight.normal_(std=0.3)
    save_checkpoint(folder / "painter", painter, "# Small\n")
    as_before = replace(config, match_colors=False, told_calmness=False)  # the painter above does both
    save_checkpoint(
        folder / "brush", BrushTranslator(BrushTranslatorConfig(as_before, ("a", "b"))), "# Small\n"
    )
    save_checkpoint(folder / "segmenter", Segmenter(SegmenterConfig.tiny()), "# Small\n")
    return Library(folder)


@pytest.fixture(scope="module")
def exported(library, tmp_path_factory):
    folder = tmp_path_factory.mktemp("onnx")
    return folder, {made.file.removesuffix(".onnx"): made for made in export_networks(library, folder)}


def test_painter_translators_and_segmenter_are_written_and_equal_their_networks(exported):
    folder, made = exported
    assert set(made) == {"painter", "style-encoder", "segmenter", "seasons", "lines", "tint", "brush"}
    for name, file in made.items():
        assert (folder / f"{name}.onnx").stat().st_size > 10_000
        assert file.difference < TOLERANCE and file.seconds > 0
    assert made["seasons"].inputs == {"photo": [1, 3, "height", "width"], "mix": [3]}
    assert made["tint"].largest == 32 and made["seasons"].largest == 0


@pytest.mark.parametrize("size", [(16, 16), (17, 90), (64, 64), (121, 50)])
@pytest.mark.parametrize("strength", [0.0, 0.05, 0.4, 1.0, 1.5])
def test_the_file_paints_what_the_engine_paints(exported, library, size, strength, monkeypatch):
    monkeypatch.setattr("stylizer.models.bare_skin.may_show_skin", lambda photo: False)
    photo, painting = drawn(*size, seed=3), drawn(48, 80, seed=5)
    session = onnxruntime.InferenceSession(exported[0] / "painter.onnx")
    reader = onnxruntime.InferenceSession(exported[0] / "style-encoder.onnx")
    engine = Engine(library.folder, device="cpu", whole_precision=True)
    wanted = engine.run(StyleRequest(photo, (StyleChoice(painting),), strength=strength)).picture.rgb
    (code,) = reader.run(None, {"style": to_tensor(painting).numpy()})
    fed = {"photo": to_tensor(photo).numpy(), "code": code, "strength": np.float32([strength])}
    (found,) = session.run(None, fed)
    painted = (found[0].transpose(1, 2, 0) * 255).round()
    assert np.abs(painted - wanted).max() <= 1


def test_a_studied_style_brings_its_adapters(exported, library):
    painter = library.load_painter().float()
    code = torch.zeros(1, painter.code_size + painter.adapter_size)
    code[:, : painter.code_size] = painter.code(to_tensor(drawn(48, 80, seed=5)))
    session = onnxruntime.InferenceSession(exported[0] / "painter.onnx")
    photo = to_tensor(drawn(40, 56, seed=3))

    def paint() -> np.ndarray:
        fed = {"photo": photo.numpy(), "code": code.numpy(), "strength": np.float32([1])}
        return session.run(None, fed)[0]

    plain = paint()
    code[:, painter.code_size :] = 0.05 * torch.randn(painter.adapter_size)
    with torch.no_grad():
        content, share = painter.encode(photo), 0.9
        own = torch.nn.functional.pad(painter.own_code(content), (0, painter.adapter_size))
        wanted = painter.decode(content, torch.cat([own, code]), torch.tensor([1 - share, share]))
    studied = paint()
    assert np.abs(studied - wanted.numpy()).max() < TOLERANCE < np.abs(studied - plain).max()


def test_roots_and_histograms_by_sums_are_those_by_the_library():
    matrices = torch.randn(40, 3, 3)
    matrices = matrices @ matrices.transpose(1, 2)
    special = torch.stack(
        [torch.zeros(3, 3), torch.eye(3), torch.ones(3, 3), torch.diag(torch.tensor([1, 1, 1e-9]))]
    )
    for matrix in (matrices, special, torch.randn(40, 3, 3)):
        for power, floor in ((0.5, 0.0), (0.5, 1e-3), (-0.5, 1e-3)):
            wanted = color.matrix_root(matrix, power, floor)
            assert torch.allclose(matrix_root(matrix, power, floor), wanted, atol=1e-5, rtol=1e-5)
    picture = torch.rand(1, 3, 37, 150)
    assert torch.allclose(soft_histogram(picture), style_encoder.soft_histogram(picture), atol=1e-6)


def test_the_networks_stay_as_they_were(exported):
    assert color.matrix_root is not matrix_root and style_encoder.soft_histogram is not soft_histogram


def test_a_name_that_is_not_there_is_a_sentence(library, tmp_path):
    with pytest.raises(RequestError, match="there is no 'dream' to export; there are"):
        list(export_networks(library, tmp_path / "out", ("dream",)))
    assert not (tmp_path / "out").exists()


def test_a_graph_that_paints_something_else_is_not_written(library, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "TOLERANCE", -1.0)
    with pytest.raises(RequestError, match="nothing was written"):
        list(export_networks(library, tmp_path, ("lines",)))
    assert not list(tmp_path.iterdir())
