"""What the command line can do: a dataclass for each command, its fields are its options."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import torch
import tyro
from tqdm import tqdm

from stylizer.command_regions import COLORS, OTHER, Dresses, plan_folders
from stylizer.command_tools import (
    CommandError,
    Out,
    Studio,
    check_output,
    find_beside,
    open_photo,
    parse_style,
    photos_in,
    plan_files,
    save_result,
    setting,
    tile_bar,
    work_through,
)
from stylizer.command_translate import Invent, Translate
from stylizer.engine import (
    InventRequest,
    StyleRequest,
    StyleResult,
    TranslateRequest,
    options,
    read_recipe_text,
)
from stylizer.engine.model_recipes import InventionRecipe
from stylizer.engine.progress import ProgressReceiver
from stylizer.imaging.mask_files import write_masks
from stylizer.imaging.picture import Picture, PictureError, open_picture, read_recipe
from stylizer.imaging.regions import REST
from stylizer.models.checkpoint import Card
from stylizer.models.style_file import NamedStyle

_STRENGTH, _STRENGTH_HELP = setting("strength")
_COLOR, _COLOR_HELP = setting("color")
_COLORS_ONLY, _COLORS_ONLY_HELP = setting("colors_only")
_STROKE, _STROKE_HELP = setting("stroke")
_DETAIL, _DETAIL_HELP = setting("detail")
_LONG_SIDE, _LONG_SIDE_HELP = setting("long_side")
_SEED, _SEED_HELP = setting("seed")

_Json = Annotated[bool, tyro.conf.arg(name="json", help="Print JSON.")]


@dataclass(frozen=True, kw_only=True)
class Stylize(Studio):
    """Paint photos in a style, or in a mix of styles."""

    photos: tyro.conf.Positional[tuple[Path, ...]]
    """Photos, or folders of photos."""
    out: Out
    """Picture to write; for several photos the folder for <photo stem>.png."""
    style: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A style's name or a picture file, and its weight if wanted, as wave:0.7; give it again to mix."""
    region: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A region and its style, as sky=wave, sky=wave:0.8 (strength) or person=keep; again for more regions.
    Without --style the other regions keep the photo."""
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
    seed: Annotated[int, _SEED_HELP] = _SEED

    def run(self) -> int:
        """Paint; among several, photos that cannot be read are reported and the others are painted."""
        if not self.style and (self.match or not self.region):
            raise CommandError("No style is given; add --style NAME or --style FILE.")
        jobs = plan_files(self.photos, self.out)
        engine = self.engine()
        styles = tuple(parse_style(text, engine) for text in self.style)
        dresses = Dresses.read(self.region, self.mask, self.match, engine)
        settings = {entry.name: getattr(self, entry.name) for entry in options()}

        def make(photo: Picture, progress: ProgressReceiver | None) -> StyleResult:
            if not dresses:
                return engine.paint(StyleRequest(photo, styles, **settings), progress=progress)
            request, notes = dresses.request(photo, styles, settings, engine)
            for note in notes:
                tqdm.write(note, file=sys.stderr)
            return engine.paint(request, progress=progress)

        return work_through(jobs, make)


@dataclass(frozen=True, kw_only=True)
class Segment(Studio):
    """Find the parts of photos that have a name, and write a soft mask of each."""

    photos: tyro.conf.Positional[tuple[Path, ...]]
    """Photos, or folders of photos."""
    out: Out
    """Folder for <photo stem>/<class>.png, white where the class is, and <photo stem>/overlay.png."""

    def run(self) -> int:
        """Write the masks; photos that cannot be read are reported and the others are segmented."""
        files = [file for photo in self.photos for file in (photos_in(photo) if photo.is_dir() else [photo])]
        jobs = plan_folders(files, self.out)
        engine = self.engine()
        failed = 0
        for photo, folder in tqdm(jobs, unit="photo", disable=None):
            try:
                picture = open_photo(photo)
                write_masks(engine.segment(picture), folder, picture, COLORS, {REST: OTHER})
            except PictureError as error:
                failed += 1
                tqdm.write(" ".join(f"{photo.name}: {error}".split()), file=sys.stderr)
        return 2 if failed else 0


@dataclass(frozen=True, kw_only=True)
class Replay(Studio):
    """Make a picture again by the recipe inside a saved one."""

    picture: tyro.conf.Positional[Path]
    """A picture that was saved here."""
    out: Out
    """Picture to write."""
    photo: Path | None = None
    """The photo, or another one to paint alike; if not given, it is looked for beside the picture."""
    fetch: bool = False
    """Download the recipe's model from the Hugging Face Hub, if it was made with one."""

    def run(self) -> int:
        """Paint again."""
        check_output(self.out)
        text = read_recipe(self.picture)
        if text is None:
            raise CommandError(f"{self.picture.name} holds no recipe; only pictures saved by this studio do.")
        recipe, notes = read_recipe_text(text)
        content = None
        if not isinstance(recipe, InventionRecipe):
            content = open_picture(self.photo or find_beside(self.picture, recipe.photo))
        engine = self.engine()
        request, more = engine.restore(recipe, content, self.fetch)
        kinds = {
            StyleRequest: engine.paint,
            TranslateRequest: engine.translate,
            InventRequest: engine.invent,
        }
        with tile_bar() as receive:
            save_result(kinds[type(request)](request, progress=receive), self.out)
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
        """Print name, role, size, license and figures; with --json the config and the card too."""
        engine = self.engine()
        if self.as_json:
            rows = [asdict(card) for card in engine.models()]
            print(json.dumps(rows, indent=2, ensure_ascii=False))
        else:
            width = max((len(card.name) for card in engine.models()), default=0)
            for card in engine.models():
                print(f"{card.name:<{width}}  {_facts(card)}")
        for problem in engine.problems():
            print(problem, file=sys.stderr)
        return 0


def _facts(card: Card) -> str:
    """Tell role, size, license, status, what the card says of itself and its main figures, in one line."""
    license = f"license {card.license or 'not stated'}"
    told = (card.role, f"{card.nbytes / 1e6:.1f} MB", license, card.status, card.about, card.measured)
    return "  ".join(text for text in told if text)


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
            raise CommandError(
                f"sizes are {' '.join(map(str, self.sizes)) or 'none'}; choose 32 to 4096 pixels."
            )
        if self.repeats < 1 or self.threads < 1:
            raise CommandError("repeats and threads must be at least 1.")
        engine = self.engine()
        figures = benchmark(engine, self.sizes, self.repeats, self.threads)
        numbers = str(engine.device.dtype).removeprefix("torch.")
        if self.as_json:
            rows = [asdict(row) | {"units": row.in_units(), "regions": row.regions_ratio} for row in figures]
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
            print(f"  eight regions cost {row.regions_ratio:.2f} x one")
            if row.translator is not None:
                print(f"  translate is one pass of {row.translator}")
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
            raise CommandError(
                "Learning needs the perceptual network; add --perceptual FILE, or --fetch to get it."
            )
        if self.perceptual is not None and not self.perceptual.is_file():
            raise CommandError(f"There is no file {self.perceptual.name}; --perceptual names VGG-16 weights.")
        if not 0 <= self.steps <= 10_000:
            raise CommandError(f"steps is {self.steps}; choose 0 to 10000.")
        practice = [
            file for photo in self.photos for file in (photos_in(photo) if photo.is_dir() else [photo])
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


Command = Stylize | Translate | Invent | Segment | Replay | Styles | Models | Benchmark | Learn
"""Every command; the names on the command line are the classes' names in small letters."""
