"""stylize and segment: paint photos, region by region, and find their regions."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from stylizer.cli.files import open_photo, photo_files, plan_files, plan_folders, work_through
from stylizer.cli.options import EngineOptions, Out, PainterOptions, setting
from stylizer.engine import Result, StyleRequest, options
from stylizer.engine.parsing import (
    OTHER,
    find_regions,
    named_files,
    read_mask_files,
    read_region_styles,
    read_styles,
)
from stylizer.engine.progress import ProgressReceiver
from stylizer.errors import CommandError, StudioError
from stylizer.imaging.mask_files import write_masks
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import REST
from stylizer.models.class_table import CLASSES

_STRENGTH, _STRENGTH_HELP = setting("strength", StyleRequest)
_COLOR, _COLOR_HELP = setting("color", StyleRequest)
_COLORS_ONLY, _COLORS_ONLY_HELP = setting("colors_only", StyleRequest)
_STROKE, _STROKE_HELP = setting("stroke", StyleRequest)
_DETAIL, _DETAIL_HELP = setting("detail", StyleRequest)
_LONG_SIDE, _LONG_SIDE_HELP = setting("long_side", StyleRequest)
_GENTLE_FACES, _GENTLE_FACES_HELP = setting("gentle_faces", StyleRequest)
_SEED, _SEED_HELP = setting("seed", StyleRequest)
_MASTERWORK, _MASTERWORK_HELP = setting("masterwork", StyleRequest)
_MASTERWORK_STEPS, _MASTERWORK_STEPS_HELP = setting("masterwork_steps", StyleRequest)
_COLORS = {entry.name: entry.color for entry in CLASSES}


@dataclass(frozen=True, kw_only=True)
class Stylize(PainterOptions):
    """Paint photos in a style, or in a mix of styles."""

    photos: tyro.conf.Positional[tuple[Path, ...]]
    """Photos, or folders of photos."""
    out: Out
    """Picture to write; for several photos the folder for <photo stem>.png."""
    style: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A style's name or a picture file, and its weight if wanted, as wave:0.7; give it again to mix."""
    region: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A region and its style or strength, as sky=wave, sky=wave:0.8, sky=0.4, person=keep or rest=gray; again
    for more regions. Without --style the other regions keep the photo."""
    mask: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A region of your own and a picture of it, white where it is, as hat=hat.png."""
    match: bool = False
    """Paint each region like the part of the painting that shows the same: the sky like its sky."""
    strength: Annotated[float, _STRENGTH_HELP] = _STRENGTH
    color: Annotated[float, _COLOR_HELP] = _COLOR
    colors_only: Annotated[bool, _COLORS_ONLY_HELP] = _COLORS_ONLY
    stroke: Annotated[float, _STROKE_HELP] = _STROKE
    detail: Annotated[float, _DETAIL_HELP] = _DETAIL
    long_side: Annotated[int | None, _LONG_SIDE_HELP] = _LONG_SIDE
    gentle_faces: Annotated[bool, _GENTLE_FACES_HELP] = _GENTLE_FACES
    seed: Annotated[int, _SEED_HELP] = _SEED
    masterwork: Annotated[bool, _MASTERWORK_HELP] = _MASTERWORK
    masterwork_steps: Annotated[int | None, _MASTERWORK_STEPS_HELP] = _MASTERWORK_STEPS

    def run(self) -> int:
        """Paint; among several, photos that cannot be read are reported and the others are painted."""
        if not self.style and (self.match or not self.region):
            raise CommandError("No style is given; add --style NAME or --style FILE.")
        masks = read_mask_files(self.mask)
        jobs = plan_files(self.photos, self.out, [*masks.values(), *named_files((*self.style, *self.region))])
        engine = self.engine()
        styles = read_styles(self.style, engine.find_style)
        own = read_region_styles(self.region, engine.find_style, masks)
        settings = {entry.name: getattr(self, entry.name) for entry in options(StyleRequest)}

        def make(photo: Picture, progress: ProgressReceiver | None) -> Result:
            if not (own or masks or self.match):
                request = StyleRequest(photo, styles, **settings)
            else:
                wanted = [style.name for style in own]
                regions = find_regions(photo, engine.segment, masks, wanted, self.match)
                here = tuple(style for style in own if style.name in regions.names)
                tell_of_missing(wanted, regions.names, photo)
                request = StyleRequest(photo, styles, regions=regions, region_styles=here, **settings)
                request = engine.match(request) if self.match else request
            if self.masterwork:
                needed = engine.masterwork_memory(request) / 2**30
                told = f"{photo.name}: a masterwork takes about {needed:.1f} GB of memory."
                tqdm.write(told, file=sys.stderr)
            return engine.run(request, progress=progress)

        return work_through(jobs, make)


@dataclass(frozen=True, kw_only=True)
class Segment(EngineOptions):
    """Find the parts of photos that have a name, and write a soft mask of each."""

    photos: tyro.conf.Positional[tuple[Path, ...]]
    """Photos, or folders of photos."""
    out: Out
    """Folder for <photo stem>/<class>.png, white where the class is, and <photo stem>/overlay.png."""

    def run(self) -> int:
        """Write the masks; photos that cannot be read are reported and the others are segmented."""
        jobs = plan_folders(photo_files(self.photos), self.out)
        engine = self.engine()
        failed = 0
        for photo, folder in tqdm(jobs, unit="photo", disable=None):
            try:
                picture = open_photo(photo)
                write_masks(engine.segment(picture), folder, picture, _COLORS, {REST: OTHER})
            except StudioError as error:
                failed += 1
                tqdm.write(" ".join(f"{photo.name}: {error}".split()), file=sys.stderr)
        return 2 if failed else 0


def tell_of_missing(wanted: list[str], names: tuple[str, ...], photo: Picture) -> None:
    """Say which of the regions that are wanted a photo lacks."""
    for name in wanted:
        if name not in names:
            tqdm.write(f"no {name} was found in {photo.name}", file=sys.stderr)
