"""Hues of Lab, and the colorizer that chooses among them."""

import pytest
import torch
from skimage.color import rgb2lab

from stylizer.imaging.keep_color import luma
from stylizer.models.bin_colorizer import BinColorizer, BinColorizerConfig
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
