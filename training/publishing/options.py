"""Options of what is published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StylesOptions:
    """Compute the codes of the named styles for a painter."""

    root: Path
    """Folder that the list's file names start from."""
    sample: Path
    """Photo that the thumbnails show."""
    photos: Path
    """Folder of photos to refine codes on."""
    checkpoint: Path = Path("checkpoints/painter")
    out: Path = Path("checkpoints/styles")
    listing: Path | None = None
    """CSV file with the columns file, slug, title, artist, year, tags (by semicolons); default: ours."""
    perceptual: Path | None = None
    """VGG-16 weights; default: those that ship."""
    steps: int = 120
    """Gradient steps on each code; 0: the style encoder's answer as it is."""
    only: tuple[str, ...] = ()
    """Slugs to do; none: all."""
