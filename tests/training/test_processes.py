import json
import os
import subprocess
import sys
from pathlib import Path

import torch

from tests.training.toy import Toy, toy_run
from training.loop import start
from training.state import newest_snapshot

ROOT = Path(__file__).parents[2]


def test_two_processes_on_gloo_average_their_gradients(tmp_path, monkeypatch):
    command = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2",
               "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no",
               "-m", "tests.training.two_processes", str(tmp_path)]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    tensors, plain, _ = newest_snapshot(tmp_path / "two")
    assert (plain["step"], plain["processes"]) == (4, 2)
    first = json.loads((tmp_path / "two" / "report.jsonl").read_text().splitlines()[0])
    assert first["pictures"] == 2 * 2 * 2

    # one process with both batches in one takes the same steps, but for the noise and the critic's batch norm
    quiet = {"randn_like": torch.zeros_like}
    batch = Toy.batch
    monkeypatch.setattr(Toy, "batch", lambda self, number: {
        "photo": torch.cat([batch(self, 2 * number + i)["photo"][:2] for i in (0, 1)])
    })  # fmt: skip
    monkeypatch.setattr(torch, "randn_like", quiet["randn_like"])
    alone = start("toy", toy_run(tmp_path, name="one", steps=4, batch=4, save_every=4))
    expected, _, _ = newest_snapshot(alone)
    for name in ("nets.painter.0.weight", "nets.painter.2.bias"):
        assert torch.allclose(tensors[name], expected[name], atol=2e-3)
        moved = Toy(toy_run(tmp_path)).nets.state_dict()[name.removeprefix("nets.")]
        assert tensors[name].shape == moved.shape
