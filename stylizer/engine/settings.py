"""Settings of requests: each is declared once, in its field, with default, bounds and sentence.

The check, the command line, the programs' interface and the page's sliders all read them there.
"""

from __future__ import annotations

import math
from dataclasses import Field, field, fields
from typing import Any

from stylizer.errors import RequestError, Sentence


def option(
    default: Any, help: str, least: float | None = None, most: float | None = None, step: float = 0
) -> Any:
    """Declare a setting as a field of a request: default, sentence, bounds and step of its slider."""
    return field(default=default, metadata={"least": least, "most": most, "step": step, "help": help})


def options(kind: type) -> tuple[Field[Any], ...]:
    """List the settings of a kind of request; each has least, most, step and help in its metadata."""
    return tuple(entry for entry in fields(kind) if entry.metadata)


def find_option(name: str, kind: type) -> Field[Any]:
    """Return one setting of a kind of request; raises KeyError."""
    for entry in options(kind):
        if entry.name == name:
            return entry
    raise KeyError(f"{kind.__name__} has no setting {name!r}")


def check_options(request: Any) -> None:
    """Give a frozen request its settings in their own types; raises RequestError."""
    for entry in options(type(request)):
        value = check_option(entry.name, getattr(request, entry.name), type(request))
        object.__setattr__(request, entry.name, value)


def check_option(name: str, value: Any, kind: type) -> Any:
    """Return the value of one setting in its own type; raises RequestError when it is out of bounds."""
    entry = find_option(name, kind)
    least, most = entry.metadata["least"], entry.metadata["most"]
    if isinstance(entry.default, bool):
        if not isinstance(value, bool):
            raise RequestError(
                "{name} is {value}; choose true or false", name=_words(name), value=brief(value)
            )
        return value
    if entry.default is None and value is None:
        return None
    if entry.default is None or isinstance(entry.default, int):
        if isinstance(value, bool) or not hasattr(value, "__index__") or not least <= value <= most:
            raise RequestError(
                "{name} is {value}; choose a whole number from {least} to {most}",
                name=_words(name),
                value=brief(value),
                least=least,
                most=most,
            )
        return int(value)
    return number_between(_words(name), value, least, most)


def clamp_option(name: str, value: Any, kind: type) -> tuple[Any, str | None]:
    """Return the nearest value that a setting may have, and a sentence if that is another one."""
    try:
        return check_option(name, value, kind), None
    except RequestError:
        entry = find_option(name, kind)
        whole = entry.default is None or isinstance(entry.default, int)
        near = entry.default
        if not isinstance(entry.default, bool) and _is_number(value):
            near = min(max(value, entry.metadata["least"]), entry.metadata["most"])
            near = round(near) if whole else float(near)
        used = Sentence("the photo's own") if near is None else near
        found = {"name": _words(name), "value": brief(value)}
        return near, Sentence("{name} is {value}; {used} is used", **found, used=used)


def number_between(name: str, value: Any, least: float, most: float) -> float:
    """Return a number as a float; raises RequestError when it is none, or out of bounds."""
    if not _is_number(value) or not least <= value <= most:
        raise RequestError(
            "{name} is {value}; choose a number from {least:g} to {most:g}",
            name=name,
            value=brief(value),
            least=least,
            most=most,
        )
    return float(value)


def brief(value: object) -> str:
    """Show a value, whatever it is, in a few letters."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to print integers of thousands of digits
        return "an enormous number"
    return text if len(text) <= 40 else text[:40] + "..."


def _is_number(value: Any) -> bool:
    """Accept numbers of Python and numpy, and nothing that only looks like one."""
    if isinstance(value, bool | str | bytes) or not hasattr(value, "__float__"):
        return False
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return False


def _words(name: str) -> Sentence:
    return Sentence(name.replace("_", " "))
