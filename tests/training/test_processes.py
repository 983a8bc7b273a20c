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
# its `--cpu` needs MPI for several processes; `--multi_gpu` starts them, and the run's device says where
LAUNCH = "-m accelerate.commands.launch --multi_gpu --num_processes 2 --num_machines 1 --mixed_precision no"


def test_two_processes_on_gloo_step_as_one_process_with_both_batches(tmp_path, monkeypatch):
    words = [*LAUNCH.split(), "--dynamo_backend", "no", "--main_process_port", "0"]
    command = [sys.executable, *words, "-m", "tests.training.two_processes", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    tensors, plain, _ = newest_snapshot(tmp_path / "two")
    assert (plain["step"], plain["processes"]) == (3, 2)
    report = json.loads((tmp_path / "two" / "report.jsonl").read_text().splitlines()[0])
    assert report["pictures"] == 3 * 2 * 2

    batch = Toy.batch

    def both(self, number):
        return {"photo": torch.cat([batch(self, 2 * number + process)["photo"][:2] for process in (0, 1)])}

    monkeypatch.setattr(Toy, "batch", both)
    alone = start("toy", toy_run(tmp_path, name="one", steps=3, batch=4, fool=0.0, noise=0.0))
    expected, _, _ = newest_snapshot(alone)
    for name in ("nets.painter.0.weight", "nets.painter.2.weight", "nets.painter.2.bias"):
        assert torch.allclose(tensors[name], expected[name], atol=1e-6)
