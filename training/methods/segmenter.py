"""The segmenter: cross-entropy and Dice on labeled pictures, some of them labeled in part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn

from stylizer.models.class_table import CLASSES, IGNORE, NAMES
from stylizer.models.segmenter import Segmenter, SegmenterConfig

from ..data.encoder_weights import load_encoder
from ..data.folders import side_by_side
from ..data.labeled import ABSENT, BalancedDraw, LabeledPictures, alter, cut, read_labeled
from ..run.config import RunConfig, UserMistake
from ..run.method import (
    FIRST_SIGHT_NUMBER,
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
    step_seed,
)

LIMITS = """\
`other` has hardly any labels: take what is below the threshold of doubt for it. Mountains and water were few,
the validation figure of mountains rests on nine pictures. Indoor scenes, night, close-up food, crowds,
paintings and screens are rare or absent in the data. `object` means something else in every source. Label
borders are a few pixels loose: refine regions to the photo's edges."""
LICENCES = """\
The weights were learned from pictures for research and internal experiments only (MSRC, LabelMeFacade and
CamVid are for research or non-commercial use; VOC and CCP pictures are their owners'), so they are for
research use. The encoder began as EfficientNet-Lite0, trained on ImageNet by Google (Apache-2.0)."""
DATA = """\
`{}`: small photographs with class masks from MSRC-v2, LabelMeFacade, CamVid, COCO-Stuff samples, PASCAL VOC
with SBD masks and Clothing Co-Parsing (labeled by people), BSDS500 (drawn by people, named by an AI model),
a human cut-out set and ImageNet samples (outlined by programs); the last three serve training only. For
research use; none is in this folder. Some show identifiable people."""
_RARE = ("other", "water", "mountain")  # no picture of them is held out: there are too few


@dataclass(frozen=True)
class SegmenterRun(RunConfig):
    """Train the segmenter on pictures with class masks."""

    data: Path = Path("segmentation")
    """Folder with segmentation.csv, images and masks."""
    encoder: Path | None = None
    """EfficientNet-Lite0 weights (safetensors), when not started from a checkpoint; default: timm's."""
    pretrained: bool = True
    """Begin with an encoder that knows ImageNet; without, it begins with random weights."""
    model: SegmenterConfig = field(default_factory=SegmenterConfig)
    """Sizes of the network."""
    batch: int = 8
    crop: int = 192
    lr: float = 2e-3
    """Highest learning rate of the decoder."""
    encoder_share: float = 0.2
    """Learning rate of the encoder, as a share of the decoder's."""
    frozen: int = 2
    """First stages of the encoder that stay as they are: they see edges and colors, and cost the most."""
    warmup: int = 30
    """Steps over which the learning rate rises."""
    dice: float = 1.0
    """Weight of the Dice loss; cross-entropy has weight 1."""
    absent: float = 0.3
    """Weight of the loss where people, animals and vehicles are known not to be; 0 ignores such pixels."""
    smoothing: float = 0.05
    """Share of the answer that cross-entropy wants spread over all classes."""
    evenness: float = 0.4
    """Classes are drawn in proportion to this power of their number of pictures."""
    held: float = 0.06
    """Share of the training pictures held out to choose the best snapshot and the threshold of doubt."""


@method("segmenter", SegmenterRun)
class SegmenterMethod(Method[SegmenterRun]):
    """Fine-tune an ImageNet encoder under a feature pyramid; unlabeled pixels have no say.

    Cross-entropy with smoothed labels and Dice (smp), over labeled pixels. Where a source marked every
    person, animal and vehicle, its other pixels push those three classes down. Pictures are drawn by class,
    rare ones more often; shown at half to twice their size, mirrored, with changed light and colors, blurred,
    noisy, compressed or gray. The encoder's first stages stay as ImageNet left them, the rest learns more
    slowly than the decoder.
    """

    about = "Says what is where in a photo: one of eleven classes at every pixel, each with its probability."
    limits = LIMITS
    licences = LICENCES

    @staticmethod
    def data(options: Mapping[str, Any]) -> str:
        """Name the pictures for the card."""
        return DATA.format(Path(options["data"]).name)

    def __init__(self, config: SegmenterRun):
        super().__init__(config)
        if config.model.classes != NAMES:
            raise UserMistake(
                f"the masks' classes are {', '.join(NAMES)}; leave --model.classes as they are."
            )
        segmenter = Segmenter(config.model)
        trunk = segmenter.network.encoder
        self.still = [trunk.conv_stem, trunk.bn1, *trunk.blocks[: config.frozen]] if config.frozen else []
        for module in self.still:
            module.requires_grad_(False)
        for module in segmenter.modules():
            if isinstance(module, nn.BatchNorm2d):
                # running statistics of some 400 pictures: what the averaged weights, too, have seen
                module.momentum = min(0.1, config.batch / 400)
        self.nets = nn.ModuleDict({"segmenter": segmenter}).to(memory_format=torch.channels_last)
        self.pictures, self.held = hold_out(read_labeled(config.data, "train", absent=True), config)
        self.draw = BalancedDraw(self.pictures, config.evenness)
        self.dice = smp.losses.DiceLoss("multiclass", ignore_index=IGNORE)
        self.entropy = smp.losses.SoftCrossEntropyLoss(smooth_factor=config.smoothing, ignore_index=IGNORE)
        self.phases = (Phase("name", ("segmenter",), self.name),)

    def begin(self) -> None:
        if self.config.pretrained:
            load_encoder(get_network(self.nets, "segmenter", Segmenter).network.encoder, self.config.encoder)

    def optimizers(self) -> Mapping[str, AdamSettings]:
        cfg = self.config

        def rate(step: int) -> float:
            rise = min(1.0, (step + 1) / max(1, cfg.warmup))
            return rise * half_cosine(step, cfg.steps, cfg.lr, 0.01 * cfg.lr)

        return {"segmenter": AdamSettings(rate, shares={"network.encoder.": cfg.encoder_share})}

    def batch(self, number: int) -> dict[str, Any]:
        rng = generator(self.config.seed, number)
        cuts = [
            cut(self.pictures.items[i], self.config.crop, c, rng)
            for i, c in self.draw(self.config.batch, rng)
        ]
        return {
            "photo": torch.stack([alter(rgb, rng) for rgb, _ in cuts]),
            "label": torch.stack([label for _, label in cuts]),
        }

    def name(self, batch: dict[str, Any], carry: Carry, step: int) -> Losses:
        photo = batch["photo"].contiguous(memory_format=torch.channels_last)
        for module in self.still:
            module.eval()  # the loop has put all of it into training mode
        return self.losses(self.nets["segmenter"](photo).float(), batch["label"])

    def losses(self, logits: Tensor, label: Tensor) -> Losses:
        """Return the weighted losses of logits (B, N, H, W) against labels (B, H, W) uint8."""
        cfg = self.config
        known = torch.where(label == ABSENT, torch.full_like(label, IGNORE), label).long()
        losses = {"entropy": self.entropy(logits, known), "dice": cfg.dice * self.dice(logits, known)}
        if cfg.absent:
            losses["absent"] = cfg.absent * absent_loss(logits, label == ABSENT)
        return losses

    def sample_batch(self) -> dict[str, Any]:
        picked = [self.held.items[i * len(self.held) // 16] for i in range(16)]
        rng = generator(self.config.seed, SHOWN_NUMBER)
        cuts = [cut(item, self.config.crop, len(NAMES), rng) for item in picked]
        return {key: torch.stack([c[k] for c in cuts]) for k, key in enumerate(("photo", "label"))}

    @torch.no_grad()
    def sample(self, nets: nn.ModuleDict, batch: dict[str, Any]) -> Tensor:
        likely, found = get_network(nets, "segmenter", Segmenter).segment(batch["photo"]).max(1)
        shown = overlay(batch["photo"], found) * (0.4 + 0.6 * likely[:, None])  # doubt is dark
        columns = [batch["photo"], overlay(batch["photo"], batch["label"]), shown]
        left, right = ([column[half] for column in columns] for half in (slice(0, 8), slice(8, 16)))
        return side_by_side([*left, *right], 160)

    @torch.no_grad()
    def score(self, nets: nn.ModuleDict, batch: dict[str, Any]) -> float:
        return float(sum(self.losses(nets["segmenter"](batch["photo"]).float(), batch["label"]).values()))

    def publish(self, nets: nn.ModuleDict) -> Mapping[str, nn.Module]:
        return {"segmenter": nets["segmenter"]}


def absent_loss(logits: Tensor, where: Tensor) -> Tensor:
    """Mean -log(1 - p) over the pixels `where` (B, H, W), p being person, animal or vehicle together."""
    ids = [NAMES.index(name) for name in ("person", "animal", "vehicle")]
    rest = [index for index in range(logits.shape[1]) if index not in ids]
    kept = logits.logsumexp(1) - logits[:, rest].logsumexp(1)
    return (kept * where).sum() / where.sum().clamp(min=1)


def hold_out(pictures: LabeledPictures, config: SegmenterRun) -> tuple[LabeledPictures, LabeledPictures]:
    """Split off a share of the pictures that people labeled, none with a rare class; the split is the seed's.

    Where that would leave none, the first picture is both.
    """
    rare = (pictures.shares()[:, [NAMES.index(name) for name in _RARE]] > 0).any(1).tolist()
    lot = torch.rand(
        len(pictures), generator=generator(step_seed(config.seed, 1), FIRST_SIGHT_NUMBER)
    ).tolist()
    held = [i for i in range(len(pictures)) if lot[i] < config.held and pictures.human[i] and not rare[i]]
    rest = [i for i in range(len(pictures)) if i not in set(held)]
    return pictures.subset(rest), pictures.subset(held or [0])


def overlay(photo: Tensor, label: Tensor) -> Tensor:
    """Lay the classes' colors over photos (B, 3, H, W) in [0, 1]; unlabeled pixels (B, H, W) stay gray."""
    colors = torch.full((256, 3), 0.5)
    colors[: len(CLASSES)] = torch.tensor([entry.color for entry in CLASSES]) / 255
    gray = photo.mean(1, keepdim=True)
    return 0.4 * gray + 0.6 * colors.to(photo.device)[label.long()].permute(0, 3, 1, 2)
