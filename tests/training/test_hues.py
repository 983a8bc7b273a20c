"""Classifying hues: targets, weights and the loss, with known answers."""

import pytest
import torch

from stylizer.models.lab import visible_bins
from training.losses.hues import Rebalancing, hue_entropy, soft_bins

BINS = visible_bins(10)


def test_a_hue_belongs_to_its_five_nearest_bins_and_most_to_the_nearest():
    hues = torch.tensor([[12.0, -3.0], [0.0, 0.0]]).T.reshape(1, 2, 1, 2)
    shares = soft_bins(hues, BINS)
    assert shares.shape == (1, len(BINS), 1, 2)
    assert torch.allclose(shares.sum(1), torch.ones(1, 1, 2)) and (shares > 0).sum(1).max() == 5
    assert BINS[shares[0, :, 0, 0].argmax()].tolist() == [10, 0]
    middle = shares[0, :, 0, 1]
    assert middle.max().item() == pytest.approx(1 / (1 + 4 * torch.tensor(-2.0).exp().item()), rel=1e-4)


def test_rare_hues_weigh_more_and_those_that_come_weigh_one_on_average():
    common, rare = torch.tensor([[10.0], [0.0]]), torch.tensor([[-60.0], [40.0]])
    rebalancing = Rebalancing(len(BINS), even=0.5)
    rebalancing.count([common.expand(2, 990), rare.expand(2, 10)], BINS)
    weights = rebalancing.weights
    at = [int((BINS == hue.T).all(1).nonzero()) for hue in (common, rare)]
    assert weights[at[1]] > 5 * weights[at[0]]
    likely = soft_bins(common.view(1, 2, 1, 1), BINS) * 0.99 + soft_bins(rare.view(1, 2, 1, 1), BINS) * 0.01
    assert (likely.flatten() * weights).sum().item() == pytest.approx(1, rel=1e-4)
    even = Rebalancing(len(BINS), even=1.0)
    even.count([common], BINS)
    assert torch.allclose(even.weights, torch.ones(len(BINS)), atol=1e-4)


def test_the_loss_is_least_for_the_target_itself_and_scales_with_the_weight():
    target = soft_bins(torch.tensor([20.0, 20.0]).view(1, 2, 1, 1), BINS)
    right = target.clamp(min=1e-12).log()
    ones = torch.ones(len(BINS))
    least = hue_entropy(right, target, ones)
    assert least < hue_entropy(torch.zeros_like(right), target, ones)
    assert hue_entropy(right, target, 3 * ones).item() == pytest.approx(3 * least.item(), rel=1e-5)
