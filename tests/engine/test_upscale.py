"""Full size: what the preview shows stays, what it cannot show is drawn anew at every step."""

import math

import pytest
import torch

from stylizer.engine.pipelines.upscale import Finish, Grown

SIDE, SCALE = 256, 8
ALL = slice(0, SIDE)


def waves(length: float, side: int = SIDE) -> torch.Tensor:
    """Draw vertical stripes (1, 3, side, side), a wave every `length` pixels of the full size."""
    place = (torch.arange(side) + 0.5) * SIDE / side
    return (0.5 + 0.25 * torch.sin(2 * math.pi * place / length)).expand(1, 3, side, side)


def height(picture: torch.Tensor, length: float) -> float:
    """Measure how high the waves of that length are in a picture, of 1 as `waves` draws them."""
    wave = waves(length)[0, 0, 0, 64:192] - 0.5
    row = picture[0, 0, SIDE // 2, 64:192]
    return float(((row - row.mean()) * wave).sum() / wave.square().sum())


def grown(below: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
    """Grow a painting, the last step of several: the first painting was SCALE times smaller."""
    step = Grown(below, (SIDE, SIDE), SCALE, lambda ground, window, size: drawn, 0, Finish())
    return step.window(torch.full((1, 3, SIDE, SIDE), 0.5), ALL, ALL)


@pytest.mark.parametrize("length", [5, 6, 8])
def test_what_the_preview_cannot_show_is_drawn_anew(length):
    """Also where the painting of the step before, half as large, shows it."""
    flat = torch.full((1, 3, SIDE, SIDE), 0.5)
    assert height(grown(flat[..., ::2, ::2], waves(length)), length) > 0.7
    assert height(grown(waves(length, SIDE // 2), flat), length) < 0.2


@pytest.mark.parametrize("length", [32, 64])
def test_what_the_preview_shows_stays(length):
    flat = torch.full((1, 3, SIDE, SIDE), 0.5)
    assert height(grown(flat[..., ::2, ::2], waves(length)), length) < 0.03
    assert height(grown(waves(length, SIDE // 2), flat), length) > 0.96


def test_of_what_the_preview_just_shows_little_is_drawn_anew():
    """Waves of two of its pixels, the finest that it has."""
    flat = torch.full((1, 3, SIDE, SIDE), 0.5)
    assert height(grown(flat[..., ::2, ::2], waves(2 * SCALE)), 2 * SCALE) < 0.15
    assert height(grown(waves(2 * SCALE, SIDE // 2), flat), 2 * SCALE) > 0.8


def test_checks_of_two_pixels_are_halved():
    flat = torch.full((1, 3, SIDE, SIDE), 0.5)
    place = torch.arange(SIDE)
    checks = (0.5 + 0.2 * (-1.0) ** (place + place[:, None])).expand(1, 3, SIDE, SIDE)
    assert (grown(flat[..., ::2, ::2], checks) - 0.5).abs()[..., 8:-8, 8:-8].max() < 0.11
