"""Evaluation on the device that its options name: here a GPU that is not there, of shapes without numbers.

A tensor that stays on another device than the network it meets is an error there.
"""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from stylizer.imaging.skin_tones import Skin
from stylizer.models.checkpoint import save_checkpoint
from stylizer.models.lite_encoder import LiteEncoder
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.perceptual import Perceptual
from stylizer.models.resnet_translator import ResnetTranslator, ResnetTranslatorConfig
from stylizer.models.style_gan import StyleGAN, StyleGANConfig
from tests.contract.test_fake_gpu import GPU, fake_gpu, on_gpu, placed
from tests.contract.test_fake_gpu import pinning as pinning
from training.__main__ import main
from training.evaluation import networks, segmenter, sets, stylizer
from training.evaluation.generator import Generated
from training.evaluation.networks import FeatureReader
from training.evaluation.pairs import Pair
from training.evaluation.stylizer import PairPainter


@pytest.fixture
def opened(monkeypatch):
    """Let files be opened as pictures of 60 x 44 whose tensors have no numbers."""
    for module in (sets, stylizer):
        monkeypatch.setattr(module, "open_rgb", lambda path: Image.new("RGB", (60, 44)))
        monkeypatch.setattr(module, "image_tensor", lambda image: torch.empty(1, 3, *image.size[::-1]))


@pytest.mark.parametrize("command", ["evaluate", "compare", "patterns"])
def test_a_device_that_is_not_there_is_a_sentence(command, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    network = Painter(PainterConfig.tiny()) if command == "patterns" else StyleGAN(StyleGANConfig.tiny())
    save_checkpoint(tmp_path / "net", network, "# For tests\n")
    styles = ["--styles", str(tmp_path)] if command == "patterns" else []
    assert main([command, str(tmp_path / "net"), *styles, "--device", "cuda"]) == 2
    assert "device is cuda, which this machine does not have; use auto or cpu" in capsys.readouterr().err


def test_pictures_go_to_the_reader_and_what_is_known_of_them_comes_back(opened, monkeypatch):
    perceptual, lite = Perceptual(), LiteEncoder()
    monkeypatch.setattr(networks, "LiteEncoder", lambda: lite)
    monkeypatch.setattr(networks, "load_encoder", placed)  # files have numbers
    monkeypatch.setattr(lite, "to", lambda device: lite)
    with fake_gpu():
        reader = FeatureReader(placed(perceptual), ("perceptual", "lite"))
        look = reader.look(torch.empty(1, 3, 40, 56))
        assert reader.device == GPU and look.scores is None
        assert {features.device.type for features in look.features.values()} == {"cpu"}
        on_gpu(sets.square(Path("a.png"), 32, reader.device), 1, 3, 32, 32)


def _everywhere(photo, segmenter):
    """Call everything skin, without looking: there are no numbers."""
    mask = photo[:, :1, ::2, ::2]
    return Skin(mask, (0, mask.shape[2]), (0, mask.shape[3]))


def test_a_pair_is_painted_there_at_any_strength(opened, monkeypatch):
    painter = Painter(PainterConfig.tiny())
    monkeypatch.setattr(stylizer, "load_checkpoint", lambda folder, device: None)  # files have numbers
    monkeypatch.setattr(stylizer, "skin_in", _everywhere)
    with fake_gpu():
        pairs = PairPainter(placed(painter), 48, device=GPU)
        for strength in (0.0, 0.5, 1.0):
            painted = pairs.paint(Pair(Path("photo.png"), Path("painting.png")), strength)
            on_gpu(painted, 1, 3, 35, 48)


def test_a_photo_is_translated_and_a_picture_invented_there(opened):
    translator = ResnetTranslator(ResnetTranslatorConfig.tiny()).requires_grad_(False)
    network = StyleGAN(StyleGANConfig.tiny()).requires_grad_(False)
    with fake_gpu():
        placed(translator)
        on_gpu(translator.translate(sets.square(Path("photo.png"), 32, GPU)), 1, 3, 32, 32)
        placed(network)
        generated = Generated(network.generate, network.latent_size, 0.7, 0, GPU)
        assert generated(3).device == GPU


def test_labeled_pictures_are_segmented_there_and_counted_here(monkeypatch):
    seen = []

    def probabilities(network, rgb, side):
        seen.append(rgb.device.type)
        return torch.full((len(segmenter.NAMES), *rgb.shape[1:]), 1 / len(segmenter.NAMES))

    monkeypatch.setattr(segmenter, "probabilities", probabilities)
    item = SimpleNamespace(
        rgb=torch.zeros(3, 16, 16, dtype=torch.uint8), label=torch.zeros(16, 16, dtype=torch.uint8)
    )
    pictures = SimpleNamespace(items=[item], names=["a"])
    figures = segmenter.measure(None, pictures, 16, torch.device("meta"))
    assert seen == ["meta"] and figures["accuracy"] == 1  # of equals the first class is taken
