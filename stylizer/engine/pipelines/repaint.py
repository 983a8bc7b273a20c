"""Repaint: what a generator composed small, grown, in strokes of the named styles that are most like it."""

from __future__ import annotations

import torch
from torch import Tensor

from stylizer.engine.pipelines.stylize import StylizePipeline
from stylizer.errors import CheckpointError
from stylizer.imaging.color import apply_colors, color_moments, color_transport
from stylizer.imaging.resample import resample
from stylizer.imaging.tensors import to_device
from stylizer.models.strength import code_weights
from stylizer.models.transfer_network import stack_codes

STRENGTH = 0.9
_NARROW = 0.03  # of the nearest style's distance: styles that are farther by more hardly take part


def grown_and_repainted(stylize: StylizePipeline, samples: Tensor, size: tuple[int, int]) -> Tensor:
    """Let a picture (1, 3, h, w) in [0, 1] grow to `size`, with strokes for that size and its own colors.

    The strokes are a mean of those of the named styles, the nearest ones nearly alone; so what changes little
    is painted little otherwise. Without a painter or styles the picture is only resized.
    """
    grown = resample(samples.float(), size).clamp(0, 1)
    try:
        painter = stylize.painter
    except CheckpointError:
        return grown
    codes = [
        stylize.named_code(style)[None]
        for style in stylize.library.styles
        if style.painter_sha == painter.checkpoint_sha and painter.fits(style.code)
    ]
    if not codes:
        return grown
    content = painter.encode(grown)
    own = painter.own_code(content)[0].float()
    weights = to_device(code_weights([1.0], stylize.calibrated(STRENGTH)), own.device)
    strokes = nearest(painter.code(grown).float().cpu(), codes)
    painted = painter.decode(content, stack_codes([own, to_device(strokes, own.device)]), weights).float()
    (mean, root), (painted_mean, painted_root) = color_moments(grown), color_moments(painted)
    return apply_colors(painted, painted_mean, color_transport(painted_root, root), mean).clamp(0, 1)


def nearest(code: Tensor, codes: list[Tensor]) -> Tensor:
    """Mix codes (1, n or more) by how near their first n numbers are to those of `code` (1, n): (m,)."""
    known = stack_codes([one[0] for one in codes])
    there = known[:, : code.shape[1]]
    away = ((there - code) / (there.std(0, unbiased=False) + 1e-4)).square().mean(1)
    shares = torch.softmax(-away / (_NARROW * away.min().clamp(min=1e-6)), 0)
    return shares @ known
