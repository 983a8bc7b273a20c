"""push: a checkpoint or a style to the Hugging Face Hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tyro

from stylizer import CHECKPOINTS
from stylizer.engine.hub import push
from stylizer.engine.library import Library
from stylizer.errors import CommandError
from stylizer.models.style_file import SUFFIX, NamedStyle


@dataclass(frozen=True, kw_only=True)
class Push:
    """Push a checkpoint or a style to the Hugging Face Hub, from which others fetch it by name."""

    source: tyro.conf.Positional[str]
    """A checkpoint or a style by its name, a checkpoint's folder, or a style file."""
    repository: tyro.conf.Positional[str]
    """Where to: org/name; made if it is not there."""
    private: bool = False
    """Make a new repository private."""
    checkpoints: Path = CHECKPOINTS
    """Folder with the networks and the styles."""

    def run(self) -> int:
        """Push it, and print its address."""
        print(push(self._found(), self.repository, self.private))
        return 0

    def _found(self) -> Path | NamedStyle:
        for folder in (Path(self.source), self.checkpoints / self.source):
            if (folder / "config.json").is_file():
                return folder
        if self.source.endswith(SUFFIX) and Path(self.source).is_file():
            return Path(self.source)
        found = Library(self.checkpoints).find_named(self.source)
        if not isinstance(found, NamedStyle):
            raise CommandError(f"{self.source[:60]} is a picture, no style; `learn` makes a style of it.")
        return found
