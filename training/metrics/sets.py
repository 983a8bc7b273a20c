"""Distances between sets of pictures: FID, KID and Inception Score, by torchmetrics, and how near copies are.

The feature networks are selectable: the perceptual network, which losses use; EfficientNet-Lite0, which
critics use; ResNet-50-thin, which nothing else uses; and torchmetrics' Inception (package torch-fidelity),
whose figures compare with papers.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from pickle import UnpicklingError  # noqa: TID251  to name the mistake, not to unpickle
from typing import Literal
from unittest import mock
from urllib.error import URLError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance, NoTrainInceptionV3
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance

from ..run.config import UserMistake

FeatureNetwork = Literal["perceptual", "lite", "resnet", "inception"]
KID_SUBSETS = 50
LEAST = 4  # pictures in a set

Inception = Callable[[Tensor], tuple[Tensor, Tensor]]


def open_inception(file: Path | None, device: torch.device | str = "cpu") -> Inception:
    """Return the function from pictures (B, 3, H, W) in [0, 1] to Inception's (pool3 features, class scores).

    file: torch-fidelity's weights (its .pth, or the same as safetensors); None: its own download. Pictures
    are rounded to 8 bits, as files are. Scores are logits of the network's 1008 outputs, as in the code of
    arXiv:1606.03498. Raises UserMistake when torch-fidelity or the file is not there, or the file holds
    something else.
    """
    try:
        from torch_fidelity import feature_extractor_inceptionv3 as fidelity
    except ModuleNotFoundError as error:
        raise UserMistake(
            "Inception needs the package torch-fidelity; pip install torch-fidelity."
        ) from error
    names = ("inception-v3-compat", ["2048", "logits_unbiased"])
    try:
        if file is None:
            inception = NoTrainInceptionV3(*names)
        else:
            # given a path, the constructor would unpickle whatever lies there; so it gets what we have read
            weights = _read_weights(file)
            with mock.patch.object(fidelity, "load_state_dict_from_url", lambda *_, **__: weights):
                inception = NoTrainInceptionV3(*names)
    except URLError as error:
        raise UserMistake(
            f"Inception's weights cannot be downloaded ({error.reason}); give them by --inception FILE."
        ) from error
    except RuntimeError as error:
        raise UserMistake(f"{file and file.name} holds other weights than Inception's.") from error
    inception.to(device)
    # its own forward returns the first entry alone; the extractor below it returns them all

    def read(pictures: Tensor) -> tuple[Tensor, Tensor]:
        pooled, scores = inception._torch_fidelity_forward((pictures * 255).round().byte())
        return pooled, scores

    return read


def _read_weights(file: Path) -> dict[str, Tensor]:
    """Read named tensors out of a safetensors or a PyTorch file, and nothing else; raises UserMistake."""
    if not file.is_file():
        raise UserMistake(f"{file.name} is not a file; give Inception weights as torch-fidelity has them.")
    try:
        if file.suffix == ".safetensors":
            return load_file(str(file))
        return torch.load(file, map_location="cpu", weights_only=True)  # noqa: TID251  tensors alone
    except (SafetensorError, UnpicklingError, RuntimeError, EOFError, LookupError, ValueError) as error:
        raise UserMistake(f"{file.name} holds no weights that can be read.") from error


class _Known(nn.Module):
    """Stands for a feature network where features are known already."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


def kid_subset(results: int, pictures: int) -> int:
    """Return how many of each set a subset of KID draws: half of the smaller set."""
    return min(results, pictures) // 2


def distances(results: Tensor, pictures: Tensor) -> dict[str, float]:
    """Return FID and KID, its mean and deviation over subsets, of features (N, D) against (M, D).

    FID (arXiv:1706.08500) and KID (arXiv:1801.01401): lower is closer. KID is from 50 subsets of half the
    smaller set, drawn from a generator of its own, and does not depend on the sizes of the sets; FID grows
    as they shrink. Raises UserMistake for sets of fewer than 4.
    """
    if min(len(results), len(pictures)) < LEAST:
        raise UserMistake(
            f"{len(results)} results and {len(pictures)} paintings: a set needs at least {LEAST}."
        )
    known = _Known(results.shape[1])
    subset = kid_subset(len(results), len(pictures))
    with _quiet():
        frechet = FrechetInceptionDistance(feature=known)
        kernel = KernelInceptionDistance(feature=known, subsets=KID_SUBSETS, subset_size=subset)
        for metric in (frechet, kernel):
            metric.update(pictures, real=True)
            metric.update(results, real=False)
        mean, deviation = kernel.compute()
        return {"fid": frechet.compute().item(), "kid": mean.item(), "kid_std": deviation.item()}


def inception_score(scores: Tensor) -> float:
    """Return how sure and how varied class scores (N, C) are (arXiv:1606.03498); higher is better."""
    with _quiet():
        metric = InceptionScore(feature=_Known(scores.shape[1]), splits=1)
        metric.update(scores)
        return metric.compute()[0].item()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Draw from a generator of its own; torchmetrics announces that it keeps features, but they are few."""
    with warnings.catch_warnings(), torch.random.fork_rng(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        yield


def nearest(asked: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Find the nearest known row of every asked one: distances (N,) and indices (N,).

    asked (N, D), known (M, D): features. Every number counts in units of its deviation over the known rows;
    distances are divided by the square root of D, so that rows of one cloud are about 1.4 apart.
    """
    unit = known.std(0) + 1e-6
    found = torch.cdist(asked / unit, known / unit) / known.shape[1] ** 0.5
    distances, indices = found.min(1)
    return distances, indices


def copying(asked: Tensor, unseen: Tensor, known: Tensor) -> float:
    """Return the median distance to the nearest known row of asked rows over that of unseen ones.

    Near 1: no nearer to what was trained on than pictures that training never saw; near 0: copies.
    """
    return (nearest(asked, known)[0].median() / nearest(unseen, known)[0].median()).item()
