"""What an artist has decided about regions: which there are, and what each overrides of the picture."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stylizer.engine import RegionStyle, RequestError, StyleChoice
from stylizer.engine.recipe import code_digest
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import REST, WHOLE, Regions
from stylizer.models.class_table import CLASSES, ClassInfo
from stylizer.models.style_file import NamedStyle
from stylizer.ui.language import say
from stylizer.ui.messages import listed, name_of, region_words

if TYPE_CHECKING:
    from typing_extensions import Self

KEEP, GRAY = "keep", "gray"
PERSON, SKY = "person", "sky"
SUBJECTS = ((PERSON, "animal"), ("vehicle",), ("object",))
"""What a photo is of: the first of these groups that it has."""

Strengths = tuple[float | None, ...]
"""The picture's strength and each region's own, None where it follows the picture: names a true picture."""


@dataclass(frozen=True)
class RegionEdits:
    """Regions, what they have of their own, and which keep the photo; every change makes new edits.

    A region that keeps the photo does not lose what it has of its own: it may be painted again.
    """

    regions: Regions
    own: tuple[Any, ...] = ()
    """A RegionStyle, or RegionTranslation, for each region that has something of its own."""
    kept: frozenset[str] = frozenset()
    gray: frozenset[str] = frozenset()
    """Those among the kept that show the photo without its color."""

    def none_of(self, name: str) -> Any:
        """Return what a region has that inherits all from the picture."""
        return RegionStyle(name)

    def own_of(self, name: str) -> Any:
        """Return what a region has of its own."""
        return next((own for own in self.own if own.name == name), self.none_of(name))

    def override(self, names: Iterable[str], **values: Any) -> Self:
        """Give regions values of their own, None to inherit the picture's, and paint them."""
        names = tuple(names)
        fresh = [replace(self.own_of(name), **values) for name in names]
        others = [own for own in self.own if own.name not in names]
        own = tuple(sorted((*others, *fresh), key=lambda each: self.regions.names.index(each.name)))
        return replace(self, own=own, kept=self.kept.difference(names))

    def inherit(self, names: Iterable[str]) -> Self:
        """Let regions follow the picture in everything, and paint them."""
        names = tuple(names)
        own = tuple(each for each in self.own if each.name not in names)
        return replace(self, own=own, kept=self.kept.difference(names))

    def keep(self, names: Iterable[str], gray: bool = False) -> Self:
        """Let regions keep the photo, or show it without its color."""
        names = tuple(names)
        grays = self.gray.union(names) if gray else self.gray.difference(names)
        return replace(self, kept=self.kept.union(names), gray=grays)

    def release(self, names: Iterable[str]) -> Self:
        """Paint regions that kept the photo as they were painted before."""
        return replace(self, kept=self.kept.difference(names))

    def with_regions(self, regions: Regions, renamed: dict[str, str] | None = None) -> Self:
        """Take other regions; they keep what they have by name, or by the name they had before."""
        before = {new: old for old, new in (renamed or {}).items()}
        names = {name: before.get(name, name) for name in regions.names}
        own = tuple(
            replace(each, name=name) for name, old in names.items() for each in self.own if each.name == old
        )
        kept, gray = (
            frozenset(name for name, old in names.items() if old in ones) for ones in (self.kept, self.gray)
        )
        return type(self)(regions, own, kept, gray)

    def has_own_styles(self, name: str) -> bool:
        """Tell whether a region is painted like something else than the picture."""
        return self.own_of(name).styles is not None

    def with_own_styles(self, names: Iterable[str], base: Any) -> Self:
        """Give regions styles of their own, the picture's where they had none."""
        edits, names = self, tuple(names)
        for name in names:
            edits = edits.override([name], styles=self.own_of(name).styles or base.styles)
        return edits

    def exchanged(self, old: Picture | NamedStyle, new: Picture | NamedStyle) -> Self:
        """Put one style in the place of another wherever a region is painted with it."""

        def exchange(own: Any) -> Any:
            if not getattr(own, "styles", None):
                return own
            styles = tuple(
                replace(choice, style=new) if choice.style is old else choice for choice in own.styles
            )
            return replace(own, styles=styles)

        return replace(self, own=tuple(map(exchange, self.own)))

    def words(self, name: str) -> str:
        """Name what a region is painted like; one that follows the picture needs no words."""
        if name in self.kept:
            return say("photo in gray") if name in self.gray else say("photo")
        return listed([name_of(choice.style) for choice in self.own_of(name).styles or ()])

    def request(self, base: Any) -> Any:
        """Return the picture's request with the regions and what they have of their own."""
        having = {own.name for own in self.own} | self.kept
        names = [name for name in self.regions.names if name in having]
        own = tuple(self._kept(name) if name in self.kept else self.own_of(name) for name in names)
        return replace(base, regions=self.regions, region_styles=own)

    def resolved(self, name: str, base: Any) -> Any:
        """Return how a region is painted: its own values, and the picture's where it has none."""
        return self.request(base).region_style(name)

    def strengths(self, base: Any) -> Strengths:
        """Name the true picture of a request; those of other colors are forgotten."""
        own = [0.0 if name in self.kept else self.own_of(name).strength for name in self.regions.names]
        return (base.strength, *own)

    def layer(self, name: str, base: Any) -> str:
        """Name the previews that a region is cut from: "" for the picture's, "keep" for the photo."""
        if name in self.kept:
            return GRAY if name in self.gray else KEEP
        own, picture = (self.identity(edits.resolved(name, base)) for edits in (self, self.inherit([name])))
        return "" if own == picture else hashlib.sha256(repr(own).encode()).hexdigest()[:16]

    def layers(self, base: Any) -> dict[str, Any]:
        """Return the requests of the layers: the whole photo painted as a region is."""
        keys = {name: self.layer(name, base) for name in self.regions.names}
        return {key: self.whole(name, base) for name, key in keys.items() if key not in ("", KEEP, GRAY)}

    def whole(self, name: str, base: Any) -> Any:
        """Return the request of the whole photo painted as a region is."""
        own = self.resolved(name, base)
        return replace(base, styles=own.styles, stroke=own.stroke)

    def identity(self, own: Any) -> tuple[Any, ...]:
        """Return what tells one way of painting from another; strength and color are blended on the stage."""
        return tuple(_identity(choice) for choice in own.styles), own.stroke

    def _kept(self, name: str) -> Any:
        return replace(self.own_of(name), styles=(), gray=name in self.gray)


@dataclass(frozen=True)
class PackedEdits:
    """Edits with their masks packed, as steps that can be taken back: kilobytes in place of megabytes."""

    edits: RegionEdits
    """With masks of one pixel."""
    masks: bytes
    size: tuple[int, int]

    @classmethod
    def of(cls, edits: RegionEdits) -> PackedEdits:
        """Pack edits."""
        regions = edits.regions
        pixel = np.zeros((len(regions.names), 1, 1), np.uint8)
        pixel[0] = WHOLE
        small = replace(edits, regions=Regions(pixel, regions.names))
        return cls(small, zlib.compress(regions.masks.tobytes(), 1), regions.size)

    def unpacked(self) -> RegionEdits:
        """Return the edits as they were."""
        names = self.edits.regions.names
        masks = np.frombuffer(zlib.decompress(self.masks), np.uint8).reshape(len(names), *self.size)
        return replace(self.edits, regions=Regions(masks, names))


def _identity(choice: StyleChoice) -> tuple[str, float]:
    style = choice.style
    return (style.digest if isinstance(style, Picture) else code_digest(style.code)), choice.weight


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


# -- presets: edits -> (edits, names of the regions to choose, sentence) --------------------------------

Preset = tuple[RegionEdits, tuple[str, ...], str]


def subject_only(edits: RegionEdits) -> Preset:
    """Paint the subject alone; raises RequestError when there is none."""
    subject = _subject(edits)
    others = [name for name in edits.regions.names if name not in subject]
    return (
        edits.keep(others).release(subject),
        subject,
        say("Only {names} is painted.", names=_listed(subject)),
    )


def background_only(edits: RegionEdits) -> Preset:
    """Paint all but the subject; raises RequestError when there is none."""
    subject = _subject(edits)
    others = [name for name in edits.regions.names if name not in subject]
    return edits.keep(subject).release(others), (), say("All but {names} is painted.", names=_listed(subject))


def sky_swap(edits: RegionEdits) -> Preset:
    """Paint the sky alone, and choose it, so that the next painting goes there."""
    if SKY not in edits.regions.names:
        raise RequestError(say("no sky was found; make a region and paint it with the brush"))
    others = [name for name in edits.regions.names if name != SKY]
    return (
        edits.keep(others).release([SKY]),
        (SKY,),
        say("Only the sky is painted. Choose a painting for it."),
    )


def protect_people(edits: RegionEdits) -> Preset:
    """Keep the photo where people are."""
    if PERSON not in edits.regions.names:
        raise RequestError(say("no people were found; make a region and paint it with the brush"))
    return edits.keep([PERSON]), (), say("People stay as in the photo.")


PRESETS: dict[str, Callable[[RegionEdits], Preset]] = {
    "Subject only": subject_only,
    "Background only": background_only,
    "Sky swap": sky_swap,
    "Protect people": protect_people,
}


def _subject(edits: RegionEdits) -> tuple[str, ...]:
    for group in SUBJECTS:
        found = tuple(name for name in group if name in edits.regions.names)
        if found:
            return found
    raise RequestError(say("no subject was found; make a region and paint it with the brush"))


def _listed(names: tuple[str, ...]) -> str:
    return listed([say("the {name}", name=each) for each in region_words(names)])
