"""DualGAN: two translators that learn from each other's way back, judged by Wasserstein critics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from stylizer.models.unet import UNet, UNetConfig

from ..losses.adversarial import Adversarial
from ..losses.cycle import picture_l1
from ..losses.discriminators import CriticNorm
from ..run.config import UserMistake
from ..run.method import Carry, Losses, Phase, method
from .unpaired import UnpairedMethod, UnpairedRun


@dataclass(frozen=True)
class DualGANRun(UnpairedRun):
    """Train DualGAN between two folders of pictures (no pairs), for example

    python -m training dualgan --a photos --b paintings/chinese-ink-wash --steps 40000 \
--precision bfloat16
    """

    model: UNetConfig = field(default_factory=UNetConfig)
    """Sizes of either translator."""
    lr: float = 5e-5
    reconstruct: float = 500.0
    """Weight of the L1 distance between a picture and its way there and back."""
    adversarial: Adversarial = "wasserstein"
    critic_norm: CriticNorm = "none"
    gradient_penalty: float = 10.0
    largest_weight: float = 0.0
    """Size that the critics' weights are clipped to, the paper's bound (0.01, with --gradient-penalty 0); 0:
    no clipping."""
    critic_steps: int = 5
    """Steps of the critics for each step of the translators."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.critic_steps < 1 or self.largest_weight < 0:
            raise UserMistake("critic_steps must be at least 1 and largest_weight 0 or more.")

    @classmethod
    def upgraded(cls, options: dict[str, Any]) -> dict[str, Any]:
        options = super().upgraded(options)
        if "penalty" in options:  # until version 0.1 one of two words chose the bound
            clipped, weight = options.pop("penalty") == "clip", options.pop("penalty_weight", 10.0)
            options["gradient_penalty"] = 0.0 if clipped else weight
            options["largest_weight"] = options.get("largest_weight", 0.01) if clipped else 0.0
        return options


@method("dualgan", DualGANRun)
class DualGAN(UnpairedMethod[DualGANRun]):
    """Dual learning for translation (arXiv:1704.02510, algorithm 1).

    Names: ab and ba are G_A and G_B, critic_b and critic_a are D_A and D_B. From the paper and its code:
    U-shaped translators, Wasserstein critics, L1 reconstruction both ways with weight 500, RMSProp with
    decay 0.9 at 5e-5, batch 1. Departures: a gradient penalty of 10 and five critic steps a translator step
    (both of arXiv:1704.00028) bound the critics; the paper's clipping to 0.01 with one step
    (--gradient-penalty 0 --largest-weight 0.01 --critic-steps 1) left its pull at the picture at 0.0003 of
    the reconstruction's after 60 steps; `steps` counts the critics'; Adam with betas 0 and 0.9, which is
    RMSProp with its first steps corrected; a line to 0 in the second half; patch critics without
    normalization, which a gradient penalty forbids; half the width and 128 px crops; averaged weights ship;
    the translator's own are in its docstring; a perceptual guide and an identity loss, against inverted
    colors, where the options ask for them. Clipping begins a critic's step, so the translators meet weights
    at most one step of 5e-5 beyond it.
    """

    about = "DualGAN: photos translated to one kind of picture, learned without pairs."
    network = UNet
    betas = (0.0, 0.9)

    def __init__(self, config: DualGANRun):
        super().__init__(config)
        self.phases = (
            self.critics_phase(),
            Phase("translate", ("ab", "ba"), self.translate, every=config.critic_steps),
            *self.guide_phases(),
        )

    def judge(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        if limit := self.config.largest_weight:
            with torch.no_grad():
                for parameter in (p for side in "ab" for p in self.nets[f"critic_{side}"].parameters()):
                    parameter.clamp_(-limit, limit)
        return super().judge(batch, carry, step)

    def translate(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        nets = self.nets
        a, b = batch["a"], batch["b"]
        made_b, made_a = nets["ab"](a), nets["ba"](b)
        carry.watch(a, made_b)
        back = picture_l1(nets["ba"](made_b), a) + picture_l1(nets["ab"](made_a), b)
        return {
            "fool": self.fooled(nets["critic_b"](made_b), nets["critic_a"](made_a)),
            "reconstruct": self.config.reconstruct * back,
            **self.kept(batch),
            **self.led(batch, made_b, carry, step),
        }
