"""What a picture takes is said before it is begun."""

import time

import pytest
import torch

from stylizer.engine import Engine, StyleChoice, StyleRequest
from stylizer.engine.forecast import Pace
from tests.engine.drawn import drawn
from tests.ui.small_studio import small_engine


@pytest.fixture
def engine(tmp_path) -> Engine:
    return small_engine(tmp_path)


def asked(engine, side=2000, **more):
    style = StyleChoice(engine.find_style("moss"))
    return StyleRequest(drawn(side * 2 // 3, side, seed=1), (style,), **more)


def test_the_size_is_that_of_the_picture_that_comes(engine):
    for long_side in (None, 700):
        request = asked(engine, 900, long_side=long_side)
        forecast, picture = engine.forecast(request), engine.run(request).picture
        assert (forecast.height, forecast.width) == (picture.height, picture.width)


def test_no_time_is_told_before_anything_was_painted(engine):
    assert engine.forecast(asked(engine)).seconds is None
    engine.run(asked(engine, long_side=300))
    assert engine.forecast(asked(engine)).seconds > 0


def test_time_and_memory_grow_with_the_picture_and_with_brushes(engine):
    engine.run(asked(engine, 1600))
    small, large = (engine.forecast(asked(engine, side)) for side in (1600, 3200))
    assert large.seconds > 2 * small.seconds and large.nbytes > small.nbytes
    assert engine.forecast(asked(engine, 1600, long_side=600)).seconds < small.seconds


def test_the_time_that_is_told_is_about_the_time_that_it_takes(engine, monkeypatch):
    """By a clock that stands still while other programs have the processor."""
    monkeypatch.setattr("stylizer.engine.forecast.perf_counter", time.process_time)
    engine.run(asked(engine))
    again = asked(engine, strength=0.9)
    told = engine.forecast(again).seconds
    begun = time.process_time()
    engine.run(again)
    assert told / 6 < time.process_time() - begun < told * 6


def test_a_masterwork_takes_longer_and_its_memory_is_counted(engine):
    engine.run(asked(engine, long_side=300))
    live, masterwork = (engine.forecast(asked(engine, masterwork=each)) for each in (False, True))
    assert masterwork.seconds > live.seconds
    assert masterwork.nbytes >= engine.masterwork_memory(asked(engine, masterwork=True))


def test_the_pace_follows_what_was_measured_last():
    pace = Pace()
    assert pace.of("tile") is None
    pace.note("tile", 100, 1.0)
    assert pace.of("tile") == pytest.approx(0.01)
    for _ in range(20):
        pace.note("tile", 100, 3.0)
    assert pace.of("tile") == pytest.approx(0.03, rel=0.05)


class LateEvent:
    """As a GPU's: what is recorded comes to pass when it comes to that."""

    now, done, waited_for = 0.0, 0.0, 0

    def __init__(self, enable_timing):
        assert enable_timing

    def record(self, stream):
        self.at = LateEvent.now

    def query(self):
        return self.at <= LateEvent.done

    def elapsed_time(self, end):
        assert end.query()
        return end.at - self.at

    def synchronize(self):
        LateEvent.waited_for += 1


def test_a_gpu_tells_its_pace_when_it_is_done_and_nobody_waits_for_it(monkeypatch):
    monkeypatch.setattr(torch.cuda, "Event", LateEvent)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: None)
    pace = Pace(torch.device("cuda", 0))
    with pace.measured("decode", 1000):
        LateEvent.now = 50.0  # milliseconds
    assert pace.of("decode") is None
    LateEvent.done = 60.0
    assert pace.of("decode") == pytest.approx(0.05 / 1000)
    assert pace.of("decode") == pytest.approx(0.05 / 1000), "each counts once"
    for _ in range(1000):
        with pace.measured("decode", 1000):
            LateEvent.now += 10
    assert len(pace._under_way) < 100 and not LateEvent.waited_for
