"""What is done now and then beside the page goes on, whatever happens to it once."""

import threading

from stylizer.ui.sweeping import keep_doing


def test_work_that_fails_is_done_again_and_said_in_the_log(caplog):
    done, third = [], threading.Event()

    def work():
        done.append(len(done))
        if len(done) == 3:
            third.set()
        raise (FileNotFoundError(2, "no such folder"), ValueError("odd"))[len(done) % 2]

    stopped = threading.Event()
    thread = keep_doing(work, 0.01, stopped)
    assert third.wait(10)
    stopped.set()
    thread.join(10)
    assert not thread.is_alive() and caplog.text.count("tried again") == len(done)


def test_it_ends_without_waiting_for_the_pause():
    begun, stopped = threading.Event(), threading.Event()
    thread = keep_doing(begun.set, 3600, stopped)
    assert begun.wait(10)
    stopped.set()
    thread.join(10)
    assert not thread.is_alive()
