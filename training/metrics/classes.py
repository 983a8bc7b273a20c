"""Figures of class maps, from one table of counts."""

from __future__ import annotations

import torch
from torch import Tensor


def confusion(found: Tensor, label: Tensor, classes: int) -> Tensor:
    """Count pixels by (label, found class), (classes, classes) int64; unlabeled pixels do not count.

    found, label: class ids of any one shape; `label` may hold IGNORE and other numbers above the classes.
    """
    known = label < classes
    pairs = label[known].long() * classes + found[known].long()
    return torch.bincount(pairs, minlength=classes**2).view(classes, classes)


def intersection_over_union(counts: Tensor) -> Tensor:
    """Return each class's share of pixels that are both over those that are either; nan without a label."""
    both, labeled = counts.diag().double(), counts.sum(1).double()
    either = labeled + counts.sum(0) - both
    return torch.where(labeled > 0, both / either.clamp(min=1), torch.nan)


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
