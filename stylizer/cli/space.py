"""space: a folder that is a Hugging Face Space, ready to upload."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.metadata import requires, version
from pathlib import Path

import tyro

import stylizer
from stylizer import CHECKPOINTS
from stylizer.errors import CommandError

PACKAGE = Path(stylizer.__file__).resolve().parent
HOUSE = PACKAGE.parent
ENTRY = '''"""Open the studio on a Space."""

from stylizer.cli.app import main

if __name__ == "__main__":
    main()
'''
CARD = """---
title: Style Transfer Studio
emoji: 🎨
colorFrom: gray
colorTo: indigo
sdk: gradio
sdk_version: {gradio}
python_version: "3.11"
app_file: app.py
pinned: false
license: apache-2.0
short_description: Any photo in any painting's style, live.
---

# Style Transfer Studio

Drop in a photo, pick a painting, move the slider and keep the picture. Photos stay on this machine for at
most two days, for those who come back; a button on the page deletes them at once.

Programs and assistants find the endpoints at the page's foot, under API. The painter's weights are for
research use; checkpoints/painter/README.md says why.
"""
ATTRIBUTES = "*.safetensors filter=lfs diff=lfs merge=lfs -text\n*.webp filter=lfs diff=lfs merge=lfs -text\n"


@dataclass(frozen=True, kw_only=True)
class Space:
    """Write a folder that is a Hugging Face Space: the page, the networks and nothing else."""

    out: tyro.conf.Positional[Path]
    """Folder to write; it must not be there, or be empty."""
    checkpoints: Path = CHECKPOINTS
    """Folder with the networks and the styles."""

    def run(self) -> int:
        """Write it; print what takes how much room, and the one command that uploads it."""
        sizes = write_space(self.out, self.checkpoints)
        for name, size in sizes.items():
            print(f"{name:<20} {size / 1e6:8.1f} MB")
        print(f"{'together':<20} {sum(sizes.values()) / 1e6:8.1f} MB")
        print(f"hf upload YOUR-NAME/style-transfer-studio {self.out} . --repo-type space")
        return 0


def write_space(folder: Path, checkpoints: Path = CHECKPOINTS) -> dict[str, int]:
    """Write a Space into a folder; returns the bytes of each of its entries. Raises CommandError."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandError(f"{folder.name} is there already and not empty; choose another folder.")
    if not (checkpoints / "painter" / "config.json").is_file():
        raise CommandError(f"there is no painter in {checkpoints.name}; a Space without it paints nothing.")
    folder.mkdir(parents=True, exist_ok=True)
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
    inside = checkpoints.resolve().is_relative_to(PACKAGE)  # of an installed studio
    shutil.copytree(
        PACKAGE, folder / "stylizer", ignore=shutil.ignore_patterns("__pycache__", "*.pyc", "checkpoints")
    )
    shutil.copytree(checkpoints, folder / "checkpoints", ignore=ignore)
    if (HOUSE / "LICENSE").is_file() and not inside:
        shutil.copyfile(HOUSE / "LICENSE", folder / "LICENSE")
    (folder / "app.py").write_text(ENTRY, encoding="utf-8")
    (folder / "README.md").write_text(CARD.format(gradio=gradio_version()), encoding="utf-8")
    (folder / "requirements.txt").write_text("\n".join(requirements()) + "\n", encoding="utf-8")
    (folder / ".gitattributes").write_text(ATTRIBUTES, encoding="utf-8")
    return {entry.name: _size(entry) for entry in sorted(folder.iterdir())}


def gradio_version() -> str:
    """Return the version of Gradio that is here: the one that the page was tried with."""
    return version("gradio")


def requirements() -> list[str]:
    """List what a Space installs: what the page needs, as this package declares it, and what lends GPUs."""
    listed = HOUSE / "requirements.txt"
    if listed.is_file():
        lines = (line.split("#")[0].strip() for line in listed.read_text(encoding="utf-8").splitlines())
        found = [line for line in lines if line]
    else:
        marks = ('; extra == "ui"', "; extra == 'ui'")
        found = [
            line.removesuffix(marks[0]).removesuffix(marks[1])
            for line in requires("style-transfer-studio") or []
            if "extra ==" not in line or line.endswith(marks)
        ]
    return [*found, "spaces>=0.40"]


def _size(entry: Path) -> int:
    files = [entry] if entry.is_file() else [path for path in entry.rglob("*") if path.is_file()]
    return sum(file.stat().st_size for file in files)
