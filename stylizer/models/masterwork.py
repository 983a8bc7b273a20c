"""A masterwork: the picture itself is optimized, from coarse to fine, until it is judged well."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import apply_colors, color_moments, color_transport
from stylizer.imaging.detail_bands import LEAST_UNIT, busy_rank
from stylizer.imaging.keep_color import luma
from stylizer.imaging.resample import resample
from stylizer.models.masterwork_losses import (
    MasterworkWeights,
    PartTarget,
    StageTargets,
    masterwork_loss,
    part_target,
    stage_targets,
)
from stylizer.models.perceptual import Perceptual

_LEVELS = 5
_MEGABYTE = 1 << 20
_FIXED = 300 * _MEGABYTE
_LATER = 0.7  # self-similarity's weight falls by this at every larger size
_SKIN_KEEPS = 4.0  # how many times as much the photo's structure counts on bare skin
_LARGEST_STYLE = 1024  # long side to which a painting is enlarged at most, for broad strokes


@dataclass(frozen=True)
class MasterworkOptions:
    """How long and how large is worked."""

    side: int = 768
    """Long side of the result, pixels."""
    sides: tuple[int, ...] = (128, 256, 512, 768)
    """Sizes that are gone through; those from `side` on give way to it."""
    steps: tuple[int, ...] = (70, 50, 30, 20)
    lr: float = 0.02
    """Step of Adam in units of the range [0, 1]; falls to 30 % within every size."""
    samples: int = 1024
    seed: int = 0
    weights: MasterworkWeights = field(default_factory=MasterworkWeights)

    def __post_init__(self) -> None:
        if self.side < 64 or len(self.sides) != len(self.steps) or min(self.steps) < 1:
            raise ValueError(f"a masterwork of {self.side} px, sizes {self.sides}, steps {self.steps}")

    @property
    def stages(self) -> tuple[tuple[int, int], ...]:
        """The sizes and their steps, the last size `side`."""
        both = zip(self.sides, self.steps, strict=True)
        smaller = [(side, steps) for side, steps in both if side < 0.8 * self.side]
        return (*smaller, (self.side, self.steps[min(len(smaller), len(self.steps) - 1)]))


@dataclass(frozen=True, eq=False)
class MasterworkPart:
    """A part of the photo and what it is painted like; raises ValueError."""

    styles: tuple[tuple[Tensor, float], ...]
    """Paintings (1, 3, H, W) in [0, 1] and their weights."""
    mask: Tensor | None = None
    """(h, w) in [0, 1], laid over the photo; None is all of it."""
    strength: float = 1.0
    """0.25 to 1.5: how far the photo's structure may give way."""
    stroke: float = 1.0
    """0.5 to 2: the size of strokes."""

    def __post_init__(self) -> None:
        if not self.styles or sum(max(weight, 0) for _, weight in self.styles) <= 0:
            raise ValueError("a part of a masterwork needs a style with a weight above 0")
        if self.mask is not None and not float(self.mask.max()) > 0:
            raise ValueError("a part of a masterwork has an empty mask")


@dataclass(frozen=True, eq=False)
class MasterworkStep:
    """How far the work is."""

    share: float
    """Work done of all work, 0 to 1; the last step has 1."""
    side: int
    loss: float
    picture: Tensor
    """(1, 3, h, w) in [0, 1]: what is there by now."""


def strength_keeps(strength: float) -> float:
    """How much the photo's structure counts at a strength: 1 at 1, 4 at 0.5, a quarter at 1.5."""
    return 4.0 ** (2 * (1 - strength))


def memory_needed(
    height: int, width: int, options: MasterworkOptions = MasterworkOptions(), parts: int = 1
) -> int:
    """Predict the bytes that a photo's masterwork takes on top of the loaded network; an upper bound.

    Measured in bfloat16 with channels-last memory: 2,900 bytes a pixel at 768 x 576.
    """
    scale = options.side / max(height, width)
    photo = height * width * scale * scale
    step, style = 3200 * photo, 500 * _LARGEST_STYLE**2
    return round(_FIXED + max(step, style) + (parts - 1) * (20 * _MEGABYTE + 100 * photo))


def paint_masterwork(
    photo: Tensor,
    parts: Sequence[MasterworkPart],
    network: Perceptual,
    options: MasterworkOptions = MasterworkOptions(),
    start: Tensor | None = None,
    skin: Tensor | None = None,
    check: Callable[[], None] = lambda: None,
) -> Iterator[MasterworkStep]:
    """Optimize a picture from the photo and the paintings of its parts, step by step.

    photo (1, 3, H, W) in [0, 1] on the network's device; `start`, of the photo's shape at any size, is what
    the work begins with: the photo in the paintings' colors where not given. skin (1, 1, h, w) in [0, 1] of
    any size, from `bare_skin`, is where the photo's structure counts four times as much: else faces lose
    their eyes to a painting's moons. `check` is called between the halves of every step, and what it raises
    ends the work. On CPUs, equal seeds give equal pictures where as many threads work; GPUs add in their own
    order. Raises ValueError when there is no part. STROTSS (arXiv:1904.12785) with other terms beside its
    own: see `masterwork_losses`; departing from it, Adam's steps shrink where a level's gradient is below its
    mean, and a size's last half is averaged: both take speckle out of calm places.
    """
    if not parts:
        raise ValueError("a masterwork needs at least one part")
    rng = torch.Generator().manual_seed(options.seed)
    stages = options.stages
    done, whole = 0, sum(steps * side * side for side, steps in stages)  # integers: the last share is just 1
    picture = start if start is not None else colored_photo(fitted(photo, stages[0][0]), parts)
    for number, (side, steps) in enumerate(stages):
        small = fitted(photo, side)
        check()
        with torch.no_grad():
            targets = _targets(small, parts, skin, network, side, rng, check)
            picture = resample(picture, (small.shape[2], small.shape[3])).clamp(0, 1)
        similarity = options.weights.similarity * _LATER**number
        levels = [level.requires_grad_(True) for level in _split(picture)]
        averaged = levels
        optimizer = torch.optim.Adam([{"params": [level]} for level in levels], lr=options.lr)
        for step in range(steps):
            check()
            picture = _joined(levels)
            features = network(picture.clamp(-0.2, 1.2))
            check()
            loss = masterwork_loss(
                picture, features, targets, options.weights, similarity, options.samples, rng
            )
            optimizer.zero_grad()
            loss.backward()
            check()
            for group in optimizer.param_groups:
                group["lr"] = options.lr * (1 - 0.7 * step / steps)
                group["eps"] = float(group["params"][0].grad.square().mean().sqrt()) + 1e-12
            optimizer.step()
            with torch.no_grad():
                if step < steps // 2 or step == 0:
                    averaged = [level.detach().clone() for level in levels]
                else:
                    averaged = [torch.lerp(a, level, 0.15) for a, level in zip(averaged, levels, strict=True)]
                picture = _joined(averaged).clamp(0, 1)
            done += side * side
            yield MasterworkStep(done / whole, side, float(loss.detach()), picture)


def fitted(pixels: Tensor, side: int) -> Tensor:
    """Resize pictures (1, C, H, W) to a long side of `side`, the short one at least 16."""
    height, width = pixels.shape[2:]
    scale = side / max(height, width)
    size = max(16, round(height * scale)), max(16, round(width * scale))
    return resample(pixels, size).clamp(0, 1)


def colored_photo(photo: Tensor, parts: Sequence[MasterworkPart]) -> Tensor:
    """Give a photo (1, 3, h, w) the colors of its parts' paintings, without a stroke."""
    mean, root = color_moments(photo)
    colored, covered = torch.zeros_like(photo), torch.zeros_like(photo[:, :1])
    for part in parts:
        mask = _mask(part, photo)
        found = [(color_moments(picture), weight) for picture, weight in _shares(part)]
        style_mean = torch.stack([weight * m for (m, _), weight in found]).sum(0)
        style_root = torch.stack([weight * r for (_, r), weight in found]).sum(0)
        moved = apply_colors(photo, mean, color_transport(root, style_root), style_mean)
        colored, covered = colored + mask * moved, covered + mask
    return (colored + (1 - covered).clamp(min=0) * photo).clamp(0, 1)


def _targets(
    photo: Tensor,
    parts: Sequence[MasterworkPart],
    skin: Tensor | None,
    network: Perceptual,
    side: int,
    rng: torch.Generator,
    check: Callable[[], None],
) -> StageTargets:
    unit = max(side / 512, LEAST_UNIT)
    rank = busy_rank(photo, unit)
    keep, covered = torch.zeros_like(photo[:, :1]), torch.zeros_like(photo[:, :1])
    wanted: list[PartTarget] = []
    for part in parts:
        mask = _mask(part, photo)
        keep, covered = keep + mask * strength_keeps(part.strength), covered + mask
        paintings = [
            (fitted(picture, _style_side(picture, side, part.stroke)), share)
            for picture, share in _shares(part)
        ]
        wanted.append(part_target(network, paintings, mask, rank, unit, part.stroke, rng))
        check()
    keep = keep + (1 - covered).clamp(min=0) * strength_keeps(0)
    if skin is not None:
        keep = keep * (1 + (_SKIN_KEEPS - 1) * _at_size_of(photo, skin))
    return stage_targets(network, photo, wanted, keep, rank, unit)


def _style_side(picture: Tensor, side: int, stroke: float) -> int:
    """Long side of a painting beside a photo of `side`; a small one is not enlarged, or it asks for blur."""
    own = round(max(picture.shape[2:]) * max(1.0, stroke))
    return min(_LARGEST_STYLE, round(side * stroke), own)


def _shares(part: MasterworkPart) -> list[tuple[Tensor, float]]:
    whole = sum(max(weight, 0.0) for _, weight in part.styles)
    return [(picture, weight / whole) for picture, weight in part.styles if weight > 0]


def _mask(part: MasterworkPart, photo: Tensor) -> Tensor:
    """Return where a part is in a photo (1, 3, h, w): (1, 1, h, w)."""
    if part.mask is None:
        return torch.ones_like(photo[:, :1])
    return _at_size_of(photo, part.mask[None, None])


def _at_size_of(photo: Tensor, mask: Tensor) -> Tensor:
    """Lay a mask (1, 1, h, w) over a photo (1, 3, H, W): (1, 1, H, W) in [0, 1]."""
    return F.interpolate(mask.to(photo), size=photo.shape[2:], mode="bilinear", antialias=True).clamp(0, 1)


def _split(picture: Tensor) -> list[Tensor]:
    """Split a picture into a Laplacian pyramid, so that one step moves a whole area or one hair.

    The finest level is of light alone, (1, 1, h, w): left free, colors end as confetti of single pixels.
    """
    levels: list[Tensor] = []
    while len(levels) < _LEVELS - 1 and min(picture.shape[2:]) >= 16:
        small = F.interpolate(
            picture, size=[max(1, side // 2) for side in picture.shape[2:]], mode="bilinear", antialias=True
        )
        level = picture - F.interpolate(small, size=picture.shape[2:], mode="bilinear")
        levels.append(level if levels else luma(level))
        picture = small
    return [*levels, picture.clone()]


def _joined(levels: Sequence[Tensor]) -> Tensor:
    picture = levels[-1]
    for level in reversed(levels[:-1]):
        picture = F.interpolate(picture, size=level.shape[2:], mode="bilinear") + level
    return picture
