"""The distance of color distributions."""

import pytest
import torch

from stylizer.models.color_quantiles import color_distance, color_quantiles


def picture(seed: int) -> torch.Tensor:
    return torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(seed))


def test_where_a_color_lies_does_not_matter():
    tiles = picture(1).repeat_interleave(2, 2).repeat_interleave(2, 3)
    moved = tiles.roll((14, 38), (2, 3))
    assert float(color_distance(color_quantiles(tiles), color_quantiles(moved))) == pytest.approx(0, abs=1e-6)


def test_a_brighter_picture_is_as_far_as_it_is_brighter():
    gray = torch.full((1, 3, 32, 32), 0.4)
    along = color_quantiles(gray + 0.1) - color_quantiles(gray)
    assert torch.allclose(along[0, :3], torch.full_like(along[0, :3], 0.1), atol=1e-6)
    assert torch.allclose(along[0, 6:], torch.zeros_like(along[0, 6:]), atol=1e-6)


def test_a_small_bright_spot_is_seen_and_pulls():
    plain, spotted = torch.full((1, 3, 64, 64), 0.5), torch.full((1, 3, 64, 64), 0.5)
    spotted[:, 0, :16, :16] = 1.0
    painted = plain.clone().requires_grad_(True)
    distance = color_distance(color_quantiles(painted), color_quantiles(spotted))
    distance.backward()
    assert distance > 0.005
    assert painted.grad[:, 0].min() < 0
