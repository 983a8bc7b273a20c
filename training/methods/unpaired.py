"""What the methods share that translate between two folders of pictures without pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.data.crop_method import SHOWN, SHOWN_NUMBER, CropMethod
from training.data.folders import PictureFolder, side_by_side
from training.losses.cycle import picture_l1
from training.losses.domain_guide import LookGuide, LookRun, add_guide
from training.run.method import Carry, Losses, Phase, generator


@dataclass(frozen=True)
class UnpairedRun(LookRun):
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
    critic_layers: int = 3
    """Halvings of the critics; three see patches of 38 px, a third of a crop, like the papers' 70 of 256."""


def named_model(config: UnpairedRun) -> Any:
    """Return the network's sizes with the domain's name in them."""
    return replace(config.model, domains=(config.domain or config.b.resolve().name or "painting",))


class UnpairedMethod(CropMethod):
    """Base: random crops of two folders; the nets "ab" and "ba" translate, the first of them ships."""

    network: type[nn.Module]

    def __init__(self, config: UnpairedRun):
        super().__init__(config)
        self.folders = {"a": PictureFolder(config.a), "b": PictureFolder(config.b)}
        self.guide = LookGuide(config, 2)

    def judges(self) -> tuple[Phase, ...]:
        """Put in place what `led` needs, once the networks stand; returns its phase, the last of a step."""
        return add_guide(self, self.guide, [self.folders[side] for side in "ab"])

    def kept(self, batch: dict[str, Tensor]) -> Losses:
        """Return the identity loss of b where the options ask for it; it keeps colors from being inverted."""
        if not self.cfg.identity:
            return {}
        return {"identity": self.cfg.identity * picture_l1(self.way(self.nets, "ab", batch["b"]), batch["b"])}

    def led(self, batch: dict[str, Tensor], made_b: Tensor, carry: Carry) -> Losses:
        """Return the losses that lead a as b to the looks of b, where the options ask for them."""
        a, b = batch["a"], batch["b"]
        sources = [0] * len(a) + [1] * len(b)
        return self.guide.losses(torch.cat([a, b]), sources, made_b, range(len(a)), [1] * len(a), carry)

    def batch(self, number: int) -> dict[str, Tensor]:
        return self._both(self.cfg.batch, number)

    def sample_batch(self) -> dict[str, Tensor]:
        return self._both(SHOWN, SHOWN_NUMBER)

    def _both(self, count: int, number: int) -> dict[str, Tensor]:
        rng = generator(self.cfg.seed, number)
        return {side: self.crops([folder] * count, rng) for side, folder in self.folders.items()}

    @torch.no_grad()
    def sample(self, nets: nn.ModuleDict, batch: dict[str, Tensor]) -> Tensor:
        """Show a, a as b and back, then b, b as a and back."""
        a, b = batch["a"], batch["b"]
        there, here = self.way(nets, "ab", a), self.way(nets, "ba", b)
        columns = [a, there, self.way(nets, "ba", there), b, here, self.way(nets, "ab", here)]
        return side_by_side(columns, max(self.cfg.crop, 64))

    def way(self, nets: nn.ModuleDict, which: str, pictures: Tensor) -> Tensor:
        """Translate pictures (B, 3, H, W) one way: "ab" or "ba"."""
        return nets[which](pictures)

    def publish(self, nets: nn.ModuleDict) -> Mapping[str, nn.Module]:
        return {"ab": nets["ab"]}

    @classmethod
    def shipped(cls, config: UnpairedRun) -> Mapping[str, nn.Module]:
        return {"ab": cls.network(named_model(config))}
