"""StarGAN: one network that translates between photos and several kinds of painting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylizer.models.brush_translator import BrushTranslator, BrushTranslatorConfig
from stylizer.models.config import before
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.resnet_translator import ResnetTranslator, ResnetTranslatorConfig

from ..data.faces import read_faces
from ..data.folders import side_by_side
from ..losses.adversarial import Adversarial
from ..losses.cycle import picture_l1
from ..losses.discriminators import CriticNorm, DomainCritic
from ..run.config import UserMistake
from ..run.method import SHOWN_NUMBER, Carry, Losses, Phase, generator, get_network, method
from .begin_as_painter import BRUSH_BEFORE, begin_as_painter, brush_of
from .crop_method import SHOWN, AdversarialMethod
from .domain_guide import DomainGuide, add_guide, see_domains
from .painting_guide import PaintedRun, PaintingGuide


@dataclass(frozen=True)
class StarGANRun(PaintedRun):
    """Train StarGAN on a folder of photos and several folders of paintings (no pairs), for example

    python -m training stargan --photos photos --paintings paintings --steps 60000 --precision bfloat16
    """

    photos: Path = Path("photos")
    """Folder of photos, searched through."""
    paintings: Path = Path("paintings")
    """Folder that holds a folder of paintings for every domain."""
    domains: tuple[str, ...] = ("monet", "ukiyo-e", "chinese-ink-wash", "cubism", "pointillism")
    """Folders below `paintings`, one a domain, as the page shows them; "photo" is a domain beside them."""
    model: ResnetTranslatorConfig = field(default_factory=ResnetTranslatorConfig)
    """Sizes of the network."""
    generator: Literal["resnet", "brush"] = "resnet"
    """The paper's residual network, or the painter's with a code for each domain, which
    `--init checkpoints/painter` starts with strokes that it has learned already."""
    brush: PainterConfig = field(default_factory=PainterConfig, metadata=before(BRUSH_BEFORE))
    """Sizes of the painter's network as generator; where `init` names a painter, or a translator with its
    strokes, those of that one, but for what is given here."""
    prototypes: int = 1
    """Codes of a domain of the painter's network, of which each photo takes those that suit its colors."""
    batch: int = 4
    lr: float = 1e-4
    adversarial: Adversarial = "wasserstein"
    critic_norm: CriticNorm = "none"
    gradient_penalty: float = 10.0
    critic_layers: int = 5
    """Halvings of the critic."""
    critic_steps: int = 5
    """Steps of the critic for each step of the translator."""
    photo_share: float = 0.5
    """Share of photos among the pictures that are translated; the domains share the rest."""
    classify: float = 1.0
    """Weight of the domain classification."""
    reconstruct: float = 10.0
    """Weight of the L1 distance between a picture and its way there and back."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if len({"photo", *self.domains}) != len(self.domains) + 1 or not self.domains:
            raise UserMistake(f"domains are {self.domains}; name folders, each once, none of them photo.")
        if self.critic_steps < 1:
            raise UserMistake(f"critic_steps is {self.critic_steps}; it must be at least 1.")
        if not 0 <= self.photo_share <= 1:
            raise UserMistake(f"photo_share is {self.photo_share}; it must be between 0 and 1.")

    def resolved(self) -> StarGANRun:
        return replace(self, brush=brush_of(self.init, self.brush))

    @classmethod
    def upgraded(cls, options: dict[str, Any]) -> dict[str, Any]:
        options = super().upgraded(options)
        if "penalty" in options:  # its name until version 0.1
            options["gradient_penalty"] = options.pop("penalty")
        return options


def all_domains(config: StarGANRun) -> tuple[str, ...]:
    """List the domains in the order of a mix: photos come first."""
    return ("photo", *config.domains)


@method("stargan", StarGANRun)
class StarGAN(AdversarialMethod[StarGANRun]):
    """Translation among several domains by one generator (arXiv:1711.09020, eq. 1 to 8).

    From the paper: Wasserstein loss with gradient penalty 10, domain classification 1, reconstruction 10,
    five critic steps a translator step, Adam 1e-4 with beta1 0.5, half of the steps at full rate and a line
    to 0. `steps` counts the critic's, as the paper does. Departures: half of the pictures to translate are
    photos, which is what artists bring; batch 4 and half the width; domains act through the normalization
    (see `ResnetTranslator`); the classifier averages over positions, so that any crop size fits; averaged
    weights ship. Domains mix, and "photo" among them is strength 0.
    """

    about = "StarGAN: photos translated to one of several kinds of painting, or to a mix of them."

    def __init__(self, config: StarGANRun):
        super().__init__(config)
        size = (config.critic_width, config.critic_layers, config.critic_norm)
        critic = DomainCritic(len(all_domains(config)), *size)
        self.nets = nn.ModuleDict({**self.shipped(config), "critic": critic}).to(
            memory_format=torch.channels_last
        )
        places = (config.photos, *(config.paintings / name for name in config.domains))
        self.guide = DomainGuide(config, len(places))
        self.faces = read_faces(config.faces) if config.faces else {}
        self.folders = [self.folder(place) for place in places]
        self.paintings = PaintingGuide(self, self.folders[0], dict(enumerate(self.folders[1:], 1)))
        self.phases = (
            Phase("judge", ("critic",), self.judge),
            Phase("translate", ("translator",), self.translate, every=config.critic_steps),
            *add_guide(self, self.guide),
            *self.project(len(self.folders)),
        )

    def first_look(self) -> None:
        see_domains(self, self.guide, self.folders)

    def batch(self, number: int) -> dict[str, Tensor]:
        cfg, rng, count = self.config, generator(self.config.seed, number), len(self.folders)
        painting = torch.randint(1, count, (cfg.batch,), generator=rng)
        source = torch.where(torch.rand(cfg.batch, generator=rng) < cfg.photo_share, 0, painting)
        target = torch.randint(count, (cfg.batch,), generator=rng)
        folders = [self.folders[i] for i in source.tolist()]
        pictures, faces = self.crops_and_faces(folders, rng, self.faces)
        return {"picture": pictures, "faces": faces, "source": source, "target": target}

    def _mix(self, domain: Tensor) -> Tensor:
        return F.one_hot(domain, len(self.folders)).float()

    def judge(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        cfg, picture, critic = self.config, batch["picture"], get_network(self.nets, "critic", DomainCritic)
        with torch.no_grad():
            made = self.nets["translator"](picture, self._mix(batch["target"]))
        carry.watch(picture, made)
        domains = critic.domains(picture)
        losses = self.judged({"all": critic.scores}, {"all": picture}, {"all": made}, carry)
        right = (domains.argmax(1) == batch["source"]).float().mean()
        carry.figures = {**carry.figures, "domain_right": right}
        return {**losses, "classify": cfg.classify * F.cross_entropy(domains, batch["source"])}

    def translate(self, batch: dict[str, Tensor], carry: Carry, step: int) -> Losses:
        cfg, picture, translator = self.config, batch["picture"], self.nets["translator"]
        made = translator(picture, self._mix(batch["target"]))
        scores, domains = self.nets["critic"](made)
        back = translator(made, self._mix(batch["source"]))
        return {
            "fool": self.fooled(scores),
            "classify": cfg.classify * F.cross_entropy(domains, batch["target"]),
            "reconstruct": cfg.reconstruct * picture_l1(back, picture),
            **self._led(batch, made, carry, step),
            **self.fool_projected(picture, made, carry, batch["source"], batch["target"]),
        }

    def _led(self, batch: dict[str, Tensor], made: Tensor, carry: Carry, step: int) -> Losses:
        """Lead those pictures that change their domain to its look, and its paintings."""
        picture, source, target = batch["picture"], batch["source"].tolist(), batch["target"].tolist()
        moved = [i for i in range(len(made)) if source[i] != target[i]]
        targets = [target[i] for i in moved]
        painted = [i for i in moved if target[i]]  # photos are no paintings
        return {
            **self.guide.losses(picture, source, made[moved], moved, targets, carry),
            **self.paintings.losses(
                picture[painted], made[painted], [target[i] for i in painted], batch["faces"][painted], step
            ),
        }

    def sample_batch(self) -> dict[str, Tensor]:
        return {"picture": self.crops([self.folders[0]] * SHOWN, generator(self.config.seed, SHOWN_NUMBER))}

    @torch.no_grad()
    def sample(self, nets: nn.ModuleDict, batch: dict[str, Tensor]) -> Tensor:
        """Show photos, then each of them in every domain."""
        photo, translate = batch["picture"], nets["translator"]
        domains = torch.eye(len(self.folders), device=photo.device)
        return side_by_side([photo, *(translate(photo, mix) for mix in domains)], max(self.config.crop, 64))

    def scored(self, nets: nn.ModuleDict, count: int) -> Iterator[tuple[Tensor, Tensor]]:
        photos = self.held_crops(self.folders[0], count)
        for domain, folder in enumerate(self.folders[1:], 1):
            mix = torch.eye(len(self.folders), device=photos.device)[domain]
            made = [nets["translator"](some, mix) for some in photos.split(8)]
            yield torch.cat(made), self.held_crops(folder, count)

    def publish(self, nets: nn.ModuleDict) -> Mapping[str, nn.Module]:
        return {"translator": nets["translator"]}

    def begin_with(self, network: nn.Module) -> None:
        if isinstance(network, Painter) and self.config.generator == "brush":
            begin_as_painter(
                get_network(self.nets, "translator", BrushTranslator), network, self.folders, self.folders[0]
            )
        else:
            super().begin_with(network)

    @classmethod
    def shipped(cls, config: StarGANRun) -> Mapping[str, nn.Module]:
        if config.generator == "brush":
            return {
                "translator": BrushTranslator(
                    BrushTranslatorConfig(config.brush, all_domains(config), prototypes=config.prototypes)
                )
            }
        return {"translator": ResnetTranslator(replace(config.model, domains=all_domains(config)))}
