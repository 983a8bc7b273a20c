"""Started by test_processes.py under `accelerate launch`: a toy run of several processes."""

import sys
from pathlib import Path

import torch

from tests.training.toy import toy_run
from training.loop import start

torch.set_num_threads(1)
start("toy", toy_run(Path(sys.argv[1]), name="two", steps=3, batch=2, log_every=3, fool=0.0, noise=0.0))
