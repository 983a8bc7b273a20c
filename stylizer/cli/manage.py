"""replay, styles, models and learn: what was made, what is there, and what is added."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import tyro
from tqdm import tqdm

from stylizer.cli.files import check_not_read, check_output, find_beside, photo_files, save_result, tile_bar
from stylizer.cli.options import EngineOptions, Json, Out, PainterOptions
from stylizer.engine import read_recipe_text
from stylizer.engine.pipelines.study import STAGE as STUDY
from stylizer.errors import CommandError
from stylizer.imaging.picture import open_picture, read_recipe
from stylizer.models.checkpoint import Card
from stylizer.models.style_file import NamedStyle


@dataclass(frozen=True, kw_only=True)
class Replay(PainterOptions):
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
        check_not_read([self.out], [self.picture])
        text = read_recipe(self.picture)
        if text is None:
            raise CommandError(f"{self.picture.name} holds no recipe; only pictures saved by this studio do.")
        recipe, notes = read_recipe_text(text)
        content = None
        if recipe.needs_photo:
            photo = self.photo or find_beside(self.picture, recipe.photo)
            check_not_read([self.out], [photo])
            content = open_picture(photo)
        engine = self.engine()
        request, more = engine.restore(recipe, content, self.fetch)
        with tile_bar() as receive:
            save_result(engine.run(request, progress=receive), self.out)
        for note in (*notes, *more):
            print(note, file=sys.stderr)
        return 0


@dataclass(frozen=True, kw_only=True)
class Styles(EngineOptions):
    """List the styles that have a name."""

    as_json: Json = False

    def run(self) -> int:
        """Print name, title, artist and year; what cannot be used is reported on stderr."""
        engine = self.engine()
        rows: list[dict[str, Any]] = [
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
class Models(EngineOptions):
    """List the checkpoints."""

    as_json: Json = False

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
class Learn(EngineOptions):
    """Learn a picture as a style with a name: better than at first sight, in a minute or two."""

    picture: tyro.conf.Positional[Path]
    """The painting to learn."""
    photos: tuple[Path, ...] = ()
    """Photos to practice on, or folders of them; the page's sample photos if not given."""
    steps: int = 160
    """Steps at most; it ends by itself when nothing is gained any more. 0 only gives the picture a name."""
    seconds: float = 0.0
    """Stop after this long; 0 sets no limit."""
    name: str | None = None
    """Name of the style in small letters, digits and hyphens; made from the title if not given."""
    title: str | None = None
    artist: str = ""
    year: str = ""

    def run(self) -> int:
        """Write the style and its thumbnail among the styles, and print its name."""
        if not 0 <= self.steps <= 10_000:
            raise CommandError(f"steps is {self.steps}; choose 0 to 10000.")
        practice = photo_files(self.photos)
        picture = open_picture(self.picture)
        title = self.title or picture.name
        slug = self.name or re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "picture"
        engine = self.engine()
        with tqdm(total=self.steps, unit="step", disable=None, leave=False) as bar:
            style = engine.learn(
                picture,
                NamedStyle(slug, title, self.artist, self.year, (), torch.zeros(1), "0" * 64),
                [open_picture(file) for file in practice],
                self.steps,
                self.seconds,
                lambda told: bar.update(told.done - bar.n) if told.stage == STUDY else None,
            )
        print(style.slug)
        return 0
