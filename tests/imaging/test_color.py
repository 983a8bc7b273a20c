"""Color moments and transport."""

import pytest
import torch

from stylizer.imaging.color import apply_colors, color_moments, color_transport, matrix_root


def colored(seed: int, spread: float = 0.2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(3, 3, generator=generator) * spread
    noise = torch.randn(2, 3, 40, 30, generator=generator)
    return torch.einsum("ij,bjhw->bihw", mixing, noise) + 0.5


def test_root_squares_to_the_covariance():
    picture = colored(0)
    _, root = color_moments(picture)
    expected = torch.cov(picture[1].flatten(1), correction=0)
    assert torch.allclose((root @ root)[1], expected, atol=1e-5)


def test_transport_gives_mean_and_covariance_of_the_style():
    photo, style = colored(1), colored(2, 0.1)
    (mean, root), (style_mean, style_root) = color_moments(photo), color_moments(style)
    moved = apply_colors(photo, mean, color_transport(root, style_root), style_mean)
    found_mean, found_root = color_moments(moved)
    assert torch.allclose(found_mean, style_mean, atol=1e-4)
    assert torch.allclose(found_root, style_root, atol=2e-3)


def test_transport_to_itself_is_the_identity():
    _, root = color_moments(colored(3))
    assert torch.allclose(color_transport(root, root), torch.eye(3).expand(2, 3, 3), atol=1e-3)


def test_a_gray_photo_is_not_stretched_into_confetti():
    gray = torch.full((1, 3, 16, 16), 0.5) + 1e-3 * torch.randn(1, 3, 16, 16)
    (mean, root), (style_mean, style_root) = color_moments(gray), color_moments(colored(4)[:1])
    moved = apply_colors(gray, mean, color_transport(root, style_root), style_mean)
    assert (moved - style_mean[:, :, None, None]).abs().max() < 0.1


@pytest.mark.parametrize("power", [0.5, -0.5])
def test_matrix_root_against_a_diagonal(power):
    diagonal = torch.tensor([4.0, 9.0, 16.0])
    assert torch.allclose(matrix_root(torch.diag(diagonal)[None], power)[0].diagonal(), diagonal**power)


def test_weighted_moments_are_those_of_the_pixels_that_count():
    picture = colored(5)
    weights = torch.zeros(2, 1, 40, 30)
    weights[..., :10, :] = 0.3
    mean, root = color_moments(picture, weights)
    expected, expected_root = color_moments(picture[..., :10, :])
    assert torch.allclose(mean, expected, atol=1e-5) and torch.allclose(root, expected_root, atol=1e-4)
    twice = torch.cat([picture, picture[..., :10, :]], 2)
    mean, root = color_moments(picture, 1 + weights / 0.3)
    expected, expected_root = color_moments(twice)
    assert torch.allclose(mean, expected, atol=1e-5) and torch.allclose(root, expected_root, atol=1e-4)
