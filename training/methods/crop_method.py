"""What the methods share that learn from crops of pictures, and those among them that have critics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from stylizer.models.perceptual import Perceptual, moments

from ..data.augment import differentiable_augment
from ..data.encoder_weights import load_encoder, open_perceptual
from ..data.faces import FaceBox, face_map
from ..data.folders import PictureFolder, random_crop
from ..losses.adversarial import ADVERSARIAL, Adversarial
from ..losses.discriminators import CriticNorm, LiteTrunk, ProjectedCritic
from ..losses.penalties import Critic, gradient_penalty
from ..metrics.sets import LEAST, distances
from ..run.config import RunConfig, UserMistake
from ..run.method import (
    SCORED_NUMBER,
    AdamSettings,
    Carry,
    Losses,
    Method,
    Phase,
    generator,
    get_network,
    late_linear,
    total,
)

SHOWN = 6  # pictures of a sample grid
PROJECTED = "projected-critic"


@dataclass(frozen=True)
class CropRun(RunConfig):
    """Options of a run that learns from crops."""

    crop: int = 128
    scales: tuple[float, float] = (0.4, 0.8)
    """Pictures are cut at a size between these factors of their own."""
    lr: float = 2e-4
    lr_hold: float = 0.5
    """Share of the steps at full learning rate; then it falls in a line to 0."""
    clip: float = 0.0
    held: float = 0.0
    """Share of every folder's pictures that is never trained on (by their names, as `split` does), and that
    the score is taken from."""
    score_pictures: int = 0
    """Pictures of either side from which a score is taken at every snapshot, so that the best is kept: KID
    in the perceptual network, between what is made and held-out pictures; 0: no score."""
    projected: float = 0.0
    """Weight of a critic that judges augmented pictures in frozen EfficientNet-Lite0 features (projected
    GANs), which learns from few pictures; 0: none."""
    encoder: Path | None = None
    """EfficientNet-Lite0 weights (safetensors) for `projected`; default: those in the painter that ships."""
    perceptual: Path | None = None
    """VGG-16 weights (safetensors, torchvision's names), where they are used; default: those that ship."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.scales[0] <= self.scales[1]:
            raise UserMistake(f"scales are {self.scales}; give two factors above 0, the smaller one first.")
        if not 0 <= self.held < 1:
            raise UserMistake(f"held is {self.held}; it must be at least 0 and below 1.")
        if self.score_pictures and self.score_pictures < LEAST:
            raise UserMistake(
                f"score_pictures is {self.score_pictures}; give at least {LEAST}, or 0 for none."
            )
        if not 0 <= self.lr_hold < 1:
            raise UserMistake(f"lr_hold is {self.lr_hold}; it must be at least 0 and below 1.")


@dataclass(frozen=True)
class AdversarialRun(CropRun):
    """Options of a run whose networks learn against critics."""

    adversarial: Adversarial = "least_squares"
    """Loss between critics and generators."""
    fool: float = 1.0
    """Weight of the adversarial loss."""
    critic_width: int = 32
    """Channels of the critics' first layer; the papers have 64."""
    critic_layers: int = 3
    """Halvings of the critics; three see patches of 38 px, a third of a crop, like the papers' 70 of 256."""
    critic_norm: CriticNorm = "spectral"
    """What steadies the critics: spectral norm, instance norm of their activations (which hides colors and
    contrast from them), or none."""
    gradient_penalty: float = 0.0
    """Weight of the gradient penalty on the critics (WGAN-GP); 0: none. The papers have 10."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("critic_width", "critic_layers"):
            if getattr(self, name) < 1:
                raise UserMistake(f"{name} is {getattr(self, name)}; it must be at least 1.")
        for name in ("fool", "gradient_penalty"):
            if getattr(self, name) < 0:
                raise UserMistake(f"{name} is {getattr(self, name)}; it must be 0 or more.")


CropConfig = TypeVar("CropConfig", bound=CropRun)
AdversarialConfig = TypeVar("AdversarialConfig", bound=AdversarialRun)


class CropMethod(Method[CropConfig]):
    """Base: every network learns by Adam at one rate that is held, then falls in a line to 0."""

    betas = (0.5, 0.999)
    limits = """\
Trained on small crops of natural photos and of paintings; text, drawings and screenshots were not among them.
What it makes of faces and of thin lines should be looked at before it is used."""
    licences = "The weights were learned from research-use pictures and are for research use."

    def __init__(self, config: CropConfig):
        super().__init__(config)
        if config.score_pictures:
            self.perceptual()

    def optimizers(self) -> Mapping[str, AdamSettings]:
        cfg = self.config
        setting = AdamSettings(
            lambda step: late_linear(step, cfg.steps, cfg.lr, cfg.lr_hold), betas=lambda step: self.betas
        )
        return dict.fromkeys(self.nets, setting)

    @staticmethod
    def data(options: Mapping[str, Any]) -> str:
        """Tell for the card which folders a run used; options as JSON."""
        keys = [key for key in ("a", "b", "photos", "paintings", "pictures") if key in options]
        parts = [*options.get("domains", []), *options.get("only", [])]
        places = [Path(options[key]).name for key in keys]
        told = ", ".join(f"`{name}`" for name in [*places, *parts])
        return f"Crops of pictures from the folders {told}, without pairs, for research use only."

    def folder(self, place: Path) -> PictureFolder:
        """Read a folder of pictures, with the share that is held out."""
        return PictureFolder(place, held=self.config.held)

    def perceptual(self) -> Perceptual:
        """Return the perceptual network, which is loaded once."""
        if "perceptual" not in self.fixed:
            dtype = getattr(torch, self.config.precision)
            self.fixed["perceptual"] = open_perceptual(self.config.perceptual, dtype)
        return get_network(self.fixed, "perceptual", Perceptual)

    def project(self, domains: int = 1) -> tuple[Phase, ...]:
        """Add the critic in projected features where the options ask for it; returns its phase."""
        if not self.config.projected:
            return ()
        self.fixed["projection"] = trunk = LiteTrunk()
        load_encoder(trunk, self.config.encoder)
        critic = ProjectedCritic(trunk.channels, domains)
        self.nets[PROJECTED] = critic.to(memory_format=torch.channels_last)
        return (Phase("judge_projected", (PROJECTED,), self.judge_projected),)

    def fool_projected(
        self,
        real: Tensor,
        made: Tensor,
        carry: Carry,
        sources: Tensor | None = None,
        targets: Tensor | None = None,
    ) -> Losses:
        """Return the generator's hinge loss for made pictures; leaves both sets for the critic's phase.

        real, made (B, 3, H, W) in [0, 1]; sources, targets (B,): their domains, where there are several.
        """
        if not self.config.projected:
            return {}
        carry.projected = (real, sources), (made.detach(), targets)
        scores = self._projected_scores(made, targets)
        return {"fool_projected": self.config.projected * ADVERSARIAL["hinge"].generator(scores)}

    def judge_projected(self, batch: Any, carry: Carry, step: int) -> Losses:
        """Let the projected critic tell real pictures from made ones."""
        if carry.projected is None:
            return {}
        real, made = (self._projected_scores(*some) for some in carry.projected)
        carry.figures = {"critic_right": right_share(real, made, "hinge")}
        return {"judge_projected": ADVERSARIAL["hinge"].critic(real, made)}

    def _projected_scores(self, pictures: Tensor, domains: Tensor | None) -> Tensor:
        features = self.fixed["projection"](differentiable_augment(pictures))
        return self.nets[PROJECTED](features, domains)

    def scored(self, nets: nn.ModuleDict, count: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield sets (count, 3, H, W) of what `nets` make, and of pictures that it should be like."""
        yield from ()

    @torch.no_grad()
    def score(self, nets: nn.ModuleDict, batch: Any) -> float | None:
        """Return the mean KID of what is made, in channel means of relu4_1; None if not asked for."""
        if not self.config.score_pictures:
            return None
        found = [
            distances(self._read(made), self._read(wanted))["kid"]
            for made, wanted in self.scored(nets, self.config.score_pictures)
        ]
        return sum(found) / len(found) if found else None

    def _read(self, pictures: Tensor) -> Tensor:
        seen = [moments(self.perceptual()(some)[-1])[0] for some in pictures.split(8)]
        return torch.cat(seen).float().cpu()

    def held_crops(self, folder: PictureFolder, count: int) -> Tensor:
        """Cut crops of held-out pictures, the same at every call; of all where none is held out."""
        rng = generator(self.config.seed, SCORED_NUMBER)
        device = next(self.nets.parameters()).device
        return self.crops([folder] * count, rng, apart=bool(folder.held)).to(device)

    def crops(self, folders: Sequence[PictureFolder], rng: torch.Generator, apart: bool = False) -> Tensor:
        """Cut one crop of a random picture of each folder: (B, 3, crop, crop) in [0, 1].

        Of those to train on, or of those that are held out (`apart`).
        """
        return torch.stack([self._crop(folder, rng, apart)[0] for folder in folders])

    def crops_and_faces(
        self, folders: Sequence[PictureFolder], rng: torch.Generator, faces: Mapping[str, Sequence[FaceBox]]
    ) -> tuple[Tensor, Tensor]:
        """Cut the same crops, and maps (B, 1, crop, crop) that are 1 in faces: boxes by picture's name."""
        cut = [self._crop(folder, rng, False, faces) for folder in folders]
        return torch.stack([crop for crop, _ in cut]), torch.stack([crop for _, crop in cut])

    def _crop(
        self,
        folder: PictureFolder,
        rng: torch.Generator,
        apart: bool,
        faces: Mapping[str, Sequence[FaceBox]] | None = None,
    ) -> tuple[Tensor, Tensor]:
        known = folder.held if apart else folder.trained
        index = known[int(torch.randint(len(known), (), generator=rng))]
        picture, side = folder.pictures[index], self.config.crop
        state = rng.get_state()
        crop = random_crop(picture, side, self.config.scales, rng)
        boxes = (faces or {}).get(folder.names[index], ())
        if not boxes:
            return crop, torch.zeros(1, side, side)
        again = torch.Generator().set_state(state)
        return crop, random_crop(face_map(boxes, *picture.shape[1:]), side, self.config.scales, again)


class AdversarialMethod(CropMethod[AdversarialConfig]):
    """Base: critics are made, bounded and trained as the options say."""

    def judged(
        self,
        critics: Mapping[str, Critic],
        real: Mapping[str, Tensor],
        made: Mapping[str, Tensor],
        carry: Carry,
    ) -> Losses:
        """Return the losses of critics, each by its side, which tell real pictures from made ones.

        real, made: (B, C, H, W) in [0, 1] by side; a critic returns scores, or a tuple of them. Leaves the
        share of right answers for the alarms; Wasserstein scores have no middle, so they have none.
        """
        losses: dict[str, Tensor] = {}
        right = []
        for side, critic in critics.items():
            answers = list(zip(_each(critic(real[side])), _each(critic(made[side])), strict=True))
            losses[side] = total(ADVERSARIAL[self.config.adversarial].critic(*pair) for pair in answers)
            if self.config.gradient_penalty:
                penalty = gradient_penalty(critic, real[side], made[side])
                losses[f"penalty_{side}"] = self.config.gradient_penalty * penalty
            right += [right_share(*pair, self.config.adversarial) for pair in answers]
        if self.config.adversarial != "wasserstein":
            carry.figures = {"critic_right": torch.stack(right).mean()}
        return losses

    def fooled(self, *scores: Tensor | tuple[Tensor, ...]) -> Tensor:
        """Return the weighted loss of the generators for the scores of what they made, summed over
        critics."""
        loss = ADVERSARIAL[self.config.adversarial].generator
        return self.config.fool * total(loss(score) for some in scores for score in _each(some))


def _each(scores: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return scores if isinstance(scores, tuple) else (scores,)


def right_share(real: Tensor, made: Tensor, loss: str) -> Tensor:
    """Measure the share of right answers of a critic's scores; least squares parts real from made at 1/2."""
    middle = 0.5 if loss == "least_squares" else 0.0
    return torch.cat([(real > middle).flatten(), (made < middle).flatten()]).float().mean().detach()
