"""What a region of a photo can be: the one table of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Hatch = Literal["none", "lines", "backlines", "cross", "dots", "waves", "bricks", "grid"]

IGNORE = 255
"""Label of a pixel that nobody labeled."""


@dataclass(frozen=True)
class ClassInfo:
    """One class: its name, what belongs to it, and how its region is drawn over a photo."""

    name: str
    words: str
    """What goes in, in plain words."""
    color: tuple[int, int, int]
    """Overlay color, sRGB: Okabe and Ito's eight and shades of them, told apart by color-blind eyes too."""
    hatch: Hatch
    """Pattern over the color, so that no two classes differ by color alone."""


CLASSES: tuple[ClassInfo, ...] = (
    ClassInfo("other", "walls, ceilings, and all that is not recognized", (153, 153, 153), "none"),
    ClassInfo("person", "people with clothes and hair", (213, 94, 0), "none"),
    ClassInfo("animal", "mammals, birds, insects, reptiles", (230, 159, 0), "dots"),
    ClassInfo("vehicle", "cars, bikes, boats, trains, aircraft", (204, 121, 167), "grid"),
    ClassInfo("sky", "sky and clouds", (86, 180, 233), "none"),
    ClassInfo("vegetation", "trees, bushes, flowers, grass", (0, 158, 115), "lines"),
    ClassInfo("ground", "roads, floors, soil, sand, snow", (181, 137, 90), "backlines"),
    ClassInfo("water", "sea, rivers, lakes, and what they mirror", (0, 114, 178), "waves"),
    ClassInfo("building", "buildings, bridges, doors and windows from outside", (240, 228, 66), "bricks"),
    ClassInfo("mountain", "mountains, hills, cliffs, large rocks", (122, 92, 150), "cross"),
    ClassInfo("object", "furniture, signs, poles, bags, tools, food", (255, 170, 160), "cross"),
)
"""The classes in the order of their ids; id 0 is what stays when nothing else is sure."""

NAMES: tuple[str, ...] = tuple(entry.name for entry in CLASSES)

UNSURE = 0.5
"""Pixels whose most probable class is less probable than this belong to no class region."""
