"""Requests that are not carried out: a status and a sentence for whoever asked."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse


class Refused(Exception):
    """A request is not carried out; holds a status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


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


def answer(refused: Refused) -> JSONResponse:
    """Write a refusal as Gradio's page and clients read it."""
    return JSONResponse({"error": refused.sentence, "detail": refused.sentence}, refused.status)
