"""StyleGAN: invents pictures that look cut out of a folder of paintings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from stylizer.models.style_gan import StyleGAN, StyleGANConfig

from ..data.augment import AdaptiveAugment
from ..data.folders import side_by_side
from ..losses.adversarial import ADVERSARIAL
from ..losses.discriminators import FeatureCritic, PictureCritic
from ..losses.penalties import PathMean, path_lengths, r1_penalty
from ..run.config import UserMistake
from ..run.method import (
    SCORED_NUMBER,
    SHOWN_NUMBER,
    AdamSettings,
    Carry,
    Losses,
    Phase,
    generator,
    get_network,
    method,
)
from .crop_method import SHOWN, CropMethod, CropRun, right_share

_FEATURES = (128, 256, 512)  # channels of relu2_1, relu3_1, relu4_1
_FEATURE_SCALES = (0.2, 0.1, 0.2)  # bring their activations to about 1
_FOLLOW = 0.005  # share by which the usual style moves towards a batch's mean (arXiv:1812.04948, appendix B)


@dataclass(frozen=True)
class StyleGANRun(CropRun):
    """Train a generator on a folder of paintings, for example

    python -m training stylegan --pictures paintings --steps 60000 --precision bfloat16
    """

    pictures: Path = Path("paintings")
    """Folder of paintings, searched through."""
    model: StyleGANConfig = field(default_factory=StyleGANConfig)
    """Sizes of the network; its pictures are as large as the crops."""
    only: tuple[str, ...] = ()
    """Subfolders of `pictures` to take alone, each as often as the others; none: all pictures alike."""
    batch: int = 8
    lr: float = 2e-3
    critic_width: int = 32
    """Channels of the critic's first layer; deeper ones have twice as many each, up to 192."""
    gamma: float = 0.0
    """Weight of the R1 penalty; 0: 0.0002 * crop * crop / batch."""
    r1_every: int = 16
    """Steps between two R1 penalties."""
    path: float = 2.0
    """Weight of the path length penalty; 0: none."""
    path_every: int = 4
    """Steps between two path length penalties."""
    mixing: float = 0.9
    """Share of pictures whose layers take two styles."""
    augment_target: float = 0.6
    """How sure of real pictures the critic may be before augmentation grows; 0: no augmentation."""
    augment_pictures: float = 100_000.0
    """Pictures over which the chance of an augmentation can rise from 0 to 1."""
    features: float = 0.0
    """Weight of a second critic, which judges in features of the perceptual network; 0: none."""
    adversarial: Literal["bce", "hinge", "wasserstein"] = "bce"
    """Loss between critic and generator; least squares would need another middle for the augmentation."""

    def __post_init__(self) -> None:
        super().__post_init__()
        size = 4 * 2 ** (len(self.model.widths) - 1)
        if self.crop != size:
            raise UserMistake(f"crop is {self.crop} pixels, but the model's pictures have {size}.")
        if min(self.r1_every, self.path_every) < 1:
            raise UserMistake("r1_every and path_every must both be at least 1.")


@method("stylegan", StyleGANRun)
class StyleGANMethod(CropMethod[StyleGANRun]):
    """Style-based invention (arXiv:1812.04948 and 1912.04958) with adaptive augmentation (arXiv:2006.06676).

    From the papers: non-saturating loss, lazy R1 every 16 steps and path length every 4 with corrected
    rates, path weight 2 on half a batch with decay 0.01, Adam betas 0 and 0.99, style mixing 0.9, gamma by
    the rule of StyleGAN2-ADA. Departures: 128 px and narrow widths (two CPU cores); rate 0.002; augmentation
    grows five times as fast, since the corpus is of hundreds; R1 takes its slope at the augmented pictures,
    because resampling has no second derivative here; a second critic may judge in features of a pretrained
    network (projected GANs, arXiv:2111.01007), which learn from far fewer pictures; ours are not mixed at
    random; the critic judges the very pictures that the generator was just led by, where the official code
    draws new ones; of the augmentation's two shifts only the uniform one is drawn, and not in whole pixels.
    `augment` in the report is the augmentation's chance.
    """

    about = "StyleGAN: invents pictures in the manner of a folder of paintings, from seeds that can be mixed."

    def __init__(self, config: StyleGANRun):
        super().__init__(config)
        widths = [min(192, config.critic_width * 2**i) for i in range(len(config.model.widths))]
        self.nets = nn.ModuleDict(
            {"style-gan": StyleGAN(config.model), "critic": PictureCritic(widths[::-1])}
        ).to(memory_format=torch.channels_last)
        augment = AdaptiveAugment(config.augment_target, config.augment_pictures)
        self.memory = nn.ModuleDict({"augment": augment, "path": PathMean()})
        self.folders = [self.folder(config.pictures / name) for name in config.only or ("",)]
        if config.features:
            self.perceptual()
            self.nets["feature-critic"] = FeatureCritic(_FEATURES, 1, _FEATURE_SCALES)
        critics = tuple(name for name in self.nets if name.endswith("critic"))
        self.gamma = config.gamma or 0.0002 * config.crop**2 / config.batch
        path = Phase("path", ("style-gan",), self.straighten, every=config.path_every, lazy=True)
        self.phases = (
            Phase("paint", ("style-gan",), self.paint),
            *((path,) if config.path else ()),
            Phase("judge", critics, self.judge),
            Phase("r1", ("critic",), self.flatten, every=config.r1_every, lazy=True),
            *self.project(),
        )

    def optimizers(self) -> Mapping[str, AdamSettings]:
        """Correct rate and betas for lazy penalties (arXiv:1912.04958, appendix B)."""

        def lazy(share: float) -> AdamSettings:
            return AdamSettings(lambda step: self.config.lr * share, lambda step: (0.0, 0.99**share))

        path, r1 = (every / (every + 1) for every in (self.config.path_every, self.config.r1_every))
        path = path if self.config.path else 1.0
        known = {"style-gan": lazy(path), "critic": lazy(r1)}
        return {name: known.get(name, lazy(1.0)) for name in self.nets}

    def batch(self, number: int) -> dict[str, Tensor]:
        rng = generator(self.config.seed, number)
        chosen = torch.randint(len(self.folders), (self.config.batch,), generator=rng).tolist()
        return {"picture": self.crops([self.folders[i] for i in chosen], rng)}

    def paint(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        network, real = get_network(self.nets, "style-gan", StyleGAN), batch["picture"]
        styles = mixed_styles(network, len(real), self.config.mixing, real.device)
        made = network.paint(styles)
        with torch.no_grad():
            network.usual_style.lerp_(styles[:, 0].mean(0), _FOLLOW)
        carry.painted = made.detach()
        shown = self.memory["augment"](made)
        losses = {"fool": ADVERSARIAL[self.config.adversarial].generator(self.nets["critic"](shown))}
        if self.config.features:
            fool = ADVERSARIAL["hinge"].generator(self._feature_scores(shown))
            losses["fool_features"] = self.config.features * fool
        return {**losses, **self.fool_projected(real, made, carry)}

    def _feature_scores(self, pictures: Tensor) -> Tensor:
        alike = torch.ones(len(pictures), 1, device=pictures.device)  # no style to expect: all are one kind
        return self.nets["feature-critic"](self.fixed["perceptual"](pictures)[1:], alike)

    def straighten(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        """Keep equal steps of the style equal steps of the picture."""
        network, real = get_network(self.nets, "style-gan", StyleGAN), batch["picture"]
        styles = mixed_styles(network, max(1, len(real) // 2), self.config.mixing, real.device)
        made = network.paint(styles)
        lengths = path_lengths(made.float(), styles, torch.randn(made.shape).to(made.device))
        carry.figures = {"length": lengths.detach().mean()}
        return {"path": self.config.path * self.memory["path"](lengths)}

    def judge(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        augment = get_network(self.memory, "augment", AdaptiveAugment)
        shown = augment(batch["picture"]), augment(carry.made_pictures())
        real, made = map(self.nets["critic"], shown)
        augment.follow(real, step)
        carry.figures = {"critic_right": right_share(real, made, "bce"), "augment": augment.chance.clone()}
        losses = {"judge": ADVERSARIAL[self.config.adversarial].critic(real, made)}
        if self.config.features:
            losses["judge_features"] = ADVERSARIAL["hinge"].critic(*map(self._feature_scores, shown))
        return losses

    def flatten(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        real = self.memory["augment"](batch["picture"])
        return {"r1": self.gamma / 2 * r1_penalty(self.nets["critic"], real)}

    def sample_batch(self) -> dict[str, Tensor]:
        rng = generator(self.config.seed, SHOWN_NUMBER)
        return {"z": torch.randn(4 * SHOWN, self.config.model.latent, generator=rng)}

    @torch.no_grad()
    def sample(self, nets: nn.ModuleDict, batch: dict[str, Tensor]) -> Tensor:
        """Show seeds as they are, and the last of them tamed."""
        rows = batch["z"].split(SHOWN)
        network = get_network(nets, "style-gan", StyleGAN)
        columns = [*map(network.generate, rows), network.generate(rows[-1], 0.6)]
        return side_by_side(columns, max(self.config.crop, 64))

    def scored(self, nets: nn.ModuleDict, count: int) -> Iterator[tuple[Tensor, Tensor]]:
        rng, device = generator(self.config.seed, SCORED_NUMBER), next(nets.parameters()).device
        z = torch.randn(count, self.config.model.latent, generator=rng).to(device)
        network = get_network(nets, "style-gan", StyleGAN)
        made = torch.cat([network.generate(some) for some in z.split(8)])
        share = [
            count // len(self.folders) + (i < count % len(self.folders)) for i in range(len(self.folders))
        ]
        wanted = [self.held_crops(f, n) for f, n in zip(self.folders, share, strict=True) if n]
        yield made, torch.cat(wanted)

    def publish(self, nets: nn.ModuleDict) -> Mapping[str, nn.Module]:
        return {"style-gan": nets["style-gan"]}


def mixed_styles(network: StyleGAN, count: int, mixing: float, device: torch.device) -> Tensor:
    """Draw styles (count, layers, n); a share `mixing` changes to a second one between two layers.

    Style mixing regularization (arXiv:1812.04948, section 3.1).
    """
    first, second = network.style(torch.randn(2 * count, network.latent_size).to(device)).chunk(2)
    layers = torch.arange(network.layers)[None, :, None]
    cut = torch.randint(1, network.layers, (count, 1, 1))
    cut = torch.where(torch.rand(count, 1, 1) < mixing, cut, network.layers)
    return torch.where((layers < cut).to(device), first, second)
