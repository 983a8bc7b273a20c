"""Hues of Lab, and the colorizer that chooses among them."""

import pytest
import torch
from skimage.color import rgb2lab

from stylizer import CHECKPOINTS
from stylizer.imaging.keep_color import luma
from stylizer.models.bin_colorizer import BinColorizer, BinColorizerConfig, hints_at, spread
from stylizer.models.checkpoint import load_checkpoint
from stylizer.models.colorizer import to_chroma
from stylizer.models.lab import from_lab, to_lab, visible_bins


def test_lab_agrees_with_scikit_image_and_comes_back():
    pixels = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    lab = to_lab(pixels)
    expected = rgb2lab(pixels[0].permute(1, 2, 0).numpy())
    assert torch.allclose(lab[0].permute(1, 2, 0), torch.from_numpy(expected).float(), atol=0.02)
    assert torch.allclose(from_lab(lab), pixels, atol=1e-4)
    gray = torch.full((1, 3, 2, 2), 0.4)
    assert to_lab(gray)[:, 1:].abs().max() < 0.02


def test_bins_cover_the_visible_plane_once():
    bins = visible_bins(10)
    assert 240 < len(bins) < 330  # the paper counts 313, with those that are only touched
    assert len(torch.unique(bins, dim=0)) == len(bins) and (bins % 10 == 0).all()
    colors = to_lab(torch.rand(1, 3, 1, 500, generator=torch.Generator().manual_seed(1)))[0, 1:, 0].T
    assert torch.cdist(colors, bins).min(1).values.max() < 7.1 + 5  # no color is far from a bin


def test_the_annealed_mean_lies_between_mode_and_mean():
    network = BinColorizer(BinColorizerConfig.tiny())
    logits = torch.full((1, len(network.bins), 1, 1), -20.0)
    logits[0, 2], logits[0, 5] = 1.0, 0.0
    answers = {}
    for temperature in (1.0, 0.38, 0.01):
        object.__setattr__(network.config, "temperature", temperature)
        answers[temperature] = network.annealed_mean(logits)[0, :, 0, 0]
    mode, other = network.bins[2], network.bins[5]
    share = torch.tensor([1.0, 0.0]).softmax(0)[0]
    assert torch.allclose(answers[1.0], share * mode + (1 - share) * other, atol=1e-3)
    assert torch.allclose(answers[0.01], mode, atol=1e-3)
    distance = {t: (a - mode).norm() for t, a in answers.items()}
    assert distance[0.01] < distance[0.38] < distance[1.0]


def test_every_luminance_is_kept_and_colors_of_the_photo_are_not_looked_at():
    torch.manual_seed(0)
    network = BinColorizer(BinColorizerConfig.tiny()).eval()
    photo = torch.rand(1, 3, 70, 45)
    with torch.inference_mode():
        colored = network.translate(photo)
        again = network.translate(luma(photo).expand(-1, 3, -1, -1))
    assert torch.allclose(luma(colored), luma(photo), atol=1e-5)
    assert torch.allclose(colored, again, atol=1e-4)


def test_an_even_card_whose_place_is_gray_stays_gray():
    network = BinColorizer(BinColorizerConfig.tiny()).eval()
    gray = int((network.bins == 0).all(1).nonzero())
    with torch.no_grad():
        network.answer.weight.zero_()
        network.answer.bias.fill_(-30.0)
        network.answer.bias[gray] = 0.0
        colored = network.translate(torch.full((1, 3, 40, 40), 0.6))
    assert to_chroma(colored).abs().max() < 1e-3


@pytest.mark.parametrize(
    "change", [{"widths": (8, 8)}, {"grid": 1.0}, {"temperature": 0.0}, {"work_side": 4}]
)
def test_sizes_that_cannot_work_are_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        BinColorizerConfig(**change)


def test_an_even_card_stays_gray_whatever_was_learned():
    torch.manual_seed(3)
    network = BinColorizer(BinColorizerConfig.tiny()).eval()
    with torch.no_grad():
        network.answer.weight.mul_(50)
        scene = network.translate(torch.rand(1, 3, 48, 48))
        card = network.translate(torch.full((1, 3, 48, 48), 0.4))
    assert to_chroma(scene).abs().max() > 0.02  # it does color what has something in it
    assert to_chroma(card).abs().max() < 1e-3


def test_hints_lie_where_they_were_put_in_the_hue_that_was_given():
    red = torch.tensor([[0.75, 0.25, 0.9, 0.2, 0.1]])
    hints = hints_at(red, (8, 16))
    there = to_lab(red[:, 2:, None, None])[0, 1:, 0, 0] / 100
    assert torch.allclose(hints.hues[0, :, 2, 12], there) and hints.sure[0, 0, 2, 12] == 1
    assert hints.sure.sum() == 9 and (hints.hues[0, :, 5] == 0).all()
    coarse = hints.smaller(torch.zeros(1, 7, 2, 4))
    assert torch.allclose(coarse.hues[0, :, 0, 3], there, atol=1e-5)  # not thinned by what is unknown there
    assert coarse.sure[0, 0, 0].tolist() == [0, 0, 1, 1] and coarse.sure[0, 0, 1].max() == 0


def test_a_hint_spreads_to_where_features_are_alike():
    features = torch.zeros(1, 4, 4, 4)
    features[:, 0, :2], features[:, 1, 2:] = 1.0, 1.0  # sky above, field below
    told = torch.zeros(1, 1, 4, 4)
    told[..., 0, 0] = 1
    carried = spread(BinColorizer.hints(torch.full((1, 2, 4, 4), 50.0), told), features)
    assert torch.allclose(carried.hues[:, :, :2], torch.tensor(0.5), atol=1e-3)
    assert carried.sure[0, 0, :2].min() > 0.99 and carried.sure[0, 0, 2:].max() < 0.01


def test_hints_change_the_colors_and_no_hints_are_as_none():
    torch.manual_seed(0)
    network = BinColorizer(BinColorizerConfig.tiny()).eval()
    photo, hint = torch.rand(1, 3, 64, 48), torch.tensor([[0.2, 0.2, 1.0, 0.0, 0.0]])
    with torch.inference_mode():
        plain = network.translate(photo)
        nothing = network.translate_hinted(photo, torch.zeros(0, 5))
        hinted = network.translate_hinted(photo, hint)
    assert torch.allclose(plain, nothing, atol=1e-5)
    assert (hinted - plain).abs().max() > 1e-3
    assert torch.allclose(luma(hinted), luma(photo), atol=1e-5)


@pytest.mark.parametrize("told", [(0.8, 0.5, 0.1), (0.1, 0.3, 0.9), (0.2, 0.7, 0.3)])
def test_what_ships_gives_a_place_the_hue_that_it_is_told(told):
    network = load_checkpoint(CHECKPOINTS / "colorize")
    light = torch.linspace(0.3, 0.7, 96).expand(1, 3, 96, 96).contiguous()
    with torch.inference_mode():
        plain = network.translate(light)
        hinted = network.translate_hinted(light, torch.tensor([[0.5, 0.5, *told]]))
    wanted = to_lab(torch.tensor(told)[None, :, None, None])[0, 1:, 0, 0]
    middle = (slice(None), slice(None), slice(45, 51), slice(45, 51))
    before, after = (to_lab(made[middle])[0, 1:].mean((1, 2)) for made in (plain, hinted))
    assert (after - wanted).norm() < 0.6 * (before - wanted).norm()


def test_a_photo_that_is_its_own_reference_takes_its_own_colors():
    torch.manual_seed(0)
    network = BinColorizer(BinColorizerConfig(work_side=128)).eval()
    photo = torch.zeros(1, 3, 128, 128)
    photo[:, 0, :, :64], photo[:, 2, 64:, 64:] = torch.rand(128, 64), torch.rand(64, 64)
    with torch.inference_mode():
        found = network.match(photo, photo, 12)
    assert 4 <= len(found) <= 12
    for x, y, *color in found.tolist():
        cell = photo[0, :, int(y * 8) * 16 : int(y * 8) * 16 + 16, int(x * 8) * 16 : int(x * 8) * 16 + 16]
        assert torch.allclose(cell.mean((1, 2)), torch.tensor(color), atol=1e-4)
