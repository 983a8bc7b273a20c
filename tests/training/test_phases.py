import pytest
import torch

from tests.training.tiny_runs import TINY_RUNS
from tests.training.toy import Toy, tiny_painter_run, toy_run
from training.methods.painter import PainterMethod
from training.run.config import UserMistake
from training.run.loop import build
from training.run.method import Phase, generator, only_train, step_seed, trainable_parameters


def test_a_lazy_phase_runs_every_so_often_from_its_start():
    phase = Phase("judge", ("critic",), lambda batch, carry, step: {}, every=4, start=8)
    assert [step for step in range(20) if phase.due(step)] == [8, 12, 16]


def test_only_named_networks_want_gradients_and_frozen_parts_never_do(tmp_path):
    nets = Toy(toy_run(tmp_path)).nets
    trainable = trainable_parameters(nets)
    assert "0.bias" not in trainable["painter"]
    only_train(trainable, ("painter",))
    assert not any(parameter.requires_grad for parameter in nets["critic"].parameters())
    assert not nets["painter"][0].bias.requires_grad
    assert nets["painter"][0].weight.requires_grad


def test_seeds_of_neighboring_steps_and_runs_do_not_meet():
    seeds = {step_seed(seed, number) for seed in range(20) for number in range(500)}
    assert len(seeds) == 10_000
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_batch_depends_on_seed_and_number_alone():
    first = torch.rand(3, generator=generator(1, 7))
    torch.rand(100)
    assert torch.equal(first, torch.rand(3, generator=generator(1, 7)))
    assert not torch.equal(first, torch.rand(3, generator=generator(2, 7)))


def test_a_generator_without_path_lengths_spends_nothing_on_them(studio, tmp_path):
    options = TINY_RUNS["stylegan"].options
    phases = {
        path: [phase.name for phase in build("stylegan", options(tmp_path, studio, path=path)).phases]
        for path in (0.0, 2.0)
    }
    assert phases[2.0] == ["paint", "path", "judge", "r1"] and phases[0.0] == ["paint", "judge", "r1"]
    rate = build("stylegan", options(tmp_path, studio, path=0.0)).optimizers()["style-gan"].lr(0)
    assert rate == options(tmp_path, studio).lr, "and learns at the full rate"


def test_the_photo_is_grainy_and_what_is_asked_of_its_painting_is_not(tmp_path, studio):
    run = PainterMethod(tiny_painter_run(tmp_path, studio, grain=0.05))
    batches = [run.batch(number) for number in range(4)]
    assert any(not torch.equal(batch["photo"], batch["grainy"]) for batch in batches)
    clean = PainterMethod(tiny_painter_run(tmp_path, studio, grain=0.0)).batch(0)
    assert torch.equal(clean["photo"], clean["grainy"])


@pytest.mark.parametrize(("option", "value"), [("judge_every", 0), ("grain", 0.9)])
def test_the_painter_refuses_options_out_of_range(tmp_path, studio, option, value):
    with pytest.raises(UserMistake, match=f"{option} is {value}"):
        tiny_painter_run(tmp_path, studio, **{option: value})
