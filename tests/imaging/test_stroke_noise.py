"""Noise drawn out along contours: which way it runs, how strong it is, that it repeats without a seam."""

import math

import pytest
import torch

from stylizer.imaging.stroke_noise import stroke_banks, stroke_noise


@pytest.fixture(scope="module")
def banks():
    return stroke_banks()


def waves(angle, height=256, width=256):
    """Light that rises and falls across lines which run at `angle` from the x axis, downwards."""
    down, right = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    across = down * math.cos(angle) - right * math.sin(angle)
    return (0.5 + 0.3 * torch.sin(across / 6)).expand(1, 3, -1, -1).contiguous()


def alike(planes, down, right):
    """Correlation of planes with themselves, moved."""
    moved = planes.roll((down, right), (2, 3))
    return float((planes * moved).mean() / planes.square().mean())


@pytest.mark.parametrize("degrees", [0, 45, 90, 135])
def test_strokes_run_along_the_contours(banks, degrees):
    angle = math.radians(degrees)
    along = round(4 * math.sin(angle)), round(4 * math.cos(angle))
    across = round(4 * math.cos(angle)), round(-4 * math.sin(angle))
    for strokes in stroke_noise(waves(angle), banks):
        assert alike(strokes, *along) > 0.4
        assert abs(alike(strokes, *across)) < 0.25


def test_banks_are_even_noise_without_seams(banks):
    assert torch.allclose(banks.mean((1, 2)), torch.zeros(len(banks)), atol=1e-4)
    assert torch.allclose(banks.std((1, 2)), torch.ones(len(banks)), atol=1e-3)
    steps = (banks - banks.roll(1, 2)).square().mean(1)  # the first is from the last column to the first
    assert torch.all(steps[:, 0] < 2 * steps.mean(1))
    assert torch.equal(banks, stroke_banks())


def test_strokes_are_as_strong_in_every_picture(banks):
    generator = torch.Generator().manual_seed(1)
    for picture in (
        waves(0.3),
        torch.rand(1, 3, 128, 96, generator=generator),
        torch.full((1, 3, 64, 64), 0.4),
    ):
        for strokes in stroke_noise(picture, banks):
            assert torch.isfinite(strokes).all()
            assert strokes.abs().max() < 8
    assert 0.7 < float(stroke_noise(waves(0.3), banks)[0].std()) < 1.5


def test_sizes_are_a_half_and_a_quarter_of_the_pictures_however_large(banks):
    fine, broad = stroke_noise(waves(0.0, 16, 1600), banks)  # wider than the noise is
    assert fine.shape == (1, 1, 8, 800) and broad.shape == (1, 1, 4, 400)
    assert torch.allclose(fine[..., :100], fine[..., 384:484], atol=1e-4)


def test_far_contours_lead_where_nothing_is_near(banks):
    picture = torch.full((1, 3, 128, 128), 0.7)
    picture[:, :, 96:] = 0.2  # a plain below an even sky
    for strokes in stroke_noise(picture, banks):
        sky = strokes[:, :, : strokes.shape[2] // 2]
        assert alike(sky, 0, 4) > 0.5
