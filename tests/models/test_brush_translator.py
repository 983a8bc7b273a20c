"""Brush translators: what is kept of a photo's own colors."""

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


def test_a_translator_of_before_keeps_nothing_and_goes_on_as_it_was(tmp_path):
    told = {"painter": {}, "domains": ["photo", "waves"]}
    assert not config_from_json(BrushTranslatorConfig, told).keeps_colors
    network = translator(keeps_colors=False)
    assert torch.allclose(color(network, photo(0.2), WAVES), color(network, photo(), WAVES), atol=2e-3)
    save_checkpoint(tmp_path / "old", network, "# Old\n", half=False)
    assert torch.equal(load_checkpoint(tmp_path / "old")(photo(), WAVES), network(photo(), WAVES))
