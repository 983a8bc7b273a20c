"""What the commands share: where things are, what may be written, how options are read."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from tqdm import tqdm

from stylizer.engine import (
    Engine,
    Progress,
    StyleChoice,
    StyleRequest,
    StyleResult,
    options,
)
from stylizer.engine.library import CHECKPOINTS, PICTURE_SUFFIXES
from stylizer.engine.progress import ProgressReceiver
from stylizer.errors import CommandError
from stylizer.imaging.encode import recipe_fits
from stylizer.imaging.picture import Picture, PictureError, open_picture, save_picture

Out = Annotated[Path, tyro.conf.arg(aliases=["-o"])]
OUTPUT_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True, kw_only=True)
class Studio:
    """Where the painter is and where it runs."""

    checkpoints: Path = CHECKPOINTS
    """Folder with the painter and the styles."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to paint; auto takes the fastest that is there."""

    segmenter: str | None = None
    """A published segmenter to find regions with: a folder, or a repository's name, which is downloaded."""

    def engine(self) -> Engine:
        """Make the engine, and tell the license of a published segmenter."""
        engine = Engine(self.checkpoints, self.device, segmenter=self.segmenter)
        if self.segmenter is not None:
            print(f"{engine.segmenter.name}: license {engine.segmenter.licence}", file=sys.stderr)
        return engine


def plan_files(photos: tuple[Path, ...], out: Path) -> list[tuple[Path, Path]]:
    """Pair every photo with the file to write; raises CommandError before anything is painted."""
    several = len(photos) != 1 or photos[0].is_dir()
    files = [file for photo in photos for file in (photos_in(photo) if photo.is_dir() else [photo])]
    if not files:
        raise CommandError("No photo is given; name photos, or folders that hold some.")
    for file in files:
        if not file.is_file():
            raise CommandError(f"There is no photo {file.name}; check the name.")
    if not several and not out.is_dir():
        check_output(out)
        return [(files[0], out)]
    if out.exists() and not out.is_dir():
        raise CommandError(f"{out.name} is a file; for several photos -o names a folder.")
    if out.suffix.lower() in OUTPUT_SUFFIXES and not out.exists():
        raise CommandError(f"{out.name} names one picture; for several photos -o names a folder.")
    results: dict[Path, Path] = {}
    for file in files:
        result = out / f"{file.stem}.png"
        if result in results and results[result] != file:
            raise CommandError(f"Two photos are called {file.stem}; rename one, or paint them one by one.")
        results[result] = file
    for result, file in results.items():
        if result.exists() and result.resolve() in {other.resolve() for other in files}:
            raise CommandError(f"{file.name} would be painted over; choose another folder.")
    return [(file, result) for result, file in results.items()]


def photos_in(folder: Path) -> list[Path]:
    return sorted(
        file for file in folder.iterdir() if file.suffix.lower() in PICTURE_SUFFIXES and file.is_file()
    )


def check_output(out: Path) -> None:
    if out.suffix.lower() not in OUTPUT_SUFFIXES:
        raise CommandError(f"{out.name} is no picture file; name it .png, .jpg or .webp.")
    if out.is_dir():
        raise CommandError(f"{out.name} is a folder; name a picture file.")
    if not out.parent.is_dir():
        raise CommandError(f"The folder {out.parent.name} does not exist; make it first.")


def find_beside(picture: Path, name: str) -> Path:
    """Find the photo of a recipe in the picture's folder."""
    found = [
        file
        for file in photos_in(picture.resolve().parent)
        if file.stem == name and file.name != picture.name
    ]
    if not found:
        raise CommandError(
            f"The photo {name or 'of the recipe'} is not beside {picture.name}; add --photo FILE."
        )
    return found[0]


def parse_style(text: str, engine: Engine) -> StyleChoice:
    """Read NAME, FILE, NAME:WEIGHT or FILE:WEIGHT."""
    name, weight = split_number(text, "The weight of style")
    style = engine.find_style(name)
    return StyleChoice(style) if weight is None else StyleChoice(style, weight)


def setting(name: str, kind: type = StyleRequest) -> tuple[Any, Any]:
    """Return default and help of a setting of a request, where they are written once."""
    entry = next(entry for entry in options(kind) if entry.name == name)
    least, most = entry.metadata["least"], entry.metadata["most"]
    bounds = "" if least is None else f" ({least:g} to {most:g})"
    return entry.default, tyro.conf.arg(help=entry.metadata["help"] + bounds)


def work_through(
    jobs: list[tuple[Path, Path]], make: Callable[[Picture, ProgressReceiver | None], StyleResult]
) -> int:
    """Make a result of every photo; return the exit status.

    Among several, photos that cannot be read are reported and the others are done.
    """
    if len(jobs) == 1:
        photo, out = jobs[0]
        picture = open_photo(photo)
        with tile_bar() as receive:
            save_result(make(picture, receive), out)
        return 0
    failed = 0
    for photo, out in tqdm(jobs, unit="photo", disable=None):
        try:
            save_result(make(open_photo(photo), None), out)
        except PictureError as error:
            failed += 1
            tqdm.write(" ".join(f"{photo.name}: {error}".split()), file=sys.stderr)
    return 2 if failed else 0


def split_number(text: str, what: str) -> tuple[str, float | None]:
    """Take NAME:NUMBER apart; a file of that whole name wins. Raises CommandError, beginning with `what`."""
    match = re.fullmatch(r"(.+):([-+]?[0-9.]+(?:e[-+]?[0-9]+)?)", text)
    if match is None or Path(text).is_file():
        return text, None
    try:
        return match[1], float(match[2])
    except ValueError:
        raise CommandError(f"{what} {match[1][:60]} is {match[2]}; give a number such as 0.5.") from None


def open_photo(photo: Path) -> Picture:
    """Open a photo and tell what reading it had to change."""
    picture = open_picture(photo)
    for note in picture.notes:
        tqdm.write(f"{photo.name}: {note}", file=sys.stderr)
    return picture


def save_result(result: StyleResult, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    recipe: str | None = result.recipe.to_json()
    if not recipe_fits(recipe, out.suffix.lstrip(".")):
        told = f"{out.name} is saved without its recipe, which is too long for it; PNG holds more."
        tqdm.write(told, file=sys.stderr)
        recipe = None
    save_picture(result.picture, out, recipe)
    for note in result.notes:
        tqdm.write(note, file=sys.stderr)


@contextmanager
def tile_bar() -> Iterator[Callable[[Progress], None]]:
    """Show a bar over the tiles of one picture."""
    with tqdm(unit="tile", disable=None, leave=False) as bar:

        def receive(progress: Progress) -> None:
            if progress.stage == "tiles":
                bar.total = progress.total
                bar.update(progress.done - bar.n)

        yield receive
