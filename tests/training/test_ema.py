import pytest
import torch
from torch import nn

from training.run.ema import AveragedWeights


def nets_with(value: float) -> nn.ModuleDict:
    nets = nn.ModuleDict({"painter": nn.BatchNorm2d(2)})
    nn.init.constant_(nets["painter"].weight, value)
    return nets


def test_half_of_the_old_weights_is_left_after_a_half_life():
    averaged = AveragedWeights(nets_with(0.0), half_life=100, pictures_per_step=4)
    late = 10_000  # where the half-life has its full length
    for step in range(late, late + 25):
        averaged.update(nets_with(1.0), step)
    assert averaged.nets["painter"].weight[0].item() == pytest.approx(0.5, abs=1e-5)


def test_early_on_the_mean_forgets_the_first_weights_fast():
    averaged = AveragedWeights(nets_with(0.0), half_life=1e6, pictures_per_step=4)
    for step in range(100):
        averaged.update(nets_with(1.0), step)
    assert averaged.nets["painter"].weight[0].item() > 0.99


def test_buffers_are_copied_and_nothing_asks_for_gradients():
    averaged = AveragedWeights(nets_with(0.0), half_life=1e6, pictures_per_step=1)
    now = nets_with(1.0)
    now["painter"].running_mean.fill_(3.0)
    averaged.update(now, 1000)
    assert torch.equal(averaged.nets["painter"].running_mean, torch.full((2,), 3.0))
    assert not averaged.nets["painter"].weight.requires_grad
    assert not averaged.nets.training
