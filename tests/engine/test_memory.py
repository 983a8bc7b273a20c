"""Memory that runs short: smaller tiles, what is remembered given up, one sentence, and all is well again."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from stylizer.engine import Cancelled, CancelToken, Engine, StyleChoice, StyleRequest
from stylizer.engine.engine import ON_CPU
from stylizer.engine.runtime import executor
from stylizer.engine.runtime.executor import SMALLER_TILES
from stylizer.errors import DeviceError
from tests.engine.drawn import drawn
from tests.engine.fake_segmenter import FakeSegmenter, FakeSegmenterConfig

SHORT = {
    "a GPU's": torch.OutOfMemoryError("CUDA out of memory"),
    "a CPU's": RuntimeError(
        "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate"
    ),
    "Python's": MemoryError(),
    "an Apple GPU's": RuntimeError(
        "MPS backend out of memory (MPS allocated: 0 bytes, other allocations: 448.00 KiB, max allowed: ..."
    ),
    "pinned memory's": RuntimeError("CUDA error: out of memory"),
    "cuBLAS's": RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
}


def full_size() -> StyleRequest:
    return StyleRequest(drawn(1100, 1400), (StyleChoice(drawn(64, 64, seed=3)),))


@pytest.fixture
def scarce(fake_engine, monkeypatch):
    """Let painting fail above a number of pixels, by an error, so many times; returns how it is set."""
    painter, left = fake_engine.painter, {"pixels": float("inf"), "times": 0, "error": None}
    decode = painter.decode

    def short_of_memory(content, *more):
        made = decode(content, *more)
        if made.shape[2] * made.shape[3] > left["pixels"] and left["times"] > 0:
            left["times"] -= 1
            raise left["error"]
        return made

    monkeypatch.setattr(painter, "decode", short_of_memory)
    return left.update


@pytest.mark.parametrize("kind", SHORT)
def test_a_picture_is_painted_in_smaller_tiles_and_looks_the_same(fake_engine, scarce, kind):
    usual = fake_engine.run(full_size())  # its preview is remembered, so tiles alone are painted below
    scarce(pixels=200_000, times=2, error=SHORT[kind])
    found = fake_engine.run(full_size())
    assert found.notes == (SMALLER_TILES,) and usual.notes == ()
    assert np.abs(found.picture.rgb.astype(int) - usual.picture.rgb).max() <= 2


@pytest.mark.parametrize("kind", SHORT)
def test_too_little_memory_is_one_sentence_and_the_next_request_works(fake_engine, scarce, kind):
    scarce(pixels=0, times=1000, error=SHORT[kind])
    with pytest.raises(DeviceError, match="not enough memory for that here just now; make"):
        fake_engine.run(full_size())
    assert fake_engine.executor.cache.nbytes == 0
    scarce(times=0)
    assert fake_engine.run(full_size()).picture.width == 1400


@pytest.mark.parametrize("long_side", [None, 300])
def test_what_a_gpu_has_no_memory_for_the_processor_does_and_says_so(
    fake_engine, scarce, monkeypatch, long_side
):
    request = replace(full_size(), long_side=long_side)
    usual = fake_engine.run(request)
    processor = Engine(fake_engine.library.folder, "cpu", whole_precision=True)
    monkeypatch.setattr(fake_engine, "_on_cpu", processor)
    scarce(pixels=0, times=1000, error=SHORT["a GPU's"])
    fake_engine.executor.cache.clear()
    found = fake_engine.run(request)
    assert found.notes[-1] == ON_CPU and np.array_equal(found.picture.rgb, usual.picture.rgb)
    assert found.recipe == usual.recipe
    assert processor.executor.cache.nbytes == 0, "it keeps nothing meanwhile"
    scarce(times=0)
    assert fake_engine.run(request).notes == ()
    token = CancelToken()
    token.cancel()
    scarce(pixels=0, times=1000)
    with pytest.raises(Cancelled):
        fake_engine.run(replace(request, strength=0.5), token)


def test_what_is_remembered_is_given_up_before_a_request_is(fake_engine, scarce):
    fake_engine.run(StyleRequest(drawn(80, 90, 5), full_size().styles))
    scarce(pixels=0, times=1, error=SHORT["a GPU's"])
    assert fake_engine.run(StyleRequest(drawn(60, 90), full_size().styles)).picture.height == 60
    keys = [key for key in fake_engine.executor.cache._values if drawn(80, 90, 5).digest in key]
    assert not keys


def test_other_errors_are_not_taken_for_a_lack_of_memory(fake_engine, scarce):
    scarce(pixels=0, times=1, error=RuntimeError("shapes do not fit"))
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        fake_engine.run(full_size())


@pytest.mark.parametrize("kind", SHORT)
@pytest.mark.parametrize("work", ["walk", "thumbnails", "study"])
def test_work_that_goes_step_by_step_ends_in_the_same_sentence(fake_engine, monkeypatch, work, kind):
    def steps(*_):
        yield "first"
        raise SHORT[kind]

    fake_engine.run(StyleRequest(drawn(80, 90, 5), full_size().styles))
    asked = {
        "walk": lambda: fake_engine.walk(None, 3, 4),
        "thumbnails": lambda: fake_engine.thumbnails(drawn(80, 90), ()),
        "study": lambda: fake_engine.study(None),
    }[work]
    pipeline = SimpleNamespace(walk=steps) if work == "walk" else steps
    monkeypatch.setattr(fake_engine, "_generate" if work == "walk" else f"_{work}", pipeline)
    found = asked()
    assert next(found) == "first"
    with pytest.raises(DeviceError, match="not enough memory for that here just now"):
        next(found)
    assert fake_engine.executor.cache.nbytes == 0


@pytest.mark.parametrize("times", [1, 2])
def test_regions_are_looked_for_once_more_and_then_a_sentence_says_why_not(fake_engine, monkeypatch, times):
    segmenter, left = FakeSegmenter(FakeSegmenterConfig()), [SHORT["a GPU's"]] * times
    segment = segmenter.segment

    def short_of_memory(photo):
        if left:
            raise left.pop()
        return segment(photo)

    monkeypatch.setattr(segmenter, "segment", short_of_memory)
    monkeypatch.setattr(type(fake_engine), "segmenter", segmenter)
    if times == 2:
        with pytest.raises(DeviceError, match="not enough memory for that here just now"):
            fake_engine.segment(drawn(60, 90))
    assert fake_engine.segment(drawn(60, 90)).size[0] > 0 and not left


@pytest.fixture
def given_back(monkeypatch):
    """Count how often free memory is given back to the system."""
    times = []
    monkeypatch.setattr(executor, "give_back_heaps", lambda: times.append(1))
    return times


def test_what_a_large_picture_took_goes_back_to_the_system_and_a_previews_stays(fake_engine, given_back):
    fake_engine.run(StyleRequest(full_size().content, full_size().styles, long_side=700))
    assert given_back == []
    fake_engine.run(full_size())
    assert given_back == [1, 1]  # before the pass that takes the most, and at the end


def test_what_a_large_picture_took_goes_back_when_it_is_stopped(fake_engine, given_back):
    token = CancelToken()
    with pytest.raises(Cancelled):
        fake_engine.run(full_size(), token, lambda step: token.cancel() if step.stage == "painting" else None)
    assert given_back == [1]
