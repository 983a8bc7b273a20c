"""What the studio tells the stage, and the stage the studio: the one place where their words are defined.

The names of the keys are those that the stage's script reads (`stage.js`, `regions.js`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypedDict

from stylizer.errors import RequestError
from stylizer.ui.language import say


class FileData(TypedDict):
    path: str
    meta: dict[str, str]


class Frame(TypedDict):
    """A preview at a strength; the photo is strength 0."""

    strength: float
    file: FileData


class TruePicture(TypedDict):
    """A picture as the painter paints it at these strengths: the picture's, then each region's or None."""

    strengths: list[float | None]
    file: FileData


class Layer(TypedDict):
    """Previews of the whole photo painted as some region is."""

    key: str
    frames: list[Frame]


class RegionEntry(TypedDict):
    """A region: `layer` is the key of its layer, "" for the picture's own, "keep" for the photo.

    `style_color` is how much of the style's color it has, None as the picture.
    """

    name: str
    title: str
    color: list[int]
    hatch: str
    layer: str
    strength: float | None
    style_color: float | None
    words: str


class RegionsMessage(TypedDict):
    """All regions; `file` holds their masks, one below the other, and `revision` names those masks.

    `acknowledged` is the number of the stage's last edit that these regions are the outcome of.
    """

    serial: int
    acknowledged: int
    revision: str
    size: list[int]
    file: FileData
    selected: list[str]
    entries: list[RegionEntry]


class StageMessage(TypedDict):
    """All that the stage shows; complete in itself, so the stage may miss any but the last.

    Frames and layers have the style's whole color, true pictures as much as `color` and the regions say.
    """

    turn: int
    photo: str
    size: list[int]
    frames: list[Frame]
    color: float
    truth: list[TruePicture]
    alt: str
    busy: bool
    regions: RegionsMessage | None
    layers: list[Layer]


class RegionEdit(TypedDict, total=False):
    """What the stage says of regions; `edit` numbers it, the other keys depend on the event."""

    edit: int
    names: list[str]
    name: str
    strength: float
    erase: bool
    radius: float
    points: list[list[float]]
    x: float
    y: float
    tolerance: float


EVENTS = (
    "rest",
    "finer",
    "keep",
    "adjust",
    "adjust_region",
    "choose",
    "region_strength",
    "stroke",
    "similar",
    "undo",
    "redo",
    "refuse",
)
"""What a stage triggers.

`rest`: the slider rests at a strength whose true picture the stage lacks. `keep`: it rests. `adjust`,
`adjust_region`: settings of the picture, or of its chosen regions, that need the painter have come to rest.
`refuse`: a file was
dropped that is no picture, of this `name`. The others are region edits, and carry a RegionEdit.
"""


def compose_message(
    turn: int,
    photo: str,
    frames: Mapping[float, Path],
    truth: Mapping[tuple[float | None, ...], Path] | None = None,
    size: tuple[int, int] = (3, 2),
    alt: str = "",
    busy: bool = False,
    regions: RegionsMessage | None = None,
    layers: Mapping[str, Mapping[float, Path]] | None = None,
    color: float = 1.0,
) -> StageMessage:
    """Tell the stage all it shows: preview files by strength (0 is the photo), and true pictures.

    `photo` names the photo; with another one the stage starts afresh. `layers` are the previews of the photo
    painted as each region is. `turn` never falls.
    """
    return {
        "turn": turn,
        "photo": photo,
        "size": list(size),
        "frames": _frames(frames),
        "color": color,
        "truth": [{"strengths": list(key), "file": file_data(path)} for key, path in (truth or {}).items()],
        "alt": alt,
        "busy": busy,
        "regions": regions,
        "layers": [{"key": key, "frames": _frames(painted)} for key, painted in (layers or {}).items()],
    }


def file_data(path: Path) -> FileData:
    """Write a file's path so that Gradio turns it into an address."""
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}}


def read_edit(data: Any, *needed: str) -> RegionEdit:
    """Take what came with an event of the stage; raises RequestError unless it has what is needed."""
    edit = data if isinstance(data, dict) else {}
    found = {key: value for key, value in edit.items() if key in _READ and _READ[key](value)}
    if any(key in edit and key not in found for key in _READ) or any(key not in found for key in needed):
        raise RequestError(say("what the stage said was not understood; reload the page"))
    return found  # type: ignore[return-value]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _are_points(value: Any) -> bool:
    pairs = isinstance(value, list) and all(isinstance(each, list) and len(each) == 2 for each in value)
    return pairs and all(map(_is_number, (number for each in value for number in each)))


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


_READ: dict[str, Callable[[Any], bool]] = {
    "edit": lambda value: isinstance(value, int),
    "names": _are_names,
    "name": lambda value: isinstance(value, str),
    "strength": _is_number,
    "erase": lambda value: value in (0, 1),
    "radius": _is_number,
    "points": _are_points,
    "x": _is_number,
    "y": _is_number,
    "tolerance": _is_number,
}
"""Tells what each key of an edit may be."""


def _frames(pictures: Mapping[float, Path]) -> list[Frame]:
    return [{"strength": strength, "file": file_data(path)} for strength, path in sorted(pictures.items())]
