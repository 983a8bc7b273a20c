"""The grain that strokes grow from: its kinds, and the way contours run."""

import pytest
import torch

from stylizer.models.blocks import GRAIN_KINDS, Grain, contour_flow


@pytest.fixture(scope="module")
def grain() -> torch.Tensor:
    return Grain(128, seed=3).noise[0]


def alike(noise: torch.Tensor, down: int, right: int) -> float:
    """Correlation of the noise with itself, moved."""
    return float((noise * noise.roll((down, right), (0, 1))).mean())


def test_every_kind_has_unit_variance_and_they_differ(grain):
    assert len(grain) == GRAIN_KINDS - 1
    assert torch.allclose(grain.std((1, 2)), torch.ones(len(grain)), atol=0.02)
    between = torch.corrcoef(grain.flatten(1)) - torch.eye(len(grain))
    assert between.abs().max() < 0.1


@pytest.mark.parametrize(("kind", "along"), [(2, (0, 3)), (3, (2, 2)), (4, (3, 0)), (5, (2, -2))])
def test_strokes_are_long_one_way_and_short_across(grain, kind, along):
    across = (along[1], -along[0])
    assert alike(grain[kind], *along) > 0.5
    assert alike(grain[kind], *across) < 0.15


def test_grain_goes_on_where_a_tile_ends():
    grain = Grain(64, seed=1)
    whole, tile = grain.at((48, 80), (0, 0), 5), grain.at((48, 40), (0, 40), 5)
    assert torch.equal(whole[:, :, :, 40:], tile)


@pytest.mark.parametrize(("turn", "slope"), [(0, (1, 0)), (1, (1, -1)), (2, (0, 1)), (3, (1, 1))])
def test_flow_runs_along_stripes(turn, slope):
    rows, columns = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    stripes = torch.sin(0.8 * (slope[0] * rows + slope[1] * columns))[None, None]
    middle = contour_flow(stripes)[0, :, 8:-8, 8:-8].mean((1, 2))
    assert int(middle.argmax()) == turn
    assert middle[turn] > 0.9 and middle.sum() - middle[turn] < 0.1


def test_a_flat_photo_has_no_flow_and_no_share_exceeds_one():
    assert contour_flow(torch.full((1, 1, 24, 24), 0.4)).abs().max() < 1e-4
    noise = torch.rand(1, 1, 24, 24, generator=torch.Generator().manual_seed(2))
    assert contour_flow(noise).square().sum(1).max() <= 1
