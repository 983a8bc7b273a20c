"""`evaluate` for segmenters: how much of each class a segmenter finds, and when to doubt it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as V
from tqdm import tqdm

from stylizer.models.class_table import IGNORE, NAMES
from stylizer.models.roles import Segmenter

from ..data.labeled import LabeledPictures, read_labeled
from ..methods.segmenter import SegmenterRun, hold_out, overlay
from ..metrics.classes import ClassCounts, choose_threshold, doubt_table
from ..run.config import UserMistake, from_plain, read_options
from ..run.processes import open_device
from .options import EvaluateOptions
from .sets import spread_out
from .speed import units

_THRESHOLDS = torch.arange(0.3, 0.91, 0.05)
_EVERY = 7  # pixels between two that enter the table of doubt


@torch.no_grad()
def probabilities(segmenter: Segmenter, rgb: Tensor, side: int) -> Tensor:
    """Return probabilities (N, H, W) of a picture (3, H, W) uint8, seen with a long side of `side` pixels."""
    height, width = rgb.shape[1:]
    factor = side / max(height, width)
    size = [max(1, round(height * factor)), max(1, round(width * factor))]
    photo = V.resize(rgb[None], size, antialias=True).float() / 255
    found = segmenter.segment(photo)
    return F.interpolate(found, size=(height, width), mode="bilinear", align_corners=False)[0]


def measure(
    segmenter: Segmenter,
    pictures: LabeledPictures,
    side: int,
    device: torch.device,
    save: Path | None = None,
) -> dict[str, Any]:
    """Measure a segmenter on labeled pictures: figures by name, and the samples behind the table of doubt."""
    counts = ClassCounts(len(NAMES))
    likely, right = [], []
    for item, name in zip(tqdm(pictures.items, unit="picture"), pictures.names, strict=True):
        found = probabilities(segmenter, item.rgb.to(device), side).cpu()
        best, ids = found.max(0)
        counts.add(ids, item.label)
        known = item.label < len(NAMES)
        likely.append(best[known][::_EVERY])
        right.append((ids == item.label)[known][::_EVERY])
        if save:
            shown = [overlay(item.rgb[None] / 255, x[None])[0] for x in (item.label, ids)]
            strip = torch.cat([item.rgb / 255, shown[0], shown[1] * (0.3 + 0.7 * best)], 2)
            save.mkdir(parents=True, exist_ok=True)
            Image.fromarray((strip * 255).byte().permute(1, 2, 0).numpy()).save(save / f"{name}.png")
    shares, table = counts.intersection_over_union, counts.confusion
    known = shares[~shares.isnan()]
    return {
        "iou": {name: value for name, value in zip(NAMES, shares.tolist(), strict=True) if value == value},
        "mean_iou": known.mean().item(),
        "accuracy": (table.diag().sum() / table.sum()).item(),
        "doubt": doubt_table(torch.cat(likely), torch.cat(right), _THRESHOLDS),
        "confusion": table.tolist(),
    }


def evaluate_segmenter(network: Segmenter, options: EvaluateOptions) -> dict[str, Any]:
    """Measure a segmenter, print its table and return all figures; raises UserMistake."""
    own, side = options.segmenter, options.size or network.best_side
    if own.data is None:
        raise UserMistake("give --data, the folder of segmentation.csv and labeled pictures.")
    pictures = read_labeled(own.data, own.split)
    pictures = pictures.subset(spread_out(range(len(pictures)), options.limit or 0))
    figures: dict[str, Any] = {
        "split": own.split,
        "pictures": len(pictures),
        "side": side,
        "unlabeled": IGNORE,
    }
    device = open_device(options.device)
    figures |= measure(network, pictures, side, device, options.save)
    print("  ".join(f"{name} {value:.3f}" for name, value in figures["iou"].items()))
    print(f"mean IoU {figures['mean_iou']:.4f}, pixels right {figures['accuracy']:.4f}")
    if own.held:
        method, plain = read_options(options.checkpoint)
        if method != "segmenter":
            raise UserMistake(
                f"{options.checkpoint.name} was trained by {method!r}, which holds no pictures out."
            )
        _, held = hold_out(read_labeled(own.data, "train"), from_plain(SegmenterRun, plain))
        found = measure(network, held, side, device)
        figures["held"] = {key: found[key] for key in ("mean_iou", "accuracy", "doubt")}
        figures["held"]["pictures"] = len(held)
        figures["unsure"] = choose_threshold(found["doubt"], own.wanted)
        print(f"threshold of doubt from {len(held)} held-out pictures: {figures['unsure']:.2f}")
    for threshold, sure, right in figures["doubt"]:
        print(f"  at least {threshold:.2f}: {sure:.3f} of the pixels, {right:.3f} of them right")
    if options.speed:
        figures["speed"] = units(network.segment)
        print(f"a 512 px photo takes {figures['speed']:.2f} of VGG-19 to relu4_1")
    return figures
