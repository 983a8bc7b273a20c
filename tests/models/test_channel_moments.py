"""Moments and Gram matrices: values by torch's own, gradients by finite differences."""

import pytest
import torch

from stylizer.models.channel_moments import channel_moments, gram_matrix, shared_moments
from stylizer.models.perceptual import self_similarity


def features(dtype=torch.float64, seed: int = 0) -> torch.Tensor:
    return torch.randn(2, 3, 4, 5, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def test_moments_and_gram_agree_with_the_definitions():
    x = features(torch.float32)
    mean, variance = channel_moments(x)
    assert torch.allclose(mean, x.mean((2, 3)), atol=1e-6)
    assert torch.allclose(variance, x.var((2, 3), unbiased=False), atol=1e-6)
    flat = x.flatten(2)
    assert torch.allclose(gram_matrix(x), flat @ flat.transpose(1, 2) / 20, atol=1e-6)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_their_gradients_are_those_of_plain_arithmetic(layout):
    x = features(torch.float32).contiguous(memory_format=layout).requires_grad_(True)
    weights = [features(torch.float32, seed)[:, :, 0, 0] for seed in (1, 2)]
    mean, variance = channel_moments(x)
    whole = (mean * weights[0]).sum() + (variance * weights[1]).sum() + gram_matrix(x).pow(3).sum()
    (found,) = torch.autograd.grad(whole, x)
    flat = x.flatten(2)
    gram = flat @ flat.transpose(1, 2) / 20
    plain = (x.mean((2, 3)) * weights[0]).sum() + (x.var((2, 3), unbiased=False) * weights[1]).sum()
    (expected,) = torch.autograd.grad(plain + gram.pow(3).sum(), x)
    assert torch.allclose(found, expected, atol=1e-5)


def test_weights_of_one_give_the_plain_moments_and_parts_the_weighted_ones():
    x = features(torch.float32)
    weights = torch.rand(2, 1, 4, 5, generator=torch.Generator().manual_seed(3))
    for ours, plain in zip(channel_moments(x, torch.ones(2, 1, 4, 5)), channel_moments(x), strict=True):
        assert torch.allclose(ours, plain, atol=1e-6)
    shares = torch.cat([weights / weights.sum((2, 3), keepdim=True), torch.full((2, 1, 4, 5), 1 / 20)], 1)
    for index, expected in enumerate((channel_moments(x, weights), channel_moments(x))):
        mean, variance = shared_moments(x, shares)
        assert torch.allclose(mean[:, index], expected[0], atol=1e-6)
        assert torch.allclose(variance[:, index], expected[1], atol=1e-5)


def test_self_similarity_ignores_scale_and_sees_rearrangement():
    x, places = features(torch.float32), torch.arange(20)
    own = self_similarity(x, places)
    assert torch.allclose(own.mean(1), torch.ones(2, 20), atol=1e-5)
    assert torch.allclose(self_similarity(3 * x, places), own, atol=1e-4)
    assert (self_similarity(x.flip(3), places) - own).abs().mean() > 0.1
