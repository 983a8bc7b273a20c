"""What the command line can do: a dataclass for each command, its fields are its options."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import tyro
from tqdm import tqdm

from stylizer.engine import (
    DeviceError,
    Engine,
    Progress,
    RecipeError,
    RequestError,
    StyleChoice,
    StyleRequest,
    StyleResult,
    options,
    read_recipe_text,
)
from stylizer.engine.library import CHECKPOINTS, PICTURE_SUFFIXES
from stylizer.imaging.picture import Picture, PictureError, open_picture, read_recipe, save_picture
from stylizer.models.checkpoint import CheckpointError
from stylizer.models.style_file import NamedStyle, StyleFileError

OUTPUT_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


class Mistake(ValueError):
    """Something on the command line that cannot be done; the message is one sentence."""


MISTAKES = (Mistake, PictureError, RequestError, RecipeError, CheckpointError, StyleFileError, DeviceError)


def _setting(name: str) -> tuple[Any, Any]:
    """Return default and help of a setting of StyleRequest, where they are written once."""
    entry = next(entry for entry in options() if entry.name == name)
    least, most = entry.metadata["least"], entry.metadata["most"]
    bounds = "" if least is None else f" ({least:g} to {most:g})"
    return entry.default, tyro.conf.arg(help=entry.metadata["help"] + bounds)


_STRENGTH, _STRENGTH_HELP = _setting("strength")
_COLOR, _COLOR_HELP = _setting("color")
_COLORS_ONLY, _COLORS_ONLY_HELP = _setting("colors_only")
_STROKE, _STROKE_HELP = _setting("stroke")
_DETAIL, _DETAIL_HELP = _setting("detail")
_LONG_SIDE, _LONG_SIDE_HELP = _setting("long_side")
_SEED, _SEED_HELP = _setting("seed")

_Out = Annotated[Path, tyro.conf.arg(aliases=["-o"])]
_Json = Annotated[bool, tyro.conf.arg(name="json", help="Print JSON.")]


@dataclass(frozen=True, kw_only=True)
class Studio:
    """Where the painter is and where it runs."""

    checkpoints: Path = CHECKPOINTS
    """Folder with the painter and the styles."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to paint; auto takes the fastest that is there."""

    def engine(self) -> Engine:
        """Make the engine."""
        return Engine(self.checkpoints, self.device)


@dataclass(frozen=True, kw_only=True)
class Stylize(Studio):
    """Paint photos in a style, or in a mix of styles."""

    photos: tyro.conf.Positional[tuple[Path, ...]]
    """Photos, or folders of photos."""
    out: _Out
    """Picture to write; for several photos the folder for <photo stem>.png."""
    style: tyro.conf.UseAppendAction[tuple[str, ...]]
    """A style's name or a picture file, and its weight if wanted, as wave:0.7; give it again to mix."""
    strength: Annotated[float, _STRENGTH_HELP] = _STRENGTH
    color: Annotated[float, _COLOR_HELP] = _COLOR
    colors_only: Annotated[bool, _COLORS_ONLY_HELP] = _COLORS_ONLY
    stroke: Annotated[float, _STROKE_HELP] = _STROKE
    detail: Annotated[float, _DETAIL_HELP] = _DETAIL
    long_side: Annotated[int | None, _LONG_SIDE_HELP] = _LONG_SIDE
    seed: Annotated[int, _SEED_HELP] = _SEED

    def run(self) -> int:
        """Paint; among several, photos that cannot be read are reported and the others are painted."""
        if not self.style:
            raise Mistake("No style is given; add --style NAME or --style FILE.")
        jobs = _plan(self.photos, self.out)
        engine = self.engine()
        styles = tuple(_parse_style(text, engine) for text in self.style)
        settings = {entry.name: getattr(self, entry.name) for entry in options()}
        if len(jobs) == 1:
            photo, out = jobs[0]
            request = StyleRequest(_open(photo), styles, **settings)
            with _tile_bar() as receive:
                _save(engine.paint(request, progress=receive), out)
            return 0
        failed = 0
        for photo, out in tqdm(jobs, unit="photo", disable=None):
            try:
                _save(engine.paint(StyleRequest(_open(photo), styles, **settings)), out)
            except PictureError as error:
                failed += 1
                tqdm.write(" ".join(f"{photo.name}: {error}".split()), file=sys.stderr)
        return 2 if failed else 0


@dataclass(frozen=True, kw_only=True)
class Replay(Studio):
    """Paint again by the recipe inside a saved picture."""

    picture: tyro.conf.Positional[Path]
    """A picture that was saved here."""
    out: _Out
    """Picture to write."""
    photo: Path | None = None
    """The photo, or another one to paint alike; if not given, it is looked for beside the picture."""

    def run(self) -> int:
        """Paint again."""
        _check_output(self.out)
        text = read_recipe(self.picture)
        if text is None:
            raise Mistake(f"{self.picture.name} holds no recipe; only pictures saved by this studio do.")
        recipe, notes = read_recipe_text(text)
        photo = self.photo or _beside(self.picture, recipe.photo)
        engine = self.engine()
        request, more = engine.restore(recipe, open_picture(photo))
        with _tile_bar() as receive:
            _save(engine.paint(request, progress=receive), self.out)
        for note in (*notes, *more):
            print(note, file=sys.stderr)
        return 0


@dataclass(frozen=True, kw_only=True)
class Styles(Studio):
    """List the styles that have a name."""

    as_json: _Json = False

    def run(self) -> int:
        """Print name, title, artist and year; what cannot be used is reported on stderr."""
        engine = self.engine()
        rows = [
            {
                "name": style.slug,
                "title": style.title,
                "artist": style.artist,
                "year": style.year,
                "tags": list(style.tags),
                "refined": style.refined,
            }
            for style in engine.styles()
        ]
        for stem in engine.library.originals:
            title = stem.replace("-", " ").capitalize()
            rows.append(
                {
                    "name": stem,
                    "title": title,
                    "artist": "",
                    "year": "",
                    "tags": ["original"],
                    "refined": False,
                }
            )
        if self.as_json:
            print(json.dumps(rows, indent=2, ensure_ascii=False))
        else:
            width = max((len(row["name"]) for row in rows), default=0)
            for row in rows:
                told = ", ".join(text for text in (row["title"], row["artist"], row["year"]) if text)
                print(f"{row['name']:<{width}}  {told}")
        for problem in engine.problems():
            print(problem, file=sys.stderr)
        return 0


@dataclass(frozen=True, kw_only=True)
class Models(Studio):
    """List the checkpoints."""

    as_json: _Json = False

    def run(self) -> int:
        """Print name, role, size and sha256; with --json the config and the card too."""
        engine = self.engine()
        if self.as_json:
            rows = [asdict(card) for card in engine.models()]
            print(json.dumps(rows, indent=2, ensure_ascii=False))
        else:
            for card in engine.models():
                print(f"{card.name}  {card.role}  {card.nbytes / 1e6:.1f} MB  sha256 {card.sha256[:12]}")
        for problem in engine.problems():
            print(problem, file=sys.stderr)
        return 0


@dataclass(frozen=True, kw_only=True)
class Benchmark(Studio):
    """Measure speed and memory, in seconds and in units of one VGG-19 forward to relu4_1."""

    sizes: tuple[int, ...] = (256, 512, 1024)
    """Sides of the square photos, pixels."""
    repeats: int = 9
    """Runs of each measurement; the shortest counts."""
    threads: int = 2
    """CPU threads."""
    as_json: _Json = False

    def run(self) -> int:
        """Print a line for each size."""
        from stylizer.engine.benchmark import benchmark  # needs torchvision, which the others do not

        if not self.sizes or not all(32 <= size <= 4096 for size in self.sizes):
            raise Mistake(f"sizes are {' '.join(map(str, self.sizes)) or 'none'}; choose 32 to 4096 pixels.")
        if self.repeats < 1 or self.threads < 1:
            raise Mistake("repeats and threads must be at least 1.")
        engine = self.engine()
        figures = benchmark(engine, self.sizes, self.repeats, self.threads)
        numbers = str(engine.device.dtype).removeprefix("torch.")
        if self.as_json:
            rows = [asdict(row) | {"units": row.in_units()} for row in figures]
            facts = {"device": engine.device.name, "dtype": numbers, "threads": self.threads, "sizes": rows}
            print(json.dumps(facts, indent=2))
            return 0
        print(f"{engine.device.name}, {numbers}, {self.threads} threads; ms, units of VGG-19 to relu4_1")
        for row in figures:
            units = row.in_units()
            peak = "unknown" if row.peak_mb is None else f"{row.peak_mb:.0f} MB"
            print(f"{row.size} px: unit {row.unit * 1e3:.0f} ms, peak memory {peak}")
            for name, value in units.items():
                print(f"  {name.replace('_', ' '):<14} {value * row.unit * 1e3:8.1f} ms  {value:6.3f}")
        return 0


@dataclass(frozen=True, kw_only=True)
class Learn(Studio):
    """Learn a picture as a style with a name: better than at first sight, in a minute or two."""

    picture: tyro.conf.Positional[Path]
    """The painting to learn."""
    perceptual: Path | None = None
    """VGG-16 weights (safetensors, torchvision's names) to judge strokes with."""
    fetch: bool = False
    """Without --perceptual: let torchvision fetch its VGG-16, about 550 MB, unless it has it."""
    photos: tuple[Path, ...] = ()
    """Photos to practice on, or folders of them; scikit-image's sample photos if not given."""
    steps: int = 120
    """Steps of learning; 0 only gives the picture a name."""
    name: str | None = None
    """Name of the style in small letters, digits and hyphens; made from the title if not given."""
    title: str | None = None
    artist: str = ""
    year: str = ""

    def run(self) -> int:
        """Write the style and its thumbnail among the styles, and print its name."""
        from stylizer.learning import learn_style  # needs scikit-image, which the others do not

        if self.steps > 0 and self.perceptual is None and not self.fetch:
            raise Mistake(
                "Learning needs the perceptual network; add --perceptual FILE, or --fetch to get it."
            )
        if self.perceptual is not None and not self.perceptual.is_file():
            raise Mistake(f"There is no file {self.perceptual.name}; --perceptual names VGG-16 weights.")
        if not 0 <= self.steps <= 10_000:
            raise Mistake(f"steps is {self.steps}; choose 0 to 10000.")
        practice = [
            file for photo in self.photos for file in (_photos_in(photo) if photo.is_dir() else [photo])
        ]
        picture = open_picture(self.picture)
        title = self.title or picture.name
        slug = self.name or re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "picture"
        engine = self.engine()
        with tqdm(total=self.steps, unit="step", disable=None, leave=False) as bar:
            style = learn_style(
                engine,
                picture,
                NamedStyle(slug, title, self.artist, self.year, (), torch.zeros(1), "0" * 64),
                [open_picture(file) for file in practice],
                self.perceptual,
                self.steps,
                lambda done, total: bar.update(done - bar.n),
            )
        print(style.slug)
        return 0


Command = Stylize | Replay | Styles | Models | Benchmark | Learn
"""Every command; the names on the command line are the classes' names in small letters."""


def _plan(photos: tuple[Path, ...], out: Path) -> list[tuple[Path, Path]]:
    """Pair every photo with the file to write; raises Mistake before anything is painted."""
    several = len(photos) != 1 or photos[0].is_dir()
    files = [file for photo in photos for file in (_photos_in(photo) if photo.is_dir() else [photo])]
    if not files:
        raise Mistake("No photo is given; name photos, or folders that hold some.")
    for file in files:
        if not file.is_file():
            raise Mistake(f"There is no photo {file.name}; check the name.")
    if not several and not out.is_dir():
        _check_output(out)
        return [(files[0], out)]
    if out.exists() and not out.is_dir():
        raise Mistake(f"{out.name} is a file; for several photos -o names a folder.")
    if out.suffix.lower() in OUTPUT_SUFFIXES and not out.exists():
        raise Mistake(f"{out.name} names one picture; for several photos -o names a folder.")
    results: dict[Path, Path] = {}
    for file in files:
        result = out / f"{file.stem}.png"
        if result in results and results[result] != file:
            raise Mistake(f"Two photos are called {file.stem}; rename one, or paint them one by one.")
        results[result] = file
    for result, file in results.items():
        if result.exists() and result.resolve() in {other.resolve() for other in files}:
            raise Mistake(f"{file.name} would be painted over; choose another folder.")
    return [(file, result) for result, file in results.items()]


def _photos_in(folder: Path) -> list[Path]:
    return sorted(
        file for file in folder.iterdir() if file.suffix.lower() in PICTURE_SUFFIXES and file.is_file()
    )


def _check_output(out: Path) -> None:
    if out.suffix.lower() not in OUTPUT_SUFFIXES:
        raise Mistake(f"{out.name} is no picture file; name it .png, .jpg or .webp.")
    if out.is_dir():
        raise Mistake(f"{out.name} is a folder; name a picture file.")
    if not out.parent.is_dir():
        raise Mistake(f"The folder {out.parent.name} does not exist; make it first.")


def _beside(picture: Path, name: str) -> Path:
    """Find the photo of a recipe in the picture's folder."""
    found = [
        file
        for file in _photos_in(picture.resolve().parent)
        if file.stem == name and file.name != picture.name
    ]
    if not found:
        raise Mistake(f"The photo {name or 'of the recipe'} is not beside {picture.name}; add --photo FILE.")
    return found[0]


def _parse_style(text: str, engine: Engine) -> StyleChoice:
    """Read NAME, FILE, NAME:WEIGHT or FILE:WEIGHT."""
    match = re.fullmatch(r"(.+):([-+]?[0-9.]+(?:e[-+]?[0-9]+)?)", text)
    if match is None or Path(text).is_file():
        return StyleChoice(engine.find_style(text))
    try:
        weight = float(match[2])
    except ValueError:
        raise Mistake(
            f"The weight of style {match[1][:60]} is {match[2]}; give a number such as 0.5."
        ) from None
    return StyleChoice(engine.find_style(match[1]), weight)


def _open(photo: Path) -> Picture:
    """Open a photo and tell what reading it had to change."""
    picture = open_picture(photo)
    for note in picture.notes:
        tqdm.write(f"{photo.name}: {note}", file=sys.stderr)
    return picture


def _save(result: StyleResult, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    save_picture(result.picture, out, result.recipe.to_json())
    for note in result.notes:
        tqdm.write(note, file=sys.stderr)


@contextmanager
def _tile_bar() -> Iterator[Callable[[Progress], None]]:
    """Show a bar over the tiles of one picture."""
    with tqdm(unit="tile", disable=None, leave=False) as bar:

        def receive(progress: Progress) -> None:
            if progress.stage == "tiles":
                bar.total = progress.total
                bar.update(progress.done - bar.n)

        yield receive
