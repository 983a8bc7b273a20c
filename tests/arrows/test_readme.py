"""What README and CONTRIBUTING name is there: commands, files, endpoints, counts."""

import re
import shlex
from pathlib import Path

import pytest
import tyro

from stylizer.cli.main import Command
from stylizer.ui.endpoints import ENDPOINTS
from training.__main__ import parse

HOUSE = Path(__file__).parents[2]
TEXTS = {name: (HOUSE / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md")}
STYLES = HOUSE / "checkpoints" / "styles"


def commands(text: str) -> list[str]:
    """Read the commands out of blocks of code and out of sentences, one each; what ends in dots is none."""
    spans = re.findall(r"```\w*\n(.*?)```|`([^`]+)`", text, re.DOTALL)
    lines = [line for block, _ in spans for line in block.replace("\\\n", " ").splitlines()]
    lines += [" ".join(inline.split()) for _, inline in spans]
    parts = [part.split(" #")[0].strip() for line in lines for part in re.split(r" ; | && ", line)]
    return sorted({part for part in parts if part.startswith("python -m ") and "..." not in part})


@pytest.mark.parametrize("command", sorted({each for text in TEXTS.values() for each in commands(text)}))
def test_a_command_is_one_that_the_command_line_reads(command):
    _, _, module, *words = shlex.split(command)
    if module == "training" and words:
        parse(words)
    elif module == "stylizer" and len(words) == 1:  # a command that is only named
        with pytest.raises(SystemExit) as stop:
            tyro.cli(Command, args=[*words, "--help"])
        assert stop.value.code == 0
    elif module == "stylizer" and words:
        tyro.cli(Command, args=words)
    else:
        place = HOUSE.joinpath(*module.split("."))
        assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file()


def test_commands_are_found():
    assert len(commands(TEXTS["README.md"])) > 30


@pytest.mark.parametrize("name", TEXTS)
def test_links_and_pictures_lead_to_files(name):
    places = re.findall(r"\]\(([^)#:]+)\)", TEXTS[name])
    assert all((HOUSE / place).exists() for place in places), places


@pytest.mark.parametrize("name", TEXTS)
def test_files_that_are_named_by_their_path_are_there(name):
    named = set(
        re.findall(r"\b((?:stylizer|training|tests|tools|deploy|checkpoints)/[\w./-]+\.\w+)", TEXTS[name])
    )
    named |= set(re.findall(r"\btests/\w+(?=[` ])", TEXTS[name]))
    assert named and not [place for place in named if not (HOUSE / place).exists()]


def test_readme_names_every_endpoint_and_counts_the_styles():
    text = TEXTS["README.md"]
    assert [name for name in ENDPOINTS if f"`/{name}`" not in text] == []
    originals, shown = (len(list((HOUSE / "checkpoints" / place).glob(what))) for place, what in (
        ("originals", "*.webp"), ("styles", "*.painting.webp")))  # fmt: skip
    studied = len(list(STYLES.glob("*.safetensors")))
    assert originals == 10 and f"{studied - originals} from paintings" in text
    assert f"for {shown} of the named styles" in text


def test_every_published_network_has_a_row_in_readme():
    folders = [path.parent.name for path in (HOUSE / "checkpoints").glob("*/config.json")]
    assert [name for name in folders if f"(checkpoints/{name}/README.md)" not in TEXTS["README.md"]] == []
