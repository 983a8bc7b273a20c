"""The recipe that travels inside a saved picture: all that is needed to paint it again."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from stylizer.engine.model_recipes import (
    INVENTION,
    TRANSLATION,
    InventionRecipe,
    TranslationRecipe,
    read_invention,
    read_translation,
)
from stylizer.engine.recipe_parts import (
    FORMAT,
    RecipeError,
    pack_regions,
    plain_name,
    plain_part,
    plain_sha,
    unpack_regions,
)
from stylizer.engine.request import (
    LARGEST_WEIGHT,
    MOST_STYLES,
    RegionLook,
    StyleRequest,
    clamp_option,
    options,
)
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import Regions
from stylizer.models.style_file import LARGEST_CODE

LARGEST_RECIPE = 1 << 20


def store_code(code: Tensor) -> bytes:
    """Return a code as the bytes of its float16 numbers, little-endian: what files and recipes hold."""
    return code.detach().cpu().to(torch.float16).numpy().astype("<f2").tobytes()


def code_digest(code: Tensor) -> str:
    """Identify a code by the sha256 of its stored bytes."""
    return hashlib.sha256(store_code(code)).hexdigest()


@dataclass(frozen=True)
class RecipeStyle:
    """One style of a recipe; `stored` is its code when no shipped style could supply it."""

    name: str
    weight: float
    digest: str
    stored: bytes | None = None

    def code(self) -> Tensor:
        """Return the stored code (code_size,) float32."""
        if self.stored is None:
            raise RecipeError(f"style {self.name!r} is not stored in the recipe")
        numbers = torch.frombuffer(bytearray(self.stored), dtype=torch.float16)
        return numbers.to(torch.float32)


@dataclass(frozen=True)
class RecipeLook:
    """How one region was painted; no styles kept the photo there."""

    name: str
    styles: tuple[RecipeStyle, ...]
    strength: float
    color: float
    stroke: float


@dataclass(frozen=True)
class Recipe:
    """How a picture was made; `settings` holds every option of StyleRequest by name."""

    version: str
    painter: str
    photo: str
    photo_digest: str
    styles: tuple[RecipeStyle, ...]
    settings: tuple[tuple[str, Any], ...]
    regions: Regions | None = None
    looks: tuple[RecipeLook, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """Return the settings as keywords for StyleRequest."""
        return dict(self.settings)

    def to_json(self) -> str:
        """Write the recipe as one line of JSON."""
        data = {
            "format": FORMAT,
            "version": self.version,
            "painter": self.painter,
            "photo": {"name": self.photo, "digest": self.photo_digest},
            "styles": [_style_entry(style) for style in self.styles],
            "settings": self.options,
        }
        if self.regions is not None:
            looks = [
                {
                    "name": look.name,
                    "styles": [_style_entry(style) for style in look.styles],
                    "strength": look.strength,
                    "color": look.color,
                    "stroke": look.stroke,
                }
                for look in self.looks
            ]
            data["regions"] = pack_regions(self.regions, looks)
        return json.dumps(data, allow_nan=False)


def _style_entry(style: RecipeStyle) -> dict[str, Any]:
    entry = {"name": style.name, "weight": style.weight, "digest": style.digest}
    if style.stored is not None:
        entry["code"] = base64.b64encode(style.stored).decode("ascii")
    return entry


def write_recipe(
    request: StyleRequest,
    styles: tuple[RecipeStyle, ...],
    version: str,
    painter: str,
    look_styles: tuple[tuple[RecipeStyle, ...], ...] = (),
) -> Recipe:
    """Note down a request, whose styles, and those of each look, are given as they were painted."""
    settings = tuple((entry.name, getattr(request, entry.name)) for entry in options())
    looks = tuple(
        RecipeLook(look.name, painted, look.strength, look.color, look.stroke)
        for look, painted in zip(request.looks, look_styles, strict=True)
    )
    photo = plain_name(request.content.name), request.content.digest
    return Recipe(version, painter, *photo, styles, settings, request.regions, looks)


AnyRecipe = Recipe | TranslationRecipe | InventionRecipe


def read_recipe_text(text: str) -> tuple[AnyRecipe, tuple[str, ...]]:
    """Read a recipe written by anyone: what is out of bounds is clamped, and noted in a sentence each.

    Raises RecipeError when it is no recipe, comes from a newer studio, or its styles make no sense.
    """
    if len(text) > LARGEST_RECIPE:
        raise RecipeError(f"the recipe has {len(text)} letters; at most {LARGEST_RECIPE} are read")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise RecipeError("the picture's recipe is damaged; set the controls by hand") from None
    if not isinstance(data, dict) or not isinstance(data.get("format"), int):
        raise RecipeError("the picture's recipe is not one of this studio; set the controls by hand")
    if data["format"] != FORMAT:
        raise RecipeError(
            "the picture's recipe comes from another version of the studio; set the controls by hand"
        )
    notes: list[str] = []
    kind = data.get("kind", PAINTING)
    if not isinstance(kind, str) or kind not in _READERS:
        raise RecipeError(
            "the picture's recipe is of a kind that this studio does not know; set the controls by hand"
        )
    return _READERS[kind](data, notes), tuple(notes)


def _read_painting(data: dict[str, Any], notes: list[str]) -> Recipe:
    found = data.get("settings")
    if not isinstance(found, dict):
        found = {}
        notes.append("the recipe has no settings; the usual ones are used")
    settings = []
    for entry in options():
        value, note = clamp_option(entry.name, found.get(entry.name, entry.default))
        settings.append((entry.name, value))
        if note:
            notes.append(note)
    regions, looks = unpack_regions(data.get("regions"))
    photo = plain_part(data, "photo")
    return Recipe(
        version=plain_name(data.get("version")),
        painter=plain_sha(data.get("painter")),
        photo=plain_name(photo.get("name")),
        photo_digest=plain_sha(photo.get("digest")),
        styles=_read_styles(data.get("styles"), notes, least=1 if regions is None else 0),
        settings=tuple(settings),
        regions=regions,
        looks=tuple(_read_look(entry, notes) for entry in looks),
    )


PAINTING = "painting"
_READERS: dict[str, Callable[[dict[str, Any], list[str]], AnyRecipe]] = {
    PAINTING: _read_painting,  # recipes that say nothing of their kind are older
    TRANSLATION: read_translation,
    INVENTION: read_invention,
}


def _read_look(entry: dict[str, Any], notes: list[str]) -> RecipeLook:
    amounts = []
    for name in ("strength", "color", "stroke"):
        value, note = clamp_option(name, entry.get(name, getattr(RegionLook, name)))
        amounts.append(value)
        if note:
            notes.append(f"region {plain_name(entry['name'])!r}: {note}")
    return RecipeLook(entry["name"], _read_styles(entry.get("styles"), notes, least=0), *amounts)


def _read_styles(found: Any, notes: list[str], least: int = 1) -> tuple[RecipeStyle, ...]:
    if not isinstance(found, list) or not least <= len(found) <= MOST_STYLES:
        raise RecipeError(
            f"the picture's recipe names no styles, or more than {MOST_STYLES}; choose styles anew"
        )
    styles = []
    for entry in found:
        if not isinstance(entry, dict) or not plain_name(entry.get("name")):
            raise RecipeError("a style in the picture's recipe has no name; choose styles anew")
        weight = entry.get("weight")
        if (
            isinstance(weight, bool)
            or not isinstance(weight, int | float)
            or not 0 <= weight <= LARGEST_WEIGHT
        ):
            notes.append(f"style {plain_name(entry['name'])!r} has no usable weight; 1 is used")
            weight = 1.0
        styles.append(
            RecipeStyle(
                plain_name(entry["name"]), float(weight), plain_sha(entry.get("digest")), _read_code(entry)
            )
        )
    if styles and not any(style.weight > 0 for style in styles):
        raise RecipeError("every style in the picture's recipe has weight 0; choose styles anew")
    return tuple(styles)


def _read_code(entry: dict) -> bytes | None:
    text = entry.get("code")
    if text is None:
        return None
    name = plain_name(entry["name"])
    try:
        stored = base64.b64decode(text, validate=True)
    except (ValueError, TypeError, binascii.Error):
        raise RecipeError(
            f"style {name!r} in the picture's recipe is damaged; choose the style anew"
        ) from None
    sound = 0 < len(stored) <= 2 * LARGEST_CODE and len(stored) % 2 == 0
    if not sound or hashlib.sha256(stored).hexdigest() != entry.get("digest"):
        raise RecipeError(f"style {name!r} in the picture's recipe is damaged; choose the style anew")
    if not torch.isfinite(torch.frombuffer(bytearray(stored), dtype=torch.float16)).all():
        raise RecipeError(f"style {name!r} in the picture's recipe is not made of numbers; choose it anew")
    return stored


@dataclass(frozen=True, eq=False)
class StyleResult:
    """A picture, with its photo's depth and transparency; how it was made; what to tell the artist."""

    picture: Picture
    recipe: AnyRecipe
    seconds: dict[str, float]
    notes: tuple[str, ...] = ()
