"""ImageNet weights: EfficientNet-Lite0's for encoders that start from them, VGG-16's to judge with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from stylizer import CHECKPOINTS
from stylizer.models.perceptual import Perceptual, load_perceptual

from ..run.config import UserMistake

SHIPPED = CHECKPOINTS / "painter" / "model.safetensors"
"""The painter's style encoder begins with a frozen EfficientNet-Lite0, whose weights serve again here."""
_PREFIX = "descriptor."


def load_encoder(trunk: nn.Module, file: Path | None = None) -> None:
    """Fill a trunk with ImageNet weights (arXiv:1905.11946, timm's names), for the layers that it has.

    They come from `file` (safetensors), else from the painter that ships, if it holds all that the trunk
    wants, else from timm, which may download them. Raises UserMistake when none has them.
    """
    wanted = trunk.state_dict()
    if file is None:
        weights = _of_the_painter()
        if not _fits(weights, wanted):
            weights = _of_timm()
    elif file.is_file():
        weights = load_file(str(file))
    else:
        raise UserMistake(f"{file.name} is not a file; give EfficientNet-Lite0 weights as safetensors.")
    if missing := sorted(key for key in wanted if key not in weights):
        raise UserMistake(
            f"The encoder file lacks {missing[0]}; give EfficientNet-Lite0 weights with timm's names."
        )
    trunk.load_state_dict({key: weights[key] for key in wanted})


def open_perceptual(file: Path | None, dtype: torch.dtype) -> Perceptual:
    """Load the perceptual network from a file, or the one that ships; raises UserMistake, which says how."""
    wanted = "give VGG-16 weights by --perceptual FILE (safetensors, torchvision's names)."
    try:
        return load_perceptual(file, dtype)
    except ValueError as error:
        raise UserMistake(str(error)) from error
    except FileNotFoundError:
        name = file.name if file else "The perceptual network that ships"
        raise UserMistake(f"{name} is not there; {wanted}") from None
    except (SafetensorError, OSError) as error:
        name = file.name if file else "The perceptual network that ships"
        raise UserMistake(f"{name} cannot be read; {wanted}") from error


def _fits(weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> bool:
    return all(key in weights and weights[key].shape == value.shape for key, value in wanted.items())


def _of_the_painter() -> dict[str, Tensor]:
    if not SHIPPED.is_file():
        return {}
    found = load_file(str(SHIPPED))
    return {key.removeprefix(_PREFIX): value for key, value in found.items() if key.startswith(_PREFIX)}


def _of_timm() -> dict[str, Tensor]:
    try:
        return timm.create_model("tf_efficientnet_lite0", pretrained=True).state_dict()
    except Exception as error:  # offline, its hub raises what its client happens to raise
        raise UserMistake(
            "EfficientNet-Lite0's ImageNet weights cannot be downloaded; give them by --encoder FILE "
            "(safetensors with timm's names)."
        ) from error
