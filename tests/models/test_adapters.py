"""Low-rank adapters in codes: what they add, and how they mix."""

import pytest
import torch

from stylizer.models.blocks import CodeMix
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.transfer_network import stack_codes


@pytest.fixture(scope="module")
def painter() -> Painter:
    torch.manual_seed(1)
    network = Painter(PainterConfig.tiny()).eval().requires_grad_(False)
    network.straight.weight.normal_(std=0.1)
    return network


@pytest.fixture(scope="module")
def content(painter):
    return painter.encode(torch.rand(1, 3, 48, 40, generator=torch.Generator().manual_seed(2)))


def code(painter: Painter, seed: int, adapted: bool = True) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    plain = painter.code(torch.rand(1, 3, 64, 64, generator=rng))[0]
    return torch.cat([plain, 0.3 * torch.randn(painter.adapter_size, generator=rng)]) if adapted else plain


def test_an_adapter_changes_the_painting_and_one_of_zeros_does_not(painter, content):
    plain, adapted = code(painter, 3, adapted=False), code(painter, 3)
    zeros = torch.cat([plain, torch.zeros(painter.adapter_size)])
    one = torch.ones(1)
    base = painter.decode(content, plain[None], one)
    assert torch.equal(painter.decode(content, zeros[None], one), base)
    assert (painter.decode(content, adapted[None], one) - base).abs().max() > 0.01


def test_the_adapter_is_a_convolution_of_low_rank_added_to_the_layers_own(painter):
    field = CodeMix(code(painter, 4)[None], torch.ones(1), painter.code_size)
    layer = painter.blocks4[0].first
    part, channels = layer.adapter, layer.conv.in_channels
    down = field.adapters[0, part.down].view(part.rank, channels, 3, 3)
    up = field.adapters[0, part.up].view(channels, part.rank)
    whole = torch.einsum("or,rcij->ocij", up, down)
    x = torch.rand(1, channels, 9, 7, generator=torch.Generator().manual_seed(5))
    padded = torch.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
    expected = torch.nn.functional.conv2d(padded, whole)
    assert torch.allclose(field.adapt(x, part), expected, atol=1e-4)


def test_codes_with_and_without_adapters_mix_in_one_pass(painter, content):
    codes = stack_codes([code(painter, 3), code(painter, 6, adapted=False)])
    even = torch.tensor([0.4, 0.6])
    uniform = painter.decode(content, codes, even)
    alone = [painter.decode(content, codes, row) for row in torch.eye(2)]
    assert all((each - uniform).abs().max() > 0.01 for each in alone)
    swapped = painter.decode(content, codes.flip(0), even.flip(0))
    assert torch.allclose(swapped, uniform, atol=1e-5)


def test_a_style_split_in_two_equals_itself(painter, content):
    one = code(painter, 3)
    whole = painter.decode(content, one[None], torch.ones(1))
    halves = painter.decode(content, torch.stack([one, one]), torch.tensor([0.3, 0.7]))
    assert torch.allclose(halves, whole, atol=1e-5)


def test_lengths_that_fit_are_the_two_and_no_others(painter):
    size, more = painter.code_size, painter.adapter_size
    assert painter.fits(torch.zeros(size)) and painter.fits(torch.zeros(size + more))
    assert not painter.fits(torch.zeros(size + 1)) and not painter.fits(torch.zeros(1, size))


def test_a_batch_of_codes_with_adapters_is_refused(painter):
    with pytest.raises(ValueError, match="need weights"):
        CodeMix(code(painter, 3)[None], None, painter.code_size)
