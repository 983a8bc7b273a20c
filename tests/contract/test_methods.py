"""What every training method owes: phases apart, one batch memorized, exact resume, a folder that loads."""

import json
import shutil

import pytest
import torch

from stylizer.models.checkpoint import load_checkpoint
from stylizer.models.registry import find_for
from tests.contract.test_networks import USES
from tests.training.conftest import fresh_accelerate as fresh_accelerate
from tests.training.conftest import studio as studio
from tests.training.tiny_runs import TINY_RUNS
from training.methods.stylegan import StyleGANMethod
from training.publishing.publish import publish
from training.run.loop import build, resume, start
from training.run.method import METHODS, Carry, only_train, trainable_parameters
from training.run.snapshots import list_snapshots, newest_snapshot

OURS = sorted(set(METHODS) - {"toy"})


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def refuse(_):
    raise AssertionError("a resumed run has all that it measured in its snapshot")


def test_the_contract_covers_every_method():
    assert set(OURS) <= set(TINY_RUNS)


@pytest.mark.parametrize("name", OURS)
def test_a_phase_changes_only_the_networks_it_names(name, studio, tmp_path):
    method = build(name, TINY_RUNS[name].options(tmp_path, studio))
    method.first_look()
    method.nets.train()
    trainable = trainable_parameters(method.nets)
    batch, carry, stepped = (
        method.measured(method.batch(10_000)),
        Carry(),
        set(),
    )  # a late one: every phase has begun
    for phase in method.phases:
        only_train(trainable, phase.steps)
        losses = phase.loss(batch, carry, 10_000)
        sum(losses.values()).backward()
        reached = {net for net, named in trainable.items() if any(p.grad is not None for p in named.values())}
        assert losses and reached <= set(phase.steps), phase.name
        stepped |= reached
    assert stepped == set(method.nets)


@pytest.mark.parametrize("name", OURS)
def test_a_run_resumes_bit_for_bit_and_its_folder_loads_and_works(name, studio, tmp_path, monkeypatch):
    run = start(name, TINY_RUNS[name].options(tmp_path, studio, steps=4, save_every=2))
    copy = run.with_name("copy")
    shutil.copytree(run, copy)
    shutil.rmtree(list_snapshots(copy)[-1])
    torch.rand(100)
    monkeypatch.setattr(METHODS[name][1], "first_look", refuse)  # the data are not measured anew
    whole, again = (newest_snapshot(folder)[0] for folder in (run, resume(copy)))
    assert whole.keys() == again.keys()
    assert [key for key in whole if not torch.equal(whole[key], again[key])] == []

    folders = publish(run, tmp_path / "out")
    for folder in folders:
        network = load_checkpoint(folder)
        USES[find_for(network).role](network)
        card = (folder / "README.md").read_text()
        assert f"python -m training {name}" in card and str(studio) not in card


@pytest.mark.parametrize("name", [name for name in OURS if name in TINY_RUNS and TINY_RUNS[name].memorized])
def test_one_smooth_batch_is_memorized(name, studio, tmp_path, monkeypatch):
    tiny = TINY_RUNS[name]
    kind = METHODS[name][1]
    batch = kind.batch
    monkeypatch.setattr(kind, "batch", lambda self, number: batch(self, 0))
    options = tiny.options(
        tmp_path, studio, steps=tiny.steps, lr=tiny.lr, log_every=tiny.steps // 6, save_every=1000
    )
    run = start(name, options)
    lines = [json.loads(line) for line in (run / "report.jsonl").read_text().splitlines()]
    figures = [line[tiny.memorized] for line in lines if tiny.memorized in line]
    assert figures[-1] < tiny.share * figures[0], figures


def test_a_generator_learns_the_colors_of_one_smooth_batch(studio, tmp_path, monkeypatch):
    monkeypatch.setattr(StyleGANMethod, "batch", lambda self, number: {"picture": truth.expand(4, 3, 16, 16)})
    truth = torch.tensor([0.9, 0.2, 0.6])[None, :, None, None]
    options = TINY_RUNS["stylegan"].options(
        tmp_path, studio, steps=80, save_every=1000, ema=50.0, batch=4, lr=5e-3
    )
    before = build("stylegan", options).nets["style-gan"].eval()
    run = start("stylegan", options)
    z = torch.randn(4, before.latent_size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        first, last = (
            (network.generate(z) - truth).abs().mean()
            for network in (before, load_checkpoint(publish(run, tmp_path / "out")[0]))
        )
    assert last < 0.5 * first
