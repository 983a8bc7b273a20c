"""Networks that an evaluation looks with, on the device and in the arithmetic that its options name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stylizer.models.perceptual import Perceptual, moments

from ..data.encoder_weights import open_perceptual
from ..metrics.features import Features
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


class FeatureReader:
    """Reads pictures for FID and KID: channel means of relu4_1 of the perceptual network, or Inception's.

    Pictures are moved to the networks' device; answers come back on the CPU.
    """

    def __init__(self, perceptual: Perceptual, sets: FeatureNetwork = "perceptual",
                 inception: Path | None = None):  # fmt: skip
        self.perceptual, self.sets = perceptual, sets
        self.device = perceptual.mean.device
        self._inception = open_inception(inception, self.device) if sets == "inception" else None

    @property
    def network(self) -> str:
        """Name network, layer and count of numbers."""
        if self._inception is None:
            kind = str(self.perceptual.convs["0"].weight.dtype).removeprefix("torch.")
            return f"VGG-16 (ImageNet, {kind}), channel means of relu4_1, 512 numbers"
        return "Inception-v3 (FID weights), pool3, 2048 numbers"

    @property
    def short_name(self) -> str:
        """Name network and layer for a protocol."""
        return "vgg16-relu4_1-pooled" if self._inception is None else "inception-v3"

    @property
    def has_classes(self) -> bool:
        """Say whether it names classes, which the Inception Score needs."""
        return self._inception is not None

    def pooled(self, picture: Tensor, seen: Features | None = None) -> tuple[Tensor, Tensor | None]:
        """Return the features (1, D) of a picture (1, 3, H, W), and its class scores if there are classes.

        `seen` are its maps in the perceptual network, where they are known already.
        """
        if self._inception is not None:
            found, scores = self._inception(picture.to(self.device))
            return found.cpu(), scores.cpu()
        deepest = (seen or self.perceptual(picture.to(self.device)))[-1]
        return moments(deepest)[0].float().cpu(), None

    def compare(self, results: Tensor, pictures: Tensor) -> dict[str, Any]:
        """Return FID and KID of features (N, D) and (M, D), and how they were counted; raises UserMistake."""
        found = distances(results, pictures)
        subset = kid_subset(len(results), len(pictures))
        return {**found, "kid_subsets": f"{KID_SUBSETS} of {subset}", "counts": [len(results), len(pictures)]}


def open_reader(options: MeasureOptions) -> FeatureReader:
    """Load the networks that sets are read with; raises UserMistake."""
    dtype, device = getattr(torch, options.precision), open_device(options.device)
    perceptual = open_perceptual(options.perceptual, dtype).to(device)
    return FeatureReader(perceptual, options.sets, options.inception)
