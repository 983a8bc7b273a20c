"""Command line of the training room: one subcommand per method, and what comes before and after a run."""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.error import URLError

import tyro

from stylizer.imaging.picture import PictureError
from stylizer.models.checkpoint import CheckpointError
from training import methods as methods  # registers the methods
from training.evaluation.options import (
    CompareInventorsOptions,
    CompareOptions,
    CompareTranslatorsOptions,
    EvaluateOptions,
    InventorEvaluateOptions,
    SegmenterEvaluateOptions,
    StylesOptions,
    TranslatorEvaluateOptions,
)
from training.run.alarms import TrainingAlarm
from training.run.config import UserMistake, to_plain
from training.run.method import METHODS

USER_MISTAKES = (UserMistake, CheckpointError, PictureError)
Place = Annotated[Path, tyro.conf.Positional]
Status = Literal["final", "experimental"]


def method_command(name: str) -> Callable[..., None]:
    """Make the subcommand of one method from its options."""

    def command(config: Any, dry_run: bool = False) -> None:
        if dry_run:
            print(json.dumps({"method": name, "config": to_plain(config)}, indent=2))
            return
        from training.run.loop import start

        print(start(name, config))

    options = METHODS[name][0]
    flag = Annotated[bool, tyro.conf.arg(help="Print the resolved options and leave.")]
    return with_options(command, options, dry_run=flag)


def with_options(command: Callable[..., None], options: type, **flags: Any) -> Callable[..., None]:
    """Give a function of (config, flags) the signature that the command line is drawn from."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    annotations = {"config": Annotated[options, tyro.conf.arg(name="")], **flags}
    parameters = [inspect.Parameter("config", kind, annotation=annotations["config"])]
    parameters += [inspect.Parameter(name, kind, annotation=flags[name], default=False) for name in flags]
    command.__signature__ = inspect.Signature(parameters)
    command.__annotations__ = annotations
    command.__doc__ = inspect.getdoc(options)
    return command


def resume(run: Place, steps: int | None = None, minutes: float = 0.0, device: str | None = None) -> None:
    """Go on with a run from its newest whole snapshot.

    Args:
        run: The run's folder.
        steps: New number of steps of the whole run.
        minutes: Save and stop after this many minutes; 0: no limit.
        device: Another device than the run began on.
    """
    from training.run.loop import resume as go_on

    changes = {"steps": steps, "minutes": minutes, "device": device}
    print(go_on(run, **{key: value for key, value in changes.items() if value is not None}))


def evaluate(config: Any) -> None:
    from training.evaluation.stylizer import evaluate as measure

    measure(config)


def evaluate_segmenter(config: Any) -> None:
    from training.evaluation.segmenter import evaluate_segmenter as measure

    measure(config)


def evaluate_translator(config: Any) -> None:
    from training.evaluation.translator import evaluate_translator as measure

    measure(config)


def evaluate_inventor(config: Any) -> None:
    from training.evaluation.generator import evaluate_inventor as measure

    measure(config)


def compare(config: Any) -> None:
    from training.evaluation.compare import compare as measure

    measure(config)


def compare_translators(config: Any) -> None:
    from training.evaluation.compare_sheets import compare_translators as draw

    draw(config)


def compare_inventors(config: Any) -> None:
    from training.evaluation.compare_sheets import compare_inventors as draw

    draw(config)


def publish(run: Place, checkpoint: Place, metrics: tuple[Path, ...] = (), calibrate: bool = False,
            notes: Path | None = None, before: tuple[Path, ...] = (), title: str = "", about: str = "",
            status: Status = "final") -> None:  # fmt: skip
    """Write the averaged weights of a run as a checkpoint folder with its card.

    Args:
        run: The run's folder, or one of its snapshots.
        checkpoint: The folder to write.
        metrics: JSON files of evaluate and compare, for the card's figures.
        calibrate: Store the slider's table out of --metrics with the checkpoint.
        notes: A text for the card's end.
        before: Earlier runs, first to last, whose weights this one began from.
        title: What people call it, as the page shows it; empty: the folder's name.
        about: One line on what it does; empty: the method's own.
        status: Whether it convinces; the page says so of what is experimental.
    """
    from training.publishing.card import Words
    from training.publishing.publish import publish as ship

    words = Words(title, about, "" if status == "final" else status)
    for folder in ship(run, checkpoint, metrics, calibrate, notes, before, words):
        print(folder)


def card(checkpoint: Place, figures: tuple[Path, ...] = (), notes: Path | None = None,
         title: str | None = None, about: str | None = None,
         status: Status | None = None) -> None:  # fmt: skip
    """Change the card of a checkpoint, and nothing else; print a row for README's table.

    Args:
        checkpoint: The checkpoint's folder.
        figures: JSON files of evaluate, in place of the section Figures.
        notes: Markdown whose sections replace those of the same heading, or join the end.
        title: What people call it, as the page shows it.
        about: One line on what it does.
        status: Whether it convinces; the page says so of what is experimental.
    """
    from training.publishing.rewrite_card import rewrite_card, table_row

    print(table_row(rewrite_card(checkpoint, figures, notes, title, about, status), figures))


def split(pictures: Place, out: Place, held: float = 0.15) -> None:
    """Part a folder of pictures into links to those to train on (OUT/train) and those held out (OUT/held).

    Args:
        pictures: Folder of pictures, searched through; its subfolders are kept.
        out: A new folder.
        held: Share that is held out; which ones depends on their names alone.
    """
    from training.evaluation.split import split as part

    print(", ".join(f"{name}: {count} pictures" for name, count in part(pictures, out, held).items()))


def styles(config: Any) -> None:
    from training.publishing.styles import make_styles

    make_styles(config)


def commands() -> dict[str, Callable[..., None]]:
    """List the subcommands by name."""
    return {
        **{name: method_command(name) for name in METHODS},
        "resume": resume,
        "evaluate": with_options(evaluate, EvaluateOptions),
        "evaluate-segmenter": with_options(evaluate_segmenter, SegmenterEvaluateOptions),
        "evaluate-translator": with_options(evaluate_translator, TranslatorEvaluateOptions),
        "evaluate-inventor": with_options(evaluate_inventor, InventorEvaluateOptions),
        "compare": with_options(compare, CompareOptions),
        "compare-translators": with_options(compare_translators, CompareTranslatorsOptions),
        "compare-inventors": with_options(compare_inventors, CompareInventorsOptions),
        "publish": publish,
        "card": card,
        "split": split,
        "styles": with_options(styles, StylesOptions),
    }


def deferred(command: Callable[..., None]) -> Callable[..., Callable[[], None]]:
    """Make a command give back the work in place of doing it, so that parsing is over before it starts."""

    @functools.wraps(command)
    def later(*args: Any, **kwargs: Any) -> Callable[[], None]:
        return functools.partial(command, *args, **kwargs)

    later.__signature__ = inspect.signature(command)
    return later


def parse(arguments: Sequence[str] | None) -> Callable[[], None]:
    """Turn the command line into the work to do; raises UserMistake with what is wrong, in one line."""
    from training.evaluation.by_role import by_role

    words = by_role(sys.argv[1:] if arguments is None else arguments)
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.extras.subcommand_cli_from_dict(
                {name: deferred(command) for name, command in commands().items()},
                prog="python -m training",
                description=__doc__,
                args=words,
            )
    except ValueError as error:  # options that refuse their values
        raise UserMistake(str(error)) from error
    except SystemExit as leaving:
        if not leaving.code:
            raise
    raise UserMistake(first_paragraph(complaint.getvalue()))


def first_paragraph(box: str) -> str:
    """Return the complaint out of the box that tyro draws, on one line; the advice below it is left out.

    Where the terminal has no frame characters the title stands above a rule, and counts as a paragraph.
    """
    framed, paragraphs = "╭" in box, [[]]
    for line in box.splitlines():
        text = line.strip("│ ")
        if len(text) > 3 and set(text) <= set("─-"):
            paragraphs.append([])
        elif text and not line.startswith(("╭", "╰")):
            paragraphs[-1].append(text)
    chosen = paragraphs[0] if framed or len(paragraphs) == 1 else paragraphs[1]
    return " ".join(chosen) or "the options cannot be read; see --help."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; a user's mistake is one line on stderr and status 2."""
    try:
        parse(arguments)()
    except USER_MISTAKES as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except FileNotFoundError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except URLError as error:
        print(f"error: nothing can be downloaded ({error.reason}); give a local file.", file=sys.stderr)
        return 2
    except TrainingAlarm as alarm:
        print(f"stopped: {alarm}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
