"""benchmark: the painter and a translator against one yardstick, a VGG-19 forward to relu4_1."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

import numpy as np
import torch
from torch import nn

from stylizer.cli.large_pictures import measure_large, read_sizes
from stylizer.cli.options import EngineOptions, Json
from stylizer.engine import Engine, StyleChoice, StyleRequest
from stylizer.engine.pipelines.study import sample_photos
from stylizer.errors import CommandError
from stylizer.imaging.picture import Picture, open_picture
from stylizer.imaging.tensors import to_tensor
from stylizer.models.yardstick import memory_peak, shortest, start_peak, yardstick

_SEEDS = count(100)


@dataclass(frozen=True, kw_only=True)
class Benchmark(EngineOptions):
    """Measure speed and memory, in seconds and in units of one VGG-19 forward to relu4_1."""

    sizes: tuple[int, ...] = (256, 512, 1024)
    """Sides of the square photos, pixels."""
    repeats: int = 9
    """Runs of each measurement; the shortest counts."""
    threads: int = 2
    """CPU threads."""
    pictures: tuple[str, ...] = ()
    """Measure whole pictures instead, file to file: sizes like 3840x2160 7680x4320 7744x5164."""
    photo: tuple[Path, ...] = ()
    """The photos for them, one or several, enlarged to each size; a sample photo if not given."""
    style: str = "starry-night"
    """The style for them."""
    as_json: Json = False

    def run(self) -> int:
        """Print a line for each size."""
        if self.pictures:
            return self._run_pictures()
        if not self.sizes or not all(32 <= size <= 4096 for size in self.sizes):
            raise CommandError(
                f"sizes are {' '.join(map(str, self.sizes)) or 'none'}; choose 32 to 4096 pixels."
            )
        if self.repeats < 1 or self.threads < 1:
            raise CommandError("repeats and threads must be at least 1.")
        engine = self.engine()
        figures = benchmark(engine, self.sizes, self.repeats, self.threads)
        numbers = str(engine.device.dtype).removeprefix("torch.")
        if self.as_json:
            rows = [asdict(row) | {"units": row.in_units()} for row in figures]
            facts = {"device": engine.device.name, "dtype": numbers, "threads": self.threads, "sizes": rows}
            print(json.dumps(facts, indent=2))
            return 0
        print(f"{engine.device.name}, {numbers}, {self.threads} threads; ms, units of VGG-19 to relu4_1")
        for row in figures:
            units = row.in_units()
            peak = "unknown" if row.peak_mb is None else f"{row.peak_mb:.0f} MB"
            print(f"{row.size} px: unit {row.unit * 1e3:.0f} ms, peak memory {peak}")
            for name, value in units.items():
                print(f"  {name.replace('_', ' '):<14} {value * row.unit * 1e3:8.1f} ms  {value:6.3f}")
            if row.translator is not None:
                print(f"  translate is one pass of {row.translator}")
        return 0

    def _run_pictures(self) -> int:
        """Print a line for each picture."""
        sizes = read_sizes(self.pictures)
        if self.threads < 1:
            raise CommandError("threads must be at least 1.")
        photos = [open_picture(file) for file in self.photo] or sample_photos()[:1]
        engine = self.engine()
        before = torch.get_num_threads()
        torch.set_num_threads(self.threads)
        try:
            rows = measure_large(engine, sizes, photos, self.style)
        finally:
            torch.set_num_threads(before)
        numbers = str(engine.device.dtype).removeprefix("torch.")
        if self.as_json:
            facts = {"device": engine.device.name, "dtype": numbers, "threads": self.threads}
            print(json.dumps(facts | {"pictures": [asdict(row) for row in rows]}, indent=2))
            return 0
        print(f"{engine.device.name}, {numbers}, {self.threads} threads; photo file to PNG")
        for row in rows:
            peak = "unknown" if row.peak_mb is None else f"{row.peak_mb:.0f} MB"
            print(
                f"{row.photo}, {row.width} x {row.height}: {row.megapixels:5.1f} megapixels, "
                f"{row.seconds:7.1f} s, {row.seconds / row.megapixels:5.2f} s a megapixel, "
                f"peak memory {peak}, SSIM with the preview {row.likeness:.3f}"
            )
        return 0


@dataclass(frozen=True)
class Figures:
    """Seconds at one size, the shortest of several runs, and the most memory while painting.

    `peak_mb` is the whole process's, or that of a CUDA device.

    `paint` is photo, style and tick together: a new photo in a new style. `cached` leaves the style out.
    `translate` is one pass of `translator`, the first by name among the checkpoints; None where there is
    none.
    """

    size: int
    unit: float
    encode_photo: float
    encode_style: float
    slider_tick: float
    paint: float
    cached: float
    full_run: float
    peak_mb: float | None
    translate: float | None = None
    translator: str | None = None

    def in_units(self) -> dict[str, float]:
        """Return the same times in units of one VGG-19 forward to relu4_1 at this size."""
        others = ("size", "unit", "peak_mb", "translator")
        times = {key: value for key, value in asdict(self).items() if key not in others and value is not None}
        return {key: value / self.unit for key, value in times.items()}


def benchmark(engine: Engine, sizes: tuple[int, ...], repeats: int = 9, threads: int = 2) -> list[Figures]:
    """Measure square photos of each size; the yardstick runs in float32 in the default layout."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return [_measure(engine, size, repeats) for size in sizes]
    finally:
        torch.set_num_threads(before)


def _measure(engine: Engine, size: int, repeats: int) -> Figures:
    device, painter = engine.device, engine.painter
    photo = to_tensor(_drawn(size, 1), device.torch).contiguous(memory_format=torch.channels_last)
    style = to_tensor(_drawn(size, 2), device.torch).contiguous(memory_format=torch.channels_last)
    translator = next((card.name for card in engine.models("translator")), None)
    network = None if translator is None else engine.translator(translator)

    def best(work: Callable[[], object], times: int = repeats) -> float:
        return shortest([work], times, device.torch)[0]

    with torch.inference_mode(), device.precision():
        content = painter.encode(photo)
        own, style_code = torch.cat([painter.own_code(content), painter.code(style)]).float()
        codes, weights = torch.stack([own, style_code]), torch.tensor([0.2, 0.8], device=device.torch)
        encode_photo = best(lambda: painter.encode(photo))
        encode_style = best(lambda: painter.code(style))
        tick = best(lambda: painter.decode(content, codes, weights))
        translate = None if network is None else best(lambda: network.translate(photo))
    fewer = max(1, repeats // 3)
    start_peak(device.torch)
    full_run = best(lambda: _full_run(engine, size), fewer)
    peak = memory_peak(device.torch)
    with torch.inference_mode():
        layers, picture = yardstick(device.torch), torch.rand(1, 3, size, size, device=device.torch)
        unit = best(lambda: layers(picture), fewer)
    return Figures(
        size=size,
        unit=unit,
        encode_photo=encode_photo,
        encode_style=encode_style,
        slider_tick=tick,
        paint=encode_photo + encode_style + tick,
        cached=encode_photo + tick,
        full_run=full_run,
        peak_mb=None if peak is None else peak / (1 << 20),
        translate=translate,
        translator=translator,
    )


def _full_run(engine: Engine, size: int) -> None:
    """Paint a photo and a style that the engine has never met, to the last sample."""
    photo, style = _drawn(size, next(_SEEDS)), _drawn(512, next(_SEEDS))
    engine.run(StyleRequest(photo, (StyleChoice(style),)))


def _drawn(size: int, seed: int) -> Picture:
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 16, 16, generator=generator)
    smooth = nn.functional.interpolate(coarse, size=(size, size), mode="bilinear", align_corners=False)
    noisy = (smooth + 0.05 * torch.randn(1, 1, size, size, generator=generator)).clamp(0, 1)
    return Picture((noisy[0].permute(1, 2, 0) * 255).numpy().astype(np.uint8))
