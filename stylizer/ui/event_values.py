"""The values of an event, as its widgets may have them: what is none of them is refused in one sentence.

Gradio compares, looks up and validates whatever it gets, and raises; its words name types of Python.
"""

from __future__ import annotations

import inspect
import math
from pathlib import Path
from typing import Any

import gradio as gr

from stylizer.engine.settings import brief
from stylizer.ui import limits
from stylizer.ui.refusal import ValueRefused
from stylizer.ui.upload_limits import is_upload

FILE = "That is no file that was uploaded here; upload it first"
_META = {"_type": "gradio.FileData"}
_TYPED = 10  # times a slider's end: a digit too many
_FILES = (gr.File, gr.UploadButton, gr.Image)


def clean_values(called: Any, values: list[Any], parts: dict[int, Any], folder: Path) -> list[Any]:
    """Return the values of an event of a function (`called`), each as its widget may have it.

    Programs may leave out the last ones, which are the usual ones then. `parts` are the widgets as this
    session has them, by their numbers; files must lie in `folder`. Raises ValueRefused.
    """
    public = called.api_visibility == "public"
    usual = [part.value for part in called.inputs[len(values) :]] if public else []
    names = list(inspect.signature(called.fn).parameters) if public else []
    cleaned = []
    for place, (part, value) in enumerate(zip(called.inputs, values, strict=False)):
        part = parts.get(part._id, part)
        try:
            cleaned.append(_clean(part, value, public, called.preprocess, folder))
        except ValueError as error:
            name = names[place] if names else f"value {place + 1}"
            right, called_so = str(error), name.replace("_", " ").capitalize()
            sentence = f"{right}." if right == FILE else f"{called_so} is {_shown(value)}; {right}."
            raise ValueRefused(sentence, place, name) from None
    return cleaned + usual


def _clean(part: Any, value: Any, public: bool, checked: bool, folder: Path) -> Any:
    """Return a value as a widget may have it; raises ValueError with what would be right.

    Of lists that change, choices are compared where Gradio compares them (`checked`): elsewhere they may be
    those of a model that was chosen a moment ago.
    """
    if isinstance(part, gr.Number | gr.Slider):
        return _number(part, value, public)
    if isinstance(part, gr.Checkbox) and type(value) is not bool:
        raise ValueError("choose true or false")
    if isinstance(part, gr.Textbox | gr.ColorPicker) and value is not None:
        _check_text(value, getattr(part, "max_length", None) or limits.EVENT_BYTES)
    if isinstance(part, gr.Radio | gr.Dropdown | gr.CheckboxGroup):
        _check_chosen(part, value, checked)
    if isinstance(part, _FILES) and value is not None:
        files = value if isinstance(value, list) else [value]
        several = getattr(part, "file_count", "single") != "single"
        most = limits.UPLOAD_FILES if several else 1
        if len(files) > most:
            raise ValueError(f"send {f'at most {most} files' if several else 'one file'}")
        cleaned = [_file(each, folder) for each in files]
        return cleaned if several else next(iter(cleaned), None)
    return value


def _number(part: Any, value: Any, public: bool) -> Any:
    """Take a number; fields that somebody can empty may be so.

    The page's sliders go to their nearer end: while somebody types 150 into one, it says 1 and 15 on the way.
    What is far off, nobody typed.
    """
    whole = part.precision == 0 and public
    least, most = part.minimum, part.maximum
    wanted = f"a {'whole ' if whole else ''}number"
    if least is not None and most is not None:
        wanted += f" from {least:g} to {most:g}"
    if value is None and isinstance(part, gr.Number) and part.visible != "hidden":
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"it takes {wanted}")
    inside = (least is None or value >= least) and (most is None or value <= most)
    typed = isinstance(part, gr.Slider) and not public and abs(value) <= _TYPED * most
    if not inside and typed:
        return most if value > most else least
    if not inside or not _is_finite(value) or (whole and value != int(value)):
        raise ValueError(f"it takes {wanted}")
    return value


def _is_finite(value: float) -> bool:
    """Beyond 2 to the 53rd, numbers of JavaScript are not exact, and the answer cannot be written."""
    return abs(value) <= limits.LARGEST_NUMBER and math.isfinite(value)


def _check_text(value: Any, longest: int) -> None:
    if not isinstance(value, str):
        raise ValueError("it takes a text")
    if len(value) > longest:
        raise ValueError(f"it takes a text of at most {longest} letters, and that has {len(value)}")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("it takes a text of letters, and that holds something else")


def _check_chosen(part: Any, value: Any, checked: bool) -> None:
    several = isinstance(part, gr.CheckboxGroup) or getattr(part, "multiselect", False)
    choices = [choice for _, choice in part.choices]
    wanted = f"choose {'from' if several else 'one of'} {', '.join(map(str, choices))}"
    if several and (not isinstance(value, list) or len(value) > limits.CHOICES):
        raise ValueError(f"it takes a list; {wanted}")
    if not several and value is None and isinstance(part, gr.Dropdown):
        return
    for each in value if several else [value]:
        if not isinstance(each, str) or len(each) > limits.CHOICE_LETTERS:
            raise ValueError(wanted)
        known = checked or isinstance(part, gr.Radio)
        if known and not getattr(part, "allow_custom_value", False) and each not in choices:
            raise ValueError(wanted)


def _file(value: Any, folder: Path) -> dict[str, Any]:
    """Return an upload with nothing but its path and its name; what else is said of it, nobody asks."""
    path = value.get("path") if isinstance(value, dict) else None
    name = value.get("orig_name") if isinstance(value, dict) else None
    if not isinstance(path, str) or not is_upload(path, folder):
        raise ValueError(FILE)
    if name is not None:
        _check_text(name, limits.NAME_LETTERS)
    return {"path": path, "orig_name": name, "meta": _META}


def _shown(value: Any) -> str:
    """Show a value in a few letters, but no path of the server."""
    if value is None:
        return "empty"
    return "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else brief(value)
