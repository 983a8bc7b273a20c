"""Tones of calm places follow the photo: what is taken away, and what stays."""

import pytest
import torch

from stylizer.imaging.detail_bands import between, busy_range, busyness
from stylizer.imaging.even_tone import even_tones


@pytest.fixture(scope="module")
def tower() -> torch.Tensor:
    """A sky that grows lighter downward, and a dark tower of bricks in front of it."""
    light = torch.linspace(0.4, 0.8, 256)[:, None].expand(256, 320)
    photo = torch.stack([0.8 * light, light, 0.9 + 0 * light])[None].clone()
    bricks = torch.rand(1, 1, 40, 14, generator=torch.Generator().manual_seed(0)) * 0.5
    photo[:, :, 96:, 130:186] = bricks.repeat_interleave(4, 2).repeat_interleave(4, 3)
    return photo


def busy(photo):
    found = busyness(photo)
    return between(found, busy_range(found))


def sky(painted):
    """The sky beside the tower and far from it, in rows of the same light."""
    return painted[:, :, 120:240, 80:120].mean((0, 2, 3)), painted[:, :, 120:240, 8:48].mean((0, 2, 3))


def test_a_band_beside_the_tower_goes(tower):
    painted = tower.clone()
    band = torch.tensor([0.3, 0.1, -0.3])[:, None, None]
    painted[:, :, 90:, 78:130] += band
    near, far = sky(even_tones(painted, tower, busy(tower)))
    assert (near - far).abs().max() < 0.35 * 0.3
    assert (sky(painted)[0] - sky(painted)[1]).abs().max() > 0.29


def test_a_rim_of_one_cell_goes_where_something_stands_and_a_broad_stroke_in_the_open_stays(tower):
    painted, mark = tower.clone(), torch.tensor([0.2, -0.2, 0.2])[:, None, None]
    painted[:, :, 104:240, 112:120] += mark
    painted[:, :, 104:240, 32:40] += mark
    change = (even_tones(painted, tower, busy(tower)) - tower)[0, 0, 120:232].mean(0) / 0.2
    assert change[112:120].mean() < 0.4
    assert change[32:40].mean() > 0.6


def test_what_is_a_function_of_the_photos_colors_stays(tower):
    turned = torch.stack([1 - tower[:, 2], 0.5 * tower[:, 0], tower[:, 1]], 1)
    change = (even_tones(turned, tower, busy(tower)) - turned).abs().amax(1)
    assert change.quantile(0.995) < 0.03  # where a brick and the sky share a cell, it is no line's
    assert change.max() < 0.1


def test_strokes_stay_and_what_is_busy_stays_to_the_last_bit(tower):
    waves = 0.1 * torch.sin(torch.arange(320) * 1.5)[None, None, None]
    painted = tower + waves
    evened = even_tones(painted, tower, busy(tower))
    kept = (evened - tower)[..., 10:70].std() / waves[..., 10:70].std()
    assert kept > 0.9
    painted = tower.clone()
    painted[:, 0, 120:200, 140:176] += 0.4
    evened = even_tones(painted, tower, busy(tower))
    assert torch.equal(evened[:, :, 130:240, 145:170], painted[:, :, 130:240, 145:170])


def test_pictures_of_a_batch_do_not_touch_each_other_and_gradients_flow(tower):
    photos = torch.cat([tower, tower.flip(3)])
    painted = torch.rand(2, 3, 256, 320, generator=torch.Generator().manual_seed(1), requires_grad=True)
    together = even_tones(painted, photos, busy(photos))
    apart = [even_tones(painted[i : i + 1], photos[i : i + 1], busy(photos[i : i + 1])) for i in (0, 1)]
    assert torch.allclose(together, torch.cat(apart), atol=1e-5)
    together.square().mean().backward()
    assert painted.grad is not None and torch.isfinite(painted.grad).all() and painted.grad.any()


def test_a_picture_without_any_calm_place_is_left_as_it_is():
    noise = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(2))
    assert torch.equal(even_tones(noise, noise.flip(3), torch.ones(1, 1, 32, 48)), noise)
