"""The perceptual network and its distances."""

import math

import pytest
import torch

from stylizer.models import perceptual
from stylizer.models.perceptual import (
    Perceptual,
    content_distance,
    gram,
    gram_distance,
    load_perceptual,
    moments,
    moments_distance,
    relative_content,
    style_gram,
    style_moments,
)


def test_moments_of_a_known_channel():
    mean, std = moments(torch.tensor([[[[1.0, 3.0], [5.0, 7.0]]]]))
    assert mean.item() == 4 and std.item() == pytest.approx(math.sqrt(5), abs=1e-5)


def test_gram_of_two_known_channels():
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])
    assert torch.equal(gram(features)[0], torch.tensor([[2.5, 5.5], [5.5, 12.5]]))


def test_moments_distance_is_relative_to_the_style():
    style = (torch.tensor([[3.0, 0.0]]), torch.tensor([[4.0, 0.0]]))
    result = (torch.tensor([[3.0, 5.0]]), torch.tensor([[4.0, 0.0]]))
    assert moments_distance(result, style).item() == pytest.approx(1.0)
    assert moments_distance(style, style).item() == 0


def test_gram_distance_is_relative_to_the_style():
    assert gram_distance(torch.zeros(1, 2, 2), torch.eye(2)[None]).item() == 1


def test_content_distance_ignores_scale_and_shift_and_is_two_when_unrelated():
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 1, 8, 64, 64, generator=generator)
    assert content_distance(3 * a + 1, a).item() == pytest.approx(0, abs=1e-4)
    assert content_distance(a, b).item() == pytest.approx(2, abs=0.05)


def test_losses_are_means_over_layers_and_weighted_sums():
    one = (torch.ones(1, 2), torch.zeros(1, 2))
    none = (torch.zeros(1, 2), torch.zeros(1, 2))
    assert style_moments([one, none], [one, one]).item() == pytest.approx(0.5)
    assert style_gram([torch.eye(2)[None]] * 2, [torch.eye(2)[None]] * 2).item() == 0
    a, b = torch.randn(2, 1, 4, 16, 16)
    expected = 0.5 * content_distance(a, b) + 2 * content_distance(b, a)
    assert relative_content([a, b], [b, a], (0.5, 2.0)).item() == pytest.approx(expected.item())


def test_layout_and_gradient_do_not_depend_on_memory_format():
    x = torch.randn(2, 5, 9, 7)
    last = x.contiguous(memory_format=torch.channels_last)
    assert all(torch.allclose(a, b) for a, b in zip(moments(x), moments(last), strict=True))
    assert torch.allclose(gram(x), gram(last), atol=1e-5)


def test_network_gives_four_layers_of_the_known_shapes_and_is_frozen():
    network = Perceptual()
    shapes = [tuple(f.shape[1:]) for f in network(torch.rand(1, 3, 32, 48))]
    assert shapes == [(64, 32, 48), (128, 16, 24), (256, 8, 12), (512, 4, 6)]
    assert not any(p.requires_grad for p in network.parameters())


@pytest.mark.parametrize("size", [(8, 6), (9, 7)])
def test_halving_passes_the_gradient_on_as_torchs_own_pooling(size):
    x = torch.randn(2, 5, *size).contiguous(memory_format=torch.channels_last).requires_grad_(True)
    toward = torch.randn(2, 5, size[0] // 2, size[1] // 2)
    (ours,) = torch.autograd.grad(perceptual._HalfSize.apply(x), x, toward)
    (theirs,) = torch.autograd.grad(torch.nn.functional.max_pool2d(x, 2), x, toward)
    assert torch.equal(ours, theirs)


def test_the_weights_that_ship_are_imagenets():
    """The known answer: torchvision's weights in half precision, features of a drawn wave."""
    channel, row, column = (
        torch.arange(float(n)).view(shape)
        for n, shape in ((3, (3, 1, 1)), (96, (1, 96, 1)), (128, (1, 1, 128)))
    )
    waves = 0.5 + 0.5 * torch.sin(0.1 * (channel + 1) * row + 0.07 * (channel + 2) * column + 0.5 * channel)
    found = [(f.mean().item(), f.std().item()) for f in load_perceptual()(waves[None])]
    assert found[0] == pytest.approx((0.703101, 1.165304), rel=1e-3)
    assert found[3] == pytest.approx((2.796030, 7.453594), rel=1e-3)


def test_a_damaged_copy_of_what_ships_is_refused(tmp_path, monkeypatch):
    data = bytearray(perceptual.SHIPPED.read_bytes())
    data[-1] ^= 1
    (tmp_path / "vgg16.safetensors").write_bytes(data)
    monkeypatch.setattr(perceptual, "SHIPPED", tmp_path / "vgg16.safetensors")
    with pytest.raises(ValueError, match="damaged"):
        load_perceptual()


def test_a_file_without_a_layer_is_refused(tmp_path):
    from safetensors.torch import save_file

    save_file({"features.0.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "vgg.safetensors")
    with pytest.raises(ValueError, match=r"lacks features\.0\.bias"):
        load_perceptual(tmp_path / "vgg.safetensors")


def test_weights_are_read_by_torchvisions_names(tmp_path):
    from safetensors.torch import save_file

    network = Perceptual()
    named = {f"features.{k}": v.contiguous() for k, v in network.convs.state_dict().items()}
    save_file(named, tmp_path / "vgg.safetensors")
    again = load_perceptual(tmp_path / "vgg.safetensors")
    picture = torch.rand(1, 3, 16, 16)
    assert torch.equal(again(picture)[3], network(picture)[3])
