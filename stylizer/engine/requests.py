"""What is asked of the engine: one request a task, with everything that decides what comes back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from stylizer.engine.checks import (
    LARGEST_WEIGHT,
    Domains,
    check_domains,
    check_mix,
    check_model_name,
    check_size,
)
from stylizer.engine.hints import ColorHint, check_hints
from stylizer.engine.settings import check_option, check_options, number_between, option
from stylizer.errors import RequestError, Sentence
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import Regions
from stylizer.models.style_file import NamedStyle

if TYPE_CHECKING:
    from torch import Tensor
    from typing_extensions import Self

MOST_STYLES = 8
PAINTER = "painter"
"""Name of the checkpoint that paints."""
LARGEST_SEED = 65535
GENTLE = "Faces keep their own light; off paints them like all else."
MOST_STEPS = 120
"""Pictures of a walk."""

# -- regions -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class StyleChoice:
    """A style and its share of the mix: a painting of the artist's own, or a style with a name."""

    style: Picture | NamedStyle
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.style, Picture | NamedStyle):
            raise RequestError(
                "a style is {kind}; choose a picture or a named style", kind=type(self.style).__name__
            )
        weight = number_between(Sentence("weight"), self.weight, 0.0, LARGEST_WEIGHT)
        object.__setattr__(self, "weight", weight)


@dataclass(frozen=True)
class RegionStyle:
    """What one region has of its own when a photo is painted; None takes what the whole picture has.

    No styles at all, or strength 0, keep the photo there; `gray` keeps it without its color. Raises
    RequestError for what is out of bounds.
    """

    name: str
    styles: tuple[StyleChoice, ...] | None = None
    strength: float | None = None
    color: float | None = None
    stroke: float | None = None
    gray: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "gray", self.gray is True)
        if self.styles is not None:
            object.__setattr__(self, "styles", tuple(self.styles))
            if self.styles:
                _check_styles(self.styles, Sentence("region {name!r}: ", name=str(self.name)[:40]))
        _check_own(self, ("strength", "color", "stroke"), StyleRequest)

    @property
    def keeps(self) -> bool:
        """Tell whether nothing is painted there, whatever the whole picture has."""
        return self.gray or self.styles == () or self.strength == 0


@dataclass(frozen=True)
class RegionTranslation:
    """What one region has of its own when a photo is translated; None takes what the whole picture has.

    Strength 0 keeps the photo there. Raises RequestError for what is out of bounds.
    """

    name: str
    strength: float | None = None
    domains: Domains | None = None

    def __post_init__(self) -> None:
        _check_own(self, ("strength",), TranslateRequest)
        if self.domains is not None:
            where = Sentence("region {name!r}: ", name=str(self.name)[:40])
            object.__setattr__(self, "domains", check_domains(self.domains, where) or None)

    @property
    def keeps(self) -> bool:
        """Tell whether the photo stays as it is there, whatever the whole picture has."""
        return self.strength == 0


Own = TypeVar("Own", RegionStyle, RegionTranslation)


class _ByRegion(Generic[Own]):
    """What requests of photos share: regions, and what each of them has of its own."""

    if TYPE_CHECKING:
        content: Picture
        strength: float
        regions: Regions | None
        region_styles: tuple[Own, ...]

    def own_style(self, name: str) -> Own | None:
        """Return what a region has of its own, or None."""
        return next((own for own in self.region_styles if own.name == name), None)

    def region_style(self, name: str) -> Own:
        """Return how a region is made, with the whole picture's values where it has none of its own."""
        raise NotImplementedError

    def with_region_styles(self, *styles: Own) -> Self:
        """Give regions other values of their own; those of other regions stay."""
        fresh = {own.name for own in styles}
        kept = tuple(own for own in self.region_styles if own.name not in fresh)
        return replace(self, region_styles=kept + styles)  # type: ignore[type-var]

    def at_strength(self, strength: float, region: str | None = None) -> Self:
        """Ask for another strength, of the whole picture or of one region."""
        if region is None:
            return replace(self, strength=strength)  # type: ignore[type-var]
        return self.with_region_styles(
            replace(self.own_style(region) or self._none_of(region), strength=strength)
        )

    def _none_of(self, name: str) -> Own:
        raise NotImplementedError

    def _check_regions(self) -> None:
        """Refuse regions of another shape than the photo, and styles of none; raises RequestError."""
        object.__setattr__(self, "region_styles", tuple(self.region_styles))
        own = self.region_styles
        if self.regions is None:
            if own:
                raise RequestError(
                    "region {name!r} has a style of its own, but the photo has no regions; give them",
                    name=own[0].name,
                )
            return
        height, width = self.regions.size
        if abs(width - height * self.content.width / self.content.height) > 1 + 0.02 * width:
            raise RequestError(
                "the masks are {width} x {height} pixels, the photo is {photo_width} x {photo_height}; "
                "bring masks of the same shape",
                width=width,
                height=height,
                photo_width=self.content.width,
                photo_height=self.content.height,
            )
        names = [style.name for style in own]
        for name in names:
            if name not in self.regions.names:
                raise RequestError(
                    "there is no region called {name!r} in this photo; there are {known}",
                    name=str(name)[:40],
                    known=", ".join(self.regions.names),
                )
            if names.count(name) > 1:
                raise RequestError("region {name!r} has two styles of its own; give one", name=name)


# -- requests ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class StyleRequest(_ByRegion[RegionStyle]):
    """A photo, the styles to paint it in, and the settings; raises RequestError for what is out of bounds.

    Where there are regions the request may have no styles, and those without styles of their own keep the
    photo.
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
    seed: int = option(
        0, "Of a masterwork: another number, another work. Paintings have none.", 0, LARGEST_SEED, 1
    )
    masterwork: bool = option(False, "Works at the picture itself for a minute or two; needs the painting.")
    masterwork_steps: int | None = option(
        None, "Steps after which a masterwork is stopped; it is worked to its end if not given.", 1, 10_000
    )
    gentle_faces: bool = option(True, GENTLE)
    regions: Regions | None = None
    region_styles: tuple[RegionStyle, ...] = ()

    def __post_init__(self) -> None:
        _check_photo(self.content)
        object.__setattr__(self, "styles", tuple(self.styles))
        if self.styles or self.regions is None:
            _check_styles(self.styles)
        check_options(self)
        if self.masterwork and self.colors_only:
            raise RequestError("a masterwork is made of strokes; switch off colors only, or the masterwork")
        self._check_regions()

    def region_style(self, name: str) -> RegionStyle:
        """Return how a region is painted, with the whole picture's values where it has none of its own."""
        own = self.own_style(name) or RegionStyle(name)
        return RegionStyle(
            name,
            self.styles if own.styles is None else own.styles,
            self.strength if own.strength is None else own.strength,
            self.color if own.color is None else own.color,
            self.stroke if own.stroke is None else own.stroke,
            own.gray,
        )

    def _none_of(self, name: str) -> RegionStyle:
        return RegionStyle(name)


@dataclass(frozen=True, eq=False)
class TranslateRequest(_ByRegion[RegionTranslation]):
    """A photo, the model to translate it with, and the settings; raises RequestError."""

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
    gentle_faces: bool = option(True, GENTLE)
    regions: Regions | None = None
    region_styles: tuple[RegionTranslation, ...] = ()
    hints: tuple[ColorHint, ...] = ()
    """Colors that are known at some places, for models that color black-and-white photos."""

    def __post_init__(self) -> None:
        _check_photo(self.content)
        check_model_name(self.model)
        object.__setattr__(self, "domains", check_domains(self.domains))
        object.__setattr__(self, "hints", check_hints(self.hints))
        if not all(isinstance(own, RegionTranslation) for own in self.region_styles):
            raise RequestError("a region's style is no translation; give RegionTranslation(name, strength)")
        check_options(self)
        self._check_regions()

    def region_style(self, name: str) -> RegionTranslation:
        """Return how a region is translated, with the whole picture's values where it has none of its own."""
        own = self.own_style(name) or RegionTranslation(name)
        strength = self.strength if own.strength is None else own.strength
        return RegionTranslation(name, strength, own.domains or self.domains)

    def _none_of(self, name: str) -> RegionTranslation:
        return RegionTranslation(name)


@dataclass(frozen=True)
class GenerateRequest:
    """A generator, its seeds, and the settings; raises RequestError for what is out of bounds."""

    model: str
    """A folder among the checkpoints, or "org/name" on the Hugging Face Hub."""
    seed: int = option(0, "Every number is another picture.", 0, LARGEST_SEED, 1)
    second: int | None = option(None, "A second picture's number, to mix in.", 0, LARGEST_SEED, 1)
    mix: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Shares [0, 1] of the second seed at the coarse, middle and fine layers."""
    truncation: float = option(0.7, "0 is the most usual picture, 1 the most daring.", 0.0, 1.0, 0.01)
    size: tuple[int, int] | None = None
    """Height and width in pixels, 16 to 1024; the model's own if not given."""

    def __post_init__(self) -> None:
        check_model_name(self.model)
        check_options(self)
        object.__setattr__(self, "mix", check_mix(self.mix))
        if self.second is None and any(self.mix):
            raise RequestError("there is nothing to mix in; give a second seed")
        if self.size is not None:
            object.__setattr__(self, "size", check_size(self.size))


@dataclass(frozen=True, eq=False)
class StudyRequest:
    """A painting to study, and photos to practice on; raises RequestError for what is out of bounds."""

    painting: Picture
    practice: tuple[Picture, ...] = ()
    """The page's sample photos if there are none."""
    steps: int = option(160, "Steps at most; it ends by itself when nothing is gained any more.", 1, 10_000)
    seconds: float = option(0.0, "Stop after this long; 0 sets no limit.", 0.0, 86_400.0)
    seed: int = option(0, "Another number practices on other parts of the photos.", 0, 65535, 1)
    start: Tensor | None = None
    """What is known of it by a study before, to go on with; else it is begun at first sight."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "practice", tuple(self.practice))
        check_options(self)


Request = StyleRequest | TranslateRequest | GenerateRequest


# -- checks --------------------------------------------------------------------------------------------------


def _check_photo(content: Any) -> None:
    if not isinstance(content, Picture):
        raise RequestError("the photo is {kind}; open a picture first", kind=type(content).__name__)


def _check_styles(styles: Iterable[Any], where: str = "") -> None:
    choices = tuple(styles)
    if not 1 <= len(choices) <= MOST_STYLES:
        raise RequestError(
            "{where}{count} styles are chosen; choose 1 to {most}",
            where=where,
            count=len(choices),
            most=MOST_STYLES,
        )
    if not all(isinstance(choice, StyleChoice) for choice in choices):
        raise RequestError(
            "{where}a style comes without a weight; give StyleChoice(style, weight)", where=where
        )
    if not any(choice.weight > 0 for choice in choices):
        raise RequestError("{where}every style has weight 0; give at least one a weight above 0", where=where)


def _check_own(own: RegionStyle | RegionTranslation, names: tuple[str, ...], kind: type) -> None:
    """Give what a region has of its own its own type; None stays."""
    for name in names:
        value = getattr(own, name)
        if value is not None:
            object.__setattr__(own, name, check_option(name, value, kind))
