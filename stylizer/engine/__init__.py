"""The engine room: requests in, pictures out; it waits, caches and cancels."""

from stylizer.engine.engine import Engine
from stylizer.engine.hints import ColorHint
from stylizer.engine.hub import from_pretrained, push
from stylizer.engine.matching import Pairing
from stylizer.engine.progress import Cancelled, CancelToken, Progress
from stylizer.engine.recipe import Recipe, Result
from stylizer.engine.recipe_reader import read_recipe_text
from stylizer.engine.requests import (
    GenerateRequest,
    RegionStyle,
    RegionTranslation,
    Request,
    StudyRequest,
    StyleChoice,
    StyleRequest,
    TranslateRequest,
)
from stylizer.engine.settings import options
from stylizer.errors import DeviceError, RecipeError, RequestError

InventRequest = GenerateRequest
"""The former name, for one release."""
StyleResult = Result
"""The former name, for one release."""


def RegionLook(
    name: str,
    styles: tuple[StyleChoice, ...] = (),
    strength: float = 1.0,
    color: float = 1.0,
    stroke: float = 1.0,
) -> RegionStyle:
    """Make a RegionStyle with the former defaults: no styles keep the photo. For one release."""
    return RegionStyle(name, styles, strength, color, stroke)


__all__ = [
    "CancelToken",
    "Cancelled",
    "ColorHint",
    "DeviceError",
    "Engine",
    "GenerateRequest",
    "InventRequest",
    "Pairing",
    "Progress",
    "Recipe",
    "RecipeError",
    "RegionLook",
    "RegionStyle",
    "RegionTranslation",
    "Request",
    "RequestError",
    "Result",
    "StudyRequest",
    "StyleChoice",
    "StyleRequest",
    "StyleResult",
    "TranslateRequest",
    "from_pretrained",
    "options",
    "push",
    "read_recipe_text",
]
