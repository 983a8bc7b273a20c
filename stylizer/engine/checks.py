"""What is checked of a request beside its options: models' names, mixes of domains and of seeds, sizes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from stylizer.engine.settings import brief, number_between
from stylizer.errors import RequestError, Sentence

MOST_DOMAINS = 64
LARGEST_WEIGHT = 1000.0
SMALLEST_SIDE, LARGEST_SIDE = 16, 1024
"""Sides of a generated picture, pixels."""
LEVELS = ("coarse", "middle", "fine")
_FOLDER = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_MODEL = re.compile(rf"({_FOLDER}/)?{_FOLDER}")

Domains = tuple[tuple[str, float], ...]
"""Names of domains and their weights; none stands for the model's first but "photo"."""


def check_model_name(name: Any) -> str:
    """Return a model's name; raises RequestError for what is neither a folder's nor a repository's."""
    if not isinstance(name, str) or not _MODEL.fullmatch(name) or ".." in name:
        raise RequestError(
            "the model is {name}; give the name of a checkpoint, or org/name on the Hugging Face Hub",
            name=brief(name),
        )
    return name


def on_the_hub(name: str) -> bool:
    """Tell whether a model's name is that of a repository."""
    return "/" in name


def check_domains(domains: Iterable[Any], where: str = "") -> Domains:
    """Return names and weights, weights as floats; raises RequestError when they make no mix."""
    if isinstance(domains, str):
        raise RequestError(
            "{where}the domains are {domains}; give pairs of a name and a weight",
            where=where,
            domains=brief(domains),
        )
    found = []
    for entry in domains:
        if not isinstance(entry, tuple | list) or len(entry) != 2 or not isinstance(entry[0], str):
            raise RequestError(
                "{where}a domain is {domain}; give a name and a weight", where=where, domain=brief(entry)
            )
        weight = number_between(
            Sentence("{where}the weight of {domain}", where=where, domain=entry[0][:40]),
            entry[1],
            0.0,
            LARGEST_WEIGHT,
        )
        found.append((entry[0], weight))
    if len(found) > MOST_DOMAINS:
        raise RequestError(
            "{where}{count} domains are chosen; choose at most {most}",
            where=where,
            count=len(found),
            most=MOST_DOMAINS,
        )
    if found and not any(weight > 0 for _, weight in found):
        raise RequestError(
            "{where}every domain has weight 0; give at least one a weight above 0", where=where
        )
    return tuple(found)


def check_mix(mix: Any) -> tuple[float, float, float]:
    """Return the shares of a second seed at the three levels; raises RequestError."""
    if not isinstance(mix, tuple | list) or len(mix) != len(LEVELS):
        raise RequestError(
            "the mix is {mix}; give three shares: {levels}", mix=brief(mix), levels=", ".join(LEVELS)
        )
    coarse, middle, fine = (
        number_between(Sentence("the {name} share", name=name), share, 0.0, 1.0)
        for name, share in zip(LEVELS, mix, strict=True)
    )
    return coarse, middle, fine


def check_size(size: Any) -> tuple[int, int]:
    """Return height and width of a picture to generate; raises RequestError."""
    sides = tuple(size) if isinstance(size, tuple | list) else ()
    whole = all(hasattr(side, "__index__") and not isinstance(side, bool) for side in sides)
    if len(sides) != 2 or not whole or not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in sides):
        raise RequestError(
            "the size is {size}; give height and width from {least} to {most} pixels",
            size=brief(size),
            least=SMALLEST_SIDE,
            most=LARGEST_SIDE,
        )
    return int(sides[0]), int(sides[1])
