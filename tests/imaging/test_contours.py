"""Which way contours run, and what crosses them: known directions, shares between none and all."""

import pytest
import torch

from stylizer.imaging.contours import contours, crossing
from tests.imaging.landscape import noise


def waves(angle: float, side: int = 96, period: float = 9.0) -> torch.Tensor:
    """Parallel bands (1, 1, side, side) whose steepest way is at an angle to the x axis, in radians."""
    down, across = torch.meshgrid(torch.arange(float(side)), torch.arange(float(side)), indexing="ij")
    way = across * torch.cos(torch.tensor(angle)) + down * torch.sin(torch.tensor(angle))
    return (0.5 + 0.3 * torch.sin(2 * torch.pi * way / period))[None, None]


def inside(found: torch.Tensor) -> torch.Tensor:
    return found[..., 24:-24, 24:-24]


@pytest.mark.parametrize("angle", [0.0, 0.4, torch.pi / 2, 2.5])
def test_direction_is_told_twice_over_so_that_both_ways_are_one(angle):
    even, odd, sure = inside(contours(waves(angle)))[0]
    assert torch.allclose(even, torch.cos(torch.tensor(2 * angle)).expand_as(even), atol=0.05)
    assert torch.allclose(odd, torch.sin(torch.tensor(2 * angle)).expand_as(odd), atol=0.05)
    assert sure.min() > 0.95


def test_grain_and_flat_places_have_no_direction():
    assert contours(noise(1, 1, 96, 96))[:, 2].mean() < 0.1
    assert contours(torch.full((1, 1, 64, 64), 0.4))[:, 2].max() == 0


@pytest.mark.parametrize(("turned", "share"), [(0.0, 0.0), (torch.pi / 4, 0.5), (torch.pi / 2, 1.0)])
def test_what_is_drawn_along_crosses_nothing_and_what_is_drawn_across_everything(turned, share):
    along = contours(waves(0.3))
    assert crossing(waves(0.3 + turned), along).item() == pytest.approx(share, abs=0.04)


def test_faint_drawing_counts_as_much_as_bold_and_a_flat_one_crosses_nothing():
    along = contours(waves(0.0))
    bold, faint = (crossing(0.5 + strength * noise(1, 1, 96, 96), along) for strength in (0.3, 0.1))
    assert torch.allclose(bold, faint, atol=0.01) and 0.4 < bold < 0.6
    assert crossing(torch.full((1, 1, 96, 96), 0.2), along) == 0


def test_rope_along_a_horizon_is_worse_than_a_line_and_a_gradient_leads_from_one_to_the_other():
    down, across = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
    horizon = ((down - 48) / 2).sigmoid()[None, None]
    dabs = 0.15 * torch.sin(0.5 * (across + down)) * torch.exp(-((down - 48) / 6).square())
    along, rope = contours(horizon), (horizon + dabs).requires_grad_()
    before = crossing(rope, along)
    assert before > crossing(horizon, along) + 0.1
    optimizer = torch.optim.Adam([rope], lr=0.005)
    for _ in range(20):
        optimizer.zero_grad()
        crossing(rope, along).sum().backward()
        optimizer.step()
    assert crossing(rope, along) < 0.6 * before
