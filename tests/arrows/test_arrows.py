"""The rooms import each other in one direction only; pyproject.toml holds the contracts."""

import shutil
import subprocess
import sys
from pathlib import Path

HOUSE = Path(__file__).parents[2]
WRONG_ARROWS = [
    ("stylizer/imaging/tiles.py", "stylizer.models.blocks"),
    ("stylizer/models/blocks.py", "stylizer.engine.runtime.cache"),
    ("stylizer/engine/runtime/cache.py", "stylizer.ui.options"),
    ("stylizer/engine/runtime/executor.py", "gradio"),
    ("stylizer/engine/requests.py", "stylizer.engine.recipe"),
    ("stylizer/cli/files.py", "gradio"),
    ("stylizer/models/blocks.py", "training.run.config"),
    ("training/run/config.py", "stylizer.engine.runtime.cache"),
    ("training/evaluation/options.py", "gradio"),
]


def check_arrows(house: Path) -> subprocess.CompletedProcess:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c()",
        "--no-cache",
    ]
    return subprocess.run(command, cwd=house, capture_output=True, text=True)


def test_every_arrow_of_the_house_points_the_right_way():
    checked = check_arrows(HOUSE)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_wrong_arrows_are_caught(tmp_path):
    for room in ("stylizer", "training"):
        shutil.copytree(HOUSE / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HOUSE / "pyproject.toml", tmp_path)
    for module, target in WRONG_ARROWS:
        file = tmp_path / module
        file.write_text(f"{file.read_text()}\nimport {target}\n")
    checked = check_arrows(tmp_path)
    assert checked.returncode == 1 and "0 kept, 5 broken" in checked.stdout, checked.stdout + checked.stderr
    for module, target in WRONG_ARROWS:
        source = module.removesuffix(".py").replace("/", ".")
        assert f"{source} -> {target}" in checked.stdout, f"{source} -> {target} went unnoticed"


def test_a_room_does_not_load_the_rooms_that_build_on_it():
    """The contracts cannot see what `stylizer/__init__.py` would load for everyone."""
    look = "import sys, stylizer.imaging.tiles; print(*(m for m in sys.modules if m.startswith('stylizer')))"
    loaded = subprocess.run([sys.executable, "-c", look], cwd=HOUSE, capture_output=True, text=True).stdout
    assert loaded.split() == ["stylizer", "stylizer.imaging", "stylizer.imaging.tiles"]
