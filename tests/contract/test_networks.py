"""What every network that ships owes, over the registry: sizes, ranges, batches, gradients, exact files."""

import pytest
import torch

import stylizer.models.checkpoint  # noqa: F401 - registers the networks that ship
from stylizer.models.checkpoint import load_checkpoint, save_checkpoint
from stylizer.models.registry import architectures
from stylizer.models.roles import ROLES

SIZES = ((16, 16), (17, 33), (50, 23))


def photo(height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def translated(network):
    """Translate pictures of odd sizes; they keep their size and stay within the range."""
    answers = []
    for size in SIZES:
        with torch.inference_mode():
            answers.append(network.translate(photo(*size)))
        assert answers[-1].shape == (1, 3, *size) and answers[-1].dtype == torch.float32
        assert answers[-1].min() >= 0 and answers[-1].max() <= 1
    return answers


def invented(network):
    """Invent pictures of the usual size and of odd ones."""
    z = torch.randn(2, network.latent_size, generator=torch.Generator().manual_seed(0))
    answers = []
    for size in (None, *SIZES):
        with torch.inference_mode():
            answers.append(network.generate(z, 0.7, size=size))
        assert answers[-1].shape == (2, 3, *(size or (network.picture_size,) * 2))
        assert answers[-1].min() >= 0 and answers[-1].max() <= 1
    return answers


def painted(network):
    """Paint pictures of odd sizes with the style of another."""
    answers = []
    for size in SIZES:
        with torch.inference_mode():
            code = network.code(photo(32, 32, 1))
            answers.append(network.decode(network.encode(photo(*size)), code, torch.ones(1)))
        assert answers[-1].shape == (1, 3, *size)
    return answers


def segmented(network):
    """Segment pictures of odd sizes; shares of the classes sum to 1."""
    answers = []
    for size in SIZES:
        with torch.inference_mode():
            answers.append(network.segment(photo(*size)))
        assert answers[-1].shape == (1, len(network.classes), *size)
        assert torch.allclose(answers[-1].sum(1), torch.ones(1, *size), atol=1e-4)
    return answers


USES = {"translator": translated, "generator": invented, "stylizer": painted, "segmenter": segmented}
OURS = [entry for entry in architectures() if entry.network.__module__.startswith("stylizer.")]
TRANSLATORS = [entry for entry in OURS if entry.role == "translator"]


def tiny(entry, **changes):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    return entry.network(entry.config.tiny(**changes)).eval()


def named(entries):
    return pytest.mark.parametrize("entry", entries, ids=[entry.name for entry in entries])


@named(OURS)
def test_any_size_is_rendered_and_files_bring_back_equal_bits(entry, tmp_path):
    network = tiny(entry)
    assert isinstance(network, ROLES[entry.role])
    answers = USES[entry.role](network)
    save_checkpoint(tmp_path / "it", network, "# It\n", half=False)
    loaded = USES[entry.role](load_checkpoint(tmp_path / "it"))
    assert all(torch.equal(a, b) for a, b in zip(answers, loaded, strict=True))


@named([entry for entry in OURS if entry.role in ("translator", "generator")])
def test_a_published_network_is_small(entry):
    with torch.device("meta"):
        state = entry.network(entry.config()).state_dict()
    nbytes = sum(value.numel() * (2 if value.dim() > 1 else 4) for value in state.values())
    assert nbytes <= 6_000_000, f"{nbytes:,} bytes in half precision"


@named(TRANSLATORS)
def test_a_batch_is_translated_as_its_pictures_alone_and_everything_learns(entry):
    network = tiny(entry)
    pictures = torch.cat([photo(32, 40, seed) for seed in (1, 2)])
    together = network.translate(pictures)
    alone = torch.cat([network.translate(picture[None]) for picture in pictures])
    assert torch.allclose(together, alone, atol=1e-5)
    (together - torch.rand(together.shape)).square().mean().backward()
    still = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    # a bias in front of an instance normalization moves nothing
    assert [name for name in still if not name.endswith("conv.bias")] == []


@named([entry for entry in TRANSLATORS if entry.network.tiling == "exact"])
def test_a_tile_with_its_halo_equals_the_whole(entry):
    network = tiny(entry)
    stride, halo = network.stride, network.halo
    side = 2 * stride * -(-halo // stride) + 2 * stride
    whole, begin = photo(side + 16, side + 64), stride * (-(-16 // stride))
    with torch.inference_mode():
        statistics = network.measure(whole)  # with them tones are not held to the photo's
        expected = network.translate(whole, statistics=statistics)
        tile = whole[:, :, :, begin : begin + 2 * halo + stride]
        found = network.translate(tile, statistics=statistics)
    middle = slice(halo, halo + stride)
    assert torch.allclose(found[:, :, :, middle], expected[:, :, :, begin:][:, :, :, middle], atol=2e-5)


@named(TRANSLATORS)
def test_what_cannot_be_translated_is_a_sentence(entry):
    network = tiny(entry)
    with pytest.raises(ValueError, match="photo is 40 x 15 pixels; it must be at least 16 x 16"):
        network.translate(photo(15, 40))
    with pytest.raises(ValueError, match=r"mix has the shape \(3,\); expected \(1,\) or \(1, 1\)"):
        network.translate(photo(16, 16), torch.ones(3))


def test_domains_mix():
    entry = next(entry for entry in TRANSLATORS if entry.name == "resnet-translator")
    network = tiny(entry, domains=("ink", "print"))
    torch.nn.init.normal_(network.stem.shift)
    torch.nn.init.normal_(network.up_full.shift)
    picture, shares = photo(32, 32), torch.tensor([0.3, 0.7])
    with torch.inference_mode():
        first, second = (network.translate(picture, row) for row in torch.eye(2))
        mixed = network.translate(picture, shares)
    assert not torch.allclose(first, second, atol=1e-3)
    assert not torch.allclose(mixed, first, atol=1e-4)
    with pytest.raises(ValueError, match="domains are 'a', 'a'; give each a name of its own"):
        entry.config(domains=("a", "a"))
