"""UNIT: two variational autoencoders with one latent space, so that what one reads the other can paint."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from stylizer.imaging.color import full_precision
from stylizer.models.blocks import Statistics, StatisticsCursor
from stylizer.models.unit_translator import Decoder, Encoder, UnitTranslator, UnitTranslatorConfig

from ..losses.cycle import latent_divergence, picture_l1
from ..losses.discriminators import ScaleCritic
from ..run.config import UserMistake
from ..run.method import Carry, Losses, Phase, get_network, method, total
from .unpaired import UnpairedMethod, UnpairedRun, name_of_a


@dataclass(frozen=True)
class UNITRun(UnpairedRun):
    """Train UNIT between two folders of pictures (no pairs), for example

    python -m training unit --a photos --b paintings/impressionism --steps 40000 --precision bfloat16
    """

    model: UnitTranslatorConfig = field(default_factory=UnitTranslatorConfig)
    """Sizes of the network."""
    lr: float = 1e-4
    reconstruct: float = 10.0
    """Weight of the L1 distance of a picture to its own decoding."""
    cycle: float = 10.0
    """Weight of the L1 distance between a picture and its way there and back."""
    latent: float = 0.01
    """Weight of the latent codes' divergence, on the first way and on the way back."""
    fool: float = 2.0
    """Weight of the adversarial loss; 2, since our least squares have a factor of 1/2 that theirs lack."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.crop % UnitTranslator.stride:
            raise UserMistake(
                f"crop is {self.crop} pixels; it must be a multiple of {UnitTranslator.stride}."
            )


@method("unit", UNITRun)
class UNIT(UnpairedMethod[UNITRun]):
    """Translation through a shared latent space (arXiv:1703.00848, eq. 2 to 8; the authors' code).

    Nets: "ab" holds E_1, G_2 and the shared blocks, "reverse" E_2 and G_1. From the paper and code: latent
    codes N(mean, 1), divergence 0.01, reconstruction 10, cycle 10, least squares over critics of three sizes
    without normalization, Adam 1e-4 with beta1 0.5, batch 1. Departures: half the width and 128 px crops;
    spectral norm in the critics; a perceptual guide of our own where the option `look` asks for it, and none
    otherwise; a line to 0 in the second half in place of halving every 100,000 steps; no weight decay;
    averaged weights ship; the network's own are in its docstring. Inverted colors, which the authors call a
    common failure, raise an alarm.
    """

    about = "UNIT: photos translated to one kind of picture through a shared latent space, without pairs."
    network = UnitTranslator

    @classmethod
    def networks(cls, config: UNITRun) -> nn.ModuleDict:
        reverse = nn.ModuleDict({"encoder": Encoder(config.model), "decoder": Decoder(config.model)})
        critics = {f"critic_{side}": cls.critic(config) for side in "ab"}
        return nn.ModuleDict({**cls.shipped(config), "reverse": reverse, **critics})

    @classmethod
    def critic(cls, config: UNITRun) -> nn.Module:
        return ScaleCritic(config.critic_width, config.critic_layers, norm=config.critic_norm)

    def __init__(self, config: UNITRun):
        super().__init__(config)
        self.phases = (
            Phase("translate", ("ab", "reverse"), self.translate),
            self.critics_phase(),
            *self.guide_phases(),
        )

    def translate(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        cfg, nets = self.config, self.nets
        latent = {side: encode(nets, side, batch[side]) for side in ("a", "b")}
        own = {side: decode(nets, side, _noisy(latent[side])) for side in ("a", "b")}
        made = {"b": decode(nets, "b", _noisy(latent["a"])), "a": decode(nets, "a", _noisy(latent["b"]))}
        again = {"a": encode(nets, "b", made["b"]), "b": encode(nets, "a", made["a"])}
        back = {side: decode(nets, side, _noisy(again[side])) for side in ("a", "b")}
        carry.made = {side: pictures.detach() for side, pictures in made.items()}
        carry.watch(batch["a"], made["b"])
        codes = [*latent.values(), *again.values()]
        return {
            "fool": self.fooled(nets["critic_a"](made["a"]), nets["critic_b"](made["b"])),
            "reconstruct": cfg.reconstruct * total(picture_l1(own[side], batch[side]) for side in own),
            "cycle": cfg.cycle * total(picture_l1(back[side], batch[side]) for side in back),
            "latent": cfg.latent * total(latent_divergence(code) for code in codes),
            **self.kept(batch),
            **self.led(batch, made["b"], carry, step),
        }

    @classmethod
    def reverse(cls, config: UNITRun, nets: nn.ModuleDict) -> UnitTranslator:
        there, own = get_network(nets, "ab", UnitTranslator), get_network(nets, "reverse", nn.ModuleDict)
        network = UnitTranslator(replace(config.model, domains=(name_of_a(config),)))
        network.encoder = get_network(own, "encoder", Encoder)
        network.decoder = get_network(own, "decoder", Decoder)
        network.shared_in, network.shared_out = there.shared_in, there.shared_out
        return network

    @staticmethod
    def way(nets: nn.ModuleDict, which: str, pictures: Tensor) -> Tensor:
        """Translate pictures (B, 3, H, W) one way, without noise: "ab" or "ba"."""
        return decode(nets, which[1], encode(nets, which[0], pictures))


def encode(nets: nn.ModuleDict, side: str, pictures: Tensor) -> Tensor:
    """Read pictures (B, 3, H, W) of domain a or b into means of latent codes (B, C, H/4, W/4)."""
    cursor, mix = _fresh(pictures)
    there, reverse = get_network(nets, "ab", UnitTranslator), get_network(nets, "reverse", nn.ModuleDict)
    encoder = there.encoder if side == "a" else reverse["encoder"]
    latent: Tensor = there.shared_in(encoder(pictures, mix, cursor), mix, cursor)
    return latent


def decode(nets: nn.ModuleDict, side: str, latent: Tensor) -> Tensor:
    """Paint latent codes (B, C, h, w) as pictures (B, 3, 4h, 4w) of domain a or b."""
    cursor, mix = _fresh(latent)
    there, reverse = get_network(nets, "ab", UnitTranslator), get_network(nets, "reverse", nn.ModuleDict)
    decoder = there.decoder if side == "b" else reverse["decoder"]
    logits = decoder(there.shared_out(latent, mix, cursor), mix, cursor)
    with full_precision(logits):
        return torch.sigmoid(2 * logits.float())


def _fresh(x: Tensor) -> tuple[StatisticsCursor, Tensor]:
    return Statistics().started(), torch.ones(len(x), 1, device=x.device)


def _noisy(latent: Tensor) -> Tensor:
    return latent + torch.randn(latent.shape).to(latent)
