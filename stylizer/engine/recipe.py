"""The recipe that travels inside a saved picture: a header, and the request as JSON.

The header names the kind of task, the studio's version, the model with the sha256 of its weights, and the
photo.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from stylizer import __version__
from stylizer.engine.hints import ColorHint
from stylizer.engine.requests import (
    PAINTER,
    GenerateRequest,
    RegionStyle,
    RegionTranslation,
    Request,
    StyleChoice,
    StyleRequest,
    TranslateRequest,
)
from stylizer.errors import RecipeError
from stylizer.imaging.mask_files import pack_mask
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import Regions
from stylizer.models.style_file import NamedStyle

FORMAT = 2
PAINTING, TRANSLATION, INVENTION = "painting", "translation", "invention"
KINDS: dict[str, type[Request]] = {
    PAINTING: StyleRequest,
    TRANSLATION: TranslateRequest,
    INVENTION: GenerateRequest,
}
LONGEST_NAME = 120
_SHA = re.compile(r"[0-9a-f]{16,128}")


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

    @classmethod
    def of(cls, choice: StyleChoice, code: Tensor, shipped: set[str]) -> RecipeStyle:
        """Note down a choice with its code; styles among `shipped` are known by name alone."""
        style = choice.style
        slug = style.slug if isinstance(style, NamedStyle) and style.slug in shipped else None
        name = slug or (style.name if isinstance(style, Picture) else style.slug or style.title)
        return cls(plain_name(name), choice.weight, code_digest(code), None if slug else store_code(code))

    def code(self) -> Tensor:
        """Return the stored code (code_size,) float32."""
        if self.stored is None:
            raise RecipeError("style {name!r} is not stored in the recipe", name=self.name)
        numbers = torch.frombuffer(bytearray(self.stored), dtype=torch.float16)
        return numbers.to(torch.float32)


@dataclass(frozen=True)
class Recipe:
    """How a picture was made.

    `request` holds the request's values by name, but for the photo and the model: styles as RecipeStyle,
    what a region has of its own as a mapping.
    """

    kind: str
    version: str
    model: str
    sha: str
    request: Mapping[str, Any]
    photo: str = ""
    photo_digest: str = ""

    @property
    def needs_photo(self) -> bool:
        """Tell whether it was made of a photo."""
        return self.kind != INVENTION

    def to_json(self) -> str:
        """Write the recipe as one line of JSON."""
        data: dict[str, Any] = {
            "format": FORMAT,
            "kind": self.kind,
            "version": self.version,
            "model": {"name": self.model, "sha": self.sha},
        }
        if self.needs_photo:
            data["photo"] = {"name": self.photo, "digest": self.photo_digest}
        data["request"] = _plain(self.request)
        return json.dumps(data, allow_nan=False)


@dataclass(frozen=True, eq=False)
class Result:
    """A picture, with its photo's depth and transparency; how it was made; what to tell the artist."""

    picture: Picture
    recipe: Recipe
    seconds: dict[str, float]
    notes: tuple[str, ...] = ()


def write_recipe(
    request: Request, sha: str, noted: Callable[[StyleChoice], RecipeStyle] | None = None
) -> Recipe:
    """Note down a request, carried out with weights of that sha256; `noted` does so for a style."""
    values = {entry.name: getattr(request, entry.name) for entry in fields(request)}
    kind = next(name for name, cls in KINDS.items() if isinstance(request, cls))
    content, model = values.pop("content", None), values.pop("model", PAINTER)
    if isinstance(request, StyleRequest) and noted is not None:
        values["styles"] = tuple(map(noted, request.styles))
    if not isinstance(request, GenerateRequest):
        values["region_styles"] = tuple(_own_values(own, noted) for own in request.region_styles)
    photo = ("", "") if content is None else (plain_name(content.name), content.digest)
    return Recipe(kind, __version__, model, sha, values, *photo)


def _own_values(
    own: RegionStyle | RegionTranslation, noted: Callable[[StyleChoice], RecipeStyle] | None
) -> dict[str, Any]:
    values = {entry.name: getattr(own, entry.name) for entry in fields(own)}
    if isinstance(own, RegionStyle) and own.styles is not None and noted is not None:
        values["styles"] = tuple(map(noted, own.styles))
    return values


def _plain(value: Any, name: str = "") -> Any:
    """Turn a value of a request into what JSON can hold."""
    if isinstance(value, Mapping):
        return {key: _plain(item, key) for key, item in value.items()}
    if isinstance(value, RecipeStyle):
        entry = {"name": value.name, "weight": value.weight, "digest": value.digest}
        code = {} if value.stored is None else {"code": base64.b64encode(value.stored).decode("ascii")}
        return entry | code
    if isinstance(value, ColorHint):
        return value.to_plain()
    if isinstance(value, Regions):
        masks = [base64.b64encode(pack_mask(mask)).decode("ascii") for mask in value.masks[1:]]
        return {"size": list(value.size), "names": list(value.names[1:]), "masks": masks}  # the rest is left
    if name == "domains" and value is not None:
        return [{"name": domain, "weight": weight} for domain, weight in value]
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def plain_name(value: Any) -> str:
    """Return a name as harmless text: one line, no folder, no control characters, of bounded length."""
    if not isinstance(value, str):
        return ""
    text = "".join(letter for letter in value[-4096:] if letter.isprintable())
    return re.split(r"[/\\]", text)[-1].strip()[:LONGEST_NAME]


def plain_sha(value: Any) -> str:
    """Return a digest in hexadecimal, or nothing."""
    return value if isinstance(value, str) and _SHA.fullmatch(value) else ""
