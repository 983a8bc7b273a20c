"""The painter: arbitrary style transfer with content, style, identity and adversarial losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from stylizer.models.blocks import CodeMix
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.painting_losses import (
    CONTENT_LAYERS,
    PaintingWeights,
    mix_targets,
    painting_losses,
    photo_target,
    sample_places,
)

from ..data.crop_bank import CropBank, CropPlan
from ..data.encoder_weights import load_encoder, open_perceptual
from ..data.faces import read_faces
from ..data.folders import PictureFolder, random_crop, side_by_side, uniform
from ..data.grain import grainy
from ..losses.adversarial import ADVERSARIAL, Adversarial
from ..losses.discriminators import FeatureCritic
from ..losses.penalties import outside_range
from ..run.config import RunConfig, UserMistake
from ..run.method import (
    SHOWN_NUMBER,
    AdamSettings,
    Carry,
    Losses,
    Method,
    Phase,
    generator,
    get_network,
    half_cosine,
    method,
)


@dataclass(frozen=True)
class PainterRun(RunConfig):
    """Train the painter on a folder of photos and a folder of paintings (no pairs)."""

    content: Path = Path("photos")
    """Folder of photos, searched through."""
    style: Path = Path("paintings")
    """Folder of paintings, searched through; its subfolders are balanced against each other."""
    faces: Path | None = None
    """Where faces are in the photos, a file of `training faces`; None: they count no more than the rest."""
    face_share: float = 0.4
    """Share of the crops that is cut from photos with faces, when these are known."""
    perceptual: Path | None = None
    """VGG-16 weights (safetensors, torchvision's names); default: those that ship."""
    encoder: Path | None = None
    """EfficientNet-Lite0 weights (safetensors) of the style encoder, when not started from a checkpoint;
    default: those in the painter that ships."""
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    model: PainterConfig = field(default_factory=PainterConfig)
    """Sizes of the network."""
    weights: PaintingWeights = field(default_factory=PaintingWeights)
    """Weights of the losses, at the end of the ramp."""
    style_start: float = 10.0
    """Weight of the moments distance at step 0: colors and content first, strokes later. The guided, local
    and Gram distances begin at 0."""
    ramp: int = 600
    """Steps over which the style's weights grow."""
    identity: float = 20.0
    """Weight of the L1 distance to the photo of a picture painted with its own code."""
    grain: float = 0.02
    """Largest deviation of the grain, of [0, 1] light, that is added to half of the photos; what is asked of
    their paintings stays that of the clean photos."""
    adversarial: Adversarial = "hinge"
    """Loss between the critic and the painter."""
    fool: float = 0.3
    """Weight of the adversarial loss."""
    judge_start: int = 4000
    """Step at which the critic begins; it joins the painter's losses 300 steps later."""
    judge_every: int = 2
    """Steps between two steps of the critic."""
    judge_lr: float = 2e-4
    style_crop: int = 256
    """Side of the style crops, pixels; they are measured once, so they may be larger than the photo crops."""
    style_variants: int = 4
    """Crops of each painting."""
    photo_variants: int = 3
    """Crops of each photo."""
    photo_scales: tuple[float, float] = (0.55, 1.1)
    """Photos, long side 512, are resized by a factor from this range before a crop is cut: at 192 px the
    least is a whole composition."""
    style_scales: tuple[float, float] = (0.6, 1.1)
    """The same for paintings."""
    facts: Path | None = Path(".cache/facts")
    """Folder in which the measurements of crops are kept, for this run and others; None: they are not."""
    facts_gigabytes: float = 20.0
    """How large that folder may grow."""
    lr_end: float = 1e-4
    """Learning rate at the last step; the fall is a half cosine."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.judge_every < 1:
            raise UserMistake(f"judge_every is {self.judge_every}; it must be at least 1.")
        if not 0 <= self.face_share <= 1:
            raise UserMistake(f"face_share is {self.face_share}; it must be between 0 and 1.")
        if not 0 <= self.grain <= 0.5:
            raise UserMistake(f"grain is {self.grain}; it must be between 0 and 0.5 of [0, 1] light.")


_CRITIC_LAYERS = (1, 2, 3)
_CRITIC_SCALES = (0.2, 0.1, 0.2)  # one over the spread of relu2_1, relu3_1, relu4_1
_FOOL_DELAY = 300


@method("painter", PainterRun)
class PainterMethod(Method[PainterRun]):
    """Style by moments and Gram (Gatys et al. 2016; Huang and Belongie 2017), strength by mixing codes.

    Departures: both style distances are relative to the style's own size, so flat and busy paintings count
    alike; part of the batch is painted at a strength below 1, towards moments mixed by that strength, so the
    slider has been trained, and strength 0 is an autoencoder. Half of the style is asked for part by part,
    calm places from the painting's calm places (`stylizer/imaging/detail_bands.py`).
    """

    def __init__(self, config: PainterRun):
        super().__init__(config)
        painter = Painter(config.model)
        if not config.init:
            load_encoder(painter.descriptor, config.encoder)
        critic = FeatureCritic((128, 256, 512), config.model.components, _CRITIC_SCALES)
        self.nets = nn.ModuleDict({"painter": painter, "critic": critic}).to(
            memory_format=torch.channels_last
        )
        dtype = getattr(torch, config.precision)
        perceptual = open_perceptual(config.perceptual, dtype)
        self.fixed = nn.ModuleDict({"perceptual": perceptual})
        self.photos = PictureFolder(config.content)
        self.paintings = PictureFolder(config.style)
        tools = (perceptual, painter.describe, config.seed, config.facts, config.facts_gigabytes)
        photo_plan = CropPlan(
            config.crop, config.photo_variants, config.photo_scales, content_layers=CONTENT_LAYERS
        )
        style_plan = CropPlan(config.style_crop, config.style_variants, config.style_scales, jitter=0.25)
        boxes = read_faces(config.faces) if config.faces else None
        self.photo_bank = CropBank(self.photos, photo_plan, *tools, faces=boxes)
        self.style_bank = CropBank(self.paintings, style_plan, *tools)
        self._photo_shares = _with_faces([bool(b) for b in self.photo_bank.boxes], config.face_share)
        self._shares = _balanced(self.paintings.groups)
        self.phases = (
            Phase("paint", ("painter",), self.paint),
            Phase("judge", ("critic",), self.judge, every=config.judge_every, start=config.judge_start),
        )

    def first_look(self) -> None:
        """Measure the principal components of descriptions once, over a sample of style crops."""
        painter = get_network(self.nets, "painter", Painter)
        if self.config.init or bool(painter.description_basis.any()):
            return
        step = max(1, len(self.paintings) // 600)
        few = len(self.paintings) < 2 * self.config.model.components
        variants = range(self.config.style_variants if few else 1)
        keys = [(index, v) for index in range(0, len(self.paintings), step) for v in variants]
        if len(keys) < self.config.model.components:
            raise UserMistake(
                f"{len(self.paintings)} paintings are too few to tell styles apart: {len(keys)} crops for "
                f"{self.config.model.components} components; give more, or raise --style-variants."
            )
        known = [self.style_bank.facts(keys[i : i + 8]).description for i in range(0, len(keys), 8)]
        painter.fit_components(torch.cat(known))

    def optimizers(self) -> Mapping[str, AdamSettings]:
        cfg = self.config
        return {
            "painter": AdamSettings(lambda step: half_cosine(step, cfg.steps, cfg.lr, cfg.lr_end)),
            "critic": AdamSettings(lambda step: cfg.judge_lr, betas=lambda step: (0.0, 0.99)),
        }

    def batch(self, number: int) -> dict[str, Any]:
        cfg, rng = self.config, generator(self.config.seed, number)
        photos = self.photo_bank.draw(cfg.batch, self._photo_shares, rng)
        styles = self.style_bank.draw(cfg.batch, self._shares, rng)
        judged = styles[: max(1, cfg.batch // 2)] if self.phases[1].due(self.step_of(number)) else []
        reals = [_cut(self.style_bank.picture(*key), cfg.crop, rng) for key in judged]
        pictures = self.photo_bank.pictures(photos)
        return {
            "photo": pictures, "photos": photos, "faces": self.photo_bank.faces(photos),
            "painting": self.style_bank.pictures(styles) if cfg.ahead else None, "paintings": styles,
            "strength": _strengths(cfg.batch, rng), "places": sample_places(cfg.crop, cfg.crop, rng),
            "real": torch.stack(reals) if reals else torch.empty(0),
            "grainy": grainy(pictures, cfg.grain, rng),
        }  # fmt: skip

    def measured(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Add the facts of the photos and of the paintings."""
        content = self.photo_bank.facts(batch["photos"], batch["photo"])
        return {
            **batch,
            "content": content,
            "style": self.style_bank.facts(batch["paintings"], batch["painting"]),
        }

    def paint(self, batch: dict[str, Any], carry: Carry, step: int) -> Losses:
        cfg, painter = self.config, get_network(self.nets, "painter", Painter)
        photo, content, style, strength = (batch[key] for key in ("photo", "content", "style", "strength"))
        s = strength[:, None]
        encoded = painter.encode(batch["grainy"].contiguous(memory_format=torch.channels_last))
        code = torch.lerp(
            painter.own_code(encoded), painter.code_from(style.description, style.style.calm), s
        )
        painted = painter.paint(encoded, CodeMix(code))
        drawn = painter.with_strokes(photo, code[:, painter.brushwork_part]) if painter.brushwork else None
        features = self.fixed["perceptual"](painted)
        carry.painted, carry.features = painted.detach(), tuple(f.detach() for f in features)
        losses = painting_losses(
            painted,
            features,
            photo_target(photo, content.content, batch["faces"], drawn),
            mix_targets(content.style, style.style, strength),
            batch["places"],
            self._weights(step),
            strength,
        )
        unchanged = (painted - photo).abs().mean((1, 2, 3)) * (strength == 0)
        losses |= {"identity": cfg.identity * unchanged.mean(), "range": 5 * outside_range(painted)}
        if step >= cfg.judge_start + _FOOL_DELAY:
            scores = self.nets["critic"]([features[i] for i in _CRITIC_LAYERS], self._told(style.description))
            losses["fool"] = cfg.fool * ADVERSARIAL[cfg.adversarial].generator(scores[strength == 1])
        return losses

    def _weights(self, step: int) -> PaintingWeights:
        """Return the weights of the losses at a step."""
        full, ramp = self.config.weights, min(1.0, step / max(1, self.config.ramp))
        style = self.config.style_start + ramp * (full.style - self.config.style_start)
        return replace(
            full, style=style, guided=ramp * full.guided, local=ramp * full.local, gram=ramp * full.gram
        )

    def judge(self, batch: dict[str, Any], carry: Carry, step: int) -> Losses:
        critic, count = self.nets["critic"], len(batch["real"])
        told = self._told(batch["style"].description)
        with torch.no_grad():
            real = self.fixed["perceptual"](batch["real"])
        scores = critic([real[i] for i in _CRITIC_LAYERS], told[:count])
        made = critic([carry.features[i] for i in _CRITIC_LAYERS], told)[batch["strength"] == 1]
        right = torch.cat([(scores > 0).flatten(), (made < 0).flatten()]).float().mean()
        carry.figures = {"critic_right": right.detach()}
        return {"judge": ADVERSARIAL[self.config.adversarial].critic(scores, made)}

    @torch.no_grad()
    def _told(self, description: Tensor) -> Tensor:
        """Return what the critic is told of the style."""
        return get_network(self.nets, "painter", Painter).components_of(description)

    def sample_batch(self) -> dict[str, Any]:
        rng = generator(self.config.seed, SHOWN_NUMBER)
        step = max(1, len(self.photos) // 8)
        photos = [
            random_crop(self.photos.pictures[i * step % len(self.photos)], 256, (0.6, 0.7), rng)
            for i in range(8)
        ]
        leap = max(1, len(self.paintings) // 8)
        keys = [(i * leap % len(self.paintings), 0) for i in range(8)]
        return {"photo": torch.stack(photos), "style": self.style_bank.pictures(keys)}

    @torch.no_grad()
    def sample(self, nets: nn.ModuleDict, batch: dict[str, Any]) -> Tensor:
        painter = get_network(nets, "painter", Painter)
        codes = painter.code(batch["style"])
        content = painter.encode(batch["photo"])
        own = painter.own_code(content)
        rows = [painter.paint(content, CodeMix(own + s * (codes - own))) for s in (0.0, 0.5, 1.0)]
        turned = painter.paint(content, CodeMix(codes.roll(3, 0)))
        return side_by_side([batch["photo"], batch["style"], *rows, turned], 256)

    def publish(self, nets: nn.ModuleDict) -> Mapping[str, nn.Module]:
        return {"painter": nets["painter"]}


def _balanced(groups: list[str]) -> Tensor:
    """Share of each painting in the batches: movements count by the root of their size."""
    sizes = {group: groups.count(group) for group in set(groups)}
    return torch.tensor([sizes[group] ** -0.5 for group in groups])


def _with_faces(faces: list[bool], share: float) -> Tensor:
    """Share of each photo in the batches: those with faces make up `share` of them, where there are both."""
    count = sum(faces)
    if not 0 < count < len(faces):
        return torch.ones(len(faces))
    return torch.tensor([share / count if face else (1 - share) / (len(faces) - count) for face in faces])


def _strengths(count: int, rng: torch.Generator) -> Tensor:
    """Draw strengths: 70 % full, 20 % between, 10 % zero; the first is always full."""
    kind, between = torch.rand(count, generator=rng), torch.rand(count, generator=rng)
    kind[0] = 0
    return torch.where(kind < 0.7, 1.0, torch.where(kind < 0.9, between, 0.0))


def _cut(picture: Tensor, size: int, rng: torch.Generator) -> Tensor:
    top = int(uniform(0, picture.shape[1] - size + 1, rng))
    left = int(uniform(0, picture.shape[2] - size + 1, rng))
    return picture[:, top : top + size, left : left + size]
