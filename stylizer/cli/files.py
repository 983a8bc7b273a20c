"""Files on the command line: which photos are read, what may be written, and one picture after another."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from stylizer.engine import Progress, Result
from stylizer.engine.progress import ProgressReceiver
from stylizer.errors import CommandError, PictureError, StudioError
from stylizer.imaging.encode import recipe_fits
from stylizer.imaging.folders import pictures_in
from stylizer.imaging.picture import Picture, open_picture, save_picture

OUTPUT_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def photo_files(photos: tuple[Path, ...]) -> list[Path]:
    """List photos, and those that lie in folders; tells which files there are no pictures."""
    files = []
    for photo in photos:
        if not photo.is_dir():
            files.append(photo)
            continue
        found, others = pictures_in(photo)
        files += found
        if others:
            named = ", ".join(other.name for other in others[:5]) + (", ..." if len(others) > 5 else "")
            what = "file is no picture" if len(others) == 1 else "files are no pictures"
            print(f"{photo.name}: {len(others)} {what} and left out: {named}", file=sys.stderr)
    return files


def check_not_read(results: Iterable[Path], read: Iterable[Path]) -> None:
    """Refuse to write over what is read; raises CommandError before anything is."""
    inputs = {file.resolve(): file for file in read}
    for result in results:
        if result.resolve() in inputs:
            raise CommandError(f"{result.name} is read, and would be written over; choose another name.")


def plan_files(photos: tuple[Path, ...], out: Path, read: Iterable[Path] = ()) -> list[tuple[Path, Path]]:
    """Pair every photo with the file to write, over none that is read; `read` are those beside the photos.

    Raises CommandError before anything is painted.
    """
    several = len(photos) != 1 or photos[0].is_dir()
    files = photo_files(photos)
    if not files:
        raise CommandError("No photo is given; name photos, or folders that hold some.")
    for file in files:
        if not file.is_file():
            raise CommandError(f"There is no photo {file.name}; check the name.")
    if not several and not out.is_dir():
        check_output(out)
        check_not_read([out], [*files, *read])
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
    check_not_read(results, [*files, *read])
    return [(file, result) for result, file in results.items()]


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
        if any(folder.resolve() == other.resolve().parent for other in files):
            raise CommandError(
                f"The masks would lie among the photos in {folder.name}; choose another folder."
            )
    return [(file, folder) for folder, file in folders.items()]


def check_output(out: Path) -> None:
    """Refuse what cannot be written; raises CommandError."""
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
        for file in pictures_in(picture.resolve().parent)[0]
        if file.stem == name and file.name != picture.name
    ]
    if not found:
        raise CommandError(
            f"The photo {name or 'of the recipe'} is not beside {picture.name}; add --photo FILE."
        )
    return found[0]


def work_through(
    jobs: list[tuple[Path, Path]], make: Callable[[Picture, ProgressReceiver | None], Result]
) -> int:
    """Make a result of every photo; return the exit status.

    Among several, a photo of which none can be made is reported by its name, and the others are done.
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
        except StudioError as error:
            failed += 1
            tqdm.write(" ".join(f"{photo.name}: {error}".split()), file=sys.stderr)
    return 2 if failed else 0


def open_photo(photo: Path) -> Picture:
    """Open a photo and tell what reading it had to change."""
    picture = open_picture(photo)
    for note in picture.notes:
        tqdm.write(f"{photo.name}: {note}", file=sys.stderr)
    return picture


def save_result(result: Result, out: Path) -> None:
    """Write a picture with its recipe, and tell the notes."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PictureError(
            f"the folder {out.parent.name} could not be made: {error.strerror}; choose another"
        ) from error
    recipe = result.recipe.to_json()
    fits = recipe_fits(recipe, out.suffix.lstrip("."))
    if not fits:
        told = f"{out.name} is saved without its recipe, which is too long for it; PNG holds more."
        tqdm.write(told, file=sys.stderr)
    save_picture(result.picture, out, recipe if fits else None)
    for note in result.notes:
        tqdm.write(note, file=sys.stderr)


@contextmanager
def tile_bar() -> Iterator[Callable[[Progress], None]]:
    """Show a bar over the tiles of one picture, and before them one over the work on a masterwork."""
    with tqdm(unit="tile", disable=None, leave=False) as bar:

        def receive(progress: Progress) -> None:
            if progress.stage == "tiles" or (progress.stage == "masterwork" and progress.total > 1):
                if bar.total != progress.total and progress.done < bar.n:  # the tiles begin
                    bar.reset()
                bar.total = progress.total
                bar.set_description(progress.stage, refresh=False)
                bar.update(progress.done - bar.n)

        yield receive
