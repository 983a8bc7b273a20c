"""Adversarial losses, penalties and critics: known answers and properties."""

import math

import pytest
import torch

from stylizer.models.perceptual import relative_content
from training.losses.adversarial import ADVERSARIAL, feature_matching
from training.losses.discriminators import FeatureCritic, PatchCritic
from training.losses.penalties import gradient_penalty, outside_range, r1_penalty
from training.methods.domain_guide import plain_content

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
def test_losses_of_scores_in_half_precision_are_told_in_whole_precision(name):
    loss, scores = ADVERSARIAL[name], torch.linspace(-1, 1, 200).bfloat16()
    for found, exact in (
        (loss.critic(scores, 0.3 * scores), loss.critic(scores.float(), (0.3 * scores).float())),
        (loss.generator(scores), loss.generator(scores.float())),
    ):
        assert found.dtype == torch.float32
        assert found.item() == pytest.approx(exact.item(), abs=1e-6)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_a_better_critic_pays_less_and_a_better_fake_too(name):
    loss = ADVERSARIAL[name]
    assert loss.critic(torch.ones(4), -torch.ones(4)) < loss.critic(-torch.ones(4), torch.ones(4))
    assert loss.generator(torch.full((4,), 0.9)) < loss.generator(torch.full((4,), -0.9))


def test_feature_matching_is_the_distance_summed_over_layers_and_spares_the_real_side():
    real, made = torch.zeros(1, 2, requires_grad=True), torch.full((1, 2), 3.0, requires_grad=True)
    loss = feature_matching((real, real), (made, made))
    loss.backward()
    assert loss.item() == 6 and real.grad is None and made.grad is not None


def linear(weight):
    """A critic as the papers have it: linear in pictures in [-1, 1], which it gets in [0, 1]."""
    return lambda x: ((2 * x - 1) * weight).flatten(1).sum(1)


def test_r1_of_a_linear_critic_is_the_squared_norm_of_its_weights():
    weight = torch.randn(3, 4, 4)
    penalty = r1_penalty(linear(weight), torch.rand(5, 3, 4, 4))
    assert penalty.item() == pytest.approx(weight.square().sum().item(), rel=1e-5)


def test_gradient_penalty_vanishes_for_a_critic_of_slope_one():
    weight = torch.randn(3, 4, 4)
    weight /= weight.norm()
    real, made = torch.rand(2, 5, 3, 4, 4)
    assert gradient_penalty(linear(weight), real, made).item() < 1e-6
    assert gradient_penalty(linear(3 * weight), real, made).item() == pytest.approx(4)


def test_the_gradient_penalty_looks_between_real_and_made_at_another_place_for_each():
    real, made, seen = torch.zeros(6, 3, 4, 4), torch.ones(6, 3, 4, 4), []

    def critic(pictures):
        seen.append(pictures.detach())
        return pictures.flatten(1).sum(1)

    gradient_penalty(critic, real, made, torch.Generator().manual_seed(0))
    places = seen[0].flatten(1)
    assert (places == places[:, :1]).all() and places.min() > 0 and places.max() < 1
    assert len(places[:, 0].unique()) == 6


def test_penalties_take_the_mean_of_patches_and_the_sum_of_sizes():
    weight = torch.randn(3, 4, 4)
    weight /= weight.norm()
    real, made = torch.rand(2, 5, 3, 4, 4)
    whole = linear(weight)
    patches = lambda x: whole(x)[:, None, None, None].expand(-1, 1, 5, 5)  # noqa: E731
    assert gradient_penalty(patches, real, made).item() < 1e-6
    assert gradient_penalty(lambda x: (patches(x), whole(x)), real, made).item() == pytest.approx(1)
    assert r1_penalty(patches, real).item() == pytest.approx(1, rel=1e-5)


def test_plain_content_counts_contrast_and_normalized_content_does_not():
    features = [torch.rand(2, c, 6, 6) for c in (4, 8)]
    brighter = [3 * f + 1 for f in features]
    assert plain_content(features, features, (0.3, 1.0)) == 0
    assert relative_content(brighter, features, (0.3, 1.0)).item() < 1e-3
    assert plain_content([f + 2 for f in features], features, (0.3, 1.0)).item() == pytest.approx(
        5.2, rel=1e-5
    )


def test_the_range_of_known_pixels():
    assert outside_range(torch.tensor([-0.5, 0.5, 1.5])).item() == pytest.approx(1 / 3)


def test_spectral_norm_holds_every_layer_at_norm_one_and_nothing_else_does():
    torch.manual_seed(0)
    for norm, bounded in (("spectral", True), ("none", False), ("instance", False)):
        critic = PatchCritic(width=8, norm=norm).train()
        for layer in (*critic.layers, critic.score):
            weight = layer.parametrizations.weight.original if bounded else layer.weight
            with torch.no_grad():
                weight.mul_(5)  # as a critic that has learned to shout
        for _ in range(30):
            critic(torch.rand(1, 3, 64, 64))  # power iterations
        critic.eval()
        norms = [torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() for layer in critic.layers]
        assert (max(norms) < 1.05) == bounded, norm
        assert len(critic.features(torch.rand(1, 3, 64, 64))) == 3


def test_an_instance_normed_critic_does_not_see_contrast():
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 64, 64)
    flat = 0.5 + 0.5 * (picture - 0.5)
    moved = {}
    for norm in ("instance", "none"):
        critic = PatchCritic(width=8, norm=norm).eval()
        with torch.no_grad():
            critic.layers[0].bias.zero_()
            moved[norm] = (critic(flat) - critic(picture)).norm() / critic(picture).norm()
    assert moved["instance"] < 0.2 * moved["none"]


def test_the_feature_critic_hears_which_style_to_expect():
    torch.manual_seed(0)
    critic = FeatureCritic((4, 8), 6, (0.5, 0.5), width=8).eval()
    features = [torch.rand(2, 4, 16, 16), torch.rand(2, 8, 8, 8)]
    scores = critic(features, torch.zeros(2, 6))
    assert scores.shape == (2, 16 + 4)
    assert not torch.allclose(scores, critic(features, torch.ones(2, 6)))
