"""Photos without the detail that has no direction."""

import pytest
import torch

from stylizer.imaging.simplify import simplified


def noisy(*size, depth=0.3, seed=0):
    return 0.5 + depth * (torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(seed)) - 0.5)


def test_grain_is_smoothed_and_its_mean_stays():
    grain = noisy(64, 64)
    smooth = simplified(grain)
    assert smooth.shape == grain.shape and smooth.dtype == torch.float32
    inner = slice(8, -8)
    assert smooth[..., inner, inner].std() < 0.5 * grain.std()
    assert smooth.mean() == pytest.approx(float(grain.mean()), abs=0.01)


@pytest.mark.parametrize("angle", [0, 45, 90])
def test_an_edge_and_a_stripe_stay(angle):
    down, across = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    turn = torch.tensor(float(angle)).deg2rad()
    along = (across - 32) * turn.cos() + (down - 32) * turn.sin()
    for picture in ((along > 0).float(), 0.5 + 0.4 * torch.sin(along)):
        photo = picture.expand(1, 3, -1, -1).clone()
        assert (simplified(photo) - photo)[..., 6:-6, 6:-6].abs().max() < 0.02


def test_a_dot_with_a_features_contrast_stays():
    photo = torch.full((1, 3, 48, 48), 0.7)
    photo[..., 22:26, 22:26] = 0.1
    assert (simplified(photo) - photo).abs().max() < 0.05


def test_grain_beside_an_edge_does_not_cross_it():
    photo = noisy(64, 64, depth=0.1)
    photo[..., 32:] -= 0.4
    smooth = simplified(photo)
    assert (smooth[..., 8:-8, :31] > 0.4).all() and (smooth[..., 8:-8, 33:] < 0.2).all()


def test_an_even_picture_and_a_ramp_stay():
    even = torch.full((1, 3, 32, 40), 0.3)
    assert torch.allclose(simplified(even), even, atol=1e-5)
    ramp = torch.linspace(0, 1, 40).expand(1, 3, 32, 40).contiguous()
    assert (simplified(ramp) - ramp)[..., 4:-4].abs().max() < 1e-3


def test_a_batch_is_smoothed_like_its_pictures_alone():
    both = torch.cat([noisy(24, 32, seed=1), noisy(24, 32, seed=2)])
    assert torch.allclose(simplified(both), torch.cat([simplified(one[None]) for one in both]), atol=1e-6)
