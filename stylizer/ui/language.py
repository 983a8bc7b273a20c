"""The page's language: English as it stands in the code, or what a file of `languages` says in its place.

What stands in the page from the start is translated in the browser (Gradio's I18n, and `words.js` for our own
HTML), what handlers and the rooms below say is translated here; both follow the first language that the
browser asks for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from stylizer.errors import Sentence

FOLDER = Path(__file__).with_name("languages")
ENGLISH = "en"
FILES = {path.name: path.read_bytes() for path in sorted(FOLDER.glob("*.json"))}
"""One file a language, named by its code, as the browser asks for it.

"labels" are what Gradio's widgets say, "messages" what handlers and the rooms below say,
"stage" what our own HTML and scripts say; each maps a sentence as it stands in the code to one of the
language.
"""
SENTENCES: dict[str, dict[str, dict[str, str]]] = {
    name.removesuffix(".json"): json.loads(text) for name, text in FILES.items()
}


def spoken() -> str:
    """Return the language of the visitor whose event is being handled; English when there is none."""
    request = LocalContext.request.get(None)
    return ENGLISH if request is None else asked_for(request.headers)


def asked_for(headers: Mapping[str, str]) -> str:
    """Return the language that answers the first one which a browser's headers ask for."""
    asked = str(headers.get("accept-language", ""))
    return best_language(asked.split(",")[0].split(";")[0].strip())


def best_language(code: str) -> str:
    """Return the language that answers a code such as fr-CA: it, or else fr, if there is a file of that name.

    `best` in `words.js` does the same, and so does Gradio for its widgets.
    """
    return next((each for each in (code, code.split("-")[0]) if each in SENTENCES), ENGLISH)


def say(sentence: str, **values: Any) -> str:
    """Say a sentence in the visitor's language, with values in the place of their names in braces."""
    return _said(sentence, spoken(), values)


def tell(sentence: str, language: str = "") -> str:
    """Say in the visitor's language what another room says: with sentences in it told likewise.

    What is no `Sentence` is said as it is. Outside an event the caller knows the `language`.
    """
    if not isinstance(sentence, Sentence):
        return sentence
    language = language or spoken()
    values = {
        name: tell(each, language) if isinstance(each, str) else each
        for name, each in sentence.values.items()
    }
    return _said(sentence.template, language, values)


def _said(sentence: str, language: str, values: dict[str, Any]) -> str:
    said = SENTENCES.get(language, {}).get("messages", {}).get(sentence, sentence)
    return said.format(**values) if values else said


def words(sentence: str) -> str:
    """Mark a sentence that is said later, by `say`."""
    return sentence


def labels() -> gr.I18n:
    """Return what Gradio's widgets say in other languages than English."""
    return gr.I18n(en={}, **{code: sentences["labels"] for code, sentences in SENTENCES.items()})


TOLD = ("label", "info", "placeholder")
TEXTS = (gr.Button, gr.HTML)
"""Widgets whose value is a text of the page."""


def mark_labels(block: Any) -> None:
    """Mark what a widget and all inside it say, so that browsers translate it: plain words they let stand.

    Choices need no mark.
    """
    known = {sentence for sentences in SENTENCES.values() for sentence in sentences["labels"]}
    for name in (*TOLD, "value") if isinstance(block, TEXTS) else TOLD:
        text = getattr(block, name, None)
        if isinstance(text, str) and text in known:
            setattr(block, name, str(gr.I18n()(text)))
    for child in getattr(block, "children", ()):
        mark_labels(child)
