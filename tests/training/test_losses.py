"""Adversarial losses, penalties and critics: known answers and properties."""

import math

import pytest
import torch

from training.losses.adversarial import ADVERSARIAL, feature_matching
from training.losses.discriminators import FeatureCritic, PatchCritic
from training.losses.penalties import gradient_penalty, outside_range, r1_penalty, total_variation

REAL, MADE = torch.tensor([2.0, 0.0]), torch.tensor([-1.0, 1.0])


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


@pytest.mark.parametrize(
    ("name", "critic", "generator"),
    [
        (
            "bce",
            (softplus(-2) + softplus(0)) / 2 + (softplus(-1) + softplus(1)) / 2,
            (softplus(1) + softplus(-1)) / 2,
        ),
        ("least_squares", 0.5 * ((1 + 1) / 2 + (1 + 1) / 2), 0.5 * (4 + 0) / 2),
        ("hinge", (0 + 1) / 2 + (0 + 2) / 2, 0.0),
        ("wasserstein", 0.0 - 1.0, 0.0),
    ],
)
def test_known_answers_of_the_adversarial_losses(name, critic, generator):
    loss = ADVERSARIAL[name]
    assert loss.critic(REAL, MADE).item() == pytest.approx(critic, abs=1e-6)
    assert loss.generator(MADE).item() == pytest.approx(generator, abs=1e-6)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_a_better_critic_pays_less_and_a_better_fake_too(name):
    loss = ADVERSARIAL[name]
    assert loss.critic(torch.ones(4), -torch.ones(4)) < loss.critic(-torch.ones(4), torch.ones(4))
    assert loss.generator(torch.full((4,), 0.9)) < loss.generator(torch.full((4,), -0.9))


def test_feature_matching_is_the_mean_distance_and_spares_the_real_side():
    real, made = torch.zeros(1, 2, requires_grad=True), torch.full((1, 2), 3.0, requires_grad=True)
    loss = feature_matching((real, real), (made, made))
    loss.backward()
    assert loss.item() == 3 and real.grad is None and made.grad is not None


def test_r1_of_a_linear_critic_is_the_squared_norm_of_its_weights():
    weight = torch.randn(3, 4, 4)
    penalty = r1_penalty(lambda x: (x * weight).flatten(1).sum(1), torch.rand(5, 3, 4, 4))
    assert penalty.item() == pytest.approx(weight.square().sum().item(), rel=1e-5)


def test_gradient_penalty_vanishes_for_a_critic_of_slope_one():
    weight = torch.randn(3, 4, 4)
    weight /= weight.norm()
    real, made = torch.rand(2, 5, 3, 4, 4)
    assert gradient_penalty(lambda x: (x * weight).sum((1, 2, 3)), real, made).item() < 1e-6
    assert gradient_penalty(lambda x: 3 * (x * weight).sum((1, 2, 3)), real, made).item() == pytest.approx(4)


def test_total_variation_and_range_of_known_pictures():
    steps = torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]])
    assert total_variation(steps).item() == 1
    assert outside_range(torch.tensor([-0.5, 0.5, 1.5])).item() == pytest.approx(1 / 3)


def test_spectral_norm_keeps_the_patch_critic_from_amplifying():
    torch.manual_seed(0)
    critic = PatchCritic(width=8).train()
    picture = torch.rand(1, 3, 64, 64)
    for _ in range(20):
        critic(picture)  # power iterations
    critic.eval()
    change = 0.01 * torch.randn_like(picture)
    moved = (critic(picture + change) - critic(picture)).norm() / change.norm()
    # four layers of matrix norm 1; overlapping convolutions amplify by at most the root of the overlap
    assert moved < 2 * 4 * math.sqrt(9)
    assert len(critic.features(picture)) == 3


def test_the_feature_critic_hears_which_style_to_expect():
    torch.manual_seed(0)
    critic = FeatureCritic((4, 8), 6, (0.5, 0.5), width=8).eval()
    features = [torch.rand(2, 4, 16, 16), torch.rand(2, 8, 8, 8)]
    scores = critic(features, torch.zeros(2, 6))
    assert scores.shape == (2, 16 + 4)
    assert not torch.allclose(scores, critic(features, torch.ones(2, 6)))
