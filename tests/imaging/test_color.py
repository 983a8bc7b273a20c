"""Color moments and transport."""

import pytest
import torch

from stylizer.imaging.color import (
    apply_colors,
    color_covariance,
    color_match,
    color_moments,
    color_transport,
    matrix_root,
)


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


def test_a_match_gives_mean_and_covariance_of_the_style_and_is_nothing_where_they_agree():
    noise = torch.rand(2, 3, 40, 30, generator=torch.Generator().manual_seed(1))
    photo, style = noise + 0.3 * noise.flip(1), colored(2)
    mean, covariance = color_covariance(photo)
    style_mean, root = color_moments(style)
    moved = apply_colors(photo, mean, color_match(covariance, root), style_mean)
    found_mean, found = color_covariance(moved)
    assert torch.allclose(found_mean, style_mean, atol=1e-4)
    assert torch.allclose(found, root @ root, rtol=0.1, atol=2e-3)
    _, own = color_moments(photo)
    assert torch.allclose(color_match(covariance, own), torch.eye(3).expand(2, 3, 3), atol=1e-3)


def test_a_mean_of_matches_is_the_match_of_a_mean_of_styles():
    _, covariance = color_covariance(colored(1))
    (_, one), (_, other) = color_moments(colored(2)), color_moments(colored(3))
    mixed = color_match(covariance, 0.3 * one + 0.7 * other)
    apart = 0.3 * color_match(covariance, one) + 0.7 * color_match(covariance, other)
    assert torch.allclose(mixed, apart, atol=1e-5)


def test_a_match_stretches_a_gray_picture_little_and_passes_gradients_to_it():
    gray = torch.full((1, 3, 16, 16), 0.5) + 1e-3 * torch.randn(1, 3, 16, 16)
    gray.requires_grad_(True)
    _, covariance = color_covariance(gray)
    matrix = color_match(covariance, 0.2 * torch.eye(3)[None])
    assert torch.linalg.matrix_norm(matrix[0], 2) < 16
    matrix.sum().backward()
    assert gray.grad is not None and gray.grad.isfinite().all() and gray.grad.any()


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


@pytest.mark.parametrize(("power", "floor"), [(0.5, 0.0), (0.5, 1e-3), (-0.5, 1e-3)])
def test_the_slope_of_a_matrix_root_is_the_true_one(power, floor):
    generator = torch.Generator().manual_seed(0)
    some = torch.randn(3, 3, 3, generator=generator, dtype=torch.float64) * 0.1
    matrix = (some @ some.transpose(1, 2)).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda m: matrix_root((m + m.transpose(1, 2)) / 2, power, floor), matrix)


@pytest.mark.parametrize("channels", [1, 3], ids=["gray", "of one color"])
def test_moments_of_plain_pictures_have_finite_slopes(channels):
    light = (
        torch.rand(1, 1, 16, 16).expand(1, 3, 16, 16) if channels == 1 else torch.full((1, 3, 16, 16), 0.5)
    )
    picture = light.clone().requires_grad_(True)
    _, root = color_moments(picture)
    root.sum().backward()
    assert picture.grad is not None and picture.grad.isfinite().all()
