"""Colorize: a conditional adversarial network that gives black-and-white photos their colors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from stylizer.imaging.keep_color import luma
from stylizer.models.colorizer import Colorizer, ColorizerConfig, to_chroma, with_chroma

from ..data.folders import PictureFolder, side_by_side
from ..losses.adversarial import Adversarial, feature_matching
from ..losses.cycle import picture_l1
from ..losses.discriminators import PatchCritic
from ..run.method import SHOWN_NUMBER, Carry, Losses, Phase, generator, get_network, method
from .crop_method import SHOWN, AdversarialConfig, AdversarialMethod, AdversarialRun


@dataclass(frozen=True)
class ColorizeRun(AdversarialRun):
    """Train the colorizer on a folder of color photos, for example

    python -m training colorize --pictures photos --steps 40000 --precision bfloat16
    """

    pictures: Path = Path("photos")
    """Folder of color pictures, searched through."""
    model: ColorizerConfig = field(default_factory=ColorizerConfig)
    """Sizes of the network."""
    batch: int = 4
    reconstruct: float = 100.0
    """Weight of the L1 distance to the true chroma."""
    match: float = 10.0
    """Weight of the distance of the critic's inner features."""
    adversarial: Adversarial = "bce"


class ColorizingMethod(AdversarialMethod[AdversarialConfig]):
    """Base: the net "colorizer" gives the light of photos its colors back; a critic sees both."""

    photos: PictureFolder

    def batch(self, number: int) -> dict[str, Tensor]:
        return {"photo": self.crops([self.photos] * self.config.batch, generator(self.config.seed, number))}

    def judge(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        light = luma(batch["photo"])
        real, made = (torch.cat([light, seen], 1) for seen in (batch["photo"], carry.made_pictures()))
        return self.judged({"judge": self.nets["critic"]}, {"judge": real}, {"judge": made}, carry)

    def sample_batch(self) -> dict[str, Tensor]:
        return {"photo": self.crops([self.photos] * SHOWN, generator(self.config.seed, SHOWN_NUMBER))}

    @torch.no_grad()
    def sample(self, nets: nn.ModuleDict, batch: dict[str, Tensor]) -> Tensor:
        """Show the light, the guess and the truth."""
        photo = batch["photo"]
        columns = [luma(photo).expand_as(photo), nets["colorizer"](photo), photo]
        return side_by_side(columns, max(self.config.crop, 64))

    def scored(self, nets: nn.ModuleDict, count: int) -> Iterator[tuple[Tensor, Tensor]]:
        photos = self.held_crops(self.photos, count)
        yield torch.cat([nets["colorizer"](some) for some in photos.split(8)]), photos

    def publish(self, nets: nn.ModuleDict) -> Mapping[str, nn.Module]:
        return {"colorizer": nets["colorizer"]}


@method("colorize", ColorizeRun)
class Colorize(ColorizingMethod[ColorizeRun]):
    """Conditional adversarial training on pairs that any color photo gives (pix2pix, arXiv:1611.07004).

    From the paper: U-shaped generator, a patch critic that also sees the input, its eq. 4 with L1 weight 100,
    Adam 2e-4 with beta1 0.5, half of the steps at full rate and a line to 0. Departures: feature matching
    (arXiv:1711.11585) steadies small batches; batch 4 in place of 1; critic with spectral norm and half the
    width; averaged weights ship; the network guesses chroma alone (see `Colorizer`), so L1 is taken there.
    Watched beside the losses: `color`, the made chroma's size over the true one's; far below 1 is gray.
    """

    about = "Colorize: guesses colors for black-and-white photos and keeps every luminance sample."

    def __init__(self, config: ColorizeRun):
        super().__init__(config)
        critic = PatchCritic(config.critic_width, config.critic_layers, 4, config.critic_norm)
        self.nets = nn.ModuleDict({"colorizer": Colorizer(config.model), "critic": critic}).to(
            memory_format=torch.channels_last
        )
        self.photos = self.folder(config.pictures)
        self.phases = (
            Phase("color", ("colorizer",), self.color),
            Phase("judge", ("critic",), self.judge),
            *self.project(),
        )

    def color(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        cfg, photo, critic = self.config, batch["photo"], get_network(self.nets, "critic", PatchCritic)
        light, truth = luma(photo), to_chroma(photo)
        chroma = get_network(self.nets, "colorizer", Colorizer).chroma(light)
        made = with_chroma(light, chroma)
        carry.watch(photo, made)
        carry.figures = {"color": chroma.abs().mean().detach() / truth.abs().mean().clamp(min=1e-3)}
        features = critic.features(torch.cat([light, made], 1))
        with torch.no_grad():
            wanted = critic.features(torch.cat([light, photo], 1))
        return {
            "reconstruct": cfg.reconstruct * picture_l1(chroma, truth),
            "match": cfg.match * feature_matching(wanted, features),
            "fool": self.fooled(critic.score(features[-1])),
            **self.fool_projected(photo, made, carry),
        }
