"""From recipes back to requests."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from stylizer.engine.invention import InventRequest
from stylizer.engine.library import Library
from stylizer.engine.model_recipes import InventionRecipe, TranslationRecipe
from stylizer.engine.recipe import AnyRecipe, Recipe, RecipeStyle, code_digest
from stylizer.engine.request import RegionLook, RequestError, StyleChoice, StyleRequest
from stylizer.engine.translation import TranslateRequest, on_the_hub
from stylizer.imaging.picture import Picture
from stylizer.models.style_file import NamedStyle

AnyRequest = StyleRequest | TranslateRequest | InventRequest


class Restoring:
    """Make the requests of recipes again, with the styles and the models that are here."""

    def __init__(self, library: Library, painter_sha: Callable[[], str]) -> None:
        """`painter_sha` loads the painter when it is first needed."""
        self._library, self._painter_sha = library, painter_sha

    def restore(
        self, recipe: AnyRecipe, content: Picture | None, fetch: bool
    ) -> tuple[AnyRequest, tuple[str, ...]]:
        """Return a recipe's request, for its photo or another, and notes."""
        notes: list[str] = []
        if not isinstance(recipe, Recipe):
            self._check_model(recipe, fetch, notes)
        if isinstance(recipe, InventionRecipe):
            return recipe.request, tuple(notes)
        if content is None:
            raise RequestError("the recipe is of a photo; open the photo first")
        if recipe.photo_digest and recipe.photo_digest != content.digest:
            notes.append("This is another photo than the recipe's; it is painted with the same settings.")
        if isinstance(recipe, TranslationRecipe):
            plain = partial(TranslateRequest, content, recipe.model, recipe.domains, **recipe.options)
            return _with_regions(recipe, content, plain, recipe.looks, notes)
        choices = tuple(self._style(style, recipe, notes) for style in recipe.styles)
        looks = tuple(
            RegionLook(
                look.name,
                tuple(self._style(style, recipe, notes) for style in look.styles),
                *(look.strength, look.color, look.stroke),
            )
            for look in recipe.looks
        )
        plain = partial(StyleRequest, content, choices, **recipe.options)
        return _with_regions(recipe, content, plain, looks, notes, needed=not choices)

    def _style(self, style: RecipeStyle, recipe: Recipe, notes: list[str]) -> StyleChoice:
        if style.stored is not None:
            if recipe.painter != self._painter_sha():
                raise RequestError(
                    f"style {style.name!r} was made by another painter; choose its picture again"
                )
            found = NamedStyle("", style.name, "", "", (), style.code(), recipe.painter)
        else:
            found = self._library.find_named(style.name)
            if isinstance(found, NamedStyle) and code_digest(found.code) != style.digest:
                notes.append(f"Style {style.name!r} has changed since; the result will differ.")
        return StyleChoice(found, style.weight)

    def _check_model(
        self, recipe: TranslationRecipe | InventionRecipe, fetch: bool, notes: list[str]
    ) -> None:
        """Refuse a model that is not here: a picture's recipe alone must not start a download."""
        if on_the_hub(recipe.model):
            if not fetch:
                raise RequestError(
                    f"the picture was made with {recipe.model} of the Hugging Face Hub; "
                    "choose that model yourself to download it"
                )
            return
        role = "translator" if isinstance(recipe, TranslationRecipe) else "inventor"
        if self._library.find_model(recipe.model, role).sha256 != recipe.sha:
            notes.append(f"Model {recipe.model!r} has changed since; the result will differ.")


def _with_regions(
    recipe: Recipe | TranslationRecipe,
    content: Picture,
    plain: Callable[..., Any],
    looks: tuple[Any, ...],
    notes: list[str],
    needed: bool = False,
) -> tuple[Any, tuple[str, ...]]:
    """Add the recipe's regions, unless they are another photo's of another shape and not `needed`."""
    try:
        return plain(regions=recipe.regions, looks=looks), tuple(notes)
    except RequestError:
        if recipe.regions is None or recipe.photo_digest == content.digest or needed:
            raise
    notes.append("The regions are of a photo of another shape; they are left out.")
    return plain(), tuple(notes)
