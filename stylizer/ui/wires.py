"""From handlers that answer by name to Gradio's events."""

from __future__ import annotations

import contextlib
import functools
import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gradio as gr
from gradio.events import EventData

from stylizer.ui.messages import SessionExpired, Status, sentence_of, status
from stylizer.ui.options import Settings
from stylizer.ui.sessions import Sessions


class ErrorLine:
    """Let what went wrong stand in a status line until the visitor's next act, whatever is said there."""

    def __init__(self, sessions: Sessions, name: str) -> None:
        """`name` tells the status lines of a visit apart."""
        self.sessions, self.name = sessions, name

    def note(self, visit: Any, sentence: str) -> None:
        """Let a sentence stand; "" takes the last one away."""
        with contextlib.suppress(SessionExpired):
            self.sessions.find(visit).errors[self.name] = sentence

    def write(self, visit: Any, line: Status) -> str:
        """Write a status line; an error stands from now on, and before whatever else is said.

        The line says when it was said first, in microseconds since 1970: answers may come out of their order.
        """
        if line.wrong:
            self.note(visit, line.sentence)
        # after an error is noted, before one is looked for
        moment = line.moment = line.moment or time.time_ns() // 1000
        if not line.wrong:
            with contextlib.suppress(SessionExpired):
                if standing := self.sessions.find(visit).errors.get(self.name):
                    line = status(f"{standing} {line.sentence}", "standing error", line.done)
        return line.replace("<p ", f'<p data-at="{moment}" ', 1)


class Wires:
    """Connect events to handlers: answers by name become outputs, and no error covers a control.

    A handler that raises leaves every widget as it is; the sentence goes to the status line. Names that are
    no widgets, and handlers that do not take what they are given, are found out when they are connected.
    """

    def __init__(self, widgets: dict[str, Any], line: ErrorLine | None = None, **options: Any) -> None:
        """`line` is where errors stand, by an event's first value, the visit; `options` are every event's."""
        self.widgets, self.line, self.options = widgets, line, options

    def on(
        self,
        events: Any,
        handler: Callable[..., Any],
        inputs: Sequence[str],
        outputs: Sequence[str],
        settings: type[Settings] | None = None,
        act: bool = True,
        **options: Any,
    ) -> Any:
        """Run a handler on an event or several; the outputs are those it may name in its answer.

        With `settings` the handler takes, last, that record of the widgets' values. What is no `act` of the
        visitor leaves the last error standing. Raises KeyError for a name that is no widget, TypeError for a
        handler with other parameters.
        """
        names = [*dict.fromkeys([*outputs, "status"])]
        options = {"show_progress": "hidden", "api_visibility": "private"} | self.options | options
        connect = functools.partial(gr.on, events) if isinstance(events, list) else events
        return connect(
            spread_answers(handler, len(inputs), names, settings, self.line, act),
            [self.widgets[name] for name in (*inputs, *(settings.WIDGETS if settings else ()))],
            [self.widgets[name] for name in names],
            **options,
        )


def spread_answers(
    handler: Callable[..., Any],
    inputs: int,
    names: list[str],
    settings: type[Settings] | None = None,
    line: ErrorLine | None = None,
    act: bool = True,
) -> Callable[..., Any]:
    """Make a function of values out of a handler that takes so many inputs, and answers by names.

    Gradio takes what a function with one output returns for that output's value, so one is not in a tuple.
    """
    signature = inspect.signature(handler)
    hints = inspect.get_annotations(inspect.unwrap(handler), eval_str=True)
    special = [hint for hint in hints.values() if hint in (gr.Request, EventData, gr.SelectData)]
    signature.bind(*[None] * (inputs + len(special) + (settings is not None)))

    def begin(values: tuple[Any, ...]) -> None:
        if line is not None and act and values:
            line.note(values[0], "")

    def spread(answer: dict[str, Any], values: tuple[Any, ...]) -> Any:
        if line is not None and values and "status" in answer:
            answer = {**answer, "status": line.write(values[0], answer["status"])}
        return _spread(answer, names)

    def failed(error: Exception, values: tuple[Any, ...]) -> Any:
        return spread({"status": status(sentence_of(error), "error")}, values)

    @functools.wraps(handler)
    def steps(*values: Any) -> Iterator[Any]:
        silent = True
        try:
            begin(values)
            for answer in handler(*_arguments(values, settings)):
                silent = False
                yield spread(answer, values)
        except Exception as error:
            yield failed(error, values)
        else:
            if silent:  # Gradio empties the outputs of a generator that yields nothing
                yield _spread({}, names)

    @functools.wraps(handler)
    def once(*values: Any) -> Any:
        try:
            begin(values)
            return spread(handler(*_arguments(values, settings)), values)
        except Exception as error:
            return failed(error, values)

    made: Any = steps if inspect.isgeneratorfunction(handler) else once
    if settings is not None:  # Gradio counts a function's parameters
        kept = [entry for entry in signature.parameters.values() if entry.name != "settings"]
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        rest = [inspect.Parameter(f"setting_{name}", kind) for name in settings.WIDGETS]
        made.__signature__ = signature.replace(parameters=[*kept, *rest])
    answering: Callable[..., Any] = made
    return answering


def _arguments(values: tuple[Any, ...], settings: type[Settings] | None) -> tuple[Any, ...]:
    """Turn the last values into the record that a handler takes last, if it takes one."""
    if settings is None:
        return values
    count = len(settings.WIDGETS)
    record = settings.read(**dict(zip(settings.WIDGETS, values[-count:], strict=True)))
    return (*values[:-count], record)


def _spread(answer: dict[str, Any], names: list[str]) -> Any:
    """Lay an answer out in the order of its event's outputs; raises KeyError for what is none of them."""
    unknown = answer.keys() - set(names)
    if unknown:
        raise KeyError(f"an answer names {sorted(unknown)}, which are no outputs of its event")
    values = tuple(answer.get(name, gr.skip()) for name in names)
    return values if len(values) != 1 else values[0]
