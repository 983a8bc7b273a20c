"""Calm and busy places, and how much happens in them."""

import math

import pytest
import torch

from stylizer.imaging.detail_bands import (
    band_correlations,
    band_strengths,
    busy_rank,
    calm_share,
    detail_bands,
    three_parts,
)


def _wave(period: float, side: int = 256) -> torch.Tensor:
    across = torch.sin(2 * math.pi * torch.arange(side) / period)
    return (0.5 + 0.2 * across).expand(1, 3, side, side).contiguous()


def _half_busy() -> torch.Tensor:
    picture = torch.full((1, 3, 128, 128), 0.5)
    picture[..., 64:] += 0.3 * (torch.rand(1, 1, 128, 64, generator=torch.Generator().manual_seed(0)) - 0.5)
    return picture


@pytest.mark.parametrize(("period", "band"), [(5, 0), (16, 1), (50, 2)])
def test_a_wave_shows_in_the_band_of_its_length(period, band):
    whole = torch.ones(1, 1, 256, 256)
    found = torch.stack([part[0, 0] for part in band_strengths(_wave(period), whole, 1.0)])
    assert int(found.argmax()) == band
    assert found[band] > 0.5 * 0.2 * 2 / math.pi


def test_the_same_wave_twice_as_large_shows_in_the_same_band():
    whole = torch.ones(1, 1, 512, 512)
    small = band_strengths(_wave(16), torch.ones(1, 1, 256, 256), 0.5)[2]
    large = band_strengths(_wave(32, 512), whole, 1.0)[2]
    assert small[0, 0].item() == pytest.approx(large[0, 0].item(), rel=0.1)


def test_a_small_picture_has_no_fine_band():
    assert detail_bands(torch.rand(1, 1, 64, 64), 0.25)[0] is None
    assert detail_bands(torch.rand(1, 1, 64, 64), 0.25)[2] is not None


def test_the_flat_half_is_the_calm_one():
    rank = busy_rank(_half_busy(), 0.25)
    assert rank[..., :48].amax() < rank[..., 80:].amin()
    parts, calm = three_parts(rank), calm_share(rank)
    assert torch.allclose(parts.sum(1), torch.ones(1, 128, 128), atol=1e-5)
    assert parts[:, 0, :, :48].mean() > 0.5 > parts[:, 0, :, 80:].mean()
    assert calm[..., 80:].amax() == 0
    assert calm.mean().item() == pytest.approx(0.3, abs=0.02)


def test_color_alone_is_seen_too():
    gray = torch.full((1, 3, 64, 64), 0.5)
    noise = 0.2 * (torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0)) - 0.5)
    colored = gray + noise * torch.tensor([1.0, -0.299 / 0.587, 0.0]).view(1, 3, 1, 1)
    whole = torch.ones(1, 1, 64, 64)
    light, first, _ = band_strengths(colored, whole, 1.0)[0][:, 0]
    assert first > 5 * light


def test_a_picture_follows_itself_and_not_noise():
    rng = torch.Generator().manual_seed(0)
    one, other = torch.rand(2, 1, 1, 128, 128, generator=rng)
    weights = torch.ones(1, 1, 128, 128)
    itself = band_correlations(detail_bands(one, 0.5), detail_bands(0.3 * one + 0.2, 0.5), weights)
    assert torch.allclose(itself, torch.ones(2), atol=1e-3)
    assert band_correlations(detail_bands(one, 0.5), detail_bands(other, 0.5), weights).abs().max() < 0.2
