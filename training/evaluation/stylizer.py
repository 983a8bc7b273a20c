"""`evaluate`: every figure of one checkpoint, at several strengths."""

from __future__ import annotations

import functools
import itertools
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from tqdm import tqdm

from stylizer.models.perceptual import Perceptual, load_perceptual
from stylizer.models.strength import calibrate, code_weights, painted_share
from stylizer.models.style_file import load_styles
from training.data.folders import find_pictures
from training.evaluation.evaluator import (
    Judge,
    Pair,
    Recognizer,
    System,
    at_size,
    open_rgb,
    pair_up,
    read_pairs,
    table,
    to_image,
    to_tensor,
)
from training.evaluation.options import EvaluateOptions, JudgeOptions
from training.evaluation.speed import speed_figures
from training.metrics import features
from training.metrics.recognize import load_lite0, spread_of, style_vectors
from training.metrics.steps import calibration, monotonicity, unevenness
from training.publishing.runs import open_stylizer
from training.run.config import UserMistake

MAIN = ("style_moments", "style_gram", "content", "perceptual", "ssim", "grid_8")
SPREAD_SAMPLE = 150  # paintings that give the recognizer its unit


def choose_pairs(options: JudgeOptions) -> list[Pair]:
    """Read or make the pairs that the options name; raises UserMistake."""
    if options.pairs:
        pairs = read_pairs(options.pairs)
    elif options.content and options.style:
        pairs = pair_up(options.content, options.style)
    else:
        raise UserMistake("give --pairs CSV, or --content and --style folders.")
    return pairs[: options.limit or None]


def open_perceptual(file: Path | None, dtype: torch.dtype = torch.float32) -> Perceptual:
    """Load the perceptual network; raises UserMistake when the file cannot be used."""
    if file and not file.is_file():
        raise UserMistake(f"{file} is not a file; give VGG-16 weights as safetensors.")
    try:
        return load_perceptual(file, dtype)
    except ValueError as error:
        raise UserMistake(str(error)) from error


def open_judge(options: JudgeOptions) -> Judge:
    """Make the judge that the options describe."""
    pairs = choose_pairs(options)
    recognizer = None
    if options.encoder:
        encoder = load_lite0(options.encoder)
        paths = list(find_pictures(options.spread)) if options.spread else sorted({p.painting for p in pairs})
        paths = paths[:: max(1, len(paths) // SPREAD_SAMPLE)]
        found = [style_vectors(encoder, open_rgb(path), options.size) for path in tqdm(paths, desc="spread")]
        name = f"{options.spread.name if options.spread else 'pairs'}{len(paths)}"
        recognizer = Recognizer(encoder, spread_of(torch.stack(found)), name)
    return Judge(open_perceptual(options.perceptual), pairs, options.size, recognizer, options.sets)


class Studio:
    """Paints pairs with one stylizer; knows the last photo and every painting's code.

    With a folder of named styles, paintings whose file one of them came from have its stored code.
    Raises UserMistake when those codes belong to another stylizer.
    """

    def __init__(self, painter: nn.Module, size: int, styles: Path | None = None) -> None:
        self.painter, self.size = painter, size
        self.stored = stored_codes(styles, painter) if styles else {}
        self.photo = functools.lru_cache(maxsize=1)(self._photo)
        self.code = functools.lru_cache(maxsize=None)(self._code)

    @torch.no_grad()
    def _photo(self, path: Path) -> tuple[Tensor, Any, Tensor]:
        photo = self.picture(path)
        content = self.painter.encode(photo)
        return photo, content, self.painter.own_code(content)

    @torch.no_grad()
    def _code(self, path: Path) -> Tensor:
        if path.name in self.stored:
            return self.stored[path.name]
        return self.painter.code(self.picture(path))

    def picture(self, path: Path) -> Tensor:
        """Read a picture at the size of the measurement."""
        return to_tensor(at_size(open_rgb(path), self.size))

    @torch.no_grad()
    def paint(self, pair: Pair, position: float) -> Tensor:
        """Paint a pair at a position of the strength slider: (1, 3, H, W) in [0, 1]."""
        photo, content, own = self.photo(pair.photo)
        if position == 0:
            return photo
        weights = code_weights([1.0], calibrate(position, self.painter.config.calibration)).to(own.device)
        codes = torch.cat([own, self.code(pair.painting)])
        painted = self.painter.decode(content, codes, weights).float()
        return torch.lerp(photo, painted, painted_share(position))

    def system(self, name: str, position: float) -> System:
        """Return this stylizer at one position of the slider as a system."""
        return System(f"{name} {position:g}", lambda pair: to_image(self.paint(pair, position)))


def stored_codes(folder: Path, painter: nn.Module) -> dict[str, Tensor]:
    """Read codes (1, code_size) of named styles by the file name of their painting; raises UserMistake."""
    styles = load_styles(folder)
    strange = [style.slug for style in styles if style.painter_sha != getattr(painter, "checkpoint_sha", "")]
    if strange or not styles:
        found = f"{strange[0]} belongs to another checkpoint" if strange else "there is none"
        raise UserMistake(f"--styles needs named styles of this checkpoint, but {found}.")
    return {style.source: style.code[None] for style in styles if style.source}


@torch.no_grad()
def slider_figures(
    studio: Studio, perceptual: Perceptual, pairs: Sequence[Pair], steps: int
) -> dict[str, Any]:
    """Compare neighbors on the strength slider: monotonicity, unevenness, and the table that mends it.

    The slider is measured with the painter's own table; the new one takes its place.
    """
    positions = [index / steps for index in range(steps + 1)]
    walks, rises = [], []
    for pair in tqdm(pairs, desc="slider", unit="pair", leave=False):
        seen = [perceptual(studio.paint(pair, position)) for position in positions]
        walks.append([features.perceptual(a, b) for a, b in itertools.pairwise(seen)])
        rises.append(monotonicity([features.perceptual(picture, seen[0]) for picture in seen]))
    mean = [statistics.fmean(step) for step in zip(*walks, strict=True)]
    own = studio.painter.config.calibration
    return {
        "positions": positions,
        "steps": mean,
        "monotonicity": statistics.fmean(rises),
        "unevenness": unevenness(mean),
        "calibration": [[at, calibrate(p, own)] for at, p in calibration(positions, mean)],
    }


def spaced(pairs: Sequence[Pair], count: int) -> list[Pair]:
    """Pick `count` pairs evenly out of all, so that photos and paintings differ."""
    return [pairs[index * len(pairs) // count] for index in range(min(count, len(pairs)))]


def saver(folder: Path | None, name: str) -> Any:
    """Return the function that saves results as PNG, or None."""
    if folder is None:
        return None
    (folder / name).mkdir(parents=True, exist_ok=True)

    def keep(pair: Pair, image: Image.Image) -> None:
        image.save(folder / name / f"{pair.stem}.png")

    return keep


def evaluate(options: EvaluateOptions) -> dict[str, Any]:
    """Measure a checkpoint, print its table and return all figures, by protocol name."""
    painter = open_stylizer(options.checkpoint)
    judge, studio = open_judge(options), Studio(painter, options.size, options.styles)
    means, rows = {}, {}
    for position in options.strengths:
        system = studio.system("strength", position)
        scores = judge.score(system, saver(options.save, f"strength-{position:g}"))
        means[system.name], rows[system.name] = scores.means(), scores.rows
    figures: dict[str, Any] = {"protocol": judge.protocol(), "pairs": len(judge.pairs), "means": means}
    columns = [*MAIN, *(["top1", "top1_luminance"] if options.encoder else []), "fid", "kid"]
    print(table(means, columns))
    if options.slider:
        chosen = spaced(judge.pairs, options.slider_pairs)
        figures["slider"] = slider_figures(studio, judge.perceptual, chosen, options.slider)
        found = figures["slider"]
        print(f"slider: monotone {found['monotonicity']:.0%}, unevenness {found['unevenness']:.3f}")
        print(f"calibration that evens it: {json.dumps(found['calibration'])}")
    if options.speed:
        figures["speed"] = speed_figures(painter, torch.device("cpu"))
        print("  ".join(f"{name} {value:.3f}" for name, value in figures["speed"].items()))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**figures, "rows": rows}, indent=1)
        options.out.write_text(text + "\n", encoding="utf-8")
    return figures
