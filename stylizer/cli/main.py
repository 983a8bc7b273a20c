"""Paint photos in the style of paintings: one command a line."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import tyro

from stylizer.cli.app import App
from stylizer.cli.benchmark import Benchmark
from stylizer.cli.export import Export
from stylizer.cli.manage import Learn, Models, Replay, Styles
from stylizer.cli.push import Push
from stylizer.cli.space import Space
from stylizer.cli.stylize import Segment, Stylize
from stylizer.cli.translate import Invent, Translate
from stylizer.errors import StudioError

Command = (
    Stylize
    | Translate
    | Invent
    | Segment
    | Replay
    | Styles
    | Models
    | Benchmark
    | Learn
    | Export
    | Push
    | Space
    | App
)
"""Every command; the names on the command line are the classes' names in small letters."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status: 0, or 2 after a mistake, which is told on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console of Windows knows few letters of titles
    try:
        command: Command = tyro.cli(Command, prog="stylizer", args=arguments, description=__doc__)
    except SystemExit as stop:  # help was asked for, or the options make no sense: tyro has said so
        return stop.code if isinstance(stop.code, int) else 0
    try:
        status = command.run()
        sys.stdout.flush()
        return status
    except StudioError as mistake:
        print(" ".join(str(mistake).split()), file=sys.stderr)
        return 2
    except MemoryError:
        print("There is not enough memory for that; make the picture smaller.", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    except OSError as error:  # a full disk, a folder that may not be read
        name = Path(os.fsdecode(error.filename)).name if error.filename else ""
        print(f"{name or 'The disk'}: {error.strerror or 'it was refused'}.", file=sys.stderr)
        return 2
