"""Distances between sets of pictures: FID, KID and Inception Score, by torchmetrics.

The feature network is selectable: the perceptual network, which needs no download, or torchmetrics'
Inception (package torch-fidelity), whose figures compare with papers.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance, NoTrainInceptionV3
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance

from training.evaluation.options import FeatureNetwork
from training.metrics.features import StyleFigures
from training.run.config import UserMistake

KID_SUBSETS = 50
LEAST = 4  # pictures in a set

Reader = Callable[[Tensor, StyleFigures], tuple[Tensor, Tensor]]


def set_reader(network: FeatureNetwork) -> Reader:
    """Return the function from a picture (1, 3, H, W) in [0, 1] and its figures to (features, class scores).

    The perceptual network's are the channel means of relu4_1, (1, 512), for both: it has no classes.
    Raises UserMistake when Inception is not installed.
    """
    if network == "perceptual":
        return lambda picture, figures: (figures.moments[-1][0], figures.moments[-1][0])
    try:
        inception = NoTrainInceptionV3("inception-v3-compat", ["2048", "logits_unbiased"])
    except ModuleNotFoundError as error:
        raise UserMistake(
            "the Inception network needs torch-fidelity: pip install torch-fidelity."
        ) from error
    # its own forward returns the first entry alone; the extractor below it returns them all
    return lambda picture, figures: inception._torch_fidelity_forward((picture * 255).byte())


class _Known(nn.Module):
    """Stands for a feature network where features are known already."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


def set_distances(results: Tensor, paintings: Tensor, scores: Tensor) -> dict[str, float]:
    """Return FID, KID and Inception Score of a set of results against a set of paintings.

    results (N, D), paintings (M, D): features; scores (N, C): class scores of the results. See `distances`
    and `inception_score`. Raises UserMistake for sets of fewer than 4.
    """
    found = distances(results, paintings)
    return {"fid": found["fid"], "kid": found["kid"], "inception_score": inception_score(scores)}


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
