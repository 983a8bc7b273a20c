"""The recipes of translated and of invented pictures: the model, its weights' sha256, and the request."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from stylizer.engine.invention import InventRequest
from stylizer.engine.recipe_parts import (
    FORMAT,
    RecipeError,
    pack_regions,
    plain_name,
    plain_part,
    plain_sha,
    unpack_regions,
)
from stylizer.engine.request import RequestError, clamp_option, options
from stylizer.engine.translation import (
    Domains,
    RegionTranslation,
    TranslateRequest,
    check_domains,
    check_model_name,
)
from stylizer.imaging.regions import Regions

TRANSLATION, INVENTION = "translation", "invention"


@dataclass(frozen=True)
class TranslationRecipe:
    """How a photo was translated; `settings` holds every option of TranslateRequest by name."""

    version: str
    model: str
    sha: str
    photo: str
    photo_digest: str
    domains: Domains
    settings: tuple[tuple[str, Any], ...]
    regions: Regions | None = None
    looks: tuple[RegionTranslation, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """Return the settings as keywords for TranslateRequest."""
        return dict(self.settings)

    def to_json(self) -> str:
        """Write the recipe as one line of JSON."""
        data = {
            "format": FORMAT,
            "kind": TRANSLATION,
            "version": self.version,
            "model": {"name": self.model, "sha": self.sha},
            "photo": {"name": self.photo, "digest": self.photo_digest},
            "domains": _domain_entries(self.domains),
            "settings": self.options,
        }
        if self.regions is not None:
            looks = [
                {"name": look.name, "strength": look.strength, "domains": _domain_entries(look.domains)}
                for look in self.looks
            ]
            data["regions"] = pack_regions(self.regions, looks)
        return json.dumps(data, allow_nan=False)


@dataclass(frozen=True)
class InventionRecipe:
    """How a picture was invented."""

    version: str
    sha: str
    request: InventRequest

    @property
    def model(self) -> str:
        """Name the model."""
        return self.request.model

    def to_json(self) -> str:
        """Write the recipe as one line of JSON."""
        request = self.request
        data = {
            "format": FORMAT,
            "kind": INVENTION,
            "version": self.version,
            "model": {"name": self.model, "sha": self.sha},
            "settings": {entry.name: getattr(request, entry.name) for entry in options(InventRequest)},
            "mix": list(request.mix),
            "size": None if request.size is None else list(request.size),
        }
        return json.dumps(data, allow_nan=False)


def translation_recipe(request: TranslateRequest, version: str, sha: str) -> TranslationRecipe:
    """Note down a request, translated with weights of that sha256."""
    settings = tuple((entry.name, getattr(request, entry.name)) for entry in options(TranslateRequest))
    photo = plain_name(request.content.name), request.content.digest
    return TranslationRecipe(
        version, request.model, sha, *photo, request.domains, settings, request.regions, request.looks
    )


def read_translation(data: dict[str, Any], notes: list[str]) -> TranslationRecipe:
    """Read a translation's recipe; what is out of bounds is clamped and noted. Raises RecipeError."""
    regions, entries = unpack_regions(data.get("regions"))
    looks = []
    for entry in entries:
        strength = entry.get("strength", 1.0)
        strength, note = clamp_option("strength", strength, TranslateRequest)
        if note:
            notes.append(f"region {plain_name(entry['name'])!r}: {note}")
        looks.append(RegionTranslation(entry["name"], strength, _read_domains(entry.get("domains"))))
    photo = plain_part(data, "photo")
    return TranslationRecipe(
        version=plain_name(data.get("version")),
        **_read_model(data),
        photo=plain_name(photo.get("name")),
        photo_digest=plain_sha(photo.get("digest")),
        domains=_read_domains(data.get("domains")),
        settings=tuple(_read_settings(data, TranslateRequest, notes).items()),
        regions=regions,
        looks=tuple(looks),
    )


def read_invention(data: dict[str, Any], notes: list[str]) -> InventionRecipe:
    """Read an invention's recipe; what is out of bounds is clamped and noted. Raises RecipeError."""
    model = _read_model(data)
    settings = _read_settings(data, InventRequest, notes)
    try:
        request = InventRequest(model["model"], **settings)
        request = replace(request, mix=data.get("mix", request.mix), size=data.get("size"))
    except RequestError as error:
        raise RecipeError(f"the picture's recipe cannot be used: {error}") from None
    return InventionRecipe(plain_name(data.get("version")), model["sha"], request)


def _domain_entries(domains: Domains) -> list[dict[str, Any]]:
    return [{"name": name, "weight": weight} for name, weight in domains]


def _read_domains(found: Any) -> Domains:
    try:
        return check_domains([(entry["name"], entry["weight"]) for entry in found or ()])
    except (RequestError, TypeError, KeyError):
        raise RecipeError("the domains in the picture's recipe are damaged; choose them anew") from None


def _read_model(data: dict[str, Any]) -> dict[str, str]:
    model = plain_part(data, "model")
    try:
        name = check_model_name(model.get("name"))
    except RequestError:
        raise RecipeError("the picture's recipe names no usable model; set the controls by hand") from None
    return {"model": name, "sha": plain_sha(model.get("sha"))}


def _read_settings(data: dict[str, Any], kind: type, notes: list[str]) -> dict[str, Any]:
    found, settings = plain_part(data, "settings"), {}
    for entry in options(kind):
        settings[entry.name], note = clamp_option(entry.name, found.get(entry.name, entry.default), kind)
        if note:
            notes.append(note)
    return settings
