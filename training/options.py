"""Options of `evaluate` and `compare`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FeatureNetwork = Literal["perceptual", "inception"]


@dataclass(frozen=True)
class JudgeOptions:
    """What results are measured on, and with which networks."""

    pairs: Path | None = None
    """CSV with the columns photo,painting, paths relative to it."""
    content: Path | None = None
    """Folder of photos, in place of pairs."""
    style: Path | None = None
    """Folder of paintings, in place of pairs."""
    size: int = 512
    """Long side at which everything is painted and measured, pixels."""
    limit: int = 0
    """Use only the first pairs; 0: all."""
    perceptual: Path | None = None
    """VGG-16 weights (safetensors, torchvision's names); default: torchvision's own."""
    encoder: Path | None = None
    """EfficientNet-Lite0 weights (safetensors), to tell whether styles are recognizable; else left out."""
    spread: Path | None = None
    """Folder of paintings whose spread is the recognizer's unit; default: the paintings of the pairs."""
    styles: Path | None = None
    """Folder of named styles: paintings that are among them are painted with their stored codes."""
    sets: FeatureNetwork = "perceptual"
    """Feature network of FID, KID and Inception Score; inception needs torch-fidelity and its weights."""


@dataclass(frozen=True)
class EvaluateOptions(JudgeOptions):
    """Measure a checkpoint, a run or a snapshot on pairs of photo and painting."""

    checkpoint: Path = Path("checkpoints/painter")
    """Checkpoint folder, run or snapshot."""
    strengths: tuple[float, ...] = (1.0,)
    """Positions of the strength slider to measure."""
    slider: int = 10
    """Steps of the slider from 0 to 1 that are compared with each other; 0: leave this out."""
    slider_pairs: int = 10
    """Pairs on which they are compared."""
    speed: bool = True
    """Measure seconds and peak memory per megapixel."""
    save: Path | None = None
    """Folder for the results, as `<photo stem>__<painting stem>.png`, in a folder per strength."""
    out: Path | None = None
    """JSON file for the figures."""


@dataclass(frozen=True)
class CompareOptions(JudgeOptions):
    """Compare folders of other systems' results with a checkpoint at several strengths."""

    results: tuple[Path, ...] = ()
    """Folders of `<photo stem>__<painting stem>.jpg` (or png), one a system."""
    known: Path | None = None
    """CSV of figures measured before, by the same protocol: name, photo and painting (stems), figures."""
    checkpoint: Path | None = None
    """Checkpoint folder, run or snapshot of our own."""
    strengths: tuple[float, ...] = (0.5, 1.0)
    """Positions of the strength slider at which the checkpoint joins."""
    ends: bool = True
    """Also measure the photo itself and the painting itself."""
    out: Path = Path("runs/compare")
    """Folder for figures (compare.json), the sheet (sheet.jpg) and what was measured before."""
    sheet: int = 10
    """Pairs on the contact sheet; 0: none."""


@dataclass(frozen=True)
class SegmenterEvaluateOptions:
    """Measure a segmenter: intersection over union of each class, and how far to trust a probability."""

    checkpoint: Path
    """Checkpoint folder, run or snapshot."""
    data: Path
    """Folder with segmentation.csv, images and masks."""
    split: str = "val"
    """Split of segmentation.csv to measure on."""
    side: int = 0
    """Long side that pictures are enlarged or shrunk to, pixels; 0: the segmenter's own."""
    limit: int = 0
    """Use only so many pictures, spread over all; 0: all."""
    held: bool = False
    """Also choose the threshold of doubt, on the pictures that the run (--checkpoint) held out."""
    wanted: float = 0.93
    """Share of the pixels above the threshold of doubt that are to be right."""
    speed: bool = False
    """Also time a 512 px photo against VGG-19 to relu4_1."""
    save: Path | None = None
    """Folder for photo, label and answer side by side; doubt is dark."""
    out: Path | None = None
    """JSON file for all figures, which `publish --metrics` puts on the card."""


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
    """VGG-16 weights; default: torchvision's own."""
    steps: int = 120
    """Gradient steps on each code; 0: the style encoder's answer as it is."""
    only: tuple[str, ...] = ()
    """Slugs to do; none: all."""
