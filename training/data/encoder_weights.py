"""Pretrained weights for the frozen trunk of the style encoder."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file
from torch import nn

from training.run.config import UserMistake


def load_encoder(descriptor: nn.Module, file: Path) -> None:
    """Fill the trunk from an EfficientNet-Lite0 file that has timm's names; layers it does not use are left.

    Raises UserMistake when a tensor is missing.
    """
    if not file.is_file():
        raise UserMistake(f"{file} is not a file; give EfficientNet-Lite0 weights as safetensors.")
    weights = load_file(str(file))
    wanted = descriptor.state_dict()
    missing = sorted(set(wanted) - set(weights))
    if missing:
        raise UserMistake(
            f"The encoder file lacks {missing[0]}; give EfficientNet-Lite0 weights with timm's names."
        )
    descriptor.load_state_dict({key: weights[key] for key in wanted})
