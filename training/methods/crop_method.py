"""What the methods share that learn from crops of pictures, and those among them that have critics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from training.data.folders import PictureFolder, random_crop
from training.losses.adversarial import ADVERSARIAL, Adversarial
from training.losses.discriminators import CriticNorm
from training.losses.penalties import gradient_penalty
from training.run.config import RunConfig, UserMistake
from training.run.method import AdamSettings, Carry, Losses, Method, late_linear

SHOWN = 6  # pictures of a sample grid
SHOWN_NUMBER = 1 << 40  # batch number of the sample grid, which no step reaches


@dataclass(frozen=True)
class CropRun(RunConfig):
    """Options of a run that learns from crops."""

    crop: int = 128
    scales: tuple[float, float] = (0.4, 0.8)
    """Pictures are cut at a size between these factors of their own."""
    lr: float = 2e-4
    lr_hold: float = 0.5
    """Share of the steps at full learning rate; then it falls in a line to 0."""
    clip: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.scales[0] <= self.scales[1]:
            raise UserMistake(f"scales are {self.scales}; give two factors above 0, the smaller one first.")
        if not 0 <= self.lr_hold < 1:
            raise UserMistake(f"lr_hold is {self.lr_hold}; it must be at least 0 and below 1.")


@dataclass(frozen=True)
class AdversarialRun(CropRun):
    """Options of a run whose networks learn against critics."""

    adversarial: Adversarial = "least_squares"
    """Loss between critics and generators."""
    fool: float = 1.0
    """Weight of the adversarial loss."""
    critic_width: int = 32
    """Channels of the critics' first layer; the papers have 64."""
    critic_layers: int = 3
    """Halvings of the critics; three see patches of 38 px, a third of a crop, like the papers' 70 of 256."""
    critic_norm: CriticNorm = "spectral"
    """What steadies the critics: spectral norm, instance norm of their activations (which hides colors and
    contrast from them), or none."""
    gradient_penalty: float = 0.0
    """Weight of the gradient penalty on the critics (WGAN-GP); 0: none. The papers have 10."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("critic_width", "critic_layers"):
            if getattr(self, name) < 1:
                raise UserMistake(f"{name} is {getattr(self, name)}; it must be at least 1.")
        for name in ("fool", "gradient_penalty"):
            if getattr(self, name) < 0:
                raise UserMistake(f"{name} is {getattr(self, name)}; it must be 0 or more.")


CropConfig = TypeVar("CropConfig", bound=CropRun)
AdversarialConfig = TypeVar("AdversarialConfig", bound=AdversarialRun)


class CropMethod(Method[CropConfig]):
    """Base: every network learns by Adam at one rate that is held, then falls in a line to 0."""

    betas = (0.5, 0.999)
    limits = """\
Trained on small crops of natural photos and of paintings; text, drawings and screenshots were not among them.
What it makes of faces and of thin lines should be looked at before it is used."""
    licences = "The weights were learned from research-use pictures and are for research use."

    def optimizers(self) -> Mapping[str, AdamSettings]:
        cfg = self.config
        setting = AdamSettings(
            lambda step: late_linear(step, cfg.steps, cfg.lr, cfg.lr_hold), betas=lambda step: self.betas
        )
        return dict.fromkeys(self.nets, setting)

    @staticmethod
    def data(options: Mapping[str, Any]) -> str:
        """Tell for the card which folders a run used; options as JSON."""
        keys = [key for key in ("a", "b", "photos", "paintings", "pictures") if key in options]
        parts = [*options.get("domains", []), *options.get("only", [])]
        places = [Path(options[key]).name for key in keys]
        told = ", ".join(f"`{name}`" for name in [*places, *parts])
        return f"Crops of pictures from the folders {told}, without pairs, for research use only."

    def crops(self, folders: Sequence[PictureFolder], rng: torch.Generator) -> Tensor:
        """Cut one crop of a random picture of each folder: (B, 3, crop, crop) in [0, 1]."""
        cut = []
        for folder in folders:
            picture = folder.pictures[int(torch.randint(len(folder), (), generator=rng))]
            cut.append(random_crop(picture, self.config.crop, self.config.scales, rng))
        return torch.stack(cut)


class AdversarialMethod(CropMethod[AdversarialConfig]):
    """Base: critics are made, bounded and trained as the options say."""

    def judged(
        self,
        critics: Mapping[str, nn.Module],
        real: Mapping[str, Tensor],
        made: Mapping[str, Tensor],
        carry: Carry,
    ) -> Losses:
        """Return the losses of critics, each by its side, which tell real pictures from made ones.

        real, made: (B, C, H, W) in [0, 1] by side; a critic returns scores, or a tuple of them. Leaves the
        share of right answers for the alarms; Wasserstein scores have no middle, so they have none.
        """
        losses, right = {}, []
        for side, critic in critics.items():
            answers = list(zip(_each(critic(real[side])), _each(critic(made[side])), strict=True))
            losses[side] = sum(ADVERSARIAL[self.config.adversarial].critic(*pair) for pair in answers)
            if self.config.gradient_penalty:
                penalty = gradient_penalty(critic, real[side], made[side])
                losses[f"penalty_{side}"] = self.config.gradient_penalty * penalty
            right += [right_share(*pair, self.config.adversarial) for pair in answers]
        if self.config.adversarial != "wasserstein":
            carry["figures"] = {"critic_right": torch.stack(right).mean()}
        return losses

    def fooled(self, *scores: Tensor | tuple[Tensor, ...]) -> Tensor:
        """Return the weighted loss of the generators for the scores of what they made, summed over
        critics."""
        loss = ADVERSARIAL[self.config.adversarial].generator
        return self.config.fool * sum(loss(score) for some in scores for score in _each(some))


def _each(scores: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return scores if isinstance(scores, tuple) else (scores,)


def right_share(real: Tensor, made: Tensor, loss: str) -> Tensor:
    """Measure the share of right answers of a critic's scores; least squares parts real from made at 1/2."""
    middle = 0.5 if loss == "least_squares" else 0.0
    return torch.cat([(real > middle).flatten(), (made < middle).flatten()]).float().mean().detach()


def watched(source: Tensor, painted: Tensor) -> dict[str, Tensor]:
    """Leave pictures and what was made of them for the alarms (collapse, inverted colors)."""
    return {"source": source.detach(), "painted": painted.detach()}
