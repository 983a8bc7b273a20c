"""A GPU that is lent for one call at a time, as on ZeroGPU Spaces; elsewhere nothing changes."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

from stylizer.engine import Cancelled, CancelToken, Engine, StyleRequest

SECONDS = 60
"""For which a GPU is asked: a full size, or all previews of a picture."""
MASTERWORK_SECONDS = 120
HEAVY = ("run", "grow", "segment", "match", "keyframes", "walk", "study", "thumbnails")
"""What an engine does on its device."""
STEPS = ("keyframes", "walk", "study", "thumbnails")
"""Those of them that answer step by step."""

Function = Callable[..., Any]
Values = tuple[Any, ...]

_here = threading.local()


def import_spaces() -> Any:
    """Return the package that lends GPUs on such a Space, else None; CUDA may not be in use by then."""
    if os.environ.get("SPACES_ZERO_GPU", "").lower() not in ("1", "t", "true"):
        return None
    import spaces

    return spaces


def lend_gpu(engine: Engine, spaces: Any) -> None:
    """Let each heavy call of an engine borrow a GPU, for as long as it lasts.

    The call is carried out in a process of its own, to which the request is sent and from which the answers
    come: progress, then what was made. A caller who cancels is heard at the next step.
    """
    plain = {name: getattr(engine, name) for name in HEAVY}

    def seconds(name: str, values: Values, more: dict[str, Any]) -> int:
        long = name == "study" or any(isinstance(v, StyleRequest) and v.masterwork for v in values)
        return MASTERWORK_SECONDS if long else SECONDS

    def carry_out(name: str, values: Values, more: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        yield from _told(name, plain[name], values, more)

    lent = spaces.GPU(duration=seconds)(carry_out)
    for name in HEAVY:
        borrowing = _step_by_step if name in STEPS else _at_once
        setattr(engine, name, _unless_borrowed(plain[name], borrowing(lent, name)))


def is_lent(engine: Engine) -> bool:
    """Tell whether an engine's calls borrow a GPU, each for itself."""
    return "run" in vars(engine)


def _unless_borrowed(plain: Function, borrowing: Function) -> Function:
    """Call a function as it is where the GPU has been borrowed already: one heavy call calls others."""

    def call(*values: Any, **more: Any) -> Any:
        return (plain if getattr(_here, "borrowed", False) else borrowing)(*values, **more)

    return call


def _told(name: str, function: Function, values: Values, more: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Carry out a call in a thread of the process that has the GPU; yield what it tells as it comes."""
    told: queue.Queue[tuple[str, Any]] = queue.Queue()
    token = CancelToken()

    def work() -> None:
        _here.borrowed = True
        try:
            if name == "run":
                more["progress"] = lambda progress: told.put(("progress", progress))
            result = function(*values, token=token, **more)
            if name in STEPS:
                for each in result:
                    told.put(("step", each))
                result = None
            told.put(("done", result))
        except Exception as error:  # it is raised where the call came from
            told.put(("error", error))

    threading.Thread(target=work, daemon=True).start()
    try:
        while True:
            kind, value = told.get()
            yield kind, value
            if kind in ("done", "error"):
                return
    finally:
        token.cancel()


def _answers(
    carry_out: Function, name: str, values: Values, more: dict[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Send a call to a borrowed GPU; yield its steps and result, and raise its errors."""
    token = more.pop("token", None) or CancelToken()
    receive = more.pop("progress", None)
    values = tuple(value for value in values if not isinstance(value, CancelToken))
    steps = carry_out(name, values, more)
    for kind, value in steps:
        if token.cancelled:
            steps.close()
            token.check()
        if kind == "error":
            raise value
        if kind == "progress":
            if receive is not None:
                receive(value)
        else:
            yield kind, value


def _at_once(carry_out: Function, name: str) -> Function:
    def call(*values: Any, **more: Any) -> Any:
        for kind, value in _answers(carry_out, name, *_by_name(name, values, more)):
            if kind == "done":
                return value
        raise Cancelled("The GPU was taken back; try again.")

    return call


def _step_by_step(carry_out: Function, name: str) -> Function:
    def call(*values: Any, **more: Any) -> Iterator[Any]:
        for kind, value in _answers(carry_out, name, *_by_name(name, values, more)):
            if kind == "step":
                yield value

    return call


def _by_name(name: str, values: Values, more: dict[str, Any]) -> tuple[Values, dict[str, Any]]:
    """Give token and progress, which stay here, their names; lists of steps are sent whole."""
    places = {
        "run": 1,
        "grow": 2,
        "segment": 1,
        "match": 2,
        "study": 1,
        "keyframes": 3,
        "walk": 3,
        "thumbnails": 2,
    }
    place = places[name]
    sent, switches = list(values[:place]), values[place:]
    if name == "keyframes" and len(sent) > 1:
        sent[1] = tuple(sent[1])
    named = dict(
        zip(("token", "region") if name == "keyframes" else ("token", "progress"), switches, strict=False)
    )
    return tuple(sent), {**named, **more}
