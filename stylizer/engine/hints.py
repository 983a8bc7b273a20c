"""Color hints: what an artist knows of a black-and-white photo's colors, place by place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stylizer.engine.settings import brief, number_between
from stylizer.errors import RequestError, Sentence

MOST_HINTS = 64
MOST_FOUND = 12
"""Hints that are taken of a reference: the surest."""
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class ColorHint:
    """A place of the photo, x and y as shares of its width and height from the top left, and its color.

    The color is written as on web pages, #rrggbb. Raises RequestError for what is out of bounds.
    """

    x: float
    y: float
    color: str

    def __post_init__(self) -> None:
        for name in ("x", "y"):
            value = number_between(Sentence("a hint's {name}", name=name), getattr(self, name), 0.0, 1.0)
            object.__setattr__(self, name, value)
        if not isinstance(self.color, str) or not _COLOR.fullmatch(self.color):
            raise RequestError("a hint's color is {color}; write it like #c08040", color=brief(self.color))
        object.__setattr__(self, "color", self.color.lower())

    @property
    def numbers(self) -> tuple[float, float, float, float, float]:
        """Return x, y, red, green and blue, all in [0, 1]."""
        red, green, blue = (int(self.color[place : place + 2], 16) / 255 for place in (1, 3, 5))
        return self.x, self.y, red, green, blue

    def to_plain(self) -> dict[str, Any]:
        """Return what a recipe holds of it."""
        return {"x": self.x, "y": self.y, "color": self.color}

    @classmethod
    def from_numbers(cls, numbers: Iterable[float]) -> ColorHint:
        """Make a hint of x, y, red, green and blue in [0, 1]."""
        x, y, *color = (min(1.0, max(0.0, number)) for number in numbers)
        return cls(x, y, "#" + "".join(f"{round(255 * part):02x}" for part in color))


def check_hints(hints: Iterable[Any]) -> tuple[ColorHint, ...]:
    """Return color hints as a tuple of at most 64; raises RequestError."""
    if isinstance(hints, str | Mapping):
        raise RequestError("the hints are {hints}; give a list of ColorHint(x, y, color)", hints=brief(hints))
    found = tuple(hints)
    for hint in found:
        if not isinstance(hint, ColorHint):
            raise RequestError("a hint is {hint}; give ColorHint(x, y, color)", hint=brief(hint))
    if len(found) > MOST_HINTS:
        raise RequestError("there are {count} hints; give at most {most}", count=len(found), most=MOST_HINTS)
    return found
