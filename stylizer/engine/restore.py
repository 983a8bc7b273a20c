"""From recipes back to requests, with the styles and the models that are here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stylizer.engine.checks import on_the_hub
from stylizer.engine.library import Library
from stylizer.engine.recipe import INVENTION, PAINTING, TRANSLATION, Recipe, RecipeStyle, code_digest
from stylizer.engine.requests import (
    GenerateRequest,
    RegionStyle,
    RegionTranslation,
    Request,
    StyleChoice,
    StyleRequest,
    TranslateRequest,
)
from stylizer.errors import RequestError, Sentence
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import Regions
from stylizer.models.style_file import NamedStyle


def restore(
    recipe: Recipe,
    content: Picture | None,
    library: Library,
    painter_sha: Callable[[], str],
    fetch: bool = False,
) -> tuple[Request, tuple[str, ...]]:
    """Make a recipe's request again, for its photo or another; returns it with notes.

    `painter_sha` loads the painter when it is first needed. Raises RequestError when a style is neither in
    the recipe nor here, when the model is not here, or would have to be downloaded without `fetch`.
    """
    notes: list[str] = []
    if recipe.kind != PAINTING:
        _check_model(recipe, library, fetch, notes)
    values = dict(recipe.request)
    if recipe.kind == INVENTION:
        return GenerateRequest(recipe.model, **values), tuple(notes)
    if content is None:
        raise RequestError("the recipe is of a photo; open the photo first")
    if recipe.photo_digest and recipe.photo_digest != content.digest:
        notes.append(
            Sentence("This is another photo than the recipe's; it is painted with the same settings.")
        )

    def choices(styles: tuple[RecipeStyle, ...] | None) -> tuple[StyleChoice, ...] | None:
        return (
            None if styles is None else tuple(_find(s, recipe, library, painter_sha, notes) for s in styles)
        )

    own: list[Any] = [
        RegionStyle(**{**entry, "styles": choices(entry["styles"])})
        if recipe.kind == PAINTING
        else RegionTranslation(**entry)
        for entry in values.pop("region_styles")
    ]
    regions = values.pop("regions")

    def made(regions: Regions | None, own: tuple[Any, ...]) -> Request:
        if recipe.kind == TRANSLATION:
            return TranslateRequest(content, recipe.model, **values, regions=regions, region_styles=own)
        return StyleRequest(content, **values, regions=regions, region_styles=own)

    if recipe.kind == PAINTING:
        values["styles"] = choices(values["styles"])
    try:
        return made(regions, tuple(own)), tuple(notes)
    except RequestError:
        needed = recipe.kind == PAINTING and not values["styles"]
        if regions is None or recipe.photo_digest == content.digest or needed:
            raise
    notes.append(Sentence("The regions are of a photo of another shape; they are left out."))
    return made(None, ()), tuple(notes)


def _find(
    style: RecipeStyle,
    recipe: Recipe,
    library: Library,
    painter_sha: Callable[[], str],
    notes: list[str],
) -> StyleChoice:
    """Take a style out of the recipe, or out of the library by its name; raises RequestError."""
    if style.stored is not None:
        if recipe.sha != painter_sha():
            raise RequestError(
                "style {name!r} was made by another painter; choose its picture again", name=style.name
            )
        return StyleChoice(NamedStyle("", style.name, "", "", (), style.code(), recipe.sha), style.weight)
    found = library.find_named(style.name)
    if isinstance(found, NamedStyle) and code_digest(found.code) != style.digest:
        notes.append(Sentence("Style {name!r} has changed since; the result will differ.", name=style.name))
    return StyleChoice(found, style.weight)


def _check_model(recipe: Recipe, library: Library, fetch: bool, notes: list[str]) -> None:
    """Refuse a model that is not here: a picture's recipe alone must not start a download."""
    if on_the_hub(recipe.model):
        if not fetch:
            raise RequestError(
                "the picture was made with {model} of the Hugging Face Hub; choose that model yourself to "
                "download it",
                model=recipe.model,
            )
        return
    role = "translator" if recipe.kind == TRANSLATION else "generator"
    if library.find_model(recipe.model, role).sha256 != recipe.sha:
        notes.append(Sentence("Model {name!r} has changed since; the result will differ.", name=recipe.model))
