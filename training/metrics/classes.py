"""Figures of class maps: counts and intersection over union by torchmetrics, and how far to trust an
answer."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassConfusionMatrix, MulticlassJaccardIndex

_UNLABELED = -1


class ClassCounts:
    """Counts pixels of class maps picture by picture; unlabeled ones do not count."""

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.metrics = MetricCollection(
            {
                "confusion": MulticlassConfusionMatrix(classes, ignore_index=_UNLABELED),
                "shares": MulticlassJaccardIndex(classes, average="none", ignore_index=_UNLABELED),
            }
        )

    def add(self, found: Tensor, label: Tensor) -> None:
        """Count one picture; class ids of any one shape, numbers above the classes in `label` are
        unlabeled."""
        label = torch.where(label < self.classes, label.long(), _UNLABELED)
        self.metrics.update(found.long().flatten()[None], label.flatten()[None])

    @property
    def confusion(self) -> Tensor:
        """Pixels by (label, found class), (classes, classes) int64."""
        return self.metrics["confusion"].compute()

    @property
    def intersection_over_union(self) -> Tensor:
        """Each class's share of pixels that are both over those that are either; nan without a label."""
        labeled = self.confusion.sum(1) > 0
        return torch.where(labeled, self.metrics["shares"].compute().double(), torch.nan)


def doubt_table(likely: Tensor, right: Tensor, thresholds: Tensor) -> list[tuple[float, float, float]]:
    """List (threshold, share of pixels above it, share of those that are right).

    likely: probabilities of the most probable class; right: whether it is the label; of one shape.
    """
    rows = []
    for threshold in thresholds.tolist():
        sure = likely >= threshold
        share = sure.double().mean().item()
        rows.append((threshold, share, right[sure].double().mean().item() if share else float("nan")))
    return rows


def choose_threshold(rows: list[tuple[float, float, float]], wanted: float) -> float:
    """Return the lowest threshold above which a share `wanted` of pixels is right; else the best one."""
    good = [threshold for threshold, _, share in rows if share >= wanted]
    return min(good) if good else max(rows, key=lambda row: (row[2] == row[2], row[2]))[0]
