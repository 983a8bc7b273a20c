"""How programs reach the functions of `api.py`: the fields, the outputs and the queue of every endpoint."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import gradio as gr

from stylizer.engine import (
    Cancelled,
    Engine,
    GenerateRequest,
    RequestError,
    StyleRequest,
    TranslateRequest,
    options,
)
from stylizer.ui import limits
from stylizer.ui.api import Endpoints
from stylizer.ui.messages import sentence_of
from stylizer.ui.options import LABELS
from stylizer.ui.sessions import Sessions
from stylizer.ui.studies import StudyDesk

# -- fields: components that no one sees check types, ranges and uploads -------------------------------------


def _file(label: str, **more: Any) -> Callable[[], gr.File]:
    return lambda: gr.File(label=label, type="filepath", **more)


def _text(label: str, longest: int = 1000) -> Callable[[], gr.Textbox]:
    return lambda: gr.Textbox("", label=label, max_length=longest)


def _number(kind: type, name: str, precision: int | None = None) -> Callable[[], gr.Number]:
    entry = next(entry for entry in options(kind) if entry.name == name)
    default: Any = entry.default
    return lambda: gr.Number(
        default,
        label=LABELS.get(name, name.capitalize()),
        minimum=entry.metadata["least"],
        maximum=entry.metadata["most"],
        info=entry.metadata["help"],
        precision=precision,
    )


def _share(level: str) -> Callable[[], gr.Number]:
    return lambda: gr.Number(0, label=f"{level} share", minimum=0, maximum=1)


def _switch(label: str, on: bool = False) -> Callable[[], gr.Checkbox]:
    return lambda: gr.Checkbox(on, label=label)


def _numbers(kind: type, *names: str) -> tuple[Callable[[], gr.Number], ...]:
    return tuple(_number(kind, name) for name in names)


GENTLY = _switch(LABELS["gentle_faces"], on=True)
PNG = (lambda: gr.File(label="PNG"),)
AT_ONCE = {"queue": False}
ONE_AT_A_TIME = {"concurrency_id": "full size", "concurrency_limit": 1}
Maker = Callable[[], gr.components.Component]
ENDPOINTS: dict[str, tuple[tuple[Maker, ...], tuple[Maker, ...], dict[str, Any]]] = {
    "styles": ((), (lambda: gr.JSON(label="Styles"),), AT_ONCE),
    "stylize": (
        (
            _file("Photo"),
            _text("Style"),
            _file("Painting"),
            *_numbers(StyleRequest, "strength", "color"),
            _switch("Colors only"),
            *_numbers(StyleRequest, "stroke", "detail"),
            GENTLY,
        ),
        PNG,
        ONE_AT_A_TIME,
    ),
    "masterwork": (
        (
            _file("Photo"),
            _file("Painting"),
            _text("Style"),
            *_numbers(StyleRequest, "strength", "color", "stroke", "detail"),
            GENTLY,
        ),
        PNG,
        ONE_AT_A_TIME,
    ),
    "study": (
        (
            _file("Painting"),
            _file("Photos", file_count="multiple"),
            _text("Title", 120),
            lambda: gr.Number(limits.STUDY_SECONDS, label="Seconds", minimum=1, maximum=limits.STUDY_SECONDS),
        ),
        (lambda: gr.File(label="Style"),),
        {"concurrency_limit": None},
    ),
    "segment": (
        (_file("Photo"),),
        (lambda: gr.JSON(label="Regions"), lambda: gr.File(label="Masks", file_count="multiple")),
        ONE_AT_A_TIME,
    ),
    "stylize_regions": (
        (
            _file("Photo"),
            _text("Regions", 2000),
            _text("Style"),
            _file("Painting"),
            _file("Masks", file_count="multiple"),
            _switch("Match by meaning"),
            *_numbers(StyleRequest, "strength", "color", "stroke", "detail"),
            GENTLY,
        ),
        PNG,
        ONE_AT_A_TIME,
    ),
    "translate": (
        (
            _file("Photo"),
            _text("Model", 200),
            _text("Domains"),
            *_numbers(TranslateRequest, "strength", "color", "stroke"),
            _text("Hints", 2000),
            GENTLY,
        ),
        PNG,
        ONE_AT_A_TIME,
    ),
    "invent": (
        (
            _text("Model", 200),
            _number(GenerateRequest, "seed", 0),
            _number(GenerateRequest, "second", 0),
            *map(_share, ("Coarse", "Middle", "Fine")),
            _number(GenerateRequest, "truncation"),
        ),
        PNG,
        ONE_AT_A_TIME,
    ),
}
"""Name of an endpoint: its fields, its outputs, and how it is queued."""


def make_endpoints(engine: Engine, sessions: Sessions, studies: StudyDesk) -> Endpoints:
    """Declare the endpoints, and return their functions."""
    endpoints = Endpoints(engine, sessions, studies)
    with gr.Column(visible=False):
        for name, (fields, outputs, settings) in ENDPOINTS.items():
            gr.Button().click(
                _in_sentences(getattr(endpoints, name)),
                [make() for make in fields],
                [make() for make in outputs],
                api_name=name,
                **settings,
            )
    return endpoints


def _in_sentences(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn mistakes of a function into sentences for whoever called it."""
    parameters = inspect.signature(function).parameters.values()

    @functools.wraps(function)
    def called(*values: Any) -> Any:
        try:
            for value, each in zip(values, parameters, strict=True):
                if value is None and each.default is not None:
                    raise RequestError(f"{each.name} is null; give a value, or leave it out")
            return function(*values)
        except Cancelled:
            raise gr.Error("Stopped: whoever asked for it has left.", print_exception=False) from None
        except Exception as error:
            raise gr.Error(sentence_of(error), print_exception=False) from None

    return called
