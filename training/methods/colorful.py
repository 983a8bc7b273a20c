"""Colorful: a colorizer that classifies hues, so that rare colors are not averaged away."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylizer.imaging.keep_color import luma
from stylizer.models.bin_colorizer import BinColorizer, BinColorizerConfig
from stylizer.models.colorizer import to_chroma, with_chroma
from stylizer.models.lab import to_lab

from ..data.encoder_weights import load_encoder
from ..losses.adversarial import Adversarial
from ..losses.cycle import picture_l1
from ..losses.discriminators import PatchCritic
from ..losses.hues import Rebalancing, hue_entropy, soft_bins
from ..run.config import UserMistake
from ..run.method import (
    FIRST_SIGHT_NUMBER,
    AdamSettings,
    Carry,
    Losses,
    Phase,
    generator,
    get_network,
    late_linear,
    method,
)
from .colorize import ColorizingMethod
from .crop_method import AdversarialRun

_COUNTED = 256  # crops from which the frequency of hues is counted
_QUARTER = 4
_FEW = 1 / 6  # of the geometric distribution: as many places are told as an artist would click
_MOST = 24


@dataclass(frozen=True)
class ColorfulRun(AdversarialRun):
    """Train the classifying colorizer on a folder of color photos, for example

    python -m training colorful --pictures photos --held 0.1 --steps 30000 --precision bfloat16
    """

    pictures: Path = Path("photos")
    """Folder of color pictures, searched through."""
    model: BinColorizerConfig = field(default_factory=BinColorizerConfig)
    """Sizes of the network."""
    batch: int = 8
    crop: int = 192
    lr: float = 3e-4
    encoder_share: float = 0.1
    """Learning rate of the ImageNet encoder, as a share of the decoder's."""
    encoder_start: int = 2_000
    """Step from which the encoder learns too."""
    hinted: float = 0.4
    """Share of the crops of which the network is told the colors of a few places, as an artist may do."""
    rebalance: float = 0.5
    """Share of an even distribution in the one that hues are weighed against; 1 weighs all alike."""
    reconstruct: float = 0.5
    """Weight of the L1 distance to the true chroma at an eighth of the size, for smooth places."""
    adversarial: Adversarial = "hinge"
    fool: float = 0.0
    """Weight of the adversarial loss; 0: no critic."""
    fool_start: int = 25_000
    """Step from which the critic learns and is heard: late and short, before it turns skin orange."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.hinted <= 1:
            raise UserMistake(f"hinted is {self.hinted}; it must be between 0 and 1.")
        if not 0 < self.rebalance <= 1:
            raise UserMistake(f"rebalance is {self.rebalance}; it must be above 0 and at most 1.")
        if self.crop % BinColorizer.stride:
            raise UserMistake(f"crop is {self.crop} pixels; it must be a multiple of {BinColorizer.stride}.")


@method("colorful", ColorfulRun)
class Colorful(ColorizingMethod[ColorfulRun]):
    """Colorization as classification (arXiv:1603.08511), from an ImageNet encoder.

    From the paper: classes are the visible cells of the a-b plane, targets the five nearest cells weighed by
    a Gaussian of deviation 5, losses weighed by the rarity of the true hue (its eq. 4, half of it even),
    answers the annealed mean at temperature 0.38. Departures: an encoder pretrained on ImageNet that joins
    late and learns slowly, with its pooled features at every place; Adam at 3e-4 with a line to 0 in the
    second half; a small L1 loss on chroma; a late critic where the options ask for it; batches of 8 crops;
    hues are counted in the training pictures; averaged weights ship. A share of the crops comes with the true
    colors of some places, their number drawn from a geometric distribution (arXiv:1705.02999, section 3.2).
    Watched beside the losses: `color`, the size of the made chroma over the true one's.
    """

    about = (
        "Colorful: gives black-and-white photos colors by classifying hues, and keeps every luminance sample."
    )
    betas = (0.9, 0.99)
    licences = """\
The weights were learned from research-use pictures and are for research use. The encoder began as
EfficientNet-Lite0 (timm's weights, learned from ImageNet, Apache-2.0)."""

    def __init__(self, config: ColorfulRun):
        super().__init__(config)
        self.nets = nn.ModuleDict(self.shipped(config))
        critics: tuple[Phase, ...] = ()
        if config.fool:
            critic = PatchCritic(config.critic_width, config.critic_layers, 4, config.critic_norm)
            self.nets["critic"] = critic
            critics = (Phase("judge", ("critic",), self.judge, start=config.fool_start),)
        self.nets.to(memory_format=torch.channels_last)
        self.photos = self.folder(config.pictures)
        bins = get_network(self.nets, "colorizer", BinColorizer).bins
        self.memory["rebalancing"] = Rebalancing(len(bins), config.rebalance)
        self.phases = (Phase("color", ("colorizer",), self.color), *critics, *self.project())

    def batch(self, number: int) -> dict[str, Tensor]:
        rng = generator(self.config.seed, number)
        photos = self.crops([self.photos] * self.config.batch, rng)
        side = photos.shape[2] // _QUARTER
        told = torch.zeros(len(photos), 1, side, side)
        for sure, chance in zip(told, torch.rand(len(photos), generator=rng).tolist(), strict=True):
            if chance < self.config.hinted:
                _tell_some(sure[0], rng)
        return {"photo": photos, "told": told}

    def _hues(self) -> Iterator[Tensor]:
        """Yield the a and b (2, n) of crops of the training pictures."""
        for number in range(0, _COUNTED, self.config.batch):
            rng = generator(self.config.seed, FIRST_SIGHT_NUMBER + number)
            photos = self.crops([self.photos] * self.config.batch, rng)
            yield to_lab(F.avg_pool2d(photos, _QUARTER))[:, 1:].transpose(0, 1).flatten(1)

    def first_look(self) -> None:
        bins = get_network(self.nets, "colorizer", BinColorizer).bins
        get_network(self.memory, "rebalancing", Rebalancing).count(self._hues(), bins)

    def begin(self) -> None:
        load_encoder(get_network(self.nets, "colorizer", BinColorizer).encoder, self.config.encoder)

    def optimizers(self) -> Mapping[str, AdamSettings]:
        cfg = self.config

        def rate(step: int) -> float:
            return late_linear(step, cfg.steps, cfg.lr, cfg.lr_hold)

        settings = AdamSettings(rate, lambda step: self.betas, shares={"encoder.": cfg.encoder_share})
        critic = AdamSettings(rate, lambda step: (0.0, 0.99))
        return {name: settings if name == "colorizer" else critic for name in self.nets}

    def color(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        cfg, photo, network = self.config, batch["photo"], get_network(self.nets, "colorizer", BinColorizer)
        light = luma(photo)
        if step < cfg.encoder_start:
            network.encoder.requires_grad_(False)
        small = F.avg_pool2d(photo, _QUARTER)
        hues = to_lab(small)[:, 1:]
        logits = network.logits(light, network.hints(hues, batch["told"]))
        target = soft_bins(hues, network.bins)
        chroma, _ = network.hue_chroma(logits, luma(small))
        truth = to_chroma(small)
        made = with_chroma(light, network.enlarged(chroma, luma(small), light))
        carry.watch(photo, made)
        carry.figures = {"color": chroma.abs().mean().detach() / truth.abs().mean().clamp(min=1e-3)}
        losses = {
            "hue": hue_entropy(logits, target, get_network(self.memory, "rebalancing", Rebalancing).weights),
            "reconstruct": cfg.reconstruct * picture_l1(F.avg_pool2d(chroma, 2), F.avg_pool2d(truth, 2)),
            **self.fool_projected(photo, made, carry),
        }
        if cfg.fool and step >= cfg.fool_start:
            losses["fool"] = self.fooled(self.nets["critic"](torch.cat([light, made], 1)))
        return losses

    @classmethod
    def shipped(cls, config: ColorfulRun) -> Mapping[str, nn.Module]:
        return {"colorizer": BinColorizer(config.model)}


def _tell_some(sure: Tensor, rng: torch.Generator) -> None:
    """Mark some places of a map (h, w) as told, each as large as a click."""
    height, width = sure.shape
    count = 1 + int(torch.rand((), generator=rng).clamp(min=1e-6).log() / math.log(1 - _FEW))
    for _ in range(min(count, _MOST)):
        row, column = (int(torch.randint(side, (), generator=rng)) for side in (height, width))
        sure[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2] = 1.0
