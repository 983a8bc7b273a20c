"""DiscoGAN: two coupled translators that find what the pictures of two folders have in common."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from stylizer.models.unet import UNet, UNetConfig

from ..losses.adversarial import ADVERSARIAL, Adversarial, mean_feature_matching
from ..losses.cycle import picture_l2
from ..losses.discriminators import PatchCritic
from ..run.config import UserMistake
from ..run.method import Carry, Losses, Phase, get_network, method, total
from .unpaired import UnpairedMethod, UnpairedRun


@dataclass(frozen=True)
class DiscoGANRun(UnpairedRun):
    """Train DiscoGAN between two folders of pictures (no pairs), for example

    python -m training discogan --a photos --b paintings/ukiyo-e --steps 40000 --precision bfloat16
    """

    model: UNetConfig = field(default_factory=lambda: UNetConfig(widths=(48, 96, 192), bridges=False))
    """Sizes of either translator."""
    batch: int = 8
    rate_early: float = 0.01
    """Share of the reconstruction in the translators' loss at first; the rest is the critics'."""
    rate_late: float = 0.5
    """The same share later."""
    early_steps: int = 10_000
    """Steps after which the later share holds."""
    adversarial: Adversarial = "bce"
    fool: float = 0.1
    """Share of the adversarial loss beside feature matching."""
    judge_every: int = 3
    """The critics learn every so many steps; the translators in all others."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.judge_every < 2:
            raise UserMistake(f"judge_every is {self.judge_every}; it must be at least 2.")
        if not all(0 <= share <= 1 for share in (self.rate_early, self.rate_late, self.fool)):
            raise UserMistake("rate_early, rate_late and fool are shares; each must be between 0 and 1.")


@method("discogan", DiscoGANRun)
class DiscoGAN(UnpairedMethod[DiscoGANRun]):
    """Cross-domain relations by coupled translators (arXiv:1703.05192, eq. 3 to 8).

    Names: ab and ba are G_AB and G_BA. From the paper's code: reconstruction by mean squares at a share of
    0.01 for 10,000 steps, then 0.5; of the rest 0.1 adversarial (BCE) and 0.9 feature matching; critics every
    third step, translators in the others; Adam 2e-4 with beta1 0.5. Departures: three halvings without
    bridges, not five, at half the width: at five only 4 px of a 128 px picture are left, and no photo can be
    recognized; instance in place of batch normalization; batch 8 at 128 px, not 64 at 64 px; patch critics
    with spectral norm; feature means are over positions too; a line to 0 in the second half and averaged
    weights, which the collapse that users report after long training asks for; no weight decay; a
    perceptual guide and an identity loss where the options ask for them.
    """

    about = "DiscoGAN: photos translated to one kind of picture through a narrow middle, without pairs."
    network = UNet

    def __init__(self, config: DiscoGANRun):
        super().__init__(config)
        self.phases = (
            Phase("translate", ("ab", "ba"), self.translate),
            self.critics_phase(every=config.judge_every),
            *self.guide_phases(),
        )

    def translate(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        cfg, nets = self.config, self.nets
        if step % cfg.judge_every == 0:
            return {}  # the critics' turn
        made = {"b": nets["ab"](batch["a"]), "a": nets["ba"](batch["b"])}
        back = {"a": nets["ba"](made["b"]), "b": nets["ab"](made["a"])}
        carry.watch(batch["a"], made["b"])
        rate = cfg.rate_early if step < cfg.early_steps else cfg.rate_late
        fool, match = [], []
        for side, pictures in made.items():
            critic = get_network(nets, f"critic_{side}", PatchCritic)
            features = critic.features(pictures)
            with torch.no_grad():
                wanted = critic.features(batch[side])
            fool.append(ADVERSARIAL[cfg.adversarial].generator(critic.score(features[-1])))
            match.append(mean_feature_matching(wanted, features))
        return {
            "reconstruct": rate * total(picture_l2(back[side], batch[side]) for side in back),
            "fool": (1 - rate) * cfg.fool * total(fool),
            "match": (1 - rate) * (1 - cfg.fool) * total(match),
            **self.kept(batch),
            **self.led(batch, made["b"], carry, step),
        }
