"""What the methods share that learn from crops of pictures in one or more folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.data.folders import PictureFolder, random_crop
from training.run.config import RunConfig, UserMistake
from training.run.method import AdamSettings, Method, late_linear

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
    critic_width: int = 32
    """Channels of the critics' first layer; the papers have 64."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.scales[0] <= self.scales[1]:
            raise UserMistake(f"scales are {self.scales}; give two factors above 0, the smaller one first.")
        if not 0 <= self.lr_hold < 1:
            raise UserMistake(f"lr_hold is {self.lr_hold}; it must be at least 0 and below 1.")
        if self.critic_width < 1:
            raise UserMistake(f"critic_width is {self.critic_width}; it must be at least 1.")


class CropMethod(Method):
    """Base: every network learns by Adam at one rate that is held, then falls in a line to 0."""

    betas = (0.5, 0.999)
    limits = """\
Trained on small crops of natural photos and of paintings; text, drawings and screenshots were not among them.
What it makes of faces and of thin lines should be looked at before it is used."""
    licences = "The weights were learned from research-use pictures and are for research use."

    def __init__(self, config: CropRun):
        super().__init__(config)
        self.cfg = config

    def optimizers(self) -> Mapping[str, AdamSettings]:
        cfg = self.cfg
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
            cut.append(random_crop(picture, self.cfg.crop, self.cfg.scales, rng))
        return torch.stack(cut)


def right_share(real: Tensor, made: Tensor, loss: str) -> Tensor:
    """Measure the share of right answers of a critic's scores; least squares parts real from made at 1/2."""
    middle = 0.5 if loss == "least_squares" else 0.0
    return torch.cat([(real > middle).flatten(), (made < middle).flatten()]).float().mean().detach()


def watched(source: Tensor, painted: Tensor) -> dict[str, Tensor]:
    """Leave pictures and what was made of them for the alarms (collapse, inverted colors)."""
    return {"source": source.detach(), "painted": painted.detach()}
