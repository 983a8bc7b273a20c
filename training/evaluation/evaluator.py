"""Measure results on pairs of photo and painting: what with what, at which size, by which names."""

from __future__ import annotations

import functools
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from stylizer.imaging.wave_peaks import WINDOW, wave_peaks

from ..metrics import calm, features, pixels
from ..metrics.calm import CalmFacts
from ..metrics.faces import Detector, Faces, face_figures
from ..metrics.recognize import ranks, style_vectors
from ..metrics.sets import LEAST, inception_score
from ..metrics.weave import weave
from ..run.config import UserMistake
from .images import at_size, image_tensor, open_rgb, resized, through_jpeg, to_image
from .networks import FeatureReader, Look, class_scores
from .pairs import Pair


@dataclass(frozen=True)
class Recognizer:
    """The second opinion on style: a network and the spread of its figures over a sample of paintings."""

    encoder: torch.nn.Module
    spread: Tensor
    sample: str  # what the spread was measured on, for the protocol's name

    def vectors(self, image: Image.Image, size: int) -> Tensor:
        """Return the figures (2, D) of an image at a long side of `size`."""
        return style_vectors(self.encoder, image, size)


class PhotoFacts(NamedTuple):
    image: Image.Image
    pixels: Tensor
    features: features.Features
    calm: CalmFacts
    waves: Tensor | None
    faces: Faces | None


class PaintingFacts(NamedTuple):
    pixels: Tensor
    figures: features.StyleFigures
    vector: Tensor | None
    look: Look
    calm: CalmFacts
    waves: Tensor | None


@dataclass
class System:
    """Something that has painted the pairs: its name and a function from pair to result, None if missing."""

    name: str
    result: Callable[[Pair], Image.Image | None]


def folder_system(folder: Path) -> System:
    """Take a folder of `<photo stem>__<painting stem>.jpg` (or png, jpeg, webp) as a system."""
    if not folder.is_dir():
        raise UserMistake(f"{folder} is not a folder of results.")

    def result(pair: Pair) -> Image.Image | None:
        found = (folder / (pair.stem + suffix) for suffix in (".jpg", ".png", ".jpeg", ".webp"))
        path = next((path for path in found if path.is_file()), None)
        return open_rgb(path) if path else None

    return System(folder.name, result)


@dataclass
class Scores:
    """Figures of one system: a row a pair, and figures of the whole set."""

    rows: dict[str, dict[str, float]] = field(default_factory=dict)
    sets: dict[str, float] = field(default_factory=dict)

    def means(self) -> dict[str, float]:
        """Return the mean of every figure over the pairs that have it, with those of the whole set.

        Figures of calm parts give the median: a painting without calm parts makes any result look busy.
        """
        gathered: dict[str, list[float]] = {}
        for row in self.rows.values():
            for name, value in row.items():
                gathered.setdefault(name, []).append(value)
        middle = {name: statistics.median if name in calm.NAMES else statistics.fmean for name in gathered}
        return {name: middle[name](values) for name, values in gathered.items()} | self.sets


class PairEvaluator:
    """Measures results of pairs at one size; keeps what it knows of the last photo and of every painting."""

    def __init__(self, reader: FeatureReader, pairs: Sequence[Pair], size: int = 512,
                 recognizer: Recognizer | None = None, detector: Detector | None = None,
                 jpeg: int = 0, takes: tuple[Path, Path] | None = None):  # fmt: skip
        self.reader, self.perceptual, self.pairs, self.size = reader, reader.perceptual, list(pairs), size
        self.recognizer, self.detector, self.jpeg, self.takes = recognizer, detector, jpeg, takes
        self.paintings = {path.stem: path for path in sorted({pair.painting for pair in pairs})}
        self.photo = functools.lru_cache(maxsize=1)(
            self._photo
        )  # features of one photo take 100 MB at 512 px
        self.painting = functools.lru_cache(maxsize=None)(self._painting)

    def protocol(self) -> dict[str, str]:
        """Return the name of every figure with its settings."""
        vgg, size, count = "vgg16-relu1_1..relu4_1", f"{self.size}px", len(self.paintings)
        names = {
            "style_moments": f"style_moments@{vgg}-{size}",
            "style_gram": f"style_gram@{vgg}-{size}",
            "content": f"content@vgg16-relu4_1-{size}",
            "perceptual": f"perceptual@{vgg}-unit-{size}",
            "psnr": f"psnr@{size}",
            "ssim": f"ssim@gauss11-{size}",
            "l1": f"l1@{size}",
            **{f"grid_{period}": f"grid_{period}@{period}px-over-photo-{size}" for period in pixels.PERIODS},
            **{name: f"{name}@calm30-median-{size}" for name in calm.NAMES},
            "weave": f"weave@decibels-welch64-{size}",
        }
        if self.detector:
            names |= {name: f"{name}@mtcnn-{size}" for name in ("faces_found", "faces_shift")}
        if self.takes:
            names["takes_apart"] = f"takes_apart@{'-'.join(path.stem for path in self.takes)}-levels-{size}"
        if self.recognizer:
            for name in ("rank", "top1", "rank_luminance", "top1_luminance"):
                names[name] = f"{name}@lite0-of{count}-spread:{self.recognizer.sample}-{size}"
        names |= self.reader.protocol(f"{count}paintings-{size}")
        if self.reader.has_classes:
            names["inception_score"] = f"inception_score@inception-v3-{size}"
        return {name: f"{told}-jpeg{self.jpeg}" for name, told in names.items()} if self.jpeg else names

    @torch.no_grad()
    def _photo(self, path: Path) -> PhotoFacts:
        image = at_size(open_rgb(path), self.size)
        pixels = self.tensor(image)
        faces = self.detector(image) if self.detector else None
        return PhotoFacts(
            image, pixels, self.perceptual(pixels), calm.calm_facts(pixels), _waves(pixels), faces
        )

    @torch.no_grad()
    def _painting(self, path: Path) -> PaintingFacts:
        image = open_rgb(path)
        picture = self.tensor(at_size(image, self.size))
        seen = self.perceptual(picture)
        vector = self.recognizer.vectors(image, self.size) if self.recognizer else None
        look, figures = self.reader.look(picture, seen), features.style_figures(seen)
        return PaintingFacts(picture, figures, vector, look, calm.calm_facts(picture), _waves(picture))

    def tensor(self, image: Image.Image) -> Tensor:
        """Return an image as (1, 3, H, W) in [0, 1] on the networks' device."""
        return image_tensor(image).to(self.reader.device)

    @torch.no_grad()
    def measure(self, pair: Pair, image: Image.Image) -> tuple[dict[str, float], Look]:
        """Return the figures of one result, and how it looks to the networks of the set distances."""
        photo, painting = self.photo(pair.photo), self.painting(pair.painting)
        exact = image if image.size == photo.image.size else resized(image, photo.image.size)
        picture = self.tensor(exact)
        seen = self.perceptual(picture)
        figures = features.style_figures(seen)
        row = {
            "style_moments": features.style_moments(figures, painting.figures),
            "style_gram": features.style_gram(figures, painting.figures),
            "content": features.content(seen, photo.features),
            "perceptual": features.perceptual(seen, photo.features),
            "psnr": min(
                100.0, pixels.psnr(picture, photo.pixels)
            ),  # of equal pictures: a mean must stay finite
            "ssim": pixels.ssim(picture, photo.pixels),
            "l1": pixels.l1(picture, photo.pixels),
        }
        if min(picture.shape[2:]) >= pixels.LEAST_SIDE:
            grids = pixels.checkerboard(picture, photo.pixels)
            row |= {f"grid_{period}": value for period, value in grids.items()}
        row |= calm.calm_figures(calm.calm_facts(picture), photo.calm, painting.calm)
        waves = _waves(picture), photo.waves, painting.waves
        if all(one is not None for one in waves):
            row["weave"] = weave(*(one for one in waves if one is not None))
        if self.detector and photo.faces is not None:
            row |= face_figures(self.detector(exact), photo.faces)
        if self.recognizer:
            known = {stem: self.painting(path).vector for stem, path in self.paintings.items()}
            vectors = {stem: vector for stem, vector in known.items() if vector is not None}
            own = self.recognizer.vectors(image, self.size)
            color, luminance = ranks(own, vectors, pair.painting.stem, self.recognizer.spread)
            row |= {"rank": color, "top1": float(color == 1)}
            row |= {"rank_luminance": luminance, "top1_luminance": float(luminance == 1)}
        return row, self.reader.look(picture, seen)

    def takes_apart(self, system: System) -> float | None:
        """Return how far a system's results of the two takes are apart, in levels of 255, over all paintings.

        None where it has no results of them.
        """
        found = []
        for painting in self.paintings.values():
            results = [system.result(Pair(take, painting)) for take in self.takes or ()]
            shown = [
                image_tensor(through_jpeg(result, self.jpeg)) for result in results if result is not None
            ]
            if len(shown) == 2:
                first, second = shown
                found.append(calm.takes_apart(first, second))
        return statistics.fmean(found) if found else None

    def score(self, system: System, keep: Callable[[Pair, Image.Image], None] | None = None) -> Scores:
        """Measure a system on all pairs that it has painted; raises UserMistake when it has none.

        `keep` gets every result, to save it.
        """
        scores, looks = Scores(), []
        for pair in tqdm(self.pairs, desc=system.name, unit="pair", leave=False):
            image = system.result(pair)
            if image is None:
                continue
            if keep:
                keep(pair, image)
            image = through_jpeg(image, self.jpeg)
            scores.rows[pair.stem], look = self.measure(pair, image)
            looks.append(look)
        if not scores.rows:
            raise UserMistake(f"{system.name} has no result for any of the {len(self.pairs)} pairs.")
        if self.takes and (apart := self.takes_apart(system)) is not None:
            scores.sets["takes_apart"] = apart
        known = [self.painting(path).look for path in self.paintings.values()]
        if min(len(looks), len(known)) >= LEAST:
            found = self.reader.compare(looks, known)
            scores.sets |= {name: found[name] for name in self.reader.protocol("")}
            if (classes := class_scores(looks)) is not None:
                scores.sets["inception_score"] = inception_score(classes)
        return scores


def references(evaluator: PairEvaluator) -> Iterator[System]:
    """Yield the two ends of the trade-off: the photo itself, and the painting resized to the photo."""
    yield System("photo itself", lambda pair: evaluator.photo(pair.photo).image)
    yield System("painting itself", lambda pair: to_image(evaluator.painting(pair.painting).pixels))


def table(scores: Mapping[str, Mapping[str, float]], columns: Sequence[str]) -> str:
    """Lay out means by system as text, one row a system."""
    width = max(len(name) for name in (*scores, "system"))
    lines = ["  ".join(["system".ljust(width), *(f"{name:>14}" for name in columns)])]
    for name, means in scores.items():
        cells = [f"{means[column]:>14.4f}" if column in means else f"{'-':>14}" for column in columns]
        lines.append("  ".join([name.ljust(width), *cells]))
    return "\n".join(lines)


def _waves(picture: Tensor) -> Tensor | None:
    return wave_peaks(picture) if min(picture.shape[2:]) >= WINDOW else None
