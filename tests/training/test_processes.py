import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.training.tiny_runs import TINY_RUNS
from tests.training.toy import Toy, toy_run
from training.run.loop import start
from training.run.snapshots import newest_snapshot

ROOT = Path(__file__).parents[2]
# its `--cpu` needs MPI for several processes; `--multi_gpu` starts them, and the run's device says where
LAUNCH = "-m accelerate.commands.launch --multi_gpu --num_processes 2 --num_machines 1 --mixed_precision no"

STEPS = "optimizers.style-gan.step."


@pytest.fixture(scope="module")
def runs(studio, tmp_path_factory):
    """Three runs of two processes each on gloo, and the digests that each process left."""
    folder = tmp_path_factory.mktemp("two")
    words = [*LAUNCH.split(), "--dynamo_backend", "no", "--main_process_port", "0"]
    command = [sys.executable, *words, "-m", "tests.training.two_processes", str(folder), str(studio)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_two_processes_on_gloo_step_as_one_process_with_both_batches(runs, tmp_path, monkeypatch):
    tensors, plain, _ = newest_snapshot(runs / "two")
    assert (plain["step"], plain["processes"]) == (3, 2)
    report = json.loads((runs / "two" / "report.jsonl").read_text().splitlines()[0])
    assert report["pictures"] == 3 * 2 * 2

    batch = Toy.batch

    def both(self, number):
        return {"photo": torch.cat([batch(self, 2 * number + process)["photo"][:2] for process in (0, 1)])}

    monkeypatch.setattr(Toy, "batch", both)
    alone = start("toy", toy_run(tmp_path, name="one", steps=3, batch=4, fool=0.0, noise=0.0))
    expected, _, _ = newest_snapshot(alone)
    for name in ("nets.painter.0.weight", "nets.painter.2.weight", "nets.painter.2.bias"):
        assert torch.allclose(tensors[name], expected[name], atol=1e-6)


@pytest.mark.parametrize("name", ["cyclegan", "stylegan"])
def test_both_processes_end_with_the_same_weights_and_memories_of_their_own(name, runs):
    first, second = (json.loads((runs / f"{name}-{rank}.json").read_text()) for rank in (0, 1))
    assert first.keys() == second.keys()
    differ = {key for key in first if first[key] != second[key]}
    gathered = ("memory.augment.signs", "memory.augment.count")  # until the chance moves again
    assert all(key.startswith(("memory.pool_", "memory.looks.", *gathered)) for key in differ)
    assert ("memory.pool_a.pictures" in differ) == (name == "cyclegan")  # they saw pictures of their own


def test_a_weight_that_a_phase_does_not_reach_keeps_its_memory_in_one_process_and_in_two(
    runs, studio, tmp_path
):
    """A color layer's bias moves every picture alike, so path lengths have no slope there."""
    alone = start("stylegan", TINY_RUNS["stylegan"].options(tmp_path, studio, steps=5, ema=100.0))
    for run in (alone, runs / "dreams"):
        tensors, _, _ = newest_snapshot(run)
        taken = {key: int(value) for key, value in tensors.items() if key.startswith(STEPS)}
        biases = {key for key in taken if re.fullmatch(r"color\.\d+\.bias", key.removeprefix(STEPS))}
        # five steps of painting; the path's phase comes at steps 0, 2 and 4
        assert biases and {taken[key] for key in biases} == {5}
        assert {taken[key] for key in taken.keys() - biases} == {8}


def test_the_chance_of_an_augmentation_follows_the_critics_of_both_processes(runs):
    tensors, _, _ = newest_snapshot(runs / "dreams")
    # four steps of two pictures in two processes: 16 of 40, up or not at all
    assert tensors["memory.augment.chance"].item() in (0.0, pytest.approx(16 / 40))
    assert tensors["memory.augment.count"].item() == 2
    assert tensors["nets.style-gan.usual_style"].abs().sum() > 0
