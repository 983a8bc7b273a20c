"""The settings of a request as widgets, and as records of the widgets' values.

Bounds, defaults and sentences are read from the request itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import gradio as gr

from stylizer.engine import ColorHint, RequestError, StyleRequest, TranslateRequest
from stylizer.engine.hints import MOST_HINTS
from stylizer.engine.parsing import read_hints
from stylizer.engine.settings import find_option
from stylizer.ui.language import say

if TYPE_CHECKING:
    from typing_extensions import Self

LABELS = {
    "strength": "Strength",
    "color": "Color",
    "colors_only": "Colors only",
    "stroke": "Brush size",
    "detail": "Detail",
    "gentle_faces": "Gentle faces",
}
TRANSLATION = ("strength", "color", "stroke", "gentle_faces")
"""The settings of a translation beside its look."""
LOOK = ("color", "colors_only", "stroke", "detail", "gentle_faces")
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


BEGINNING: dict[type, dict[str, Any]] = {StyleRequest: {"strength": 75}}
"""Where the page begins otherwise than a request: with room on both sides of the slider."""


def default(name: str, kind: type = StyleRequest) -> Any:
    """Return the page's default for a setting: percent for a number, true or false for a switch."""
    return BEGINNING.get(kind, {}).get(name, to_page(name, find_option(name, kind).default))


def slider(name: str, of: str = "", elem_id: str = "", kind: type = StyleRequest) -> gr.Slider:
    """Make the slider of a request's setting, in percent; `of` says whose it is, if not the picture's."""
    facts = find_option(name, kind).metadata
    return gr.Slider(
        round(100 * facts["least"]),
        round(100 * facts["most"]),
        default(name, kind),
        step=max(1, round(100 * facts["step"])),
        label=f"{LABELS[name]} of {of} (%)" if of else f"{LABELS[name]} (%)",
        info=SENTENCES[kind].get(name, facts["help"]),
        buttons=["reset"],
        interactive=True,
        elem_id=elem_id or name.replace("_", "-"),
    )


def switch(name: str, elem_id: str = "", kind: type = StyleRequest) -> gr.Checkbox:
    """Make the checkbox of a setting."""
    return gr.Checkbox(
        default(name, kind),
        label=LABELS[name],
        info=find_option(name, kind).metadata["help"],
        interactive=True,
        elem_id=elem_id or name.replace("_", "-"),
    )


def to_request(name: str, value: Any) -> Any:
    """Turn a widget's value into the request's: parts of one, or true and false."""
    return (
        bool(value)
        if isinstance(find_option(name, StyleRequest).default, bool)
        else round(float(value) / 100, 4)
    )


def to_page(name: str, value: Any) -> Any:
    """Turn a request's value into the widget's: percent, or true and false."""
    return value if isinstance(value, bool) else round(100 * value)


MOST_FURTHER = 3
"""Styles that may join the chosen one."""
MOST_SHARES = 8
"""Looks of a model whose shares of a mix have a slider; further ones join with half a share."""


class Settings:
    """The values of the widgets that a request depends on; `WIDGETS` names those in the handlers' order."""

    WIDGETS: ClassVar[tuple[str, ...]]

    @classmethod
    def read(cls, **values: Any) -> Self:
        """Make the record of the widgets' values by name; those named share0, share1.. become `shares`."""
        shares = tuple(values.pop(name) for name in cls.WIDGETS if name.startswith("share"))
        return cls(**values, **({"shares": shares} if shares else {}))

    def to_widgets(self) -> dict[str, Any]:
        """Return the widgets' values by name."""
        values = {name: getattr(self, name) for name in self.WIDGETS if not name.startswith("share")}
        return values | {f"share{place}": share for place, share in enumerate(getattr(self, "shares", ()))}


@dataclass(frozen=True)
class StyleSettings(Settings):
    """The values that a painting depends on, as the widgets hold them; the chosen style is the session's."""

    WIDGETS = ("strength", *LOOK, "further", *(f"share{place}" for place in range(MOST_FURTHER + 1)))
    strength: float = 100
    color: float = 100
    colors_only: bool = False
    stroke: float = 100
    detail: float = 0
    gentle_faces: bool = True
    further: tuple[str, ...] | list[str] = ()
    shares: tuple[float, ...] = (50.0,) * (MOST_FURTHER + 1)


@dataclass(frozen=True)
class TranslateSettings(Settings):
    """The values that a translation depends on, as the widgets hold them."""

    WIDGETS = (
        "model",
        "domains",
        *(f"share{place}" for place in range(MOST_SHARES)),
        "strength",
        "color",
        "stroke",
        "gentle_faces",
        "hints",
    )
    model: str = ""
    domains: tuple[str, ...] | list[str] = ()
    shares: tuple[float, ...] = (50.0,) * MOST_SHARES
    strength: float = 100
    color: float = 100
    stroke: float = 100
    gentle_faces: bool = True
    hints: str = ""
    """Color hints and the photo that they are of, as `written_hints` writes them."""


def written_hints(hints: tuple[ColorHint, ...], digest: str) -> str:
    """Write color hints down, with the photo that they are of; nothing for none."""
    return " ".join([digest[:16], *(f"{h.x:.4f},{h.y:.4f}={h.color}" for h in hints)]) if hints else ""


def hints_for(text: str, digest: str) -> tuple[ColorHint, ...]:
    """Read color hints; those of another photo are none. Raises RequestError for what is no such text."""
    photo, *hints = (text or "").split(None, MOST_HINTS + 1) or [""]
    if len(hints) > MOST_HINTS:
        raise RequestError(say("there are {count} hints already; take one back first", count=MOST_HINTS))
    return read_hints(hints) if photo and photo == digest[:16] else ()


@dataclass(frozen=True)
class GenerateSettings(Settings):
    """The values that a generated picture depends on, as the widgets hold them."""

    WIDGETS = ("model", "seed", "second", "coarse", "middle", "fine", "truncation")
    model: str = ""
    seed: float | None = 0
    second: float | None = None
    coarse: float = 0
    middle: float = 0
    fine: float = 0
    truncation: float = 70
