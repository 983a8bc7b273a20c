"""Paint photos in the style of paintings: one command a line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import tyro

from stylizer.cli.app import App
from stylizer.cli.benchmark import Benchmark
from stylizer.cli.manage import Learn, Models, Replay, Styles
from stylizer.cli.stylize import Segment, Stylize
from stylizer.cli.translate import Invent, Translate
from stylizer.errors import StudioError

Command = Stylize | Translate | Invent | Segment | Replay | Styles | Models | Benchmark | Learn | App
"""Every command; the names on the command line are the classes' names in small letters."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status: 0, or 2 after a mistake, which is told on stderr."""
    try:
        command: Command = tyro.cli(Command, prog="stylizer", args=arguments, description=__doc__)  # type: ignore[arg-type]
    except SystemExit as stop:  # help was asked for, or the options make no sense: tyro has said so
        return stop.code if isinstance(stop.code, int) else 0
    try:
        status = command.run()
        sys.stdout.flush()
        return status
    except StudioError as mistake:
        print(" ".join(str(mistake).split()), file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
