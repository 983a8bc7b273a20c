"""Reading recipes that anyone may have written.

What is out of bounds is clamped and noted, what makes no sense is refused; format 1 is read, too: it kept
settings and regions apart, and every value of a region.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any

import numpy as np
import torch

from stylizer.engine.checks import LARGEST_WEIGHT, Domains, check_domains, check_model_name
from stylizer.engine.hints import MOST_HINTS, ColorHint
from stylizer.engine.recipe import (
    FORMAT,
    INVENTION,
    KINDS,
    PAINTING,
    TRANSLATION,
    Recipe,
    RecipeStyle,
    plain_name,
    plain_sha,
)
from stylizer.engine.requests import MOST_STYLES, PAINTER, GenerateRequest
from stylizer.engine.settings import clamp_option, options
from stylizer.errors import RecipeError, RegionsError, RequestError, Sentence
from stylizer.imaging.mask_files import unpack_mask
from stylizer.imaging.regions import MOST_REGIONS, REST, WHOLE, Regions, check_name, whole
from stylizer.models.style_file import LARGEST_CODE

LARGEST_RECIPE = 1 << 20


def read_recipe_text(text: str) -> tuple[Recipe, tuple[str, ...]]:
    """Read a recipe written by anyone: what is out of bounds is clamped, and noted in a sentence each.

    Raises RecipeError when it is no recipe, comes from a newer studio, or its values make no sense.
    """
    if len(text) > LARGEST_RECIPE:
        raise RecipeError(
            "the recipe has {count} letters; at most {most} are read", count=len(text), most=LARGEST_RECIPE
        )
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise RecipeError("the picture's recipe is damaged; set the controls by hand") from None
    if not isinstance(data, dict) or not isinstance(data.get("format"), int):
        raise RecipeError("the picture's recipe is not one of this studio; set the controls by hand")
    if data["format"] not in (1, FORMAT):
        raise RecipeError(
            "the picture's recipe comes from another version of the studio; set the controls by hand"
        )
    if data["format"] == 1:
        data = _from_format_1(data)
    kind = data.get("kind", PAINTING)  # recipes that say nothing of their kind are the oldest
    if not isinstance(kind, str) or kind not in KINDS:
        raise RecipeError(
            "the picture's recipe is of a kind that this studio does not know; set the controls by hand"
        )
    notes: list[str] = []
    model, photo = _part(data, "model"), _part(data, "photo")
    recipe = Recipe(
        kind=kind,
        version=plain_name(data.get("version")),
        model=PAINTER if kind == PAINTING else _read_model(model.get("name")),
        sha=plain_sha(model.get("sha")),
        request=_read_request(kind, data.get("request"), notes),
        photo=plain_name(photo.get("name")),
        photo_digest=plain_sha(photo.get("digest")),
    )
    return recipe, tuple(notes)


def _from_format_1(data: dict[str, Any]) -> dict[str, Any]:
    """Arrange a recipe of the first format as one of the second; its values are not looked at."""
    moved = ("styles", "domains", "mix", "size", "regions")
    request: dict[str, Any] = {key: data[key] for key in moved if key in data}
    if isinstance(data.get("settings"), dict):
        request |= data["settings"]
    if isinstance(data.get("regions"), dict):
        request["region_styles"] = data["regions"].get("looks")
    model = data.get("model", {"sha": data.get("painter")})
    return {**data, "model": model, "request": request}


def _read_request(kind: str, found: Any, notes: list[str]) -> dict[str, Any]:
    """Read the values of a request; raises RecipeError."""
    if not isinstance(found, dict):
        found = {}
        notes.append(Sentence("the recipe has no settings; the usual ones are used"))
    cls = KINDS[kind]
    values: dict[str, Any] = {}
    for entry in options(cls):
        value = found.get(entry.name, entry.default)
        values[entry.name] = _clamped(entry.name, value, cls, notes)
    if kind == INVENTION:
        return values | _read_mix_and_size(found, values)
    regions = _read_regions(found.get("regions"))
    if kind == PAINTING:
        values["styles"] = _read_styles(found.get("styles"), notes, least=1 if regions is None else 0)
    else:
        values["domains"] = _read_domains(found.get("domains"))
        values["hints"] = _read_hints(found.get("hints"))
    own = _read_own(kind, found.get("region_styles"), regions, notes)
    return values | {"regions": regions, "region_styles": own}


def _clamped(name: str, value: Any, cls: type, notes: list[str], region: str = "") -> Any:
    value, note = clamp_option(name, value, cls)
    if note:
        notes.append(Sentence("region {name!r}: {note}", name=region, note=note) if region else note)
    return value


def _read_own(kind: str, found: Any, regions: Regions | None, notes: list[str]) -> tuple[dict[str, Any], ...]:
    """Read what regions have of their own; raises RecipeError."""
    if regions is None or found is None:
        return ()
    own = []
    try:
        entries = [entry for entry in found[:MOST_REGIONS] if entry["name"] in regions.names]
    except (TypeError, KeyError):
        raise _damaged_regions() from None
    for entry in entries:
        region = plain_name(entry["name"])
        values: dict[str, Any] = {"name": entry["name"]}
        if kind == PAINTING:
            styles = entry.get("styles")
            values["styles"] = None if styles is None else _read_styles(styles, notes, least=0)
            values["gray"] = entry.get("gray") is True
        for name in ("strength", "color", "stroke") if kind == PAINTING else ("strength",):
            value = entry.get(name)
            values[name] = None if value is None else _clamped(name, value, KINDS[kind], notes, region)
        if kind == TRANSLATION:
            values["domains"] = _read_domains(entry.get("domains")) or None
        own.append(values)
    return tuple(own)


def _read_regions(found: Any) -> Regions | None:
    """Read regions; raises RecipeError when they are damaged."""
    if found is None:
        return None
    try:
        names = [check_name(name) for name in found["names"][:MOST_REGIONS]]
        masks = [unpack_mask(base64.b64decode(text, validate=True)) for text in found["masks"][:MOST_REGIONS]]
        if not masks:
            height, width = found["size"]
            return whole((int(height), int(width)))
        rest = WHOLE - np.sum(masks, 0, dtype=np.int32)
        if rest.min() < 0:
            raise _damaged_regions()
        return Regions(np.stack([rest.astype(np.uint8), *masks]), (REST, *names))
    except (RegionsError, ValueError, TypeError, KeyError, OverflowError, MemoryError):
        raise _damaged_regions() from None


def _damaged_regions() -> RecipeError:
    return RecipeError("the regions in the picture's recipe are damaged; make them anew")


def _read_styles(found: Any, notes: list[str], least: int) -> tuple[RecipeStyle, ...]:
    if not isinstance(found, list) or not least <= len(found) <= MOST_STYLES:
        raise RecipeError(
            "the picture's recipe names no styles, or more than {most}; choose styles anew", most=MOST_STYLES
        )
    styles = []
    for entry in found:
        name = plain_name(entry.get("name")) if isinstance(entry, dict) else ""
        if not name:
            raise RecipeError("a style in the picture's recipe has no name; choose styles anew")
        weight = entry.get("weight")
        usable = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not usable or not 0 <= weight <= LARGEST_WEIGHT:
            notes.append(Sentence("style {name!r} has no usable weight; 1 is used", name=name))
            weight = 1.0
        styles.append(
            RecipeStyle(name, float(weight), plain_sha(entry.get("digest")), _read_code(name, entry))
        )
    if styles and not any(style.weight > 0 for style in styles):
        raise RecipeError("every style in the picture's recipe has weight 0; choose styles anew")
    return tuple(styles)


def _read_code(name: str, entry: dict[str, Any]) -> bytes | None:
    text = entry.get("code")
    if text is None:
        return None
    try:
        stored = base64.b64decode(text, validate=True)
    except (ValueError, TypeError, binascii.Error):
        raise RecipeError(
            "style {name!r} in the picture's recipe is damaged; choose the style anew", name=name
        ) from None
    sound = 0 < len(stored) <= 2 * LARGEST_CODE and len(stored) % 2 == 0
    if not sound or hashlib.sha256(stored).hexdigest() != entry.get("digest"):
        raise RecipeError(
            "style {name!r} in the picture's recipe is damaged; choose the style anew", name=name
        )
    if not torch.isfinite(torch.frombuffer(bytearray(stored), dtype=torch.float16)).all():
        raise RecipeError(
            "style {name!r} in the picture's recipe is not made of numbers; choose it anew", name=name
        )
    return stored


def _read_domains(found: Any) -> Domains:
    try:
        return check_domains([(entry["name"], entry["weight"]) for entry in found or ()])
    except (RequestError, TypeError, KeyError):
        raise RecipeError("the domains in the picture's recipe are damaged; choose them anew") from None


def _read_hints(found: Any) -> tuple[ColorHint, ...]:
    try:
        return tuple(
            ColorHint(entry["x"], entry["y"], entry["color"]) for entry in (found or ())[:MOST_HINTS]
        )
    except (RequestError, TypeError, KeyError):
        raise RecipeError("the color hints in the picture's recipe are damaged; give them anew") from None


def _read_mix_and_size(found: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    try:
        checked = GenerateRequest(
            "any", **values, mix=found.get("mix", GenerateRequest.mix), size=found.get("size")
        )
    except RequestError as error:
        raise RecipeError("the picture's recipe cannot be used: {error}", error=error.sentence) from None
    return {"mix": checked.mix, "size": checked.size}


def _read_model(name: Any) -> str:
    try:
        return check_model_name(name)
    except RequestError:
        raise RecipeError("the picture's recipe names no usable model; set the controls by hand") from None


def _part(data: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an entry that is an object, or an empty one."""
    return data[name] if isinstance(data.get(name), dict) else {}
