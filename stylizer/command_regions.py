"""Regions on the command line: --region, --mask and --match."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stylizer.command_tools import CommandError, split_number
from stylizer.engine import Engine, RegionLook, StyleChoice, StyleRequest
from stylizer.imaging.labels import REFINED_SIDE
from stylizer.imaging.mask_files import read_mask
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import REST, Regions, check_name, set_region, whole
from stylizer.imaging.resize import fit_within
from stylizer.models.class_table import CLASSES, NAMES

KEEP = "keep"
OTHER = NAMES[0]
Files = tuple[tuple[str, Path], ...]
COLORS = {entry.name: entry.color for entry in CLASSES}


@dataclass(frozen=True, eq=False)
class Dresses:
    """What the command line asks of regions, read once for all photos."""

    looks: tuple[tuple[str, StyleChoice | None, float | None], ...]
    masks: Files
    match: bool

    @classmethod
    def read(cls, regions: tuple[str, ...], masks: tuple[str, ...], match: bool, engine: Engine) -> Dresses:
        """Read name=keep, name=STYLE or name=STYLE:STRENGTH, and name=FILE; raises CommandError."""
        files = read_files(masks)
        looks = []
        for name, wanted in read_pairs(regions, files):
            style, strength = split_number(wanted, f"The strength of region {name}")
            chosen = None if style == KEEP else StyleChoice(engine.find_style(style))
            looks.append((name, chosen, strength))
        return cls(tuple(looks), files, match)

    def __bool__(self) -> bool:
        return bool(self.looks or self.masks or self.match)

    def request(
        self, photo: Picture, styles: tuple[StyleChoice, ...], settings: dict[str, Any], engine: Engine
    ) -> tuple[StyleRequest, tuple[str, ...]]:
        """Make a photo's request with its regions and looks; returns notes on regions that it lacks."""
        regions = find_regions(photo, engine, self.masks, [name for name, _, _ in self.looks], self.match)
        request = StyleRequest(photo, styles, regions=regions, **settings)
        notes = []
        for name, style, strength in self.looks:
            if name not in regions.names:
                notes.append(f"no {name} was found in {photo.name}")
                continue
            styles = () if style is None else (style,)
            strength = request.strength if strength is None else strength
            request = request.with_looks(RegionLook(name, styles, strength, request.color, request.stroke))
        if self.match:
            request = engine.match(request)
        return request, tuple(notes)


def find_regions(
    photo: Picture,
    engine: Engine,
    masks: Files,
    wanted: Sequence[str],
    segment: bool = False,
) -> Regions:
    """Make a photo's regions: those of the masks, and if others are wanted those that are found in it."""
    drawn = {name for name, _ in masks}
    if segment or any(name not in drawn and name != REST for name in wanted):
        regions = engine.segment(photo)
    else:
        small = fit_within(photo, REFINED_SIDE)
        regions = whole((small.height, small.width))
    for name, file in masks:
        regions = set_region(regions, name, read_mask(file, regions.size))
    return regions


def read_files(masks: Sequence[str]) -> Files:
    """Read --mask name=FILE; raises CommandError."""
    return tuple((name, Path(file)) for name, file in (_pair(text, "--mask") for text in masks))


def read_pairs(regions: Sequence[str], masks: Files) -> list[tuple[str, str]]:
    """Read --region name=LOOK for regions that have a class or a mask; raises CommandError."""
    known = (*NAMES, *dict(masks))
    pairs = []
    for name, wanted in (_pair(text, "--region") for text in regions):
        if name not in {*known, REST}:
            raise CommandError(f"There is no region called {name[:40]}; known are {', '.join(known)}.")
        name = REST if name == OTHER else name
        if name in dict(pairs):
            raise CommandError(f"Region {name} is given twice; give one look for each.")
        pairs.append((name, wanted))
    return pairs


def plan_folders(files: list[Path], out: Path) -> list[tuple[Path, Path]]:
    """Pair every photo with its folder of masks; raises CommandError before anything is written."""
    if not files:
        raise CommandError("No photo is given; name photos, or folders that hold some.")
    if out.exists() and not out.is_dir():
        raise CommandError(f"{out.name} is a file; -o names a folder.")
    folders: dict[Path, Path] = {}
    for file in files:
        if not file.is_file():
            raise CommandError(f"There is no photo {file.name}; check the name.")
        folder = out / file.stem
        if folders.setdefault(folder, file) != file:
            raise CommandError(f"Two photos are called {file.stem}; rename one, or segment them one by one.")
    return [(file, folder) for folder, file in folders.items()]


def _pair(text: str, option: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name.strip() or not value.strip():
        raise CommandError(
            f"{option} {text[:60]} was not understood; write it like sky=starry-night or sky=sky.png."
        )
    return check_name(re.sub(r"\s+", " ", name)), value.strip()
