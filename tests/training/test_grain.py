"""Grain that is added to photos, and nearly flat pictures of which two takes are made."""

import pytest
import torch

from training.data.grain import flat_takes, grainy


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


def test_two_takes_show_the_same_and_differ_in_grain_alone():
    photos = torch.rand(1, 3, 96, 96, generator=rng(1)).repeat(40, 1, 1, 1)
    one, other = flat_takes(photos, 0.02, rng()).chunk(2)
    assert one.shape == photos.shape
    assert 0 < float((one - other).abs().mean()) < 0.02
    assert (one - other).mean((1, 2, 3)).abs().max() < 0.002


def test_takes_are_nearly_flat_however_busy_the_photo_is():
    ramp = torch.linspace(0, 1, 128).expand(20, 3, 128, 128)
    takes = flat_takes(ramp, 0.0, rng())
    spread = takes.std((1, 2, 3))
    assert float(spread.max()) < 0.31 * float(ramp.std())
    assert float(spread.min()) < 0.06 * float(ramp.std()) + 1e-3


def test_the_same_draw_gives_the_same_takes():
    photos = torch.rand(2, 3, 32, 32, generator=rng())
    assert torch.equal(flat_takes(photos, 0.02, rng(3)), flat_takes(photos, 0.02, rng(3)))
    assert not torch.equal(flat_takes(photos, 0.02, rng(3)), flat_takes(photos, 0.02, rng(4)))


@pytest.mark.parametrize("count", [1, 3])
def test_each_photo_gives_two_takes(count):
    assert len(flat_takes(torch.rand(count, 3, 16, 16), 0.02, rng())) == 2 * count
