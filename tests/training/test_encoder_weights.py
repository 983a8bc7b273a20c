"""Where the encoder's ImageNet weights come from."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from stylizer.models.style_encoder import StyleDescriptor
from training.data import encoder_weights
from training.data.encoder_weights import SHIPPED, load_encoder, open_perceptual
from training.run.config import UserMistake
from training.run.loop import build
from training.run.method import METHODS


def test_without_a_file_a_style_encoder_begins_with_the_weights_that_ship():
    torch.manual_seed(0)
    descriptor = StyleDescriptor()
    load_encoder(descriptor)
    shipped = load_file(str(SHIPPED))
    state = descriptor.state_dict()
    assert len(state) > 100
    for key, value in state.items():
        assert torch.equal(value, shipped[f"descriptor.{key}"].to(value.dtype)), key


def test_a_file_of_its_own_comes_first_and_must_have_all_tensors(tmp_path):
    descriptor = StyleDescriptor(1)
    wanted = {key: torch.ones_like(value) for key, value in descriptor.state_dict().items()}
    save_file(wanted, tmp_path / "ones.safetensors")
    load_encoder(descriptor, tmp_path / "ones.safetensors")
    assert (descriptor.conv_stem.weight == 1).all()
    wanted.pop("conv_stem.weight")
    save_file(wanted, tmp_path / "less.safetensors")
    with pytest.raises(UserMistake, match=r"lacks conv_stem\.weight"):
        load_encoder(descriptor, tmp_path / "less.safetensors")


def test_with_nothing_to_be_had_the_option_is_named(monkeypatch, tmp_path):
    def offline(*_, **__):
        raise ConnectionError("no route")

    monkeypatch.setattr(encoder_weights, "SHIPPED", tmp_path / "none")
    monkeypatch.setattr(encoder_weights.timm, "create_model", offline)
    with pytest.raises(UserMistake, match="cannot be downloaded; give them by --encoder FILE"):
        load_encoder(torch.nn.Linear(2, 2))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, r"eye\.safetensors is not there; give VGG-16 weights by --perceptual FILE"),
        (b"no tensors at all", r"eye\.safetensors cannot be read; give VGG-16 weights by --perceptual FILE"),
        ({"other": torch.zeros(1)}, "lacks features.0.weight; give a VGG-16"),
    ],
    ids=["missing", "damaged", "another network"],
)
def test_a_perceptual_network_that_is_none_is_a_sentence_that_names_the_option(tmp_path, content, told):
    file = tmp_path / "eye.safetensors"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        save_file(content, file)
    with pytest.raises(UserMistake, match=told) as caught:
        open_perceptual(file, torch.float32)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("name", ["painter", "cyclegan", "stargan", "unit"])
def test_a_perceptual_network_that_is_not_there_is_told_before_any_picture_is_read(name, tmp_path):
    look = {} if name == "painter" else {"look": 1.0}
    options = METHODS[name][0](perceptual=tmp_path / "eye.safetensors", device="cpu", **look)
    with pytest.raises(UserMistake, match=r"eye\.safetensors is not there; give .* by --perceptual"):
        build(name, options)


def test_the_perceptual_network_that_ships_is_there_without_an_option():
    assert not any(parameter.requires_grad for parameter in open_perceptual(None, torch.float32).parameters())
