"""The entries between two lines of dashes at the head of a card, as the Hugging Face Hub reads them.

A card may come from anybody, so no YAML is run: one `key: value` a line, nothing nested, is all that is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_FENCE = "---"
_LONGEST = 300  # characters of a value that are kept
_LINE = re.compile(r"([A-Za-z_][\w-]*):(?:\s+(.*))?")


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """Part a card into its entries and the text below them; a card without entries has none.

    Values are one line each, without control characters, and at most 300 characters long.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != _FENCE or _FENCE not in (line.rstrip() for line in lines[1:]):
        return {}, text
    end = next(place for place, line in enumerate(lines) if place and line.rstrip() == _FENCE)
    found = (_LINE.fullmatch(line.rstrip()) for line in lines[1:end])
    entries = {match[1]: _plain(match[2] or "") for match in found if match}
    return entries, "\n".join(lines[end + 1 :]).lstrip("\n")


def front_matter(entries: Mapping[str, str]) -> str:
    """Write entries as the head of a card; empty ones are left out, sentences are quoted, [lists] are not."""
    lines = [f"{key}: {_quoted(value)}" for key, value in entries.items() if value]
    return "\n".join([_FENCE, *lines, _FENCE])


def _plain(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == "'":
        value = value[1:-1].replace("''", "'")
    elif value.startswith('"'):
        try:
            value = str(json.loads(value))
        except (ValueError, RecursionError):
            value = value.strip('"')
    kept = "".join(letter if letter.isprintable() else " " for letter in value)
    return " ".join(kept.split())[:_LONGEST]


def _quoted(value: str) -> str:
    simple = re.fullmatch(r"[\w.-]+|\[[^\]]*\]", value)
    return value if simple else json.dumps(value, ensure_ascii=False)
