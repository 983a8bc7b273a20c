"""The engine room: requests in, paintings out; it waits, caches and cancels."""

from stylizer.engine.device import DeviceError
from stylizer.engine.engine import Engine
from stylizer.engine.invention import InventRequest
from stylizer.engine.matching import Pairing
from stylizer.engine.model_recipes import InventionRecipe, TranslationRecipe
from stylizer.engine.progress import Cancelled, CancelToken, Progress
from stylizer.engine.recipe import Recipe, RecipeError, StyleResult, read_recipe_text
from stylizer.engine.request import RegionLook, RequestError, StyleChoice, StyleRequest, options
from stylizer.engine.translation import RegionTranslation, TranslateRequest

__all__ = [
    "CancelToken",
    "Cancelled",
    "DeviceError",
    "Engine",
    "InventRequest",
    "InventionRecipe",
    "Pairing",
    "Progress",
    "Recipe",
    "RecipeError",
    "RegionLook",
    "RegionTranslation",
    "RequestError",
    "StyleChoice",
    "StyleRequest",
    "StyleResult",
    "TranslateRequest",
    "TranslationRecipe",
    "options",
    "read_recipe_text",
]
