"""The cache keeps to its budget and lets nobody compute twice."""

import threading

import pytest

from stylizer.engine.progress import Cancelled, CancelToken
from stylizer.engine.runtime.cache import Cache


def test_a_value_is_computed_once():
    cache, calls = Cache(100), []
    for _ in range(3):
        assert cache.get("a", lambda: calls.append(1) or "value", len) == "value"
    assert len(calls) == 1


def test_the_least_recently_used_goes_first():
    cache = Cache(10)
    for key in "ab":
        cache.get(key, lambda: b"12345", len)
    cache.get("a", lambda: b"", len)
    cache.get("c", lambda: b"12345", len)
    calls = []
    cache.get("a", lambda: calls.append("a") or b"12345", len)
    cache.get("b", lambda: calls.append("b") or b"12345", len)
    assert calls == ["b"]
    assert cache.nbytes == 10


def test_a_value_beyond_the_budget_is_returned_but_not_kept():
    cache = Cache(10)
    cache.get("small", lambda: b"123", len)
    assert cache.get("big", lambda: b"x" * 11, len) == b"x" * 11
    assert cache.nbytes == 3


def run_in_thread(action):
    outcome = []

    def run():
        try:
            outcome.append(action())
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def test_equal_requests_share_one_computation_and_others_do_not_wait():
    cache, started, go, calls = Cache(100), threading.Event(), threading.Event(), []

    def slow():
        calls.append(1)
        started.set()
        assert go.wait(10)
        return b"slow"

    pairs = [run_in_thread(lambda: cache.get("a", slow, len))]
    assert started.wait(10)
    pairs += [run_in_thread(lambda: cache.get("a", slow, len)) for _ in range(3)]
    assert cache.get("b", lambda: b"quick", len) == b"quick"  # while "a" is being computed
    go.set()
    for thread, outcome in pairs:
        thread.join(10)
        assert outcome == [b"slow"]
    assert len(calls) == 1


def test_an_error_reaches_everyone_and_is_not_kept():
    cache, started, go = Cache(100), threading.Event(), threading.Event()

    def fail():
        started.set()
        assert go.wait(10)
        raise ValueError("no such color")

    first, a = run_in_thread(lambda: cache.get("a", fail, len))
    assert started.wait(10)
    second, b = run_in_thread(lambda: cache.get("a", fail, len))
    go.set()
    first.join(10)
    second.join(10)
    assert isinstance(a[0], ValueError) and isinstance(b[0], ValueError)
    assert cache.get("a", lambda: b"fine", len) == b"fine"


def test_when_the_computing_thread_is_cancelled_a_waiting_one_takes_over():
    cache, started, go = Cache(100), threading.Event(), threading.Event()

    def cancelled():
        started.set()
        assert go.wait(10)
        raise Cancelled

    first, a = run_in_thread(lambda: cache.get("a", cancelled, len))
    assert started.wait(10)
    second, b = run_in_thread(lambda: cache.get("a", lambda: b"mine", len))
    go.set()
    first.join(10)
    second.join(10)
    assert isinstance(a[0], Cancelled) and b == [b"mine"]


def test_a_waiting_thread_obeys_its_own_token():
    cache, started, go, token = Cache(100), threading.Event(), threading.Event(), CancelToken()

    def slow():
        started.set()
        assert go.wait(10)
        return b"slow"

    first, a = run_in_thread(lambda: cache.get("a", slow, len))
    assert started.wait(10)
    token.cancel()
    with pytest.raises(Cancelled):
        cache.get("a", slow, len, token)
    go.set()
    first.join(10)
    assert a == [b"slow"]
