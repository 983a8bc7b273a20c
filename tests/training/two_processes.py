"""Started by test_processes.py under `accelerate launch`: runs of several processes, one after the other.

Arguments: the folder for the runs, the studio's folder. Every process leaves `NAME-RANK.json`, the digests of
its tensors at the end.
"""

import hashlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import torch

from tests.training.tiny_runs import TINY_RUNS
from tests.training.toy import toy_run
from training.run import loop
from training.run.loop import build, start

OUT, STUDIO = map(Path, sys.argv[1:3])
torch.set_num_threads(1)


def digests(method) -> dict[str, str]:
    """List the sha256 of every tensor of the networks and of the memory."""
    tensors = {**method.nets.state_dict(prefix="nets."), **method.memory.state_dict(prefix="memory.")}
    return {name: hashlib.sha256(tensor.numpy().tobytes()).hexdigest() for name, tensor in tensors.items()}


def go(name: str, config) -> None:
    """Train and leave the digests."""
    built = []
    loop.build = lambda *words: built.append(build(*words)) or built[-1]
    start(name, config)
    (OUT / f"{name}-{os.environ['RANK']}.json").write_text(json.dumps(digests(built[0])))


# as a user would start it: with no word about the device
go(
    "toy",
    replace(toy_run(OUT, name="two", steps=3, batch=2, log_every=3, fool=0.0, noise=0.0), device="auto"),
)
go("cyclegan", TINY_RUNS["cyclegan"].options(OUT, STUDIO, name="cycle", steps=4, batch=1))
steering = {"augment_target": 0.6, "augment_pictures": 40.0}
go("stylegan", TINY_RUNS["stylegan"].options(OUT, STUDIO, name="dreams", steps=5, **steering))
