"""What an artist asks of an inventor: a seed, perhaps a second one to mix in, and how tame it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stylizer.engine.request import RequestError, brief, check_options, number_between, option
from stylizer.engine.translation import check_model_name

LARGEST_SEED = 65535
SMALLEST_SIDE, LARGEST_SIDE = 16, 1024
MOST_STEPS = 120
"""Pictures of a walk."""
LEVELS = ("coarse", "middle", "fine")


@dataclass(frozen=True)
class InventRequest:
    """A model, its seeds, and the settings; raises RequestError for what is out of bounds."""

    model: str
    """A folder among the checkpoints, or "org/name" on the Hugging Face Hub."""
    seed: int = option(0, "Every number is another picture.", 0, LARGEST_SEED, 1)
    second: int | None = option(None, "A second picture's number, to mix in.", 0, LARGEST_SEED, 1)
    mix: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Shares [0, 1] of the second seed at the coarse, middle and fine layers."""
    truncation: float = option(0.7, "0 is the most usual picture, 1 the most daring.", 0.0, 1.0, 0.01)
    size: tuple[int, int] | None = None
    """Height and width in pixels, 16 to 1024; the model's own if not given."""

    def __post_init__(self) -> None:
        check_model_name(self.model)
        check_options(self)
        object.__setattr__(self, "mix", _check_mix(self.mix))
        if self.second is None and any(self.mix):
            raise RequestError("there is nothing to mix in; give a second seed")
        if self.size is not None:
            object.__setattr__(self, "size", _check_size(self.size))


def _check_mix(mix: Any) -> tuple[float, float, float]:
    if not isinstance(mix, tuple | list) or len(mix) != len(LEVELS):
        raise RequestError(f"the mix is {brief(mix)}; give three shares: {', '.join(LEVELS)}")
    return tuple(
        number_between(f"the {name} share", share, 0.0, 1.0) for name, share in zip(LEVELS, mix, strict=True)
    )


def _check_size(size: Any) -> tuple[int, int]:
    sides = tuple(size) if isinstance(size, tuple | list) else ()
    whole = all(hasattr(side, "__index__") and not isinstance(side, bool) for side in sides)
    if len(sides) != 2 or not whole or not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in sides):
        raise RequestError(
            f"the size is {brief(size)}; give height and width from {SMALLEST_SIDE} to {LARGEST_SIDE} pixels"
        )
    return int(sides[0]), int(sides[1])
