"""The batches of a run, cut by others ahead of their step where an accelerator would wait for them."""

from __future__ import annotations

from multiprocessing import get_all_start_methods
from typing import Any

from accelerate import Accelerator
from torch.utils.data import DataLoader, Dataset

from .config import UserMistake
from .method import Method


def batches_of(method: Method[Any], accelerator: Accelerator, begin: int) -> DataLoader[Any]:
    """Give this process its batches of all steps from `begin` on, cut ahead by others where that was asked.

    No threads: two of them take turns at every small operation, and the step waits for its turn. Raises
    UserMistake where no process can begin as a copy of this one.
    """
    if method.config.ahead and "fork" not in get_all_start_methods():
        raise UserMistake(
            "ahead is for systems that can fork a process, and this one cannot; give --ahead 0."
        )
    config, count = method.config, accelerator.num_processes
    first = accelerator.process_index
    return DataLoader(
        Batches(method),
        batch_size=None,
        sampler=range(begin * count + first, config.steps * count + first, count),
        num_workers=config.ahead,
        collate_fn=as_it_is,
        multiprocessing_context="fork" if config.ahead else None,
    )


class Batches(Dataset[Any]):
    """The batches of a method by number, before they are measured."""

    def __init__(self, method: Method[Any]):
        self.method = method

    def __getitem__(self, number: int) -> Any:
        return self.method.batch(number)


def as_it_is(batch: Any) -> Any:
    """Return what is given."""
    return batch
