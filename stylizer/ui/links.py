"""A link that sets the page: styles or looks by name and the sliders, never a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from stylizer.engine import StyleRequest, TranslateRequest
from stylizer.engine.settings import clamp_option
from stylizer.ui import options
from stylizer.ui.options import LOOK, TRANSLATION

STYLE, MODEL, LOOKS = "style", "translate", "look"
SETTINGS = {StyleRequest: ("strength", *LOOK), TranslateRequest: TRANSLATION}
LONGEST = 2000
"""Letters of an address that are read."""
MOST_NAMED = 8


@dataclass(frozen=True)
class Link:
    """What a link says: styles by name with shares, 0 to 100, and settings as the widgets hold them.

    With the name of a `model` it sets the Translate tab, and the styles are that model's looks.
    """

    styles: tuple[tuple[str, float], ...] = ()
    settings: tuple[tuple[str, float | bool], ...] = ()
    odd: tuple[str, ...] = ()
    """Names of settings whose values could not be read."""
    model: str = ""


def write_link(
    styles: Sequence[tuple[str, float]], settings: dict[str, float | bool], model: str = ""
) -> str:
    """Write what stands behind the question mark: the strength, and whatever has not its usual value."""
    said: dict[str, str] = {MODEL: model} if model else {}
    kind: type = TranslateRequest if model else StyleRequest
    if styles:
        alone = len(styles) == 1
        named = [name if alone else f"{name}:{share:g}" for name, share in styles]
        said[LOOKS if model else STYLE] = ",".join(named)
    for name in SETTINGS[kind]:
        value = settings[name]
        if name == "strength" or value != options.default(name, kind):
            said[name] = f"{value:g}" if not isinstance(value, bool) else str(int(value))
    return urlencode(said, safe=":,")


def read_link(query: str) -> Link:
    """Read what stands behind the question mark, whoever wrote it; other words are passed over."""
    said = {name: values[0] for name, values in parse_qs(query[:LONGEST].lstrip("?")).items()}
    styles, settings, odd = [], [], []
    model = said.get(MODEL, "")[:80]
    kind: type = TranslateRequest if model else StyleRequest
    for entry in said.get(LOOKS if model else STYLE, "").split(",")[:MOST_NAMED]:
        slug, _, share = entry.strip().partition(":")
        if slug:
            number = _number(share)
            styles.append((slug[:80], 50.0 if number is None else min(100.0, max(0.0, number))))
    for name in SETTINGS[kind]:
        if name in said:
            number = _number(said[name])
            if number is None:
                odd.append(name)
                continue
            usual = options.default(name, kind)
            value: float | bool = bool(number) if isinstance(usual, bool) else number / 100
            near, _ = clamp_option(name, value, kind)
            settings.append((name, options.to_page(name, near)))
    return Link(tuple(styles), tuple(settings), tuple(odd), model)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e6 else None
