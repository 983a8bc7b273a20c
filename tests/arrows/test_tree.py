"""The tree in CONTRIBUTING.md is the tree on disk."""

import re
from pathlib import Path

HOUSE = Path(__file__).parents[2]


def listed() -> list[str]:
    """Read the files and folders that stand first on a line of the tree."""
    text = (HOUSE / "CONTRIBUTING.md").read_text()
    (tree,) = re.findall(r"```\n(stylizer/\n.*?)```", text, flags=re.DOTALL)
    path, found = [], []
    for line in tree.splitlines():
        depth, name = (len(line) - len(line.lstrip())) // 2, line.split()[0]
        path = [*path[:depth], name.rstrip("/")]
        found.append("/".join(path))
    return found


def test_every_name_of_the_tree_is_there():
    missing = [name for name in listed() if not (HOUSE / name).exists()]
    assert len(listed()) > 20 and not missing


def test_every_room_and_every_file_of_the_engine_is_named():
    text = (HOUSE / "CONTRIBUTING.md").read_text()
    tree = text[text.index("stylizer/\n  errors.py") :]
    for file in (HOUSE / "stylizer" / "engine").rglob("*.py"):
        if file.name != "__init__.py":
            assert file.stem in tree, f"{file.name} is not in the tree"
