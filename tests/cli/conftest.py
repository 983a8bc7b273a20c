"""The command line on the `studio` of a test file."""

import pytest

from stylizer.cli.main import main


@pytest.fixture
def run(studio, capsys):
    """Run a command with the checkpoints of `studio`; returns its status, what it printed and its errors."""

    def call(*arguments):
        where = () if arguments[:1] == ("--help",) else ("--checkpoints", str(studio / "checkpoints"))
        status = main([*map(str, arguments), *where])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return call
