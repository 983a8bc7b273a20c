"""What an artist asks of a translator: a photo in one learned look, or a mix of several."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from stylizer.engine.request import (
    LARGEST_WEIGHT,
    RequestError,
    brief,
    check_option,
    check_options,
    check_regions,
    number_between,
    option,
)
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import Regions
from stylizer.models.roles import PHOTO

MOST_DOMAINS = 64
_FOLDER = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_MODEL = re.compile(rf"({_FOLDER}/)?{_FOLDER}")

Domains = tuple[tuple[str, float], ...]
"""Names of domains and their weights; none stands for the model's first but "photo"."""


@dataclass(frozen=True)
class RegionTranslation:
    """How one region is translated: strength 0 keeps the photo there, no domains take the request's.

    Raises RequestError.
    """

    name: str
    strength: float = 1.0
    domains: Domains = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "strength", check_option("strength", self.strength, TranslateRequest))
        where = f"region {str(self.name)[:40]!r}: "
        object.__setattr__(self, "domains", check_domains(self.domains, where))


@dataclass(frozen=True, eq=False)
class TranslateRequest:
    """A photo, the model to translate it with, and the settings; raises RequestError for what does not fit.

    A region without a look of its own takes the request's strength and domains.
    """

    content: Picture
    model: str
    """A folder among the checkpoints, or "org/name" on the Hugging Face Hub."""
    domains: Domains = ()
    strength: float = option(1.0, "0 is your photo, 1 the model's full look.", 0.0, 1.0, 0.01)
    color: float = option(1.0, "0 keeps the photo's colors, 1 takes the model's.", 0.0, 1.0, 0.01)
    stroke: float = option(1.0, "Size of what the model draws: 0.5 is finer, 2 is broader.", 0.5, 2.0, 0.05)
    long_side: int | None = option(
        None, "Longest side of the result in pixels; the photo's own if not given.", 16, 16384
    )
    regions: Regions | None = None
    looks: tuple[RegionTranslation, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.content, Picture):
            raise RequestError(f"the photo is {type(self.content).__name__}; open a picture first")
        check_model_name(self.model)
        object.__setattr__(self, "domains", check_domains(self.domains))
        object.__setattr__(self, "looks", tuple(self.looks))
        if not all(isinstance(look, RegionTranslation) for look in self.looks):
            raise RequestError("a region's look is no translation; give RegionTranslation(name, strength)")
        check_options(self)
        check_regions(self.content, self.regions, self.looks)

    def look(self, name: str) -> RegionTranslation:
        """Return how a region is translated, whether it has a look of its own or not."""
        for look in self.looks:
            if look.name == name:
                return look if look.domains else replace(look, domains=self.domains)
        return RegionTranslation(name, self.strength, self.domains)

    def with_looks(self, *looks: RegionTranslation) -> TranslateRequest:
        """Give regions other looks; the other regions' looks stay."""
        fresh = {look.name for look in looks}
        return replace(self, looks=(*(look for look in self.looks if look.name not in fresh), *looks))


def check_model_name(name: Any) -> str:
    """Return a model's name; raises RequestError for what is neither a folder's nor a repository's."""
    if not isinstance(name, str) or not _MODEL.fullmatch(name) or ".." in name:
        raise RequestError(
            f"the model is {brief(name)}; give the name of a checkpoint, or org/name on the Hugging Face Hub"
        )
    return name


def on_the_hub(name: str) -> bool:
    """Tell whether a model's name is that of a repository."""
    return "/" in name


def check_domains(domains: Iterable[Any], where: str = "") -> Domains:
    """Return names and weights, weights as floats; raises RequestError when they make no mix."""
    if isinstance(domains, str):
        raise RequestError(f"{where}the domains are {brief(domains)}; give pairs of a name and a weight")
    found = []
    for entry in domains:
        if not isinstance(entry, tuple | list) or len(entry) != 2 or not isinstance(entry[0], str):
            raise RequestError(f"{where}a domain is {brief(entry)}; give a name and a weight")
        weight = number_between(f"{where}the weight of {entry[0][:40]}", entry[1], 0.0, LARGEST_WEIGHT)
        found.append((entry[0], weight))
    if len(found) > MOST_DOMAINS:
        raise RequestError(f"{where}{len(found)} domains are chosen; choose at most {MOST_DOMAINS}")
    if found and not any(weight > 0 for _, weight in found):
        raise RequestError(f"{where}every domain has weight 0; give at least one a weight above 0")
    return tuple(found)


def domain_shares(domains: Domains, offered: tuple[str, ...], model: str) -> tuple[float, ...]:
    """Return the share of each offered domain, sum 1; without domains the first but "photo" has all.

    Raises RequestError for a domain that is not offered.
    """
    if not domains:
        first = next((name for name in offered if name != PHOTO), offered[0])
        domains = ((first, 1.0),)
    shares = dict.fromkeys(offered, 0.0)
    for name, weight in domains:
        if name not in shares:
            raise RequestError(f"{model} has no domain {name[:40]!r}; there are {', '.join(offered)}")
        shares[name] += weight
    total = sum(shares.values())
    return tuple(share / total for share in shares.values())
