"""Brush translators: what is kept of a photo's own colors."""

import pytest
import torch

from stylizer.models.brush_translator import BrushTranslator, BrushTranslatorConfig
from stylizer.models.checkpoint import load_checkpoint, save_checkpoint
from stylizer.models.config import config_from_json

PHOTO, WAVES = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
USUAL = torch.tensor([0.5, 0.5, 0.5, 0.2, 0, 0, 0, 0.2, 0, 0, 0, 0.2])


def translator(kept=0.5, **options):
    torch.manual_seed(0)
    small = BrushTranslatorConfig.tiny(("photo", "waves"))
    network = BrushTranslator(BrushTranslatorConfig(small.painter, small.domains, **options)).eval()
    with torch.no_grad():
        network.codes[1, network.learned_size : network.learned_size + 12] = (USUAL + 0.02) / 8
        if network.keeps_colors:
            network.kept.fill_(kept / 8)
            network.usual_colors.copy_(USUAL)
    return network


def photo(light=0.0):
    """A photo with forms, whose mean is moved by `light`."""
    rows = torch.rand(1, 3, 6, 6, generator=torch.Generator().manual_seed(1))
    return torch.nn.functional.interpolate(rows, size=(48, 48)) * 0.4 + 0.3 + light


@torch.no_grad()
def color(network, picture, mix):
    return network.draw(picture, mix).mean((0, 2, 3))


def test_a_domain_moves_with_a_photo_by_the_share_that_it_keeps():
    for kept in (0.0, 0.5, 0.8):
        network = translator(kept)
        moved = color(network, photo(0.2), WAVES) - color(network, photo(), WAVES)
        assert torch.allclose(moved, torch.full((3,), 0.2 * kept), atol=2e-3), kept


def test_a_photo_as_usual_is_given_the_colors_of_the_domain():
    network = translator(0.8)
    with torch.no_grad():
        network.usual_colors[:3] = photo().mean((0, 2, 3))
    assert torch.allclose(color(network, photo(), WAVES), torch.full((3,), 0.52), atol=2e-3)


def test_among_photos_all_colors_are_the_photos_own_whatever_is_usual():
    one, other = translator(), translator()
    with torch.no_grad():
        other.usual_colors.fill_(0.1)
    assert torch.allclose(one(photo(), PHOTO), other(photo(), PHOTO), atol=1e-5)
    assert torch.allclose(color(one, photo(0.1), PHOTO), photo(0.1).mean((0, 2, 3)), atol=5e-3)


def _two_hands(near: float = 0.0):
    """A translator whose domain has a code for dark photos and one for light ones, of those colors."""
    network = translator(near, prototypes=2)
    dark, light = (torch.cat([torch.full((3,), mean), USUAL[3:]]) for mean in (0.3, 0.7))
    with torch.no_grad():
        rows = network.codes[2:, network.learned_size : network.learned_size + 12]
        rows.copy_(torch.stack([dark, light]) / 8)
        network.usual_colors.copy_(USUAL)
        network.domain_colors.copy_(USUAL.expand(2, -1))
        network.color_spread.fill_(0.1)
        network.standings[2:, :3] = torch.tensor([-2.0, 2.0])[:, None]
    return network


def test_a_dark_photo_takes_the_code_of_dark_paintings_and_a_light_one_that_of_light_ones():
    network = _two_hands()
    middle = photo() - photo().mean() + 0.5
    for light, expected in ((-0.2, 0.3), (0.2, 0.7), (0.0, 0.5)):
        found = color(network, middle + light, WAVES)
        assert torch.allclose(found, torch.full((3,), expected), atol=0.03), light


def test_what_is_painted_keeps_its_colors_when_it_is_drawn_over():
    network = _two_hands(0.5)
    middle = photo() - photo().mean() + 0.5
    with torch.no_grad():
        for light in (-0.2, 0.1):
            small = network(middle + light, WAVES)
            again = network.translate(small, WAVES, network.measure(small, WAVES))
            assert torch.allclose(again.mean((2, 3)), small.mean((2, 3)), atol=0.01)


def test_several_prototypes_come_back_from_a_folder_bit_for_bit(tmp_path):
    network = _two_hands(0.3)
    save_checkpoint(tmp_path / "two", network, "# Two\n", half=False)
    assert torch.equal(load_checkpoint(tmp_path / "two")(photo(0.1), WAVES), network(photo(0.1), WAVES))


@pytest.mark.parametrize("options", [{"prototypes": 0}, {"prototypes": 65}])
def test_a_senseless_number_of_prototypes_is_refused(options):
    with pytest.raises(ValueError, match="prototypes"):
        BrushTranslatorConfig(**options)


def test_a_translator_of_before_keeps_nothing_and_goes_on_as_it_was(tmp_path):
    told = {"painter": {}, "domains": ["photo", "waves"]}
    assert not config_from_json(BrushTranslatorConfig, told).keeps_colors
    network = translator(keeps_colors=False)
    assert torch.allclose(color(network, photo(0.2), WAVES), color(network, photo(), WAVES), atol=2e-3)
    save_checkpoint(tmp_path / "old", network, "# Old\n", half=False)
    assert torch.equal(load_checkpoint(tmp_path / "old")(photo(), WAVES), network(photo(), WAVES))
