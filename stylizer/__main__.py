"""`python -m stylizer`: one command a line; a mistake is one sentence on stderr and exit status 2."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Sequence

import tyro

from stylizer.commands import Command
from stylizer.errors import StudioError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status: 0, or 2 after a mistake."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            command = tyro.cli(Command, prog="python -m stylizer", args=arguments, description=__doc__)
    except SystemExit as stop:
        if not stop.code:
            return 0
        print(_one_line(complaint.getvalue()), file=sys.stderr)
        return 2
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


def _one_line(complaint: str) -> str:
    """Take the sentence out of the parser's framed complaint."""
    lines = [re.sub(r"[╭╮╰╯│─]+", " ", line).strip() for line in complaint.splitlines()[1:]]
    sentence = []
    for line in lines:
        if not line and sentence:
            break
        sentence.append(line)
    words = " ".join(" ".join(sentence).split()) or "The command was not understood"
    return f"{words}; see python -m stylizer --help"


if __name__ == "__main__":
    sys.exit(main())
