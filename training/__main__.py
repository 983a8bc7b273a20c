"""Command line of the training room: one subcommand per method, and what comes before and after a run."""

from __future__ import annotations

import dataclasses
import difflib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, Union
from urllib.error import URLError

import tyro
from tyro.conf import Positional

from stylizer.errors import StudioError

from . import methods as methods  # registers the methods
from .evaluation.options import CompareOptions, EvaluateOptions, PatternOptions
from .publishing.options import StylesOptions
from .run.alarms import TrainingAlarm
from .run.config import RunConfig, UserMistake, to_plain
from .run.method import METHODS

Status = Literal["final", "experimental"]


class Command(Protocol):
    """A subcommand: its fields are its options. What takes long to load is loaded when it runs."""

    def run(self) -> None:
        """Do it; raises StudioError for what the user can mend."""


class _Train:
    name: str
    config: RunConfig
    dry_run: bool

    def run(self) -> None:
        if self.dry_run:
            print(json.dumps({"method": self.name, "config": to_plain(self.config.resolved())}, indent=2))
            return
        from .run.loop import start

        print(start(self.name, self.config))


def train_command(name: str) -> type[Command]:
    """Make the subcommand of one method from its options."""
    options = METHODS[name][0]
    dry_run = Annotated[bool, tyro.conf.arg(help="Print the resolved options and leave.")]
    fields = [
        ("config", Annotated[options, tyro.conf.arg(name="")], dataclasses.field(default_factory=options)),
        ("dry_run", dry_run, dataclasses.field(default=False)),
    ]
    return dataclasses.make_dataclass(
        "Train", fields, bases=(_Train,), namespace={"name": name, "__doc__": options.__doc__}
    )


@dataclass(frozen=True)
class Resume:
    """Go on with a run from its newest whole snapshot."""

    run_folder: Annotated[Positional[Path], tyro.conf.arg(name="run")]
    """The run's folder."""
    steps: int | None = None
    """New number of steps of the whole run. Where the learning rate is a function of it, as in nearly all
    methods, the line to its end is stretched or shortened too."""
    minutes: float = 0.0
    """Save and stop after this many minutes; 0: no limit."""
    device: Literal["auto", "cpu", "cuda", "mps"] | None = None
    """Another device than the run began on."""

    def run(self) -> None:
        """Go on."""
        from .run.loop import resume

        changes = {"steps": self.steps, "minutes": self.minutes, "device": self.device}
        print(resume(self.run_folder, **{key: value for key, value in changes.items() if value is not None}))


@dataclass(frozen=True, kw_only=True)
class Evaluate(EvaluateOptions):
    """Measure a checkpoint, a run or a snapshot; what is measured depends on the role of its network."""

    def run(self) -> None:
        """Measure."""
        from .evaluation.evaluate import evaluate

        evaluate(self)


@dataclass(frozen=True, kw_only=True)
class Compare(CompareOptions):
    """Lay side by side what several networks of one role make; stylizers are measured beside others."""

    def run(self) -> None:
        """Compare."""
        from .evaluation.compare import compare

        compare(self)


@dataclass(frozen=True, kw_only=True)
class Patterns(PatternOptions):
    """Paint a test card (flat, ramp, noisy ramp, disc, text) in every named style on one sheet."""

    def run(self) -> None:
        """Paint it."""
        from .evaluation.patterns import patterns_sheet

        patterns_sheet(self)


@dataclass(frozen=True)
class Publish:
    """Write the averaged weights of a run as a checkpoint folder with its card."""

    run_folder: Annotated[Positional[Path], tyro.conf.arg(name="run")]
    """The run's folder, or one of its snapshots."""
    checkpoint: Positional[Path]
    """The folder to write."""
    metrics: tuple[Path, ...] = ()
    """JSON files of evaluate and compare, for the card's figures."""
    calibrate: bool = False
    """Store the slider's table out of --metrics with the checkpoint."""
    notes: Path | None = None
    """A text for the card's end."""
    before: tuple[Path, ...] = ()
    """Earlier runs, first to last, whose weights this one began from."""
    title: str = ""
    """What people call it, as the page shows it; empty: the folder's name."""
    about: str = ""
    """One line on what it does; empty: the method's own."""
    status: Status = "final"
    """Whether it convinces; the page says so of what is experimental."""
    place: int | None = None
    """Where it stands among others of its role on the page: the best first, from 0."""
    direction: Literal["there", "back"] = "there"
    """Of a run between two folders: the translator from a to b, or the one from b to a, which learned beside
    it. Each is a checkpoint of its own."""

    def run(self) -> None:
        """Publish."""
        from .publishing.card import Words
        from .publishing.publish import publish

        words = Words(self.title, self.about, "" if self.status == "final" else self.status, place=self.place)
        folders = publish(
            self.run_folder,
            self.checkpoint,
            self.metrics,
            self.calibrate,
            self.notes,
            self.before,
            words,
            self.direction,
        )
        for folder in folders:
            print(folder)


@dataclass(frozen=True)
class Card:
    """Change the card of a checkpoint, and nothing else; print a row for README's table."""

    checkpoint: Positional[Path]
    """The checkpoint's folder."""
    figures: tuple[Path, ...] = ()
    """JSON files of evaluate, in place of the section Figures."""
    notes: Path | None = None
    """Markdown whose sections replace those of the same heading, or join the end."""
    title: str | None = None
    """What people call it, as the page shows it."""
    about: str | None = None
    """One line on what it does."""
    status: Status | None = None
    """Whether it convinces; the page says so of what is experimental."""
    place: int | None = None
    """Where it stands among others of its role on the page: the best first, from 0."""

    def run(self) -> None:
        """Change it."""
        from .publishing.card import rewrite_card, table_row

        words = self.title, self.about, self.status, self.place
        changed = rewrite_card(self.checkpoint, self.figures, self.notes, *words)
        print(table_row(changed, self.figures))


@dataclass(frozen=True)
class Split:
    """Part a folder of pictures into links to those to train on (OUT/train) and those held out (OUT/held)."""

    pictures: Positional[Path]
    """Folder of pictures, searched through; its subfolders are kept."""
    out: Positional[Path]
    """A new folder."""
    held: float = 0.15
    """Share that is held out; which ones depends on their names alone."""

    def run(self) -> None:
        """Part them."""
        from .evaluation.split import split

        counts = split(self.pictures, self.out, self.held)
        print(", ".join(f"{name}: {count} pictures" for name, count in counts.items()))


@dataclass(frozen=True)
class Faces:
    """Find the faces in photos, for --faces of the painter and the styles (needs facenet-pytorch)."""

    photos: Positional[Path]
    """Folder of photos, searched through."""
    out: Positional[Path]
    """A new JSON file."""

    def run(self) -> None:
        """Find them."""
        from .data.faces import find_faces, write_faces
        from .metrics.faces import open_detector

        detect = open_detector()
        known = find_faces(self.photos, lambda image: detect(image).boxes)
        write_faces(self.out, known)
        print(f"{sum(map(bool, known.values()))} of {len(known)} photos have faces.")


@dataclass(frozen=True)
class Styles(StylesOptions):
    """Compute the codes of the named styles for a painter."""

    def run(self) -> None:
        """Compute them."""
        from .publishing.styles import make_styles

        make_styles(self)


def commands() -> dict[str, type[Command]]:
    """List the subcommands by name."""
    return {
        **{name: train_command(name) for name in METHODS},
        "resume": Resume,
        "evaluate": Evaluate,
        "compare": Compare,
        "patterns": Patterns,
        "publish": Publish,
        "card": Card,
        "split": Split,
        "faces": Faces,
        "styles": Styles,
    }


def parse(arguments: Sequence[str]) -> Command:
    """Turn the command line into a subcommand with its options.

    Raises StudioError for options that refuse their values, SystemExit with tyro's own message otherwise.
    """
    known = commands()
    name = arguments[0] if arguments else ""
    if name and not name.startswith("-") and name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}? The" if near else "the"
        raise UserMistake(f"there is no subcommand {name!r}; {hint} subcommands are {', '.join(known)}.")
    kinds = [Annotated[kind, tyro.conf.subcommand(name)] for name, kind in known.items()]
    every: Any = Union[tuple(kinds)]  # noqa: UP007  made of a list
    return tyro.cli(every, prog="python -m training", description=__doc__, args=arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; a user's mistake is one line on stderr and status 2."""
    try:
        parse(sys.argv[1:] if arguments is None else list(arguments)).run()
    except SystemExit as leaving:  # tyro has said why
        return int(leaving.code or 0)
    except (StudioError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except URLError as error:
        print(
            f"error: nothing can be downloaded ({error.reason}); give VGG-16's weights by --perceptual FILE, "
            "or what else was to be fetched by its option.",
            file=sys.stderr,
        )
        return 2
    except TrainingAlarm as alarm:
        print(f"stopped: {alarm}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:  # before or after the loop, which saves first
        print("stopped.", file=sys.stderr)
        return 130
    except MemoryError:
        print("error: there is not enough memory; take a smaller --batch or --crop.", file=sys.stderr)
        return 2
    except OSError as error:  # a full disk, a file in place of a folder
        name = os.path.basename(os.fsdecode(error.filename)) if error.filename else "the disk"
        print(f"error: {name}: {error.strerror or 'it was refused'}.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
