"""What the losses need to know of picture crops, measured once and kept on disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from stylizer.models.painting_losses import GRAM_LAYERS, StyleTarget, style_target
from stylizer.models.perceptual import LAYERS, Perceptual

from ..run.method import generator
from .faces import FaceBox, face_map
from .folders import PictureFolder, jitter_colors, random_crop

_FACTS = 4  # raised when other facts are kept, so that old files are not mistaken for them
_GRAM_UNIT = 64.0  # Gram entries reach some 1e5; half precision holds up to 65504

Key = tuple[int, int]  # a picture's index, and which of its crops
Facts = dict[str, Tensor]


class CropFacts(NamedTuple):
    """Facts of crops in the perceptual network and the style encoder; every tensor has a batch dimension."""

    description: Tensor  # (B, D), for the head that makes codes
    style: StyleTarget
    content: tuple[Tensor, ...]  # the deeper layers' features (B, C, h, w); empty when not asked for


@dataclass(frozen=True)
class CropPlan:
    """Which crops a bank cuts."""

    side: int
    """Pixels."""
    variants: int
    """Crops of each picture."""
    scales: tuple[float, float]
    """The picture, long side 512, is resized by a factor from this range first: strokes of several sizes."""
    jitter: float = 0.0
    """Share of the crops, but for each picture's first, whose colors are changed."""
    content_layers: int = 0
    """How many layers, from relu4_1 down, keep their features for the content loss."""


class CropBank:
    """Facts of several crops of every picture of a folder; crop (index, variant) depends on the seed alone.

    Measuring costs a pass of the perceptual network and every crop is met many times in a run, so facts are
    kept in files of `keep`, .2 MB a crop for the Gram matrices plus the content features (2 MB at 192 px),
    until they fill `gigabytes`; what does not fit is measured whenever it is met. Other runs with the same
    pictures, plan and networks find them there. Without `keep` nothing is kept. `faces` are boxes by file
    name, from `read_faces`.
    """

    def __init__(self, folder: PictureFolder, plan: CropPlan, perceptual: Perceptual,
                 describe: Callable[[Tensor], Tensor], seed: int, keep: Path | None = None,
                 gigabytes: float = 20.0, faces: Mapping[str, Sequence[FaceBox]] | None = None):  # fmt: skip
        self.folder, self.plan, self.seed = folder, plan, seed
        self.perceptual, self.describe = perceptual, describe
        self.boxes = [(faces or {}).get(Path(name).name, ()) for name in folder.names]
        self._kept = keep
        self._near: dict[Key, Facts] = {}
        self.room = gigabytes * 1e9
        if keep and keep.is_dir():
            self.room -= sum(file.stat().st_size for file in keep.rglob("*.safetensors"))

    @cached_property
    def keep(self) -> Path | None:
        """The folder of this bank's facts, named at first use: networks are loaded after they are built."""
        if not self._kept:
            return None
        folder = self._kept / self._name()
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _name(self) -> str:
        """Name the folder of facts by all that they depend on; descriptions come from a frozen network."""
        told = repr((asdict(self.plan), self.seed, self.folder.names, self.folder.groups, _FACTS))
        digest = hashlib.sha256(told.encode())
        weight = self.perceptual.convs["17"].get_parameter("weight")
        digest.update(repr((str(weight.dtype), float(weight.float().sum()))).encode())
        sample = self.describe(torch.linspace(0, 1, 3 * 64 * 64).view(1, 3, 64, 64).to(weight.device))
        digest.update(sample.float().cpu().round(decimals=2).numpy().tobytes())
        return digest.hexdigest()[:16]

    def picture(self, index: int, variant: int) -> Tensor:
        """Cut crop `variant` of picture `index`: (3, side, side) float32 in [0, 1]."""
        rng = generator(self.seed, 7919 * index + variant)
        crop = random_crop(self.folder.pictures[index], self.plan.side, self.plan.scales, rng)
        return jitter_colors(crop, self.plan.jitter if variant else 0.0, rng)

    def faces(self, keys: list[Key]) -> Tensor:
        """Cut the maps of faces in several crops, (B, 1, side, side): 1 in faces, 0 outside."""
        return torch.stack([self._faces(*key) for key in keys])

    def _faces(self, index: int, variant: int) -> Tensor:
        if not self.boxes[index]:
            return torch.zeros(1, self.plan.side, self.plan.side)
        rng = generator(self.seed, 7919 * index + variant)  # the picture's own crop
        faces = face_map(self.boxes[index], *self.folder.pictures[index].shape[1:])
        return random_crop(faces, self.plan.side, self.plan.scales, rng)

    def draw(self, count: int, shares: Tensor, rng: torch.Generator) -> list[Key]:
        """Draw crops as (index, variant); `shares` (pictures,) says how often each picture comes."""
        indices = torch.multinomial(shares, count, replacement=True, generator=rng).tolist()
        variants = torch.randint(self.plan.variants, (count,), generator=rng).tolist()
        return list(zip(indices, variants, strict=True))

    def pictures(self, keys: list[Key]) -> Tensor:
        """Cut several crops, (B, 3, side, side)."""
        return torch.stack([self.picture(*key) for key in keys])

    def facts(self, keys: list[Key], pictures: Tensor | None = None) -> CropFacts:
        """Return the facts of several crops, on the perceptual network's device, grams as float32.

        pictures (B, 3, side, side): the crops, where they are cut already.
        """
        cut = dict(zip(keys, pictures, strict=True)) if pictures is not None else {}
        known = self._at_hand(list(dict.fromkeys(keys)), cut)
        found = [known[key] for key in keys]
        device = self.perceptual.mean.device

        def stacked(name: str) -> Tensor:
            return torch.cat([one[name] for one in found]).to(device)

        style = StyleTarget(
            tuple((stacked(f"mean{i}"), stacked(f"std{i}")) for i in range(len(LAYERS))),
            tuple(stacked(f"gram{i}").float() * _GRAM_UNIT for i in range(GRAM_LAYERS)),
            stacked("colors"),
            tuple(stacked(f"guided{i}") for i in range(1, len(LAYERS))),
            stacked("calm"),
            stacked("tint"),
        )
        content = [stacked(f"content{i}").permute(0, 3, 1, 2) for i in range(self.plan.content_layers)]
        return CropFacts(stacked("description"), style, tuple(content))

    def _at_hand(self, keys: list[Key], cut: Mapping[Key, Tensor]) -> dict[Key, Facts]:
        """Return the facts of crops by key; without features they are small, and stay on the device."""
        if self.plan.content_layers:
            return self._known(keys, cut)
        device = self.perceptual.mean.device
        for key, facts in self._known([key for key in keys if key not in self._near], cut).items():
            self._near[key] = {name: tensor.to(device) for name, tensor in facts.items()}
        return {key: self._near[key] for key in keys}

    def _known(self, keys: list[Key], cut: Mapping[Key, Tensor]) -> dict[Key, Facts]:
        """Read the facts of crops, or measure and keep them."""
        found = {key: facts for key in keys if (facts := self._read(key))}
        unknown = [key for key in keys if key not in found]
        # on a CPU one by one: arithmetic rounds by batch size, and a resumed run meets crops in other company
        many = 1 if self.perceptual.mean.device.type == "cpu" else max(1, len(unknown))
        for begin in range(0, len(unknown), many):
            some = unknown[begin : begin + many]
            for key, facts in zip(some, self._measure(some, cut), strict=True):
                self._write(key, facts)
                found[key] = facts
        return found

    def _file(self, key: Key) -> Path | None:
        return self.keep / f"{key[0]:06d}-{key[1]:02d}.safetensors" if self.keep else None

    def _read(self, key: Key) -> Facts | None:
        file = self._file(key)
        try:
            return load_file(file) if file else None
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError):  # cut short by a kill or a full disk
            if file:
                file.unlink(missing_ok=True)
            return None

    def _write(self, key: Key, facts: Facts) -> None:
        file, size = self._file(key), sum(tensor.nbytes for tensor in facts.values())
        if not file or size > self.room:
            return
        self.room -= size
        facts = {name: tensor.cpu().contiguous() for name, tensor in facts.items()}
        draft = file.with_name(f"{file.name}.{os.getpid()}.tmp")
        save_file(facts, draft)
        draft.replace(file)

    @torch.no_grad()
    def _measure(self, keys: list[Key], cut: Mapping[Key, Tensor]) -> list[Facts]:
        """Measure crops; content features are laid out channels last."""
        some = [cut[key] if key in cut else self.picture(*key) for key in keys]
        pictures = torch.stack(some).to(self.perceptual.mean.device)
        features = self.perceptual(pictures)
        with torch.autocast(
            pictures.device.type, features[0].dtype, enabled=features[0].dtype != torch.float32
        ):
            described = self.describe(pictures).float()
        style = style_target(pictures, features)
        facts = {"description": described, "colors": style.colors, "calm": style.calm, "tint": style.tint}
        for i, (mean, std) in enumerate(style.moments):
            facts[f"mean{i}"], facts[f"std{i}"] = mean, std
        for i, layer in enumerate(style.grams):
            facts[f"gram{i}"] = (layer / _GRAM_UNIT).half()
        for i, part in enumerate(style.guided, 1):
            facts[f"guided{i}"] = part
        for i, layer in enumerate(features[len(LAYERS) - self.plan.content_layers :]):
            facts[f"content{i}"] = layer.permute(0, 2, 3, 1)
        apart = {name: tensor.split(1) for name, tensor in facts.items()}
        return [{name: parts[place] for name, parts in apart.items()} for place in range(len(keys))]
