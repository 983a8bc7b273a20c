"""The hooks of a commit run what the house has, by the names that it has."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml

HOUSE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hooks() -> dict[str, dict]:
    config = yaml.safe_load((HOUSE / ".pre-commit-config.yaml").read_text())
    return {hook["id"]: hook for repo in config["repos"] for hook in repo["hooks"]}


def test_the_hooks_are_local_and_check_style_layout_types_and_the_stages_script(hooks):
    assert set(hooks) == {"ruff", "ruff-format", "mypy", "eslint"}
    assert all(hook["language"] == "system" for hook in hooks.values())


def test_what_the_python_hooks_call_is_installed_and_what_eslint_calls_is_a_script(hooks):
    for name in ("ruff", "ruff-format", "mypy"):
        tool = hooks[name]["entry"].split()[0]
        assert shutil.which(tool, path=str(Path(sys.executable).parent)), name
    scripts = json.loads((HOUSE / "package.json").read_text())["scripts"]
    assert hooks["eslint"]["entry"].split()[-1] in scripts


@pytest.mark.parametrize(
    ("file", "looked_at"),
    [
        ("stylizer/ui/stage/stage.js", True),
        ("tests/stage/view.test.js", True),
        ("stylizer/ui/page.css", False),
    ],
)
def test_eslint_looks_at_the_stages_script(hooks, file, looked_at):
    assert (HOUSE / file).is_file()
    assert bool(re.search(hooks["eslint"]["files"], file)) == looked_at
