"""What an artist has decided about regions: which there are, and what each one wears."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from stylizer.engine import RegionStyle, RequestError, StyleChoice, StyleRequest
from stylizer.engine.recipe import code_digest
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import REST, Regions
from stylizer.models.class_table import CLASSES, ClassInfo
from stylizer.ui.messages import name_of

KEEP = "keep"
PERSON, SKY = "person", "sky"
SUBJECTS = ((PERSON, "animal"), ("vehicle",), ("object",))
"""What a photo is of: the first of these groups that it has."""

Strengths = tuple[float | None, ...]
"""The picture's strength and each region's own, None where it follows the picture: names a true picture."""


@dataclass(frozen=True)
class Dress:
    """What a region wears; None follows the picture, no styles at all keep the photo."""

    styles: tuple[StyleChoice, ...] | None = None
    strength: float | None = None
    color: float | None = None
    stroke: float | None = None

    @property
    def keeps(self) -> bool:
        """Tell whether the photo stays there."""
        return self.styles == ()

    def look(self, name: str, base: StyleRequest) -> RegionStyle:
        """Return how a region is painted, given the picture's request."""
        own = {key: getattr(self, key) for key in ("styles", "strength", "color", "stroke")}
        picture = RegionStyle(name, base.styles, base.strength, base.color, base.stroke)
        return replace(picture, **{key: value for key, value in own.items() if value is not None})


AS_THE_PICTURE = Dress()
AS_THE_PHOTO = Dress(())


@dataclass(frozen=True)
class RegionPlan:
    """Regions and their dresses; every change makes a new plan, so that each can be undone."""

    regions: Regions
    dresses: tuple[tuple[str, Dress], ...] = ()

    def dress(self, name: str) -> Dress:
        """Return what a region wears."""
        return dict(self.dresses).get(name, AS_THE_PICTURE)

    def dressed(self, names: Iterable[str], change: Callable[[Dress], Dress]) -> RegionPlan:
        """Change what regions wear."""
        dresses = dict(self.dresses)
        for name in names:
            dresses[name] = change(self.dress(name))
        return replace(self, dresses=tuple(dresses.items()))

    def cut(self, regions: Regions, renamed: dict[str, str] | None = None) -> RegionPlan:
        """Take other regions; they keep their dresses by name, or by the name they had before."""
        before = {new: old for old, new in (renamed or {}).items()}
        worn = dict(self.dresses)
        kept = [(name, worn.get(before.get(name, name))) for name in regions.names]
        return type(self)(regions, tuple((name, dress) for name, dress in kept if dress is not None))

    def worn(self, base: StyleRequest) -> tuple:
        """Return what the picture wears where no region has anything of its own."""
        return base.styles

    def words(self, name: str) -> str:
        """Name what a region is painted like; one that follows the picture needs no words."""
        dress = self.dress(name)
        return "photo" if dress.keeps else " and ".join(map(self.name, dress.styles or ()))

    def name(self, choice: Any) -> str:
        """Name one of the things that a region wears."""
        return name_of(choice.style)

    def request(self, base: StyleRequest) -> StyleRequest:
        """Return the picture's request with the regions and how each is painted."""
        dressed = [(name, dress) for name, dress in self.dresses if dress != AS_THE_PICTURE]
        looks = tuple(dress.look(name, base) for name, dress in dressed if name in self.regions.names)
        return replace(base, regions=self.regions, region_styles=looks)

    def strengths(self, base: StyleRequest) -> Strengths:
        """Name the true picture of a request."""
        dresses = [self.dress(name) for name in self.regions.names]
        return (base.strength, *(0.0 if dress.keeps else dress.strength for dress in dresses))

    def layer(self, name: str, base: StyleRequest) -> str:
        """Name the previews that a region is cut from: "" for the picture's, "keep" for the photo."""
        dress = self.dress(name)
        if dress.keeps:
            return KEEP
        look, picture = _manner(dress.look(name, base)), _manner(AS_THE_PICTURE.look(name, base))
        return "" if look == picture else hashlib.sha256(repr(look).encode()).hexdigest()[:16]

    def layers(self, base: StyleRequest) -> dict[str, StyleRequest]:
        """Return the requests of the layers: the whole photo painted as a region is."""
        requests = {}
        for name in self.regions.names:
            key = self.layer(name, base)
            if key not in ("", KEEP):
                look = self.dress(name).look(name, base)
                requests[key] = replace(base, styles=look.styles, color=look.color, stroke=look.stroke)
        return requests


def _manner(look: RegionStyle) -> tuple:
    def identity(choice: StyleChoice) -> tuple:
        style = choice.style
        return (style.digest if isinstance(style, Picture) else code_digest(style.code)), choice.weight

    return tuple(identity(choice) for choice in look.styles), look.color, look.stroke


def appearance(name: str, names: tuple[str, ...]) -> ClassInfo:
    """Return color and hatch of a region: its class's, or, for one of the artist's own, free ones."""
    if name == REST:
        return CLASSES[0]
    known = {entry.name: entry for entry in CLASSES}
    if name in known:
        return known[name]
    free = [entry for entry in CLASSES[1:] if entry.name not in names] or list(CLASSES[1:])
    own = [other for other in names if other not in known and other != REST]
    return free[own.index(name) % len(free)]


# -- presets: plan -> (plan, names of the regions to choose, sentence) ---------------------------------------

Preset = tuple[RegionPlan, tuple[str, ...], str]


def subject_only(plan: RegionPlan) -> Preset:
    """Paint the subject alone; raises RequestError when there is none."""
    subject = _subject(plan)
    others = [name for name in plan.regions.names if name not in subject]
    plan = plan.dressed(others, lambda _: AS_THE_PHOTO).dressed(subject, _painted)
    return plan, subject, f"Only {_listed(subject)} is painted."


def background_only(plan: RegionPlan) -> Preset:
    """Paint all but the subject; raises RequestError when there is none."""
    subject = _subject(plan)
    others = [name for name in plan.regions.names if name not in subject]
    plan = plan.dressed(subject, lambda _: AS_THE_PHOTO).dressed(others, _painted)
    return plan, (), f"All but {_listed(subject)} is painted."


def sky_swap(plan: RegionPlan) -> Preset:
    """Paint the sky alone, and choose it, so that the next painting goes there."""
    if SKY not in plan.regions.names:
        raise RequestError("no sky was found; make a region and paint it with the brush")
    others = [name for name in plan.regions.names if name != SKY]
    plan = plan.dressed(others, lambda _: AS_THE_PHOTO).dressed([SKY], _painted)
    return plan, (SKY,), "Only the sky is painted. Choose a painting for it."


def protect_people(plan: RegionPlan) -> Preset:
    """Keep the photo where people are."""
    if PERSON not in plan.regions.names:
        raise RequestError("no people were found; make a region and paint it with the brush")
    return plan.dressed([PERSON], lambda _: AS_THE_PHOTO), (), "People stay as in the photo."


PRESETS: dict[str, Callable[[RegionPlan], Preset]] = {
    "Subject only": subject_only,
    "Background only": background_only,
    "Sky swap": sky_swap,
    "Protect people": protect_people,
}


def _painted(dress: Dress) -> Dress:
    return AS_THE_PICTURE if dress.keeps else dress


def _subject(plan: RegionPlan) -> tuple[str, ...]:
    for group in SUBJECTS:
        found = tuple(name for name in group if name in plan.regions.names)
        if found:
            return found
    raise RequestError("no subject was found; make a region and paint it with the brush")


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join(f"the {name}" for name in names)
