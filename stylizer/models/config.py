"""Read a frozen dataclass from JSON strictly: no unknown entry, no wrong kind, no absurd size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Config = TypeVar("Config")
LARGEST_NUMBER = 1 << 20
LONGEST_LIST = 4096
_BEFORE = "before"


def before(value: Any) -> dict[str, Any]:
    """Make the metadata of a field that was not there from the start: `value` is what was done without it.

    Configs that were written then lack the entry, and must go on meaning that, whatever is the default for
    what is made now.
    """
    return {_BEFORE: value}


class ConfigError(ValueError):
    """An entry that does not fit; the message names it, what was found and what is expected."""


def config_from_json(
    cls: type[Config], values: Any, where: str = "config", largest: int = LARGEST_NUMBER
) -> Config:
    """Build a config dataclass from parsed JSON.

    An absent entry takes the field's default, or what was done before there was such a field (`before`).
    Whole numbers are limited to +-`largest` and lists to 4,096 items, so that a hostile file cannot ask for
    more than a refusal. Raises ConfigError, which names the entry within `where`.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where} is {_brief(values)}; expected an object")
    hints = get_type_hints(cls)
    known = {known.name: known for known in fields(cls)}  # type: ignore[arg-type]  # checked by the caller
    for key in values:
        if key not in known:
            raise ConfigError(f"{where} has the entry {str(key)[:40]!r}; known are {', '.join(known)}")
    for name, one in known.items():
        if name not in values and one.default is MISSING and one.default_factory is MISSING:
            raise ConfigError(f"{where} lacks the entry {name!r}")
    read = {key: _value(hints[key], value, f"{where}.{key}", largest) for key, value in values.items()}
    read |= {
        name: one.metadata[_BEFORE]
        for name, one in known.items()
        if name not in values and _BEFORE in one.metadata
    }
    try:
        return cls(**read)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{where}: {error}") from None


def _value(hint: Any, value: Any, where: str, largest: int) -> Any:
    origin, options = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return config_from_json(hint, value, where, largest)
    if origin in (Union, UnionType):
        if value is None and NoneType in options:
            return None
        kinds = [option for option in options if option is not NoneType]
        for kind in kinds:
            try:
                return _value(kind, value, where, largest)
            except ConfigError:
                if kind is kinds[-1]:
                    raise
    if origin is Literal:
        if value in options and not isinstance(value, bool):
            return value
        raise ConfigError(f"{where} is {_brief(value)}; expected one of {', '.join(map(str, options))}")
    if origin is tuple:
        return _sequence(options, value, where, largest)
    if hint is float and _is_number(value) and math.isfinite(value):
        return float(value)
    if hint is int and isinstance(value, int) and not isinstance(value, bool) and abs(value) <= largest:
        return value
    if hint is bool and isinstance(value, bool):
        return value
    if hint is str and isinstance(value, str) and len(value) <= LONGEST_LIST:
        return value
    if hint is Path and isinstance(value, str | Path):
        return Path(value)
    limit = f" of at most {largest}" if hint is int else ""
    raise ConfigError(f"{where} is {_brief(value)}; expected {getattr(hint, '__name__', hint)}{limit}")


def _sequence(options: tuple[Any, ...], value: Any, where: str, largest: int) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple) or len(value) > LONGEST_LIST:
        raise ConfigError(f"{where} is {_brief(value)}; expected a list of at most {LONGEST_LIST}")
    if len(options) == 2 and options[1] is Ellipsis:
        return tuple(_value(options[0], item, f"{where}[{k}]", largest) for k, item in enumerate(value))
    if len(value) != len(options):
        raise ConfigError(f"{where} has {len(value)} items; expected {len(options)}")
    return tuple(
        _value(kind, item, f"{where}[{k}]", largest)
        for k, (kind, item) in enumerate(zip(options, value, strict=True))
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _brief(value: Any) -> str:
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    text = repr(value) if not isinstance(value, int) or value.bit_length() < 200 else "an enormous number"
    return text if len(text) <= 40 else text[:40] + "..."
