"""Seconds and memory."""

import mmap
import time

import numpy as np
import pytest
import torch

from stylizer.models.yardstick import memory_now, memory_peak, shortest, start_peak, yardstick

CPU = torch.device("cpu")


def test_the_shortest_run_counts_the_first_does_not_and_works_take_turns():
    waits = {"a": iter((0.0, 0.06, 0.02)), "b": iter((0.0, 0.04, 0.08))}
    order = []

    def work(name: str):
        order.append(name)
        time.sleep(next(waits[name]))

    first, second = shortest([lambda: work("a"), lambda: work("b")], 2, CPU)
    assert order == ["a", "b", "a", "b", "a", "b"]
    assert 0.02 <= first < 0.04 <= second < 0.08


def test_the_peak_remembers_what_was_given_back_and_forgets_when_told():
    grown = []
    for _ in range(3):  # a system that takes idle memory back meanwhile hides what is asked for
        start_peak(CPU)
        before = memory_peak(CPU)
        if before is None or memory_now(CPU) is None:
            pytest.skip("this system does not tell")
        block = mmap.mmap(-1, 64 << 20)  # fresh pages: a tensor may lie where another test's was
        pages = np.frombuffer(block, np.uint8)
        pages.fill(1)  # a write needs the memory, reserving it does not
        del pages
        block.close()
        grown.append(memory_peak(CPU) - before)
    assert max(grown) > 48e6
    start_peak(CPU)
    assert memory_peak(CPU) - before < 32e6


def test_the_yardstick_ends_at_relu4_1():
    found = yardstick(CPU)(torch.rand(1, 3, 64, 48, generator=torch.Generator().manual_seed(0)))
    assert found.shape == (1, 512, 8, 6) and found.isfinite().all() and found.min() >= 0
