"""One thread at a time, previews first, and a waiting thread can be stopped."""

import threading
import time

import pytest

from stylizer.engine.progress import Cancelled, CancelToken
from stylizer.engine.runtime.executor import BREATH, DeviceLock


def waiting(slot, name, order, preview):
    def run():
        with slot.hold(preview):
            order.append(name)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_previews_go_before_renders_that_waited_longer():
    slot, order = DeviceLock(), []
    with slot.hold():
        threads = [waiting(slot, "full", order, False) for _ in range(2)]
        time.sleep(0.1)
        threads.append(waiting(slot, "preview", order, True))
        time.sleep(0.1)
        assert order == []
    for thread in threads:
        thread.join(10)
    assert order == ["preview", "full", "full"]


def test_only_one_thread_holds_it():
    slot, inside, most = DeviceLock(), [], []

    def run():
        for _ in range(20):
            with slot.hold():
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.001)
                inside.pop()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(most) == 80 and max(most) == 1


def test_a_cancelled_thread_stops_waiting_and_leaves_no_trace():
    slot, token = DeviceLock(), CancelToken()
    with slot.hold():
        token.cancel()
        with pytest.raises(Cancelled), slot.hold(preview=True, token=token):
            pass
    with slot.hold():  # a preview that gave up must not block the others
        pass


def test_an_error_inside_frees_the_slot():
    slot = DeviceLock()
    with pytest.raises(KeyError), slot.hold():
        raise KeyError
    with slot.hold():
        pass


def test_patient_work_does_not_slip_in_between_the_previews_of_one_click():
    slot, order = DeviceLock(), []

    def patient():
        with slot.hold(patient=True):
            order.append("patient")

    thread = threading.Thread(target=patient)
    for _ in range(4):
        with slot.hold(preview=True):
            if not order:
                order.append("previews")
                thread.start()
            time.sleep(0.02)
        time.sleep(0.06)  # a preview is written, and goes to the browser
        assert order == ["previews"]
    before = time.monotonic()
    thread.join(10)
    assert order == ["previews", "patient"] and time.monotonic() - before > BREATH / 2


def test_a_device_that_is_closed_lets_what_is_under_way_end_and_nothing_begin():
    slot, token, order = DeviceLock(), CancelToken(), []
    begun = threading.Event()

    def work():
        with slot.hold():
            begun.set()
            time.sleep(0.2)
            order.append("ended")

    threading.Thread(target=work, daemon=True).start()
    begun.wait()
    assert slot.close(10) and order == ["ended"]
    threading.Timer(0.2, token.cancel).start()
    with pytest.raises(Cancelled), slot.hold(preview=True, token=token):
        order.append("begun")
    assert order == ["ended"]
