"""Translators and inventors on the command line: translate and invent."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from stylizer.command_regions import KEEP, find_regions, read_files, read_pairs
from stylizer.command_tools import (
    CommandError,
    Out,
    Studio,
    check_output,
    plan_files,
    save_result,
    setting,
    split_number,
    work_through,
)
from stylizer.engine import InventRequest, RegionTranslation, StyleResult, TranslateRequest
from stylizer.engine.invention import LEVELS, MOST_STEPS
from stylizer.engine.progress import ProgressReceiver
from stylizer.engine.request import options
from stylizer.imaging.picture import Picture

_STRENGTH, _STRENGTH_HELP = setting("strength", TranslateRequest)
_COLOR, _COLOR_HELP = setting("color", TranslateRequest)
_STROKE, _STROKE_HELP = setting("stroke", TranslateRequest)
_LONG_SIDE, _LONG_SIDE_HELP = setting("long_side", TranslateRequest)
_SEED, _SEED_HELP = setting("seed", InventRequest)
_SECOND, _SECOND_HELP = setting("second", InventRequest)
_TRUNCATION, _TRUNCATION_HELP = setting("truncation", InventRequest)
_NUMBER = r"[-+]?[0-9.]+(?:e[-+]?[0-9]+)?"


@dataclass(frozen=True, kw_only=True)
class Translate(Studio):
    """Give photos the look that a model has learned, or a mix of its looks."""

    photos: tyro.conf.Positional[tuple[Path, ...]]
    """Photos, or folders of photos."""
    model: str
    """A model that `models` lists as a translator, or org/name on the Hugging Face Hub, to download it."""
    out: Out
    """Picture to write; for several photos the folder for <photo stem>.png."""
    domain: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """One of the model's looks, and its weight if wanted, as autumn or autumn=0.7; again to mix several."""
    region: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A region and its look or strength, as sky=autumn, sky=0.4, sky=autumn:0.4 or person=keep."""
    mask: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A region of your own and a picture of it, white where it is, as hat=hat.png."""
    strength: Annotated[float, _STRENGTH_HELP] = _STRENGTH
    color: Annotated[float, _COLOR_HELP] = _COLOR
    stroke: Annotated[float, _STROKE_HELP] = _STROKE
    long_side: Annotated[int | None, _LONG_SIDE_HELP] = _LONG_SIDE

    def run(self) -> int:
        """Translate; among several, photos that cannot be read are reported and the others are translated."""
        jobs = plan_files(self.photos, self.out)
        domains = tuple(_weighted(text) for text in self.domain)
        masks = read_files(self.mask)
        looks = [self._look(name, wanted) for name, wanted in read_pairs(self.region, masks)]
        settings = {entry.name: getattr(self, entry.name) for entry in options(TranslateRequest)}
        engine = self.engine()

        def make(photo: Picture, progress: ProgressReceiver | None) -> StyleResult:
            request = TranslateRequest(photo, self.model, domains, **settings)
            if not (looks or masks):
                return engine.translate(request, progress=progress)
            regions = find_regions(photo, engine, masks, [look.name for look in looks])
            for look in looks:
                if look.name not in regions.names:
                    tqdm.write(f"no {look.name} was found in {photo.name}", file=sys.stderr)
            here = tuple(look for look in looks if look.name in regions.names)
            request = TranslateRequest(photo, self.model, domains, regions=regions, looks=here, **settings)
            return engine.translate(request, progress=progress)

        return work_through(jobs, make)

    def _look(self, name: str, wanted: str) -> RegionTranslation:
        if wanted == KEEP:
            return RegionTranslation(name, 0.0)
        if re.fullmatch(_NUMBER, wanted):
            return RegionTranslation(name, _float(wanted, f"The strength of region {name}"))
        domain, strength = split_number(wanted, f"The strength of region {name}")
        return RegionTranslation(name, self.strength if strength is None else strength, ((domain, 1.0),))


@dataclass(frozen=True, kw_only=True)
class Invent(Studio):
    """Invent a picture from a number, a mix of two, or the way from one to the other."""

    out: Out
    """Picture to write; for a walk the folder for its pictures."""
    model: str | None = None
    """A model that `models` lists as an inventor, or org/name on the Hugging Face Hub, to download it; the
    first one here if not given."""
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
            walked = self._walk()
        engine = self.engine()
        model = self.model or next((card.name for card in engine.models("inventor")), None)
        if model is None:
            raise CommandError("There is no inventor among the checkpoints; add --model NAME.")
        for out, shares in tqdm(walked, unit="picture", disable=None if len(walked) > 1 else True):
            request = InventRequest(model, self.seed, self.second, shares, self.truncation, _sides(self.size))
            save_result(engine.invent(request), out)
        return 0

    def _walk(self) -> list[tuple[Path, tuple[float, float, float]]]:
        """Pair every picture of the walk with its file; raises CommandError."""
        if self.second is None or self.mix is not None:
            raise CommandError("A walk goes from --seed to --second; give both, and no --mix.")
        if not 2 <= self.walk <= MOST_STEPS:
            raise CommandError(f"The walk has {self.walk} pictures; choose 2 to {MOST_STEPS}.")
        if self.out.exists() and not self.out.is_dir():
            raise CommandError(f"{self.out.name} is a file; for a walk -o names a folder.")
        steps = [step / (self.walk - 1) for step in range(self.walk)]
        names = [f"{self.seed}-{self.second}-{place:03}.png" for place in range(1, self.walk + 1)]
        return [(self.out / name, (step,) * 3) for name, step in zip(names, steps, strict=True)]


def _weighted(text: str) -> tuple[str, float]:
    """Read NAME or NAME=WEIGHT."""
    match = re.fullmatch(rf"(.+)=({_NUMBER})", text)
    return (match[1], _float(match[2], f"The weight of {match[1][:60]}")) if match else (text, 1.0)


def _shares(text: str) -> tuple[float, float, float]:
    parts = text.split(",")
    numbers = [_float(part, "A share of the mix") for part in parts]
    if len(numbers) not in (1, len(LEVELS)):
        raise CommandError(f"The mix is {text[:60]}; give one share, or three: {', '.join(LEVELS)}.")
    return tuple(numbers * len(LEVELS)) if len(numbers) == 1 else tuple(numbers)


def _sides(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,6})x([0-9]{1,6})", text)
    if match is None:
        raise CommandError(f"The size is {text[:60]}; write it like 256x192.")
    return int(match[2]), int(match[1])


def _float(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise CommandError(f"{what} is {text[:60]}; give a number such as 0.5.") from None
