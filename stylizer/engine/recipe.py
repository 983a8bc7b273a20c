"""The recipe that travels inside a saved picture: all that is needed to paint it again."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stylizer.engine.request import (
    LARGEST_WEIGHT,
    MOST_STYLES,
    RegionLook,
    StyleRequest,
    clamp_option,
    options,
)
from stylizer.imaging.mask_files import pack_mask, unpack_mask
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import MOST_REGIONS, REST, WHOLE, Regions, RegionsError, check_name, whole
from stylizer.models.style_file import LARGEST_CODE

FORMAT = 1
LARGEST_RECIPE = 1 << 20
LONGEST_NAME = 120
_SHA = re.compile(r"[0-9a-f]{16,128}")


class RecipeError(ValueError):
    """A recipe that cannot be used; the message is one sentence for the artist."""


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
            packed = [base64.b64encode(pack_mask(mask)).decode("ascii") for mask in self.regions.masks[1:]]
            data["regions"] = {
                "size": list(self.regions.size),
                "names": list(self.regions.names[1:]),
                "masks": packed,  # the rest is what they leave of 255
                "looks": [
                    {
                        "name": look.name,
                        "styles": [_style_entry(style) for style in look.styles],
                        "strength": look.strength,
                        "color": look.color,
                        "stroke": look.stroke,
                    }
                    for look in self.looks
                ],
            }
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


def read_recipe_text(text: str) -> tuple[Recipe, tuple[str, ...]]:
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
    regions, looks = _read_regions(data.get("regions"), notes)
    photo = data.get("photo") if isinstance(data.get("photo"), dict) else {}
    recipe = Recipe(
        version=plain_name(data.get("version")),
        painter=_sha(data.get("painter")),
        photo=plain_name(photo.get("name")),
        photo_digest=_sha(photo.get("digest")),
        styles=_read_styles(data.get("styles"), notes, least=1 if regions is None else 0),
        settings=tuple(settings),
        regions=regions,
        looks=looks,
    )
    return recipe, tuple(notes)


def _read_regions(found: Any, notes: list[str]) -> tuple[Regions | None, tuple[RecipeLook, ...]]:
    if found is None:
        return None, ()
    refused = RecipeError("the regions in the picture's recipe are damaged; make them anew")
    try:
        names = [check_name(name) for name in found["names"][:MOST_REGIONS]]
        masks = [unpack_mask(base64.b64decode(text, validate=True)) for text in found["masks"][:MOST_REGIONS]]
        if not masks:
            regions = whole(tuple(int(side) for side in found["size"]))
        else:
            rest = WHOLE - np.sum(masks, 0, dtype=np.int32)
            if rest.min() < 0:
                raise refused
            regions = Regions(np.stack([rest.astype(np.uint8), *masks]), (REST, *names))
        entries = [entry for entry in found["looks"][:MOST_REGIONS] if entry["name"] in regions.names]
    except (RegionsError, ValueError, TypeError, KeyError, MemoryError):
        raise refused from None
    return regions, tuple(_read_look(entry, notes) for entry in entries)


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
                plain_name(entry["name"]), float(weight), _sha(entry.get("digest")), _read_code(entry)
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


def plain_name(value: Any) -> str:
    """Return a name as harmless text: one line, no folder, no control characters, of bounded length."""
    if not isinstance(value, str):
        return ""
    text = "".join(letter for letter in value[-4096:] if letter.isprintable())
    return re.split(r"[/\\]", text)[-1].strip()[:LONGEST_NAME]


def _sha(value: Any) -> str:
    return value if isinstance(value, str) and _SHA.fullmatch(value) else ""


@dataclass(frozen=True, eq=False)
class StyleResult:
    """A painting with the photo's size, depth and transparency; how it was made; what to tell the artist."""

    picture: Picture
    recipe: Recipe
    seconds: dict[str, float]
    notes: tuple[str, ...] = ()
