"""Labeled pictures drawn by code: sky over ground or water, with people, cars and trees as colored blocks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from stylizer.models.class_table import NAMES
from stylizer.models.segmenter import SegmenterConfig
from training.methods.segmenter import SegmenterRun

COLORS = {"sky": (120, 190, 250), "ground": (150, 120, 80), "water": (20, 60, 160), "person": (220, 60, 60),
          "vehicle": (160, 60, 220), "vegetation": (20, 150, 40), "mountain": (90, 80, 70)}  # fmt: skip


def draw_scene(seed: int, partly: bool) -> tuple[np.ndarray, np.ndarray]:
    """Draw a picture and its label; partly: only people and vehicles are labeled."""
    rng = torch.Generator().manual_seed(seed)
    height, width = 60 + 4 * (seed % 3), 80
    label = np.full((height, width), NAMES.index("sky"), np.uint8)
    label[height // 2 :] = NAMES.index("water" if seed == 3 else "ground")
    things = ("mountain",) if seed == 5 else ("person", "vehicle", "vegetation")
    for index, name in enumerate(things):
        top, left = (int(torch.randint(10, 30, (), generator=rng)) for _ in range(2))
        label[top : top + 22, left + 20 * index : left + 20 * index + 14] = NAMES.index(name)
    colors = np.zeros((256, 3))
    for name, color in COLORS.items():
        colors[NAMES.index(name)] = color
    noise = torch.randint(-12, 13, (height, width, 3), generator=rng).numpy()
    rgb = np.clip(colors[label] + noise, 0, 255).astype(np.uint8)
    if partly:
        label[(label != NAMES.index("person")) & (label != NAMES.index("vehicle"))] = 255
    return rgb, label


def draw_labeled(folder: Path) -> Path:
    """Draw the folder of twelve training and three validation pictures, unless it is there."""
    if (folder / "segmentation.csv").exists():
        return folder
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    lines = ["file,source,split,labels,labelled_classes,origin"]
    for index in range(15):
        partly = index in (1, 2)
        rgb, label = draw_scene(index, partly)
        Image.fromarray(rgb).save(folder / "images" / f"scene{index}.png")
        mask = Image.fromarray(label).convert("P")
        mask.putdata(label.flatten().tolist())
        mask.save(folder / "masks" / f"scene{index}.png")
        source, searched = ("voc-sbd", "person;animal;vehicle") if partly else ("drawn", "all")
        split = "val" if index >= 12 else "train"
        lines.append(f"images/scene{index}.png,{source},{split},human,{searched},scene{index}")
    (folder / "segmentation.csv").write_text("\n".join(lines) + "\n")
    return folder


def tiny_segmenter_run(out: Path, studio: Path, **changes) -> SegmenterRun:
    """Options of a segmenter run on drawn pictures."""
    values = {
        "steps": 4,
        "batch": 2,
        "crop": 64,
        "frozen": 0,
        "warmup": 1,
        "sample_every": 1000,
        "held": 0.3,
        "pretrained": False,
    }
    return SegmenterRun(out=out, data=draw_labeled(studio / "labeled"), model=SegmenterConfig.tiny(),
                        device="cpu", **{**values, **changes})  # fmt: skip
