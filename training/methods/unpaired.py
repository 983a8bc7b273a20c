"""What the methods share that translate between two folders of pictures without pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from stylizer.models.registry import Network
from stylizer.models.roles import PHOTO

from ..data.faces import read_faces
from ..data.folders import side_by_side
from ..losses.cycle import picture_l1
from ..losses.discriminators import PatchCritic
from ..run.method import SHOWN_NUMBER, Carry, Losses, Phase, generator, get_network
from .crop_method import SHOWN, AdversarialMethod
from .domain_guide import DomainGuide, add_guide, see_domains
from .painting_guide import PaintedRun, PaintingGuide


@dataclass(frozen=True)
class UnpairedRun(PaintedRun):
    """Options of a run between two folders of pictures."""

    a: Path = Path("photos")
    """Folder of pictures to translate, searched through."""
    b: Path = Path("paintings")
    """Folder of pictures that show what to translate to, searched through."""
    domain: str = ""
    """Name of what is translated to, as the page shows it; empty: the name of folder b."""
    batch: int = 1
    identity: float = 0.0
    """Weight of the L1 distance between a picture and its translation to where it already is."""


def named_model(config: UnpairedRun) -> Any:
    """Return the network's sizes with the domain's name in them."""
    return replace(vars(config)["model"], domains=(config.domain or config.b.resolve().name or "painting",))


def name_of_a(config: UnpairedRun) -> str:
    """Return what the way back translates to: the name of folder a.

    Not "photo", which stands for the untouched photo among the domains of a network.
    """
    name = config.a.resolve().name
    return "photos" if name in ("", PHOTO) else name


UnpairedConfig = TypeVar("UnpairedConfig", bound=UnpairedRun)


class UnpairedMethod(AdversarialMethod[UnpairedConfig]):
    """Base: random crops of two folders; the nets "ab" and "ba" translate, one checkpoint either way."""

    network: type[nn.Module]

    def __init__(self, config: UnpairedConfig):
        super().__init__(config)
        self.nets = self.networks(config).to(memory_format=torch.channels_last)
        self.guide = DomainGuide(config, 2)
        self.faces = read_faces(config.faces) if config.faces else {}
        self.folders = {"a": self.folder(config.a), "b": self.folder(config.b)}
        self.paintings = PaintingGuide(self, self.folders["a"], {1: self.folders["b"]})

    @classmethod
    def networks(cls, config: UnpairedConfig) -> nn.ModuleDict:
        """Build all networks, untrained and without data: both translators, and a critic of either side."""
        critics = {f"critic_{side}": cls.critic(config) for side in "ab"}
        return nn.ModuleDict({**cls.shipped(config), "ba": cls.network(vars(config)["model"]), **critics})

    @classmethod
    def critic(cls, config: UnpairedConfig) -> nn.Module:
        """Build one critic."""
        return PatchCritic(config.critic_width, config.critic_layers, norm=config.critic_norm)

    def critics_phase(self, every: int = 1) -> Phase:
        """Return the phase in which both critics learn."""
        return Phase("judge", ("critic_a", "critic_b"), self.judge, every=every)

    def judge(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        """Let the critics tell both folders' pictures from translations: made before in this step, or now."""
        made = carry.made
        if made is None:
            with torch.no_grad():
                made = {
                    "a": self.way(self.nets, "ba", batch["b"]),
                    "b": self.way(self.nets, "ab", batch["a"]),
                }
        return self.judged({side: self.nets[f"critic_{side}"] for side in "ab"}, batch, made, carry)

    def guide_phases(self) -> tuple[Phase, ...]:
        """Put in place what `led` needs, once the networks stand; returns its phases, the last of a step."""
        return (*add_guide(self, self.guide), *self.project())

    def first_look(self) -> None:
        see_domains(self, self.guide, [self.folders[side] for side in "ab"])

    def kept(self, batch: dict[str, Tensor]) -> Losses:
        """Return the identity loss of b where the options ask for it; it keeps colors from being inverted."""
        if not self.config.identity:
            return {}
        return {
            "identity": self.config.identity * picture_l1(self.way(self.nets, "ab", batch["b"]), batch["b"])
        }

    def led(self, batch: dict[str, Tensor], made_b: Tensor, carry: Carry, step: int) -> Losses:
        """Return what leads a as b to the looks of b besides its critic, where the options ask for it."""
        a, b = batch["a"], batch["b"]
        sources = [0] * len(a) + [1] * len(b)
        guided = self.guide.losses(torch.cat([a, b]), sources, made_b, range(len(a)), [1] * len(a), carry)
        painted = self.paintings.losses(a, made_b, [1] * len(a), batch["faces"], step)
        return {**guided, **painted, **self.fool_projected(b, made_b, carry)}

    def batch(self, number: int) -> dict[str, Tensor]:
        return self._both(self.config.batch, number)

    def sample_batch(self) -> dict[str, Tensor]:
        return self._both(SHOWN, SHOWN_NUMBER)

    def _both(self, count: int, number: int) -> dict[str, Tensor]:
        rng = generator(self.config.seed, number)
        a, faces = self.crops_and_faces([self.folders["a"]] * count, rng, self.faces)
        return {"a": a, "b": self.crops([self.folders["b"]] * count, rng), "faces": faces}

    @torch.no_grad()
    def sample(self, nets: nn.ModuleDict, batch: dict[str, Tensor]) -> Tensor:
        """Show a, a as b and back, then b, b as a and back."""
        a, b = batch["a"], batch["b"]
        there, here = self.way(nets, "ab", a), self.way(nets, "ba", b)
        columns = [a, there, self.way(nets, "ba", there), b, here, self.way(nets, "ab", here)]
        return side_by_side(columns, max(self.config.crop, 64))

    def scored(self, nets: nn.ModuleDict, count: int) -> Iterator[tuple[Tensor, Tensor]]:
        made = [self.way(nets, "ab", some) for some in self.held_crops(self.folders["a"], count).split(8)]
        yield torch.cat(made), self.held_crops(self.folders["b"], count)

    @classmethod
    def reverse(cls, config: UnpairedConfig, nets: nn.ModuleDict) -> Network:
        """Return the translator from b to a as it ships: out of `networks(config)`, whose parts it takes."""
        network = get_network(nets, "ba", Network)
        network.config = replace(network.config, domains=(name_of_a(config),))
        return network

    @classmethod
    def about_reverse(cls, config: UnpairedConfig) -> str:
        """Say for the card what `reverse` does."""
        kind, (there,) = cls.about.partition(":")[0], named_model(config).domains
        return f"{kind}, the way back: {there} translated to {name_of_a(config)}, learned without pairs."

    @staticmethod
    def way(nets: nn.ModuleDict, which: str, pictures: Tensor) -> Tensor:
        """Translate pictures (B, 3, H, W) one way: "ab" or "ba"."""
        return nets[which](pictures)

    def publish(self, nets: nn.ModuleDict) -> Mapping[str, nn.Module]:
        return {"ab": nets["ab"]}

    @classmethod
    def shipped(cls, config: UnpairedConfig) -> Mapping[str, nn.Module]:
        return {"ab": cls.network(named_model(config))}
