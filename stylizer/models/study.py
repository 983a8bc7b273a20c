"""Study one painting: gradient steps on its code, and on low-rank adapters if wanted, in a frozen network."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.models.blocks import CodeMix
from stylizer.models.number_type import fast_arithmetic
from stylizer.models.painter import Painter
from stylizer.models.painting_losses import (
    CONTENT_LAYERS,
    PaintingWeights,
    PhotoTarget,
    painting_losses,
    photo_target,
    sample_places,
    style_target,
)
from stylizer.models.perceptual import Perceptual
from stylizer.models.strength import calibrate
from stylizer.models.transfer_network import Content

ADAPTER_RATE = 0.003
"""Of `StudyOptions`, where adapters are wanted."""
STUDY_WEIGHTS = PaintingWeights(color=100.0, weave=0.0)
"""The painter's own with twice the weight on color: rare ones are what one code can learn. Of waves nothing
is asked: in crops of 192 px they stand out by chance, and it drew codes back to the photo's texture."""
_SETTLED = 0.002  # share of the loss that a third of the steps must still gain
_SMOOTH = 0.9  # of the running mean of losses that is compared
_CHECK_EVERY = 10  # steps; a check costs a third of a step
_CHECKED = 4  # crops, always the same


@dataclass(frozen=True)
class StudyOptions:
    """How a painting is studied."""

    steps: int = 160
    """Gradient steps at most."""
    seconds: float = 0.0
    """Stop after this long, with rates that fall accordingly; 0: no limit."""
    batch: int = 2
    """Crops a step."""
    code_rate: float = 0.03
    """Learning rate of Adam on the numbers of the code, falling along half a cosine."""
    adapter_rate: float = 0.0
    """The same on the adapters; 0 studies the code alone: adapters drew fine hatching into calm places."""
    weights: PaintingWeights = STUDY_WEIGHTS
    settle: bool = True
    """Stop when a third of the steps has brought nothing."""
    show_every: int = 10
    """Steps between two codes that are handed out."""
    seed: int = 0


@dataclass(frozen=True)
class Studied:
    """Where a study stands."""

    code: Tensor
    """The best that is known by now, (code_size,) or (code_size + adapter_size,) float32, on the CPU."""
    step: int
    steps: int
    loss: float
    """Running mean of the losses."""


class Practice:
    """Crops of photos to practice on: each is encoded and measured when it is first met, then kept.

    photos (3, h, w) in [0, 1] of any sizes, faces among them. Even crops are as much of a whole photo as a
    square holds, odd ones a part. `faces` (1, h, w) each, 1 in faces, where they are known. A crop of 192 px
    takes 4 MB. Raises ValueError when there is no photo.
    """

    def __init__(self, painter: Painter, perceptual: Perceptual, photos: Sequence[Tensor],
                 faces: Sequence[Tensor] | None = None,
                 side: int = 192, crops: int = 32, seed: int = 0):  # fmt: skip
        if not photos:
            raise ValueError("Studying a style needs at least one photo to practice on.")
        self.painter, self.perceptual = painter, perceptual
        self.photos = [torch.cat(pair) for pair in zip(photos, faces, strict=True)] if faces else photos
        self.side, self.crops, self.seed = side, crops, seed
        self.device = perceptual.mean.device
        self._known: dict[int, tuple[Content, PhotoTarget, Tensor]] = {}

    def draw(self, count: int, rng: torch.Generator) -> tuple[Content, PhotoTarget, Tensor]:
        """Draw crops: their contents, what a painting of them is held against, and the bands of detail of
        strokes at full brushwork (B, 3, side, side), as batches."""
        return self.batch(torch.randint(self.crops, (count,), generator=rng).tolist())

    def batch(self, chosen: Sequence[int]) -> tuple[Content, PhotoTarget, Tensor]:
        """Return the same of the crops with these numbers, each below `crops`."""
        known = [self._measured(index) for index in chosen]
        contents, targets = [one[0] for one in known], [one[1] for one in known]
        first = contents[0]
        content = first._replace(
            pixels=torch.cat([one.pixels for one in contents]),
            half=torch.cat([one.half for one in contents]),
            quarter=torch.cat([one.quarter for one in contents]),
            eighth=torch.cat([one.eighth for one in contents]),
            colors=torch.cat([one.colors for one in contents]),
            mean=torch.cat([one.mean for one in contents]),
            root=torch.cat([one.root for one in contents]),
            shown=torch.cat([one.shown for one in contents]),
            busy=torch.cat([one.busy for one in contents]),
            simple=tuple(torch.cat(part) for part in zip(*(one.simple for one in contents), strict=True)),
            strokes=tuple(torch.cat(part) for part in zip(*(one.strokes for one in contents), strict=True)),
        )
        target = PhotoTarget(
            tuple(torch.cat(layers) for layers in zip(*(one.content for one in targets), strict=True)),
            *(torch.cat(parts) for parts in zip(*(one[1:] for one in targets), strict=True)),
        )
        return content, target, torch.cat([one[2] for one in known])

    @torch.no_grad()
    def _measured(self, index: int) -> tuple[Content, PhotoTarget, Tensor]:
        if index not in self._known:
            rng = torch.Generator().manual_seed(self.seed * self.crops + index)
            cut = _crop(self.photos, self.side, index, rng)[None].to(self.device)
            crop, faces = cut[:, :3], cut[:, 3:] if cut.shape[1] > 3 else None
            with fast_arithmetic(self.device):
                content = self.painter.encode(crop.contiguous(memory_format=torch.channels_last))
                target = photo_target(crop, self.perceptual(crop)[-CONTENT_LAYERS:], faces)
            begun = torch.zeros_like(target.bands)
            if self.painter.brushwork:
                drawn = photo_target(crop, target.content, faces, self.painter.with_strokes(crop))
                begun = drawn.bands - target.bands
            self._known[index] = content, target, begun
        return self._known[index]


def study(
    painter: Painter,
    style: Tensor,
    practice: Practice,
    options: StudyOptions = StudyOptions(),
    known: Tensor | None = None,
) -> Iterator[Studied]:
    """Improve the code of a painting by what it makes of photos, a few steps at a time.

    style (1, 3, H, W) in [0, 1], best at 512 px; `known` is a code (L,) that was studied before. The code is
    tried at the strength that the slider's end stands for. Yields after the first step, then every
    `show_every` steps and at the end; a caller who has enough leaves the loop, and has lost nothing: what is
    yielded is what did best on the same few crops, the code of before the study if nothing did better.
    """
    rng = torch.Generator().manual_seed(options.seed)
    trial = _Trial(painter, style, practice, options, known, rng)
    begun, mean, earlier = time.monotonic(), 0.0, []
    least, best = trial.checked()
    for step in range(options.steps):
        spent = time.monotonic() - begun
        # where time is what ends it, the rates fall with it: the last steps settle what the first found
        done = max(step / options.steps, min(1.0, spent / options.seconds) if options.seconds else 0.0)
        value = trial.improve(0.05 + 0.95 * (0.5 + 0.5 * math.cos(math.pi * done)), rng)
        mean = value if step == 0 else _SMOOTH * mean + (1 - _SMOOTH) * value
        earlier.append(mean)
        last = step + 1 == options.steps or _has_settled(earlier, options)
        last = last or bool(options.seconds and time.monotonic() - begun >= options.seconds)
        if last or (step + 1) % _CHECK_EVERY == 0:
            least, best = min(((least, best), trial.checked()), key=lambda found: found[0])
        if last or step % options.show_every == 0:
            yield Studied(best, step + 1, options.steps, mean)
        if last:
            return


class _Trial:
    """A code in the making, with the adapters that it may bring."""

    def __init__(self, painter: Painter, style: Tensor, practice: Practice, options: StudyOptions,
                 known: Tensor | None, rng: torch.Generator):  # fmt: skip
        self.practice, self.options = practice, options
        with torch.no_grad():
            self.target = style_target(style, practice.perceptual(style))
            start = painter.code(style).float() if known is None else known[None].to(style.device)
        self.learned = start[:, : painter.learned_size].clone().requires_grad_(True)
        self.colors = start[:, painter.learned_size : painter.code_size]
        adapters = start[:, painter.code_size :].clone()
        if options.adapter_rate and not adapters.shape[1]:
            adapters = _first_adapters(painter, rng).to(style.device)
        self.adapters = adapters.requires_grad_(options.adapter_rate > 0)
        rates = ((self.learned, options.code_rate), (self.adapters, options.adapter_rate))
        self.optimizer = torch.optim.Adam(
            [{"params": [part], "lr": rate, "highest": rate} for part, rate in rates if rate],
            betas=(0.9, 0.99),
        )

    def improve(self, share: float, rng: torch.Generator) -> float:
        """Take one step on some crops at a share of the highest rates; returns the loss before it."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["highest"] * share
        loss = self.loss(self.practice.draw(self.options.batch, rng), rng)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    @torch.no_grad()
    def checked(self) -> tuple[float, Tensor]:
        """Return the loss on the same few crops as ever, and the code (L,) that has it."""
        crops = self.practice.batch(range(min(_CHECKED, self.practice.crops)))
        loss = float(self.loss(crops, torch.Generator().manual_seed(self.options.seed)))
        code = torch.cat([self.learned, self.colors, self.adapters], 1)
        return loss, code[0].float().cpu().clone()

    def loss(self, crops: tuple[Content, PhotoTarget, Tensor], rng: torch.Generator) -> Tensor:
        """Sum the losses of painting crops with the code and its adapters."""
        practice, painter = self.practice, self.practice.painter
        content, photo, begun = crops
        places = [at.to(practice.device) for at in sample_places(*content.size, rng)]
        strength = calibrate(1.0, painter.calibration)
        code = torch.cat([self.learned, self.colors], 1)
        mixed = torch.lerp(painter.own_code(content).float(), code, strength)
        if painter.brushwork:  # strokes that were begun are a warrant as the photo is
            share = mixed[:, painter.brushwork_part, None, None].detach()
            photo = photo._replace(bands=photo.bands + share * begun)
        brings = bool(self.adapters.shape[1])
        field = CodeMix.alike(mixed, self.adapters, strength) if brings else CodeMix(mixed)
        with fast_arithmetic(practice.device):
            painted = painter.paint(content, field)
            losses = painting_losses(
                painted, practice.perceptual(painted), photo, self.target, places, self.options.weights
            )
        return torch.stack([value.float() for value in losses.values()]).sum()


def _has_settled(means: list[float], options: StudyOptions) -> bool:
    """Say whether the last third of the steps gained next to nothing."""
    third = options.steps // 3
    if not options.settle or len(means) < 2 * third or third < 20:
        return False
    return means[-1] > (1 - _SETTLED) * means[-third]


def _first_adapters(painter: Painter, rng: torch.Generator) -> Tensor:
    """Draw adapters (1, adapter_size) that add nothing yet: their second factor is 0."""
    adapters = torch.zeros(1, painter.adapter_size)
    for module in painter.modules():
        part = getattr(module, "adapter", None)
        if part is not None:
            count = part.down.stop - part.down.start
            inputs = count // part.rank
            adapters[0, part.down] = torch.randn(count, generator=rng) / inputs**0.5
    return adapters


def _crop(photos: Sequence[Tensor], size: int, index: int, rng: torch.Generator) -> Tensor:
    """Cut a random square: even ones are as much of the whole photo as a square holds, odd ones a part."""
    photo = photos[int(torch.randint(len(photos), (), generator=rng))]
    zoom = 1.0 if index % 2 == 0 else 1 + float(torch.rand((), generator=rng))
    scale = size * zoom / min(photo.shape[1:])
    height, width = (max(size, round(side * scale)) for side in photo.shape[1:])
    resized = F.interpolate(photo[None], size=(height, width), mode="bilinear", antialias=True)[0]
    top = int(torch.randint(height - size + 1, (), generator=rng))
    left = int(torch.randint(width - size + 1, (), generator=rng))
    cut = resized[:, top : top + size, left : left + size].clamp(0, 1)
    return cut.flip(2) if float(torch.rand((), generator=rng)) < 0.5 else cut
