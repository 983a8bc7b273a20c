"""Grain that is added to photos."""

import torch

from training.data.grain import grainy


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_about_half_of_the_photos_get_grain_and_the_others_stay_as_they_are():
    photos = torch.full((200, 3, 24, 24), 0.5)
    spread = grainy(photos, 0.02, rng()).std((1, 2, 3))
    assert 70 < int((spread == 0).sum()) < 130
    assert 0.012 < float(spread.max()) < 0.03


def test_grain_keeps_the_light_of_a_picture_and_its_range():
    photos = torch.rand(8, 3, 64, 64, generator=rng(1))
    noisy = grainy(photos, 0.02, rng(2))
    assert (noisy - photos).mean().abs() < 0.001
    assert noisy.min() >= 0 and noisy.max() <= 1


def test_the_same_draw_gives_the_same_grain():
    photos = torch.rand(4, 3, 32, 32, generator=rng())
    assert torch.equal(grainy(photos, 0.02, rng(3)), grainy(photos, 0.02, rng(3)))
    assert not torch.equal(grainy(photos, 0.02, rng(3)), grainy(photos, 0.02, rng(4)))
