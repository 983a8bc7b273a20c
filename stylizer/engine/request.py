"""What an artist asks for, and what comes back."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

from stylizer.errors import RequestError
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import Regions
from stylizer.models.style_file import NamedStyle

MOST_STYLES = 8
LARGEST_WEIGHT = 1000.0


def option(
    default: Any, help: str, least: float | None = None, most: float | None = None, step: float = 0
) -> Any:
    """Declare a setting once, for checks, command line and page: default, bounds, slider step, sentence."""
    return field(default=default, metadata={"least": least, "most": most, "step": step, "help": help})


@dataclass(frozen=True, eq=False)
class StyleChoice:
    """A style and its share of the mix: a painting of the artist's own, or a style with a name."""

    style: Picture | NamedStyle
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.style, Picture | NamedStyle):
            raise RequestError(f"a style is {type(self.style).__name__}; choose a picture or a named style")
        object.__setattr__(self, "weight", number_between("weight", self.weight, 0.0, LARGEST_WEIGHT))


@dataclass(frozen=True, eq=False)
class RegionLook:
    """How one region is painted: its styles, or none to keep the photo there; raises RequestError."""

    name: str
    styles: tuple[StyleChoice, ...] = ()
    strength: float = 1.0
    color: float = 1.0
    stroke: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "styles", tuple(self.styles))
        if self.styles:
            _check_styles(self.styles, f"region {str(self.name)[:40]!r}: ")
        for name in ("strength", "color", "stroke"):
            object.__setattr__(self, name, check_option(name, getattr(self, name)))

    @property
    def keeps(self) -> bool:
        """Tell whether the photo stays as it is there."""
        return not self.styles or self.strength == 0


@dataclass(frozen=True, eq=False)
class StyleRequest:
    """A photo, the styles to paint it in, and the settings; raises RequestError for what is out of bounds.

    A region without a look of its own takes the request's styles, strength, color and stroke; where there
    are regions the request may have no styles, and those without a look keep the photo.
    """

    content: Picture
    styles: tuple[StyleChoice, ...]
    strength: float = option(1.0, "0 is your photo, 1 the full style, more exaggerates.", 0.0, 1.5, 0.01)
    color: float = option(1.0, "0 keeps the photo's colors, 1 takes the style's.", 0.0, 1.0, 0.01)
    colors_only: bool = option(False, "Take the style's colors and leave out its strokes.")
    stroke: float = option(1.0, "Brush size: 0.5 is finer, 2 is broader.", 0.5, 2.0, 0.05)
    detail: float = option(0.0, "Brings back fine edges of the photo, such as eyes.", 0.0, 1.0, 0.01)
    long_side: int | None = option(
        None, "Longest side of the result in pixels; the photo's own if not given.", 16, 16384
    )
    seed: int = option(0, "Another number moves the grain of the strokes.", 0, 65535, 1)
    regions: Regions | None = None
    looks: tuple[RegionLook, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.content, Picture):
            raise RequestError(f"the photo is {type(self.content).__name__}; open a picture first")
        object.__setattr__(self, "styles", tuple(self.styles))
        object.__setattr__(self, "looks", tuple(self.looks))
        if self.styles or self.regions is None:
            _check_styles(self.styles)
        check_options(self)
        check_regions(self.content, self.regions, self.looks)

    def look(self, name: str) -> RegionLook:
        """Return how a region is painted, whether it has a look of its own or not."""
        for look in self.looks:
            if look.name == name:
                return look
        return RegionLook(name, self.styles, self.strength, self.color, self.stroke)

    def with_looks(self, *looks: RegionLook) -> StyleRequest:
        """Give regions other looks; the other regions' looks stay."""
        fresh = {look.name for look in looks}
        return replace(self, looks=(*(look for look in self.looks if look.name not in fresh), *looks))


def options(kind: type = StyleRequest) -> tuple[Field, ...]:
    """List the settings of a kind of request; each has least, most, step and help in its metadata."""
    return tuple(entry for entry in fields(kind) if entry.metadata)


def check_options(request: Any) -> None:
    """Give a frozen request its settings in their own types; raises RequestError."""
    for entry in options(type(request)):
        value = check_option(entry.name, getattr(request, entry.name), type(request))
        object.__setattr__(request, entry.name, value)


def check_option(name: str, value: Any, kind: type = StyleRequest) -> Any:
    """Return the value of one setting in its own type; raises RequestError when it is out of bounds."""
    entry = next(entry for entry in options(kind) if entry.name == name)
    least, most = entry.metadata["least"], entry.metadata["most"]
    if isinstance(entry.default, bool):
        if not isinstance(value, bool):
            raise RequestError(f"{_words(name)} is {brief(value)}; choose true or false")
        return value
    if entry.default is None and value is None:
        return None
    if entry.default is None or isinstance(entry.default, int):
        if isinstance(value, bool) or not hasattr(value, "__index__") or not least <= value <= most:
            raise RequestError(
                f"{_words(name)} is {brief(value)}; choose a whole number from {least} to {most}"
            )
        return int(value)
    return number_between(_words(name), value, least, most)


def clamp_option(name: str, value: Any, kind: type = StyleRequest) -> tuple[Any, str | None]:
    """Return the nearest value that a setting may have, and a sentence if that is another one."""
    try:
        return check_option(name, value, kind), None
    except RequestError as error:
        entry = next(entry for entry in options(kind) if entry.name == name)
        whole = entry.default is None or isinstance(entry.default, int)
        near = entry.default
        if not isinstance(entry.default, bool) and _is_number(value):
            near = min(max(value, entry.metadata["least"]), entry.metadata["most"])
            near = round(near) if whole else float(near)
        used = "the photo's own" if near is None else near
        return near, f"{str(error).split(';')[0]}; {used} is used"


def _check_styles(styles: Iterable[Any], where: str = "") -> None:
    choices = tuple(styles)
    if not 1 <= len(choices) <= MOST_STYLES:
        raise RequestError(f"{where}{len(choices)} styles are chosen; choose 1 to {MOST_STYLES}")
    if not all(isinstance(choice, StyleChoice) for choice in choices):
        raise RequestError(f"{where}a style comes without a weight; give StyleChoice(style, weight)")
    if not any(choice.weight > 0 for choice in choices):
        raise RequestError(f"{where}every style has weight 0; give at least one a weight above 0")


def check_regions(content: Picture, regions: Regions | None, looks: tuple[Any, ...]) -> None:
    """Refuse regions of another shape than the photo, and looks that fit none; raises RequestError."""
    if regions is None:
        if looks:
            raise RequestError(
                f"region {looks[0].name!r} has a look, but the photo has no regions; give them"
            )
        return
    height, width = regions.size
    if abs(width - height * content.width / content.height) > 1 + 0.02 * width:
        raise RequestError(
            f"the masks are {width} x {height} pixels, the photo is {content.width} x {content.height}; "
            "bring masks of the same shape"
        )
    names = [look.name for look in looks]
    for name in names:
        if name not in regions.names:
            raise RequestError(
                f"there is no region called {str(name)[:40]!r} in this photo; "
                f"there are {', '.join(regions.names)}"
            )
        if names.count(name) > 1:
            raise RequestError(f"region {name!r} has two looks; give one")


def number_between(name: str, value: Any, least: float, most: float) -> float:
    """Return a number as a float; raises RequestError when it is none, or out of bounds."""
    if not _is_number(value) or not least <= value <= most:
        raise RequestError(f"{name} is {brief(value)}; choose a number from {least:g} to {most:g}")
    return float(value)


def _is_number(value: Any) -> bool:
    """Accept numbers of Python and numpy, and nothing that only looks like one."""
    if isinstance(value, bool | str | bytes) or not hasattr(value, "__float__"):
        return False
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return False


def _words(name: str) -> str:
    return name.replace("_", " ")


def brief(value: Any) -> str:
    """Show a value, whatever it is, in a few letters."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to print integers of thousands of digits
        return "an enormous number"
    return text if len(text) <= 40 else text[:40] + "..."
