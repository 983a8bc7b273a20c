"""Options that the commands share."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from stylizer import CHECKPOINTS
from stylizer.engine import Engine
from stylizer.engine.settings import find_option
from stylizer.errors import CommandError
from stylizer.models.checkpoint import CONFIG
from stylizer.models.published_segmenter import PublishedSegmenter

Out = Annotated[Path, tyro.conf.arg(aliases=["-o"])]
Json = Annotated[bool, tyro.conf.arg(name="json", help="Print JSON.")]


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """Where the networks are and where they run."""

    checkpoints: Path = CHECKPOINTS
    """Folder with the painter and the styles."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to paint; auto takes the fastest that is there."""

    segmenter: str | None = None
    """A published segmenter to find regions with: a folder, or a repository's name, which is downloaded."""

    def engine(self) -> Engine:
        """Make the engine, and tell the license of a published segmenter."""
        engine = self._opened()
        if self.segmenter is not None and isinstance(engine.segmenter, PublishedSegmenter):
            print(f"{engine.segmenter.name}: license {engine.segmenter.licence}", file=sys.stderr)
        return engine

    def _opened(self) -> Engine:
        return Engine(self.checkpoints, self.device, segmenter=self.segmenter)


@dataclass(frozen=True, kw_only=True)
class PainterOptions(EngineOptions):
    """Where the networks are, the painter apart, and where they run."""

    painter: Path | None = None
    """The folder of another published painter; named styles of the one here are not for it."""

    def _opened(self) -> Engine:
        if self.painter and not (self.painter / CONFIG).is_file():
            raise CommandError(
                f"{self.painter.name} is no published painter; name the folder that `training publish` wrote."
            )
        return Engine(self.checkpoints, self.device, segmenter=self.segmenter, painter=self.painter)


def placed_model(model: str, checkpoints: Path) -> tuple[str, Path]:
    """Tell the name of a model and the folder that it lies in: given as a path to a checkpoint folder, its
    own."""
    folder = Path(model)
    if (folder / CONFIG).is_file():
        return folder.resolve().name, folder.resolve().parent
    return model, checkpoints


def setting(name: str, kind: type) -> tuple[Any, Any]:
    """Return default and help of a setting of a request, where they are written once."""
    entry = find_option(name, kind)
    least, most = entry.metadata["least"], entry.metadata["most"]
    bounds = "" if least is None else f" ({least:g} to {most:g})"
    return entry.default, tyro.conf.arg(help=entry.metadata["help"] + bounds)
