"""CycleGAN: translation without pairs, by the way there and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from torch import Tensor, nn

from stylizer.models.brush_translator import BrushTranslator, BrushTranslatorConfig
from stylizer.models.config import before
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.resnet_translator import ResnetTranslator, ResnetTranslatorConfig
from stylizer.models.translator_blocks import Translating, one_domain

from ..data.pool import PicturePool
from ..losses.cycle import picture_l1
from ..run.method import Carry, Losses, Phase, get_network, method
from .begin_as_painter import BRUSH_BEFORE, begin_as_painter, brush_of
from .unpaired import UnpairedMethod, UnpairedRun, named_model


@dataclass(frozen=True)
class CycleGANRun(UnpairedRun):
    """Train CycleGAN between two folders of pictures (no pairs), for example

    python -m training cyclegan --a photos --b paintings/monet --steps 30000 --precision bfloat16
    """

    model: ResnetTranslatorConfig = field(default_factory=ResnetTranslatorConfig)
    """Sizes of either generator."""
    generator: Literal["resnet", "brush"] = "resnet"
    """What translates a to b: the paper's residual network, or the painter's with a code of the domain's own,
    which `--init checkpoints/painter` starts with strokes that it has learned already."""
    brush: PainterConfig = field(default_factory=PainterConfig, metadata=before(BRUSH_BEFORE))
    """Sizes of the painter's network as generator; where `init` names a painter, or a translator with its
    strokes, those of that one, but for what is given here."""
    prototypes: int = 1
    """Codes of a domain of the painter's network, of which each photo takes those that suit its colors."""
    cycle: float = 10.0
    """Weight of the L1 distance between a picture and its way there and back."""
    identity: float = 5.0
    """Weight of the L1 distance between a picture and its translation to where it already is."""
    fool: float = 2.0
    """Weight of the adversarial loss; 2, since our least squares have a factor of 1/2 that theirs lack."""
    pool: int = 50
    """Past pictures that the critics are shown again."""

    def resolved(self) -> CycleGANRun:
        return replace(self, brush=brush_of(self.init, self.brush))


@method("cyclegan", CycleGANRun)
class CycleGAN(UnpairedMethod[CycleGANRun]):
    """Unpaired translation by cycle consistency (arXiv:1703.10593).

    Names: ab and ba are G and F, critic_b and critic_a are D_Y and D_X. From the paper: least-squares loss,
    cycle weight 10, identity 5 (its section 5.2), a pool of 50 pictures, Adam 2e-4 with beta1 0.5, batch 1,
    half of the steps at full rate and a line to 0. Departures: half the width and 128 px crops (two CPU
    cores); critics of three halvings with spectral norm in place of instance normalization, which hides
    colors from them; averaged weights ship; the generator's own are in its docstring. With the options
    `look` and `generator` a perceptual network guides, and the painter's strokes are where it begins.
    """

    about = "CycleGAN: photos translated to one kind of picture, learned without pairs."
    network = ResnetTranslator

    def __init__(self, config: CycleGANRun):
        super().__init__(config)
        self.memory.update({f"pool_{side}": PicturePool(config.pool, config.crop) for side in "ab"})
        self.phases = (
            Phase("translate", ("ab", "ba"), self.translate),
            self.critics_phase(),
            *self.guide_phases(),
        )

    @classmethod
    def shipped(cls, config: CycleGANRun) -> Mapping[str, nn.Module]:
        model = named_model(config)
        if config.generator == "brush":
            return {
                "ab": BrushTranslator(
                    BrushTranslatorConfig(config.brush, model.domains, prototypes=config.prototypes)
                )
            }
        return {"ab": ResnetTranslator(model)}

    def begin_with(self, network: nn.Module) -> None:
        """Begin as a translator, or both ways with what one of many domains learned of either."""
        if isinstance(network, Painter) and self.config.generator == "brush":
            begin_as_painter(
                get_network(self.nets, "ab", BrushTranslator), network, [self.folders["b"]], self.folders["a"]
            )
            return
        known, there = list(getattr(network, "domains", ())), self.nets["ab"]
        ways = {"ab": getattr(there, "domains", [""])[0], "ba": "photo"}
        if not isinstance(there, Translating) or len(known) == 1 or not set(ways.values()) <= set(known):
            super().begin_with(network)
            return
        for way, domain in ways.items():
            self.nets[way].load_state_dict(one_domain(network.state_dict(), known.index(domain), len(known)))

    def translate(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        cfg, nets = self.config, self.nets
        a, b = batch["a"], batch["b"]
        made_b, made_a = nets["ab"](a), nets["ba"](b)
        carry.made = {"a": made_a.detach(), "b": made_b.detach()}
        carry.watch(a, made_b)
        losses = {
            "fool": self.fooled(nets["critic_b"](made_b), nets["critic_a"](made_a)),
            "cycle": cfg.cycle * (picture_l1(nets["ba"](made_b), a) + picture_l1(nets["ab"](made_a), b)),
        }
        if cfg.identity:
            losses["identity"] = cfg.identity * (picture_l1(nets["ab"](b), b) + picture_l1(nets["ba"](a), a))
        return {**losses, **self.led(batch, made_b, carry, step)}

    def judge(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        if carry.made is not None:
            pools = {side: get_network(self.memory, f"pool_{side}", PicturePool) for side in "ab"}
            carry.made = {side: pool.exchange(carry.made[side]) for side, pool in pools.items()}
        return super().judge(batch, carry, step)
