"""Bigger segmenters that others have published, in the format of segmentation-models-pytorch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from huggingface_hub import ModelCard, snapshot_download
from safetensors import SafetensorError
from torch import Tensor, nn

from stylizer.errors import PublishedSegmenterError
from stylizer.models.class_table import NAMES

CONFIG, WEIGHTS, CARD, LABELS = "config.json", "model.safetensors", "README.md", "labels.json"
_LARGEST_JSON = 1 << 20
_STRIDE = 32  # pixels of the coarsest features of all of smp's encoders
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, which such encoders expect
_ADE20K = {
    "other": (0, 5, 8, 18, 27, 42, 63),
    "person": (12,),
    "animal": (126,),
    "vehicle": (20, 76, 80, 83, 90, 102, 103, 116, 127),
    "sky": (2,),
    "vegetation": (4, 9, 17, 29, 66, 72),
    "ground": (3, 6, 11, 13, 28, 46, 52, 54, 91, 94),
    "water": (21, 26, 60, 109, 113, 128),
    "building": (1, 25, 48, 51, 53, 59, 61, 79, 84, 86, 106, 114, 121, 140),
    "mountain": (16, 34, 68),
}
"""ADE20K's 150 classes (arXiv:1608.05442, in the order of its challenge) by ours; the rest is object."""


class PublishedSegmenter(nn.Module):
    """Name classes with a published network, whose own classes are added up into ours."""

    classes = NAMES
    best_side = 512
    mean: Tensor
    std: Tensor
    target: Tensor

    def __init__(self, network: nn.Module, labels: Sequence[str], name: str, licence: str):
        super().__init__()
        self.network, self.name, self.licence = network, name, licence
        self.register_buffer("target", torch.tensor([NAMES.index(label) for label in labels]))
        self.register_buffer("mean", torch.tensor(_MEAN).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(_STD).view(3, 1, 1))
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def segment(self, photo: Tensor) -> Tensor:
        """Return the classes' probabilities (B, N, H, W) float32 of photos (B, 3, H, W) in [0, 1]."""
        height, width = photo.shape[-2:]
        down, right = (max(-n % _STRIDE, 2 * _STRIDE - n) for n in (height, width))
        x = F.pad(photo, (0, right, 0, down), mode="replicate")
        theirs = self.network((x - self.mean) / self.std).float().softmax(1)[..., :height, :width]
        ours = theirs.new_zeros(len(photo), len(NAMES), height, width)
        return ours.index_add(1, self.target, theirs)


def open_published(source: str | Path) -> PublishedSegmenter:
    """Open a segmenter that smp's `save_pretrained` wrote: a local folder, or the name of a repository.

    A repository (owner/name, on the Hugging Face hub) is downloaded, which is why nothing opens one unless
    it was chosen by name; only its config, safetensors and card are. The order of the network's classes is
    ADE20K's 150, or that of `labels.json`: a list with one of our class names for each of the network's.
    Raises PublishedSegmenterError.
    """
    import segmentation_models_pytorch as smp  # slow to import, and few commands segment

    folder = Path(source)
    name = str(source) if not folder.exists() else folder.name
    if not folder.is_dir():
        try:
            folder = Path(snapshot_download(str(source), allow_patterns=[CONFIG, WEIGHTS, CARD, LABELS]))
        except (OSError, ValueError) as error:  # no network, no such repository, no such name
            raise PublishedSegmenterError(
                f"segmenter {name!r} is neither a folder here nor can it be downloaded "
                f"({type(error).__name__}); check the name and the connection."
            ) from error
    config = _read_json(folder, CONFIG, name)
    kinds = {kind.__name__ for kind in smp.MODEL_ARCHITECTURES_MAPPING.values()}
    if not isinstance(config, dict) or config.get("_model_class") not in kinds:
        raise PublishedSegmenterError(f"segmenter {name!r}: {CONFIG} names no network of smp that is known.")
    if not (folder / WEIGHTS).is_file():
        raise PublishedSegmenterError(f"segmenter {name!r} has no {WEIGHTS}; other formats are not read.")
    count = config.get("classes")
    labels = _labels(folder, name, count)
    try:
        network = smp.from_pretrained(str(folder), encoder_weights=None)
    except (RuntimeError, TypeError, ValueError, KeyError, SafetensorError) as error:
        raise PublishedSegmenterError(
            f"segmenter {name!r} does not load ({type(error).__name__}); get it again, as a whole."
        ) from error
    return PublishedSegmenter(network, labels, name, _licence(folder))


def _read_json(folder: Path, file: str, name: str) -> object:
    path = folder / file
    if not path.is_file() or path.stat().st_size > _LARGEST_JSON:
        raise PublishedSegmenterError(f"segmenter {name!r} has no {file} of a sensible size.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise PublishedSegmenterError(f"segmenter {name!r}: {file} is not JSON.") from None


def _labels(folder: Path, name: str, count: object) -> list[str]:
    """Return our class for each class of the network."""
    if (folder / LABELS).is_file():
        labels = _read_json(folder, LABELS, name)
        if not isinstance(labels, list) or not all(label in NAMES for label in labels):
            raise PublishedSegmenterError(
                f"segmenter {name!r}: {LABELS} must list one of {', '.join(NAMES)} for each class."
            )
    else:
        ours = {index: label for label, indices in _ADE20K.items() for index in indices}
        labels = [ours.get(index, "object") for index in range(150)]
    if len(labels) != count:
        raise PublishedSegmenterError(
            f"segmenter {name!r} has {count} classes, and {len(labels)} are declared; "
            f"put a {LABELS} beside it."
        )
    return labels


def _licence(folder: Path) -> str:
    """Read the licence that the card states."""
    path = folder / CARD
    if not path.is_file():
        return "not stated"
    stated = ModelCard(path.read_text(encoding="utf-8"), ignore_metadata_errors=True).data.get("license")
    return str(stated) if stated else "not stated"
