"""DualGAN: two translators that learn from each other's way back, judged by Wasserstein critics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from stylizer.models.unet import UNet, UNetConfig
from training.data.crop_method import watched
from training.losses.adversarial import ADVERSARIAL
from training.losses.cycle import picture_l1
from training.losses.discriminators import PatchCritic
from training.losses.penalties import gradient_penalty
from training.methods.unpaired import UnpairedMethod, UnpairedRun, named_model
from training.run.config import UserMistake
from training.run.method import Carry, Losses, Phase, method


@dataclass(frozen=True)
class DualGANRun(UnpairedRun):
    """Train DualGAN between two folders of pictures (no pairs), for example

    python -m training dualgan --a photos --b paintings/chinese-ink-wash --penalty gradient --steps 40000 \
--precision bfloat16
    """

    model: UNetConfig = field(default_factory=UNetConfig)
    """Sizes of either translator."""
    lr: float = 5e-5
    reconstruct: float = 500.0
    """Weight of the L1 distance between a picture and its way there and back."""
    penalty: Literal["clip", "gradient"] = "clip"
    """What bounds the critics: weights clipped, as in the paper, or a gradient penalty."""
    largest_weight: float = 0.01
    """Size that the critics' weights are clipped to."""
    penalty_weight: float = 10.0
    """Weight of the gradient penalty."""
    critic_steps: int = 1
    """Steps of the critics for each step of the translators."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.critic_steps < 1 or not self.largest_weight > 0:
            raise UserMistake("critic_steps must be at least 1 and largest_weight above 0.")


@method("dualgan", DualGANRun)
class DualGAN(UnpairedMethod):
    """Dual learning for translation (arXiv:1704.02510, algorithm 1).

    Names: ab and ba are G_A and G_B, critic_b and critic_a are D_A and D_B. From the paper and its code:
    U-shaped translators, Wasserstein critics with weights clipped to 0.01, L1 reconstruction both ways with
    weight 500, RMSProp with decay 0.9 at 5e-5, batch 1, one critic step a translator step. Departures: Adam
    with betas 0 and 0.9, which is RMSProp with its first steps corrected; a line to 0 in the second half;
    patch critics without normalization, which a gradient penalty forbids; half the width and 128 px crops;
    averaged weights ship; the translator's own are in its docstring; a perceptual guide and an identity loss,
    against inverted colors, where the options ask for them. Clipping begins a critic's step, so the
    translators meet weights at most one step of 5e-5 beyond it.
    """

    about = "DualGAN: photos translated to one kind of picture, learned without pairs."
    network = UNet
    betas = (0.0, 0.9)

    def __init__(self, config: DualGANRun):
        super().__init__(config)
        size = (config.critic_width, config.critic_layers)
        self.nets = nn.ModuleDict(
            {
                "ab": UNet(named_model(config)),
                "ba": UNet(config.model),
                "critic_a": PatchCritic(*size, normalized=False),
                "critic_b": PatchCritic(*size, normalized=False),
            }
        ).to(memory_format=torch.channels_last)
        self.phases = (
            Phase("judge", ("critic_a", "critic_b"), self.judge),
            Phase("translate", ("ab", "ba"), self.translate, every=config.critic_steps),
            *self.judges(),
        )

    def judge(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        cfg, losses = self.cfg, {}
        with torch.no_grad():
            made = {"b": self.nets["ab"](batch["a"]), "a": self.nets["ba"](batch["b"])}
        for side, pictures in made.items():
            critic = self.nets[f"critic_{side}"]
            if cfg.penalty == "clip":
                with torch.no_grad():
                    for parameter in critic.parameters():
                        parameter.clamp_(-cfg.largest_weight, cfg.largest_weight)
            else:
                slope = gradient_penalty(
                    lambda x, judge=critic: judge(x).mean((1, 2, 3)), batch[side], pictures
                )
                losses[f"penalty_{side}"] = cfg.penalty_weight * slope
            losses[side] = ADVERSARIAL["wasserstein"].critic(critic(batch[side]), critic(pictures))
        return losses

    def translate(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        nets, fool = self.nets, ADVERSARIAL["wasserstein"].generator
        a, b = batch["a"], batch["b"]
        made_b, made_a = nets["ab"](a), nets["ba"](b)
        carry.update(watched(a, made_b))
        back = picture_l1(nets["ba"](made_b), a) + picture_l1(nets["ab"](made_a), b)
        return {
            "fool": fool(nets["critic_b"](made_b)) + fool(nets["critic_a"](made_a)),
            "reconstruct": self.cfg.reconstruct * back,
            **self.kept(batch),
            **self.led(batch, made_b, carry),
        }
