"""Options of `evaluate` and `compare`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal

import tyro

from training.run.config import UserMistake

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


@dataclass(frozen=True, kw_only=True)
class SetOptions:
    """What sets of pictures are measured with."""

    checkpoint: Path
    """Checkpoint folder, run or snapshot."""
    pictures: Path | None = None
    """Held-out pictures of what is made: a folder (one below it for each domain), or a .txt of paths."""
    limit: int = 200
    """Most pictures of a set, spread over all; 0: all."""
    trained: tuple[Path, ...] = ()
    """Folders that it was trained on, to tell whether pictures were held out; default: those of a run."""
    perceptual: Path | None = None
    """VGG-16 weights (safetensors, torchvision's names); default: torchvision's own."""
    sets: FeatureNetwork = "perceptual"
    """Feature network of FID and KID; inception needs torch-fidelity and its weights."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Arithmetic of all networks; bfloat16 halves the time where the processor has it, and moves features by
    some thousandths."""
    speed: bool = False
    """Also time a picture against VGG-19 to relu4_1 on a 512 px picture."""
    out: Path | None = None
    """JSON file for all figures, which `publish --metrics` and `card --figures` put on the card."""

    def __post_init__(self) -> None:
        if self.limit < 0:
            raise UserMistake(f"limit is {self.limit}; it must be 0 (all) or more.")

    def command(self) -> str:
        """Write the command line that measures so; folders by their last part."""
        words = ["python -m training evaluate", self.checkpoint.name]
        for field in fields(self):
            value = getattr(self, field.name)
            if value == field.default or field.name in ("checkpoint", "out", "sheet"):
                continue
            parts = value if isinstance(value, tuple) else (value,)
            told = [part.name if isinstance(part, Path) else str(part) for part in parts]
            words += [f"--{field.name}"] if value is True else [f"--{field.name}", *told]
        return " ".join(words)


@dataclass(frozen=True, kw_only=True)
class TranslatorEvaluateOptions(SetOptions):
    """Measure a translator: how near its pictures come to held-out ones, and what it keeps of the photos.

    A colorizer's photos are compared with their true colors; it needs no --pictures.
    """

    photos: Path
    """Held-out photos to translate: a folder, or a .txt of paths."""
    size: int = 256
    """The middle square of every picture is resized to this side, pixels."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size < 32 or self.size % 16:
            raise UserMistake(f"size is {self.size} pixels; give a multiple of 16, at least 32.")


@dataclass(frozen=True, kw_only=True)
class InventorEvaluateOptions(SetOptions):
    """Measure an inventor: how near crops of held-out pictures it comes, how varied it is, what it copies."""

    limit: int = 500
    """Pictures to invent, and crops of held-out pictures to compare them with."""
    truncations: tuple[float, ...] = (1.0, 0.7)
    """Truncations to measure at."""
    crops: int = 1000
    """Crops of the pictures trained on, among which the nearest to each invented one is looked for."""
    scales: tuple[float, float] | None = None
    """Pictures (long side 512) are cut at a size between these factors, as in training; default: those of
    the run, 0.4 and 0.8 for a checkpoint folder."""
    seed: int = 0
    """Seed of latent vectors and crops."""
    sheet: Path | None = None
    """Picture file for the invented pictures that come nearest to a training crop, beside that crop."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.limit < 4 or self.crops < 4:
            raise UserMistake("limit and crops must both be at least 4.")


Out = Annotated[Path, tyro.conf.arg(aliases=("-o",))]


@dataclass(frozen=True, kw_only=True)
class CompareTranslatorsOptions:
    """Draw what several translators make of the same photos: a row a photo, a column a model and domain."""

    checkpoints: tuple[Path, ...]
    """Checkpoint folders, runs or snapshots."""
    photos: Path
    """Folder of photos, or a .txt of paths."""
    limit: int = 8
    """Most photos, spread over all; 0: all."""
    domains: tuple[str, ...] = ()
    """Only these domains; none: all but "photo"."""
    size: int = 512
    """Long side at which photos are translated, pixels."""
    cell: int = 256
    """Side of a picture on the sheet, pixels."""
    out: Out = Path("compare.webp")
    """Picture file for the sheet (webp, jpg, png)."""


@dataclass(frozen=True, kw_only=True)
class CompareInventorsOptions:
    """Draw what several inventors make of the same seeds: a row a seed, a column a model and truncation."""

    checkpoints: tuple[Path, ...]
    """Checkpoint folders, runs or snapshots."""
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7)
    """Seeds to invent from."""
    truncations: tuple[float, ...] = (1.0, 0.7, 0.4)
    """Truncations, a column each."""
    cell: int = 192
    """Side of a picture on the sheet, pixels."""
    out: Out = Path("compare.webp")
    """Picture file for the sheet (webp, jpg, png)."""


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
