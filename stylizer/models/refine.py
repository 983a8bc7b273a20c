"""Learn one painting better: gradient steps on its code, the network frozen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.models.blocks import CodeField
from stylizer.models.color_quantiles import color_distance, color_quantiles
from stylizer.models.painter import Painter
from stylizer.models.perceptual import (
    LAYERS,
    Perceptual,
    gram,
    moments,
    relative_content,
    style_gram,
    style_moments,
)


@dataclass(frozen=True)
class RefineOptions:
    """How a code is refined."""

    steps: int = 120
    batch: int = 2
    crop: int = 192
    """Side of the photo crops, pixels."""
    lr: float = 0.05
    """Learning rate of Adam on the numbers of the code, falling to a tenth."""
    style_weight: float = 40.0
    gram_weight: float = 6.0
    color_weight: float = 10.0
    """Weight of the distance of color distributions."""
    content_weights: tuple[float, float] = (0.2, 1.0)
    """Weights of the content distance at relu3_1 and relu4_1."""
    seed: int = 0


def refine_code(
    painter: Painter,
    style: Tensor,
    photos: Sequence[Tensor],
    perceptual: Perceptual,
    options: RefineOptions = RefineOptions(),
    progress: Callable[[int, int, float], None] | None = None,
) -> Tensor:
    """Refine the code of one style picture by its style and content losses over photos.

    style (1, 3, H, W) in [0, 1], best at 512 px; photos (3, h, w) in [0, 1] of any sizes; `progress` receives
    step, steps and loss. Returns a code (1, code_size). Raises ValueError when there is no photo.
    """
    if not photos:
        raise ValueError("Refining a style needs at least one photo to practice on.")
    rng = torch.Generator().manual_seed(options.seed)
    device, bfloat16 = style.device, style.device.type in ("cpu", "cuda")
    with torch.no_grad():
        features = perceptual(style)
        wanted = tuple(moments(f) for f in features)
        grams = tuple(gram(f) for f in features)
        start, colors = painter.code(style), color_quantiles(style)
    learned = start[:, : painter.learned_size].clone().requires_grad_(True)
    kept = start[:, painter.learned_size :]
    optimizer = torch.optim.Adam([learned], lr=options.lr, betas=(0.9, 0.99))
    for step in range(options.steps):
        for group in optimizer.param_groups:
            group["lr"] = options.lr * (1 - 0.9 * step / options.steps)
        crops = torch.stack([_crop(photos, options.crop, rng) for _ in range(options.batch)]).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            with torch.no_grad():
                content = perceptual(crops)[-2:]
                encoded = painter.encode(crops.contiguous(memory_format=torch.channels_last))
            code = torch.cat([learned, kept], 1).expand(options.batch, -1)
            painted = painter.paint(encoded, CodeField(code))
            result = perceptual(painted)
            count = range(len(LAYERS))
            loss = (
                options.style_weight
                * style_moments([moments(result[i]) for i in count], _repeat(wanted, crops))
                + options.gram_weight * style_gram([gram(result[i]) for i in count], grams)
                + options.color_weight * color_distance(color_quantiles(painted), colors)
                + relative_content(result[-2:], content, options.content_weights)
            )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if progress:
            progress(step + 1, options.steps, float(loss.detach()))
    return torch.cat([learned.detach(), kept], 1)


def _repeat(wanted: Sequence[tuple[Tensor, Tensor]], crops: Tensor) -> list[tuple[Tensor, Tensor]]:
    return [tuple(part.expand(len(crops), -1) for part in layer) for layer in wanted]


def _crop(photos: Sequence[Tensor], size: int, rng: torch.Generator) -> Tensor:
    """Cut a random square after scaling the photo to a random short side."""
    photo = photos[int(torch.randint(len(photos), (), generator=rng))]
    short = size * (1 + float(torch.rand((), generator=rng)))
    scale = short / min(photo.shape[1:])
    height, width = (max(size, round(side * scale)) for side in photo.shape[1:])
    resized = F.interpolate(photo[None], size=(height, width), mode="bilinear", antialias=True)[0]
    top = int(torch.randint(height - size + 1, (), generator=rng))
    left = int(torch.randint(width - size + 1, (), generator=rng))
    return resized[:, top : top + size, left : left + size].clamp(0, 1)
