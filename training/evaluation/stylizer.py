"""`evaluate` for stylizers: every figure of one network on pairs of photo and painting, at several
strengths."""

from __future__ import annotations

import functools
import itertools
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from stylizer import CHECKPOINTS
from stylizer.imaging.skin_tones import Skin, hold_to_skin
from stylizer.models.bare_skin import skin_in
from stylizer.models.checkpoint import load_checkpoint
from stylizer.models.perceptual import Perceptual
from stylizer.models.roles import Segmenter, Stylizer
from stylizer.models.strength import calibrate, code_weights, painted_share
from stylizer.models.style_file import load_styles
from stylizer.models.transfer_network import stack_codes

from ..data.folders import find_pictures
from ..metrics import features
from ..metrics.faces import open_detector
from ..metrics.recognize import load_lite0, spread_of, style_vectors
from ..metrics.steps import calibration, monotonicity, unevenness
from ..run.config import UserMistake
from ..run.processes import open_device
from .evaluator import PairEvaluator, Recognizer, System, table
from .images import at_size, image_tensor, open_rgb, to_image
from .networks import open_reader
from .options import EvaluateOptions, MeasureOptions, PairOptions
from .pairs import Pair, pair_up, read_pairs
from .sets import spread_out
from .speed import speed_figures

MAIN = ("style_moments", "style_gram", "content", "perceptual", "follow_middle", "energy_middle", "weave")
SIZE = 512  # long side, pixels
SPREAD_SAMPLE = 150  # paintings that give the recognizer its unit


def choose_pairs(options: PairOptions, limit: int | None = None) -> list[Pair]:
    """Read or make the pairs that the options name, at most `limit`; raises UserMistake."""
    if options.pairs:
        pairs = read_pairs(options.pairs)
    elif options.content and options.style:
        pairs = pair_up(options.content, options.style)
    else:
        raise UserMistake("give --pairs CSV, or --content and --style folders.")
    return pairs[: limit or None]


def open_evaluator(options: MeasureOptions, pairs: PairOptions) -> PairEvaluator:
    """Make the evaluator that the options describe."""
    chosen, size = choose_pairs(pairs, options.limit), options.size or SIZE
    recognizer = None
    if pairs.encoder:
        encoder = load_lite0(pairs.encoder)
        paths = list(find_pictures(pairs.spread)) if pairs.spread else sorted({p.painting for p in chosen})
        paths = paths[:: max(1, len(paths) // SPREAD_SAMPLE)]
        found = [style_vectors(encoder, open_rgb(path), size) for path in tqdm(paths, desc="spread")]
        name = f"{pairs.spread.name if pairs.spread else 'pairs'}{len(paths)}"
        recognizer = Recognizer(encoder, spread_of(torch.stack(found)), name)
    detector = open_detector(str(open_device(options.device))) if pairs.faces else None
    if absent := next((path for path in pairs.takes or () if not path.is_file()), None):
        raise UserMistake(f"{absent.name} is not a file; give two takes of one scene.")
    return PairEvaluator(open_reader(options), chosen, size, recognizer, detector, pairs.jpeg, pairs.takes)


class PairPainter:
    """Paints pairs with one stylizer, on its device, faces as gently as the page does.

    It knows the last photo and every painting's code; faces are found by the segmenter that ships.

    With a folder of named styles, paintings whose file one of them came from have its stored code.
    Raises UserMistake when those codes belong to another stylizer.
    """

    def __init__(
        self,
        painter: Stylizer,
        size: int,
        styles: Path | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self.painter, self.size, self.device = painter, size, torch.device(device)
        self.stored = stored_codes(styles, painter) if styles else {}
        self.segmenter = cast(Segmenter, load_checkpoint(CHECKPOINTS / "segmenter", self.device))
        self.photo = functools.lru_cache(maxsize=1)(self._photo)
        self.code = functools.lru_cache(maxsize=None)(self._code)

    @torch.no_grad()
    def _photo(self, path: Path) -> tuple[Tensor, Any, Tensor, Skin | None]:
        photo = self.picture(path)
        content = self.painter.encode(photo)
        return photo, content, self.painter.own_code(content), skin_in(photo, self.segmenter)

    @torch.no_grad()
    def _code(self, path: Path) -> Tensor:
        if path.name in self.stored:
            return self.stored[path.name].to(self.device)
        return self.painter.code(self.picture(path))

    def picture(self, path: Path) -> Tensor:
        """Read a picture at the size of the measurement."""
        return image_tensor(at_size(open_rgb(path), self.size)).to(self.device)

    @torch.no_grad()
    def paint(self, pair: Pair, position: float) -> Tensor:
        """Paint a pair at a position of the strength slider: (1, 3, H, W) in [0, 1]."""
        photo, content, own, skin = self.photo(pair.photo)
        if position == 0:
            return photo
        weights = code_weights([1.0], calibrate(position, self.painter.calibration)).to(own.device)
        codes = stack_codes([own[0], self.code(pair.painting)[0]])
        painted = self.painter.decode(content, codes, weights).float()
        if skin is not None:
            painted = hold_to_skin(painted, photo, skin, position)
        return torch.lerp(photo, painted, painted_share(position))

    def system(self, name: str, position: float) -> System:
        """Return this stylizer at one position of the slider as a system."""
        return System(f"{name} {position:g}", lambda pair: to_image(self.paint(pair, position)))


def stored_codes(folder: Path, painter: Stylizer) -> dict[str, Tensor]:
    """Read codes (1, code_size) of named styles by the file name of their painting; raises UserMistake."""
    styles = load_styles(folder)
    strange = [style.slug for style in styles if style.painter_sha != painter.checkpoint_sha]
    if strange or not styles:
        found = f"{strange[0]} belongs to another checkpoint" if strange else "there is none"
        raise UserMistake(f"--styles needs named styles of this checkpoint, but {found}.")
    return {style.source: style.code[None] for style in styles if style.source}


@torch.no_grad()
def slider_figures(
    painter: PairPainter, perceptual: Perceptual, pairs: Sequence[Pair], steps: int
) -> dict[str, Any]:
    """Compare neighbors on the strength slider: monotonicity, unevenness, and the table that mends it.

    The slider is measured with the painter's own table; the new one takes its place.
    """
    positions = [index / steps for index in range(steps + 1)]
    walks, rises = [], []
    for pair in tqdm(pairs, desc="slider", unit="pair", leave=False):
        seen = [perceptual(painter.paint(pair, position)) for position in positions]
        walks.append([features.perceptual(a, b) for a, b in itertools.pairwise(seen)])
        rises.append(monotonicity([features.perceptual(picture, seen[0]) for picture in seen]))
    mean = [statistics.fmean(step) for step in zip(*walks, strict=True)]
    own = painter.painter.calibration
    return {
        "positions": positions,
        "steps": mean,
        "monotonicity": statistics.fmean(rises),
        "unevenness": unevenness(mean),
        "calibration": [[at, calibrate(p, own)] for at, p in calibration(positions, mean)],
    }


def saver(folder: Path | None, name: str) -> Any:
    """Return the function that saves results as PNG, or None."""
    if folder is None:
        return None
    (folder / name).mkdir(parents=True, exist_ok=True)

    def keep(pair: Pair, image: Image.Image) -> None:
        image.save(folder / name / f"{pair.stem}.png")

    return keep


def evaluate_stylizer(network: Stylizer, options: EvaluateOptions) -> dict[str, Any]:
    """Measure a stylizer on pairs, print its table and return all figures, by protocol name."""
    own, size = options.stylizer, options.size or SIZE
    evaluator = open_evaluator(options, own)
    painter = PairPainter(network, size, own.styles, open_device(options.device))
    means, rows = {}, {}
    for position in own.strengths or (1.0,):
        system = painter.system("strength", position)
        scores = evaluator.score(system, saver(options.save, f"strength-{position:g}"))
        means[system.name], rows[system.name] = scores.means(), scores.rows
    figures: dict[str, Any] = {
        "protocol": evaluator.protocol(),
        "pairs": len(evaluator.pairs),
        "means": means,
    }
    extra = ("faces_found", "faces_shift", "takes_apart", "top1", "top1_luminance", "fid", "kid")
    columns = [*MAIN, *(name for name in extra if name in evaluator.protocol())]
    print(table(means, columns))
    if own.slider:
        chosen = spread_out(evaluator.pairs, own.slider_pairs)
        figures["slider"] = slider_figures(painter, evaluator.perceptual, chosen, own.slider)
        found = figures["slider"]
        print(f"slider: monotone {found['monotonicity']:.0%}, unevenness {found['unevenness']:.3f}")
        print(f"calibration that evens it: {json.dumps(found['calibration'])}")
    if options.speed:
        figures["speed"] = speed_figures(network, painter.device)
        print("  ".join(f"{name} {value:.3f}" for name, value in figures["speed"].items()))
    return {**figures, "rows": rows}
