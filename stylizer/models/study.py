"""Study one painting: gradient steps on its code and on low-rank adapters, the network itself frozen."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.models.blocks import CodeField
from stylizer.models.painter import Painter
from stylizer.models.painting_losses import (
    CONTENT_LAYERS,
    PaintingWeights,
    StyleTarget,
    painting_losses,
    photo_target,
    sample_places,
    style_target,
)
from stylizer.models.perceptual import Perceptual

_SETTLED = 0.002  # share of the loss that a third of the steps must still gain
_SMOOTH = 0.9  # of the running mean of losses that is compared


@dataclass(frozen=True)
class StudyOptions:
    """How a painting is studied."""

    steps: int = 160
    seconds: float = 0.0
    """Stop after this long; 0: no limit."""
    batch: int = 2
    crop: int = 192
    """Side of the photo crops, pixels; every second one is a whole composition."""
    code_rate: float = 0.03
    """Learning rate of Adam on the numbers of the code, falling along half a cosine."""
    adapter_rate: float = 0.003
    """The same on the adapters; 0 studies the code alone."""
    weights: PaintingWeights = field(default_factory=PaintingWeights)
    settle: bool = True
    """Stop when a third of the steps has brought nothing."""
    show_every: int = 10
    """Steps between two codes that are handed out."""
    seed: int = 0


@dataclass(frozen=True)
class Studied:
    """Where a study stands."""

    code: Tensor
    """(code_size,) or (code_size + adapter_size,) float32, on the CPU."""
    step: int
    steps: int
    loss: float
    """Running mean of the losses."""


def study(
    painter: Painter,
    style: Tensor,
    photos: Sequence[Tensor],
    perceptual: Perceptual,
    options: StudyOptions = StudyOptions(),
) -> Iterator[Studied]:
    """Improve the code of a painting by what it makes of photos, a few steps at a time.

    style (1, 3, H, W) in [0, 1], best at 512 px; photos (3, h, w) in [0, 1] of any sizes, faces among them.
    Yields after the first step, then every `show_every` steps and at the end; a caller who has enough leaves
    the loop, and has lost nothing. Raises ValueError when there is no photo.
    """
    if not photos:
        raise ValueError("Studying a style needs at least one photo to practice on.")
    rng = torch.Generator().manual_seed(options.seed)
    device = style.device
    with torch.no_grad():
        target = style_target(style, perceptual(style))
        start = painter.code(style).float()
    learned = start[:, : painter.learned_size].clone().requires_grad_(True)
    colors = start[:, painter.learned_size :]
    adapters = _first_adapters(painter, rng).to(device).requires_grad_(options.adapter_rate > 0)
    rates = [options.code_rate, options.adapter_rate]
    optimizer = torch.optim.Adam(
        [
            {"params": [part], "lr": rate}
            for part, rate in zip((learned, adapters), rates, strict=True)
            if rate
        ],
        betas=(0.9, 0.99),
    )
    begun, mean, earlier = time.monotonic(), 0.0, []
    for step in range(options.steps):
        share = 0.05 + 0.95 * (0.5 + 0.5 * float(torch.cos(torch.tensor(torch.pi * step / options.steps))))
        for group, rate in zip(optimizer.param_groups, [rate for rate in rates if rate], strict=True):
            group["lr"] = rate * share
        crops = torch.stack([_crop(photos, options.crop, i, rng) for i in range(options.batch)]).to(device)
        loss = _loss(
            painter, perceptual, crops, torch.cat([learned, colors, adapters], 1), target, options, rng
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        value = float(loss.detach())
        mean = value if step == 0 else _SMOOTH * mean + (1 - _SMOOTH) * value
        earlier.append(mean)
        last = step + 1 == options.steps or _has_settled(earlier, options)
        last = last or bool(options.seconds and time.monotonic() - begun >= options.seconds)
        if last or step % options.show_every == 0:
            code = torch.cat([learned, colors, *([adapters] if options.adapter_rate else [])], 1)
            yield Studied(code.detach()[0].float().cpu(), step + 1, options.steps, mean)
        if last:
            return


def _loss(
    painter: Painter,
    perceptual: Perceptual,
    crops: Tensor,
    code: Tensor,
    target: StyleTarget,
    options: StudyOptions,
    rng: torch.Generator,
) -> Tensor:
    """Sum the losses of painting crops (B, 3, S, S) with a code (1, L)."""
    enabled = crops.device.type in ("cpu", "cuda")
    places = [at.to(crops.device) for at in sample_places(options.crop, options.crop, rng)]
    with torch.autocast(crops.device.type, torch.bfloat16, enabled=enabled):
        with torch.no_grad():
            photo = photo_target(crops, perceptual(crops)[-CONTENT_LAYERS:])
            encoded = painter.encode(crops.contiguous(memory_format=torch.channels_last))
        field = CodeField(code, torch.ones(1, device=crops.device), painter.code_size)
        painted = painter.paint(encoded, field)
        losses = painting_losses(painted, perceptual(painted), photo, target, places, options.weights)
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
