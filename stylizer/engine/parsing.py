"""What people write of styles, domains and regions: one grammar for the command line and for programs.

A style or a domain is `name` or `name:weight`. A region is `region=keep`, `region=name`, `region=0.8` (its
strength) or `region=name:0.8`. `name=weight`, as it was written before, is read as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from stylizer.engine.checks import Domains
from stylizer.engine.hints import ColorHint
from stylizer.engine.requests import RegionStyle, RegionTranslation, StyleChoice
from stylizer.errors import RequestError
from stylizer.imaging.labels import REFINED_SIDE
from stylizer.imaging.mask_files import read_mask
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import REST, Regions, check_name, set_region, whole
from stylizer.imaging.resize import fit_within
from stylizer.models.class_table import NAMES
from stylizer.models.style_file import NamedStyle

KEEP, GRAY = "keep", "gray"
"""The photo stays in a region, as it is or without its color."""
OTHER = NAMES[0]
"""What people call the rest of a photo."""
FindStyle = Callable[[str], Picture | NamedStyle]
"""Finds a style by its name; raises RequestError."""
_NUMBER = r"[-+]?[0-9.]+(?:e[-+]?[0-9]+)?"


def read_weighted(text: str, what: str) -> tuple[str, float | None]:
    """Take `name:number` apart; None without a number. A file of that whole name wins.

    Raises RequestError for what begins like a number and is none; the sentence begins with `what`.
    """
    match = re.fullmatch(rf"(.+?)\s*[:=]\s*({_NUMBER})", text.strip())
    if match is None or _is_file(text):
        return text.strip(), None
    return match[1], read_number(match[2], f"{what} {match[1][:60]}")


def read_number(text: str, what: str) -> float:
    """Read a number; raises RequestError, whose sentence begins with `what`."""
    try:
        return float(text)
    except ValueError:
        raise RequestError(f"{what} is {text[:60]}; give a number such as 0.5.") from None


def split_list(text: str) -> list[str]:
    """Take "a:0.7, b" apart at its commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def read_styles(texts: Iterable[str], find_style: FindStyle) -> tuple[StyleChoice, ...]:
    """Read styles with weights; `find_style` finds one by name, or raises RequestError."""
    choices = []
    for text in texts:
        name, weight = read_weighted(text, "The weight of style")
        choices.append(StyleChoice(find_style(name), 1.0 if weight is None else weight))
    return tuple(choices)


def read_domains(texts: Iterable[str]) -> Domains:
    """Read domains with weights; raises RequestError."""
    pairs = (read_weighted(text, "The weight of") for text in texts)
    return tuple((name, 1.0 if weight is None else weight) for name, weight in pairs)


def read_hints(texts: Iterable[str]) -> tuple[ColorHint, ...]:
    """Read color hints, x,y=#rrggbb; raises RequestError."""
    hints = []
    for text in texts:
        match = re.fullmatch(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})\s*=\s*(#\w+)\s*", text)
        if match is None:
            raise RequestError(f"the hint is {text[:60]}; write it like 0.5,0.2=#80b0e0")
        hints.append(
            ColorHint(read_number(match[1], "a hint's x"), read_number(match[2], "a hint's y"), match[3])
        )
    return tuple(hints)


# -- regions -------------------------------------------------------------------------------------------------


def read_region_styles(
    texts: Iterable[str], find_style: FindStyle, drawn: Iterable[str] = ()
) -> tuple[RegionStyle, ...]:
    """Read what regions have of their own, painted; `drawn` are regions that have masks."""
    own = []
    for name, wanted, strength in _read_regions(texts, drawn):
        if wanted == GRAY:
            own.append(RegionStyle(name, gray=True))
        elif wanted is None or wanted == KEEP:
            own.append(RegionStyle(name, None if wanted is None else (), strength))
        else:
            own.append(RegionStyle(name, (StyleChoice(find_style(wanted)),), strength))
    return tuple(own)


def read_region_translations(
    texts: Iterable[str], drawn: Iterable[str] = ()
) -> tuple[RegionTranslation, ...]:
    """Read what regions have of their own, translated; `drawn` are regions that have masks."""
    own = []
    for name, wanted, strength in _read_regions(texts, drawn):
        if wanted == KEEP:
            own.append(RegionTranslation(name, 0.0))
        else:
            own.append(RegionTranslation(name, strength, None if wanted is None else ((wanted, 1.0),)))
    return tuple(own)


def _read_regions(texts: Iterable[str], drawn: Iterable[str]) -> list[tuple[str, str | None, float | None]]:
    """Read regions as name, what is wanted there and its strength; raises RequestError."""
    known = (*NAMES, *drawn)
    found: dict[str, tuple[str | None, float | None]] = {}
    for text in texts:
        name, value = read_pair(text, "region", "sky=starry-night:0.8")
        if name not in {*known, REST}:
            raise RequestError(f"There is no region called {name[:40]}; known are {', '.join(known)}.")
        name = REST if name == OTHER else name
        if name in found:
            raise RequestError(f"Region {name} is given twice; give one style for each.")
        if re.fullmatch(_NUMBER, value):
            found[name] = None, read_number(value, f"The strength of region {name}")
        else:
            found[name] = read_weighted(value, f"The strength of region {name}")
    return [(name, *value) for name, value in found.items()]


def read_pair(text: str, what: str, example: str) -> tuple[str, str]:
    """Take `region=value` apart; raises RequestError."""
    name, found, value = text.partition("=")
    if not found or not name.strip() or not value.strip():
        raise RequestError(f"{what} {text.strip()[:60]!r} was not understood; write it like {example}.")
    return check_name(re.sub(r"\s+", " ", name)), value.strip()


def named_files(texts: Iterable[str]) -> list[Path]:
    """List the files that styles or regions name: `file`, `file:0.7`, `sky=file:0.7`."""
    names = [name for text in texts for name in (text, text.partition("=")[2]) if name.strip()]
    return [Path(name) for name, _ in (_weighed(name) for name in names) if _is_file(name)]


def _weighed(text: str) -> tuple[str, float | None]:
    try:
        return read_weighted(text, "")
    except RequestError:  # whoever reads it as a style says so
        return text, None


def read_mask_files(texts: Iterable[str]) -> dict[str, Path]:
    """Read `region=file` of masks; raises RequestError."""
    pairs = (read_pair(text, "mask", "hat=hat.png") for text in texts)
    return {name: Path(file) for name, file in pairs}


def find_regions(
    photo: Picture,
    segment: Callable[[Picture], Regions],
    masks: Mapping[str, str | Path],
    wanted: Iterable[str],
    all_parts: bool = False,
) -> Regions:
    """Make a photo's regions: those of the masks, and if others are wanted those that are found in it.

    masks: files by region. Raises what `segment` and reading a mask raise.
    """
    if all_parts or any(name not in masks and name != REST for name in wanted):
        regions = segment(photo)
    else:
        small = fit_within(photo, REFINED_SIDE)
        regions = whole((small.height, small.width))
    for name, file in masks.items():
        regions = set_region(regions, name, read_mask(file, regions.size))
    return regions


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # far too long for a name, or with a zero byte
        return False
