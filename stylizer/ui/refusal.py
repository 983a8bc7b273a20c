"""Requests that are not carried out: a status and a sentence for whoever asked."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Scope

from stylizer.ui.language import asked_for, tell


class Refused(Exception):
    """A request is not carried out; holds a status and a sentence.

    What a visitor of the page may meet is a `Sentence`; what only programs do stands in English.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class ValueRefused(Refused):
    """A value of an event is none that its widget can have: its place among the values, and its name."""

    def __init__(self, sentence: str, place: int, name: str) -> None:
        super().__init__(422, sentence)
        self.place, self.name = place, name


class ToolRefused(Refused):
    """A tool is not called: it was sent an address, and the studio fetches none."""

    def __init__(self, id: Any) -> None:
        super().__init__(
            422,
            "The studio fetches no addresses; send the picture itself as a data: URL, or upload it to "
            "/gradio_api/upload and send its address here.",
        )
        told = {"content": [{"type": "text", "text": self.sentence}], "isError": True}
        self.answer = JSONResponse({"jsonrpc": "2.0", "id": id, "result": told})


def answer(refused: Refused, scope: Scope, joining: bool = False) -> JSONResponse:
    """Write a refusal as Gradio's page and clients read it, in the language of whoever asked.

    Where the queue is joined (`joining`) they read a 422 value by value: the page shows what is said beside
    that widget, and Gradio's client for Python knows no other kind, and breaks on it.
    """
    sentence = tell(refused.sentence, asked_for(Headers(scope=scope)))
    detail: Any = sentence
    if joining and refused.status == 422:
        place, name = getattr(refused, "place", 0), getattr(refused, "name", "request")
        wrong = {"is_valid": False, "parameter_name": name, "message": sentence}
        told: list[dict[str, Any]] = [*({"is_valid": True} for _ in range(place)), wrong]
        detail = [{"__type__": "validate", **each} for each in told]
    return JSONResponse({"error": sentence, "detail": detail}, refused.status)
