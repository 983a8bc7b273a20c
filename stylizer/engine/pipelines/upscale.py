"""From a painting at work size to the finished picture: it grows in steps, window by window.

So full size looks like the preview: at each step the network draws again over the enlarged painting, in
tiles, and all that is finer than the preview could show is taken from what it draws, none of what is coarser.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stylizer.engine.runtime.executor import Executor, Job, Size, Tiling
from stylizer.imaging.detail import restore_detail
from stylizer.imaging.keep_color import keep_color
from stylizer.imaging.picture import Picture
from stylizer.imaging.resample import blur, resample
from stylizer.imaging.resize import resize_picture
from stylizer.imaging.tensors import from_device, to_device, window_tensor
from stylizer.imaging.tiles import Tile

PREVIEW = 768
"""Long side of a preview. Every photo is painted at this size (divided by the brush size), and larger results
grow from that painting."""

SMALLEST_SIDE = 64
"""Very long pictures are worked on larger, so that their short side keeps this many pixels."""

LARGEST_WORK = 1536 * 1536
"""Pixels that a network may get in one piece: broad panoramas with the finest brush reach it."""

_SEEN = 0.38  # of the preview's pixels: the Gaussian that parts what it shows from what it cannot
_PARTINGS = 3  # how often it is taken away
_WEAVE = 0.45  # of the result's: halves the painter's checks of two pixels, which flat paint would show

Window = tuple[slice, slice]
"""Rows and columns of a picture."""
Draw = Callable[[Tensor, Window, Size], Tensor]
"""Draws over a window: the ground (1, 3, h, w) in [0, 1], rows and columns, the size of the whole."""


@dataclass(frozen=True)
class Finish:
    """How a painting at work size becomes a larger one."""

    from_scale: float = 1.2
    """Enlargements below this one are only resampled."""
    step: float = 2.5
    """Most that a painting grows at a step: a longer one leaves strokes of the sizes between soft."""
    strokes: float = 1.0
    """Share of each new painting's fine strokes."""
    photo: float = 0.5
    """Share of the photo's own fine structure in what is painted over."""


def work_size(height: int, width: int, stroke: float) -> Size:
    """Return the size at which a photo is painted: a broader brush means a smaller picture."""
    scale = min(1.0, max(PREVIEW / max(height, width), SMALLEST_SIDE / min(height, width))) / stroke
    scale = min(scale, math.sqrt(LARGEST_WORK / (height * width)))
    return max(16, round(height * scale)), max(16, round(width * scale))


def growth(work: Size, target: Size, finish: Finish) -> list[Size]:
    """Return the sizes through which a painting grows from work to target size, the last one target."""
    scale = target[0] / work[0]
    steps = max(1, math.ceil(math.log(scale) / math.log(finish.step))) if scale > 1 else 1
    between = [scale ** (step / steps) for step in range(1, steps)]
    return [(round(work[0] * s), round(work[1] * s)) for s in between] + [target]


# -- growing -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Grown:
    """A painting `below` (1, 3, h, w) one step before `size`, of which it gives windows.

    `scale` is how many times as large as the first painting, the preview's, it is. Without `draw` it is only
    resampled. `halo` is what a window must see around the part that is kept.
    """

    below: Tensor
    size: Size
    scale: float
    draw: Draw | None
    halo: int
    finish: Finish

    def window(self, photo: Tensor, rows: slice, columns: slice) -> Tensor:
        """Return a window (1, 3, rows, columns), given the photo's.

        What is drawn over is the enlarged window with a share of the photo's fine structure. All that the
        preview cannot show becomes what is drawn now: if only what `below` cannot show were drawn anew, the
        strokes of the sizes between would be enlarged ones.
        """
        if tuple(self.below.shape[2:]) == self.size:
            return self.below[:, :, rows, columns]
        place = (rows.start, rows.stop), (columns.start, columns.stop)
        enlarged = resample(self.below, self.size, *place).to(photo)
        if self.draw is None:
            return enlarged
        deviation = 0.5 * self.size[0] / self.below.shape[2]
        ground = (enlarged + self.finish.photo * (photo - blur(photo, deviation))).clamp(0, 1)
        fine = blur(self.draw(ground, (rows, columns), self.size), _WEAVE)
        return enlarged + self.finish.strokes * _unseen(fine - enlarged, self.scale)

    def write(self, canvas: Tensor, tile: Tile, photo: Tensor) -> None:
        """Write a tile of it into a canvas (1, 3, *size)."""
        fresh = self.window(photo, tile.rows, tile.columns)
        kept = fresh[:, :, tile.inner_rows, tile.inner_columns]
        canvas[:, :, tile.core_rows, tile.core_columns] = kept.clamp(0, 1).cpu()


def grow(
    executor: Executor,
    job: Job[Any],
    target: Picture,
    painted: Tensor,
    draw: Draw | None,
    tiling: Tiling,
    finish: Finish,
) -> Grown:
    """Let a painting (1, 3, h, w) grow up to the last step before the target's size.

    `tiling` is the network's: its stride and how far it sees.
    """
    full = target.height, target.width
    sizes = growth((painted.shape[2], painted.shape[3]), full, finish)
    height = painted.shape[2]
    halo = 0 if draw is None else _halo(tiling, full[0] / height)
    cut = Tiling(tiling.stride, halo)
    counted = sizes[:-1] if job.tiles else sizes  # the last step is one pass over all that is laid
    job.tiles += sum(len(cut.cut(size, executor.device.tile)) for size in counted)
    for size in sizes[:-1]:
        canvas, step = torch.empty(1, 3, *size), Grown(painted, size, size[0] / height, draw, halo, finish)
        with job.stage("finish"):
            small = resize_picture(target, *size)
            executor.in_tiles(job, small, cut, partial(step.write, canvas), draw is not None)
        painted = to_device(canvas, executor.device.torch)
    return Grown(painted, full, full[0] / height, draw, halo, finish)


def _unseen(pixels: Tensor, scale: float) -> Tensor:
    """Keep of (1, 3, h, w) what is too fine for a picture `scale` times as small.

    A Gaussian is taken away several times, for that parts more steeply than a broader one once: of structures
    of two of the small picture's pixels an eighth is kept, of four nothing, of one nearly all. Taken away
    twice, a fifth was kept, and full size came out .004 less like the preview (structural similarity).
    """
    for _ in range(_PARTINGS):
        pixels = pixels - blur(pixels, _SEEN * scale)
    return pixels


def _halo(tiling: Tiling, scale: float) -> int:
    """Return what a window must see around its core when a painting has grown by `scale`."""
    return tiling.halo + _PARTINGS * round(3 * _SEEN * scale) + 2


def forecast_growth(work: Size, target: Size, tiling: Tiling, finish: Finish, side: int) -> tuple[int, int]:
    """Count the pixels that the network will draw, halos included, and the bytes of the steps between."""
    scale = target[0] / work[0]
    if scale < finish.from_scale:
        return 0, 0
    sizes = growth(work, target, finish)
    cut = Tiling(tiling.stride, _halo(tiling, scale))
    drawn = sum(tile.pixels for size in sizes for tile in cut.cut(size, side))
    return drawn, sum(12 * height * width for height, width in sizes[-3:-1])  # float32, two at a time


# -- finishing -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class TileResult:
    """A window of a result: pixels (1, 3, h, w), and how much of them shows over the photo.

    A map (1, 1, h, w) of what shows is 0 where the photo's samples stay; pixels may be None where it is 0
    throughout. gray: how much of the photo's color they get.
    """

    pixels: Tensor | None
    shown: float | Tensor = 1.0
    gray: float | Tensor = 0.0


def finish_picture(
    executor: Executor,
    job: Job[Any],
    target: Picture,
    tiling: Tiling,
    window: Callable[[Tensor, slice, slice], TileResult],
    detail: float = 0.0,
    drawn: bool = False,
) -> Picture:
    """Make the result: a window at a time, with its final color and detail, over the photo's samples.

    `window` makes one, given the photo's (1, 3, h, w), and its rows and columns; `drawn` tells that a network
    draws in it.
    """
    executor.give_back(job)  # of what the steps before took; this one takes the most
    samples = np.empty_like(target.rgb)

    def paint(tile: Tile, photo: Tensor) -> None:
        core = tile.core_rows, tile.core_columns
        made = window(photo, tile.rows, tile.columns)
        if made.pixels is None:
            samples[core] = target.rgb[core]
            return
        pixels, shown = _with_color_and_detail(made.pixels, photo, made.gray, detail), made.shown
        if isinstance(shown, Tensor) or shown < 1:
            own = to_device(window_tensor(target, None, tile.rows, tile.columns), pixels.device)
            pixels = torch.lerp(own, pixels, shown)
        kept = pixels[0, :, tile.inner_rows, tile.inner_columns].permute(1, 2, 0)
        finished = from_device((kept * target.peak).round_(), samples.dtype).numpy()
        if isinstance(shown, Tensor):  # where nothing is painted the samples are the photo's own
            hidden = (shown[0, 0, tile.inner_rows, tile.inner_columns, None] <= 0).cpu().numpy()
            finished = np.where(hidden, target.rgb[core], finished)
        samples[core] = finished

    with job.stage("finish"):
        executor.in_tiles(job, target, tiling, paint, drawn)
        job.tell_of_tiles()
    return Picture(samples, target.alpha, target.name)


def _with_color_and_detail(painted: Tensor, photo: Tensor, gray: float | Tensor, detail: float) -> Tensor:
    """Give a painted window the photo's color by `gray`, one amount or (1, 1, h, w), and its detail."""
    if isinstance(gray, Tensor) or gray > 0:
        painted = keep_color(painted, photo, gray)
    if detail > 0:
        painted = restore_detail(painted, photo, detail)
    return painted.clamp(0, 1)
