"""Options of what is published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class StylesOptions:
    """Compute the codes of the named styles for a painter, and their pictures for the gallery."""

    root: Path
    """Folder that the list's file names start from."""
    photos: Path | None = None
    """Folder of photos to refine codes on; needed with --steps."""
    faces: Path | None = None
    """Where faces are in them, a file of `training faces`; None: they count no more than the rest."""
    samples: Path = Path("stylizer/ui/samples")
    """Folder of the photos that the thumbnails show; the list's column photo names one."""
    checkpoint: Path = Path("checkpoints/painter")
    out: Path = Path("checkpoints/styles")
    listing: Path | None = None
    """CSV file with the columns file, slug, title, artist, year, tags (by semicolons); where wanted, photo,
    about (a line on what it does), credit (the license by which the painting is shown); default: ours."""
    perceptual: Path | None = None
    """VGG-16 weights; default: those that ship."""
    steps: int = 120
    """Gradient steps on each code; 0: the style encoder's answer as it is."""
    adapters: bool = False
    """Learn low-rank adapters beside each code. The list goes without: in a trial of 50 steps, with more
    weight on style, hatching was drawn into calm places."""
    keep_codes: bool = False
    """Keep the codes that are there for this painter; only what is told and shown is made anew."""
    go_on: bool = False
    """Begin each study with the code that is there, as it was learned for an earlier painter of the same
    sizes, and not with the style encoder's answer."""
    only: tuple[str, ...] = ()
    """Slugs to do; none: all."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute; auto takes the accelerator if there is one."""
