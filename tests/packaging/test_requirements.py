"""What pip is told in two places is the same."""

import re
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]


def listed(name: str) -> set[str]:
    """Read the requirements that a file names itself, without comments."""
    lines = (line.split("#")[0].strip() for line in (HOUSE / name).read_text().splitlines())
    return {line for line in lines if line and not line.startswith("-")}


def declared() -> dict[str, set[str]]:
    """Read the lists of pyproject.toml; Python 3.10 has no reader of TOML."""
    text = (HOUSE / "pyproject.toml").read_text()
    found = re.findall(
        r"^(dependencies|ui|export|train|dev) = \[(.*?)\]$", text, flags=re.MULTILINE | re.DOTALL
    )
    return {name: set(re.findall(r'"([^"]+)"', body)) for name, body in found}


@pytest.mark.parametrize(
    ("file", "extras"),
    [
        ("requirements.txt", ("dependencies", "ui")),
        ("requirements-train.txt", ("train",)),
        ("requirements-dev.txt", ("export", "dev")),
    ],
)
def test_the_requirements_are_those_of_the_package(file, extras):
    wanted = set().union(*(declared()[name] for name in extras)) - {"style-transfer-studio[ui,export,train]"}
    assert listed(file) == wanted
