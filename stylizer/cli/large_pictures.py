"""benchmark --pictures: whole pictures from file to file, in seconds, memory, and likeness to the preview."""

from __future__ import annotations

import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.engine import Engine, StyleChoice, StyleRequest
from stylizer.errors import CommandError
from stylizer.imaging.picture import Picture, open_picture, save_picture
from stylizer.imaging.resize import resize_picture
from stylizer.imaging.tensors import to_tensor
from stylizer.models.yardstick import memory_now, memory_peak, start_peak

PREVIEW = 768
"""Long side of the preview that a picture is compared with, as the page shows it."""
_WINDOW, _SPREAD = 11, 1.5


@dataclass(frozen=True)
class LargePicture:
    """What one picture took, photo file to PNG: seconds; MB before, and at most meanwhile; SSIM.

    `peak_mb` is the whole process's, or that of a CUDA device. `likeness` is the mean structural similarity
    of the result, made smaller, and the preview.
    """

    photo: str
    width: int
    height: int
    seconds: float
    before_mb: float | None
    peak_mb: float | None
    likeness: float

    @property
    def megapixels(self) -> float:
        return self.width * self.height / 1e6


def measure_large(
    engine: Engine, sizes: list[tuple[int, int]], photos: list[Picture], style: str
) -> list[LargePicture]:
    """Paint photos, enlarged to each width and height, in a named style."""
    choice = StyleChoice(engine.find_style(style))
    _ = engine.painter  # loaded before the clock runs
    return [_measure(engine, *size, photo, choice) for size in sizes for photo in photos]


def _measure(engine: Engine, width: int, height: int, photo: Picture, style: StyleChoice) -> LargePicture:
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "photo.jpg", Path(folder) / "painted.png"
        save_picture(resize_picture(photo, height, width), before)
        start_peak(engine.device.torch)
        held, began = memory_now(engine.device.torch), time.perf_counter()
        request = StyleRequest(open_picture(before), (style,))
        result = engine.run(request)
        save_picture(result.picture, after, result.recipe.to_json())
        seconds, peak = time.perf_counter() - began, memory_peak(engine.device.torch)
    preview = engine.run(StyleRequest(request.content, (style,), long_side=PREVIEW)).picture
    small = resize_picture(result.picture, preview.height, preview.width)
    likeness = similarity(to_tensor(small), to_tensor(preview))
    return LargePicture(photo.name, width, height, seconds, _mb(held), _mb(peak), likeness)


def similarity(first: Tensor, second: Tensor) -> float:
    """Return the structural similarity of two pictures (1, 3, H, W) in [0, 1], at least 11 pixels a side.

    Wang et al. 2004, eq. 13: windows of 11 pixels, Gaussian of 1.5; the mean over whole windows and channels.
    """
    place = torch.arange(_WINDOW, dtype=torch.float64) - _WINDOW // 2
    bell = torch.exp(-(place**2) / (2 * _SPREAD**2))
    window = (bell[:, None] * bell / bell.sum() ** 2)[None, None]
    first, second = (picture.double().transpose(0, 1) for picture in (first, second))

    def mean(values: Tensor) -> Tensor:
        return F.conv2d(values, window)

    one, two = mean(first), mean(second)
    spread = mean(first**2) - one**2, mean(second**2) - two**2, mean(first * second) - one * two
    light = (2 * one * two + 0.01**2) / (one**2 + two**2 + 0.01**2)
    return float((light * (2 * spread[2] + 0.03**2) / (spread[0] + spread[1] + 0.03**2)).mean())


def read_sizes(words: tuple[str, ...]) -> list[tuple[int, int]]:
    """Read sizes like 3840x2160, of 16 pixels to 40 megapixels; raises CommandError."""
    sizes = []
    for word in words:
        found = re.fullmatch(r"(\d{2,5})x(\d{2,5})", word)
        width, height = (int(found[1]), int(found[2])) if found else (0, 0)
        if not (min(width, height) >= 16 and max(width, height) <= 16384 and width * height <= 40 * 10**6):
            raise CommandError(
                f"A picture is {word[:40]}; write it like 3840x2160, with sides of 16 to 16384 pixels and at "
                "most 40 megapixels."
            )
        sizes.append((width, height))
    return sizes


def _mb(count: float | None) -> float | None:
    return None if count is None else count / (1 << 20)
