"""Command line of the training room: one subcommand per method, and what comes before and after a run."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import tyro
from stylizer.imaging.picture import PictureError

from stylizer.models.checkpoint import CheckpointError
from training import methods as methods  # registers the methods
from training.alarms import TrainingAlarm
from training.config import UserMistake, to_plain
from training.phases import METHODS

USER_MISTAKES = (UserMistake, CheckpointError, PictureError)
Folder = Annotated[Path, tyro.conf.Positional]


def method_command(name: str) -> Callable[..., None]:
    """Make the subcommand of one method from its options."""

    def command(config: Any, dry_run: bool = False) -> None:
        if dry_run:
            print(json.dumps({"method": name, "config": to_plain(config)}, indent=2))
            return
        from training.loop import start

        print(start(name, config))

    options = METHODS[name][0]
    own = inspect.Parameter.POSITIONAL_OR_KEYWORD
    flag = Annotated[bool, tyro.conf.arg(help="Print the resolved options and leave.")]
    command.__signature__ = inspect.Signature(
        [
            inspect.Parameter("config", own, annotation=tyro.conf.OmitArgPrefixes[options]),
            inspect.Parameter("dry_run", own, annotation=flag, default=False),
        ]
    )
    command.__annotations__ = {"config": tyro.conf.OmitArgPrefixes[options], "dry_run": flag}
    command.__doc__ = inspect.getdoc(options)
    return command


def resume(
    run: Folder, steps: int | None = None, minutes: float | None = None, device: str | None = None
) -> None:
    """Go on with a run from its newest whole snapshot.

    Args:
        run: The run's folder.
        steps: New number of steps of the whole run.
        minutes: Save and stop after this many minutes; the run's own option does not count here.
        device: Another device than the run began on.
    """
    from training.loop import resume as go_on

    changes = {"steps": steps, "minutes": minutes, "device": device}
    print(go_on(run, **{key: value for key, value in changes.items() if value is not None}))


def commands() -> dict[str, Callable[..., None]]:
    """List the subcommands by name."""
    return {**{name: method_command(name) for name in METHODS}, "resume": resume}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; a user's mistake is one line on stderr and status 2."""
    try:
        tyro.extras.subcommand_cli_from_dict(
            commands(), prog="python -m training", description=__doc__, args=arguments
        )
    except USER_MISTAKES as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except TrainingAlarm as alarm:
        print(f"stopped: {alarm}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
