"""translate and invent: photos in a learned look, and pictures out of numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from stylizer.cli.files import check_output, plan_files, save_result, work_through
from stylizer.cli.options import EngineOptions, Out, placed_model, setting
from stylizer.cli.stylize import tell_of_missing
from stylizer.engine import GenerateRequest, Result, TranslateRequest, options
from stylizer.engine.checks import LEVELS
from stylizer.engine.hints import MOST_FOUND, MOST_HINTS
from stylizer.engine.parsing import (
    find_regions,
    read_domains,
    read_hints,
    read_mask_files,
    read_number,
    read_region_translations,
)
from stylizer.engine.progress import ProgressReceiver
from stylizer.engine.requests import MOST_STEPS
from stylizer.errors import CommandError
from stylizer.imaging.picture import Picture, open_picture

_STRENGTH, _STRENGTH_HELP = setting("strength", TranslateRequest)
_COLOR, _COLOR_HELP = setting("color", TranslateRequest)
_STROKE, _STROKE_HELP = setting("stroke", TranslateRequest)
_LONG_SIDE, _LONG_SIDE_HELP = setting("long_side", TranslateRequest)
_GENTLE_FACES, _GENTLE_FACES_HELP = setting("gentle_faces", TranslateRequest)
_SEED, _SEED_HELP = setting("seed", GenerateRequest)
_SECOND, _SECOND_HELP = setting("second", GenerateRequest)
_TRUNCATION, _TRUNCATION_HELP = setting("truncation", GenerateRequest)


@dataclass(frozen=True, kw_only=True)
class Translate(EngineOptions):
    """Give photos the look that a model has learned, or a mix of its looks."""

    photos: tyro.conf.Positional[tuple[Path, ...]]
    """Photos, or folders of photos."""
    model: str
    """A model that `models` lists as a translator, the folder of a published one, or org/name on the Hugging
    Face Hub, to download it."""
    out: Out
    """Picture to write; for several photos the folder for <photo stem>.png."""
    domain: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """One of the model's looks, and its weight if wanted, as autumn or autumn:0.7; again to mix several."""
    region: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A region and its look or strength, as sky=autumn, sky=0.4, sky=autumn:0.4 or person=keep."""
    mask: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A region of your own and a picture of it, white where it is, as hat=hat.png."""
    hint: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """For models that color: what is known, as 0.5,0.2=#80b0e0, from the left and from the top; again for
    more."""
    reference: Path | None = None
    """For models that color: a photo in color of something alike, whose colors are taken over."""
    strength: Annotated[float, _STRENGTH_HELP] = _STRENGTH
    color: Annotated[float, _COLOR_HELP] = _COLOR
    stroke: Annotated[float, _STROKE_HELP] = _STROKE
    long_side: Annotated[int | None, _LONG_SIDE_HELP] = _LONG_SIDE
    gentle_faces: Annotated[bool, _GENTLE_FACES_HELP] = _GENTLE_FACES

    def run(self) -> int:
        """Translate; among several, photos that cannot be read are reported and the others are translated."""
        hints = read_hints(self.hint)
        reference = None if self.reference is None else open_picture(self.reference)
        domains, masks = read_domains(self.domain), read_mask_files(self.mask)
        jobs = plan_files(self.photos, self.out, masks.values())
        own = read_region_translations(self.region, masks)
        settings = {entry.name: getattr(self, entry.name) for entry in options(TranslateRequest)}
        model, checkpoints = placed_model(self.model, self.checkpoints)
        engine = replace(self, checkpoints=checkpoints).engine()

        def make(photo: Picture, progress: ProgressReceiver | None) -> Result:
            request = TranslateRequest(photo, model, domains, **settings, hints=hints)
            if reference is not None:
                room = MOST_HINTS - len(hints)
                found = engine.color_hints(photo, reference, model, min(room, MOST_FOUND))
                request = replace(request, hints=hints + found)
            if not (own or masks):
                return engine.run(request, progress=progress)
            wanted = [style.name for style in own]
            regions = find_regions(photo, engine.segment, masks, wanted)
            here = tuple(style for style in own if style.name in regions.names)
            tell_of_missing(wanted, regions.names, photo)
            return engine.run(replace(request, regions=regions, region_styles=here), progress=progress)

        return work_through(jobs, make)


@dataclass(frozen=True, kw_only=True)
class Invent(EngineOptions):
    """Invent a picture from a number, a mix of two, or the way from one to the other."""

    out: Out
    """Picture to write; for a walk the folder for its pictures."""
    model: str | None = None
    """A model that `models` lists as a generator, the folder of a published one, or org/name on the Hugging
    Face Hub, to download it; the first one here if not given."""
    seed: Annotated[int, _SEED_HELP] = _SEED
    second: Annotated[int | None, _SECOND_HELP] = _SECOND
    mix: str | None = None
    """Shares of the second picture, 0 to 1: coarse, middle and fine, as 0,0,1; or one number for all."""
    truncation: Annotated[float, _TRUNCATION_HELP] = _TRUNCATION
    size: str | None = None
    """Width and height in pixels, as 256x192; the model's own if not given."""
    walk: int | None = None
    """Pictures on the way from the first to the second, both included; their files are numbered."""

    def run(self) -> int:
        """Write the picture or the pictures."""
        mix = None if self.mix is None else _shares(self.mix)
        if self.walk is None:
            check_output(self.out)
            if self.second is not None and mix is None:
                raise CommandError(
                    "There is a second picture, but no share of it; add --mix, such as --mix 0.5."
                )
            walked = [(self.out, mix or (0.0, 0.0, 0.0))]
        else:
            walked = self._walk(self.walk)
        chosen, checkpoints = placed_model(self.model or "", self.checkpoints)
        engine = replace(self, checkpoints=checkpoints).engine()
        model = chosen or next((card.name for card in engine.models("generator")), None)
        if model is None:
            raise CommandError("There is no generator among the checkpoints; add --model NAME.")
        for out, shares in tqdm(walked, unit="picture", disable=None if len(walked) > 1 else True):
            request = GenerateRequest(
                model, self.seed, self.second, shares, self.truncation, _sides(self.size)
            )
            save_result(engine.run(request), out)
        return 0

    def _walk(self, count: int) -> list[tuple[Path, tuple[float, float, float]]]:
        """Pair every picture of the walk with its file; raises CommandError."""
        if self.second is None or self.mix is not None:
            raise CommandError("A walk goes from --seed to --second; give both, and no --mix.")
        if not 2 <= count <= MOST_STEPS:
            raise CommandError(f"The walk has {count} pictures; choose 2 to {MOST_STEPS}.")
        if self.out.exists() and not self.out.is_dir():
            raise CommandError(f"{self.out.name} is a file; for a walk -o names a folder.")
        steps = [step / (count - 1) for step in range(count)]
        names = [f"{self.seed}-{self.second}-{place:03}.png" for place in range(1, count + 1)]
        return [(self.out / name, (step,) * 3) for name, step in zip(names, steps, strict=True)]


def _shares(text: str) -> tuple[float, float, float]:
    parts = text.split(",")
    numbers = [read_number(part, "A share of the mix") for part in parts]
    if len(numbers) not in (1, len(LEVELS)):
        raise CommandError(f"The mix is {text[:60]}; give one share, or three: {', '.join(LEVELS)}.")
    coarse, middle, fine = numbers * len(LEVELS) if len(numbers) == 1 else numbers
    return coarse, middle, fine


def _sides(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,6})x([0-9]{1,6})", text)
    if match is None:
        raise CommandError(f"The size is {text[:60]}; write it like 256x192.")
    return int(match[2]), int(match[1])
