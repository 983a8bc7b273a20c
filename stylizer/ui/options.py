"""Widgets for the settings of a request: bounds, defaults and sentences are read from the request itself."""

from __future__ import annotations

from typing import Any

import gradio as gr

from stylizer.engine import StyleRequest, TranslateRequest, options

LABELS = {
    "strength": "Strength",
    "color": "Color",
    "colors_only": "Colors only",
    "stroke": "Brush size",
    "detail": "Detail",
}
LOOK = ("color", "colors_only", "stroke", "detail")
"""The settings that need the painter anew; strength is blended on the stage."""

SENTENCES = {  # the page counts in percent, the request in parts of one
    StyleRequest: {
        "strength": "0 is your photo, 100 the full style, more exaggerates.",
        "color": "0 keeps the photo's colors, 100 takes the style's.",
        "stroke": "50 is finer, 200 is broader.",
    },
    TranslateRequest: {
        "strength": "0 is your photo, 100 the full look.",
        "color": "0 keeps the photo's colors, 100 takes the look's.",
        "stroke": "50 is finer, 200 is broader.",
    },
}


def default(name: str) -> Any:
    """Return the page's default for a setting: percent for a number, true or false for a switch."""
    return to_page(name, _field(name).default)


def slider(name: str, of: str = "", elem_id: str = "", kind: type = StyleRequest) -> gr.Slider:
    """Make the slider of a request's setting, in percent; `of` says whose it is, if not the picture's."""
    facts = _field(name, kind).metadata
    return gr.Slider(
        round(100 * facts["least"]),
        round(100 * facts["most"]),
        default(name),
        step=max(1, round(100 * facts["step"])),
        label=f"{LABELS[name]} of {of} (%)" if of else f"{LABELS[name]} (%)",
        info=SENTENCES[kind].get(name, facts["help"]),
        buttons=["reset"],
        interactive=True,
        elem_id=elem_id or name.replace("_", "-"),
    )


def switch(name: str) -> gr.Checkbox:
    """Make the checkbox of a setting."""
    return gr.Checkbox(
        default(name),
        label=LABELS[name],
        info=_field(name).metadata["help"],
        interactive=True,
        elem_id=name.replace("_", "-"),
    )


def to_request(name: str, value: Any) -> Any:
    """Turn a widget's value into the request's: parts of one, or true and false."""
    return bool(value) if isinstance(_field(name).default, bool) else round(float(value) / 100, 4)


def to_page(name: str, value: Any) -> Any:
    """Turn a request's value into the widget's: percent, or true and false."""
    return value if isinstance(value, bool) else round(100 * value)


def _field(name: str, kind: type = StyleRequest) -> Any:
    return next(entry for entry in options(kind) if entry.name == name)
