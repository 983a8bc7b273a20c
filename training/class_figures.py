"""The figures of a segmenter on its card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WEAK = 0.5
"""IoU below which a class is called weak."""


def class_figures(found: Mapping[str, Any]) -> str:
    """Write per-class IoU, the mean, what is weak, and how far to trust a probability."""
    lines = [
        f"Intersection over union on the {found['pictures']} pictures of the `{found['split']}` split, "
        f"labeled by people, seen with a long side of {found['side']} px; unlabeled pixels "
        f"({found['unlabeled']}) do not count.\n",
        "| class | IoU |",
        "| --- | --- |",
    ]
    lines += [f"| {name} | {value:.3f} |" for name, value in found["iou"].items()]
    lines.append(f"| **mean** | **{found['mean_iou']:.3f}** |")
    lines.append(f"\n{found['accuracy']:.1%} of the labeled pixels are right.")
    weak = [f"{name} ({value:.2f})" for name, value in found["iou"].items() if value < WEAK]
    if weak:
        lines.append(f"Weak, below {WEAK}: {', '.join(weak)}. Do not rely on these regions.")
    lines.append("\n| most probable class at least | pixels | of them right |\n| --- | --- | --- |")
    lines += [f"| {at:.2f} | {sure:.1%} | {right:.1%} |" for at, sure, right in found["doubt"]]
    if held := found.get("held"):
        lines.append(
            f"\nThe threshold of doubt, {found['unsure']:.2f}, was chosen on {held['pictures']} training "
            f"pictures that were held out (mean IoU {held['mean_iou']:.3f} there); the table above is the "
            "validation split's. Pixels below it are to be treated as `other`."
        )
    if speed := found.get("speed"):
        lines.append(
            f"\nA 512 x 512 photo takes {speed:.2f} of the time of VGG-19 to relu4_1 at the same size "
            "(CPU, float32, side by side)."
        )
    return "\n".join(lines)
