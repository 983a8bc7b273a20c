"""A link that sets the page: styles by name and the sliders, never a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from stylizer.engine import StyleRequest
from stylizer.engine.settings import clamp_option
from stylizer.ui import options
from stylizer.ui.options import LOOK

STYLE = "style"
SETTINGS = ("strength", *LOOK)
LONGEST = 2000
"""Letters of an address that are read."""
MOST_NAMED = 8


@dataclass(frozen=True)
class Link:
    """What a link says: styles by name with shares, 0 to 100, and settings as the widgets hold them."""

    styles: tuple[tuple[str, float], ...] = ()
    settings: tuple[tuple[str, float | bool], ...] = ()
    odd: tuple[str, ...] = ()
    """Names of settings whose values could not be read."""


def write_link(styles: Sequence[tuple[str, float]], settings: dict[str, float | bool]) -> str:
    """Write what stands behind the question mark: the strength, and whatever has not its usual value."""
    said: dict[str, str] = {}
    if styles:
        alone = len(styles) == 1
        said[STYLE] = ",".join(slug if alone else f"{slug}:{share:g}" for slug, share in styles)
    for name in SETTINGS:
        value = settings[name]
        if name == "strength" or value != options.default(name):
            said[name] = f"{value:g}" if not isinstance(value, bool) else str(int(value))
    return urlencode(said, safe=":,")


def read_link(query: str) -> Link:
    """Read what stands behind the question mark, whoever wrote it; other words are passed over."""
    said = {name: values[0] for name, values in parse_qs(query[:LONGEST].lstrip("?")).items()}
    styles, settings, odd = [], [], []
    for entry in said.get(STYLE, "").split(",")[:MOST_NAMED]:
        slug, _, share = entry.strip().partition(":")
        if slug:
            number = _number(share)
            styles.append((slug[:80], 50.0 if number is None else min(100.0, max(0.0, number))))
    for name in SETTINGS:
        if name in said:
            number = _number(said[name])
            if number is None:
                odd.append(name)
                continue
            value: float | bool = bool(number) if isinstance(options.default(name), bool) else number / 100
            near, _ = clamp_option(name, value, StyleRequest)
            settings.append((name, options.to_page(name, near)))
    return Link(tuple(styles), tuple(settings), tuple(odd))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e6 else None
