"""Seconds and peak memory of a stylizer, per megapixel; other networks in units of the yardstick."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from stylizer.models.roles import Stylizer
from stylizer.models.yardstick import memory_now, memory_peak, shortest, start_peak, yardstick


@torch.no_grad()
def speed_figures(
    painter: Stylizer, device: torch.device, side: int = 1024, times: int = 3
) -> dict[str, float]:
    """Measure a square photo of `side` px: best seconds of encode and decode, peak memory, per megapixel.

    The code of a 512 px painting is needed once a style and counts by itself. Memory is what a painting needs
    beyond the loaded network; it is left out where the system does not tell (only Linux and CUDA do).
    """
    generator = torch.Generator().manual_seed(0)
    photo = torch.rand(1, 3, side, side, generator=generator).to(device)
    style = torch.rand(1, 3, 512, 512, generator=generator).to(device)
    weights = torch.tensor([0.0, 1.0], device=device)
    megapixels = side * side / 1e6
    code = painter.code(style)
    codes = torch.cat([code, code])
    start_peak(device)
    before = memory_now(device)
    content = painter.encode(photo)
    painter.decode(content, codes, weights)
    peak = memory_peak(device)
    works = (
        lambda: painter.code(style),
        lambda: painter.encode(photo),
        lambda: painter.decode(content, codes, weights),
    )
    seconds = shortest(works, times, device)
    figures = {
        "code_seconds_512px": seconds[0],
        "encode_seconds_per_megapixel": seconds[1] / megapixels,
        "decode_seconds_per_megapixel": seconds[2] / megapixels,
    }
    if peak is not None and before is not None:
        figures["peak_megabytes_per_megapixel"] = (peak - before) / 1e6 / megapixels
    return figures


@torch.inference_mode()
def units(work: Callable[[Tensor], object], side: int = 512, times: int = 7) -> float:
    """Time work on a square photo (1, 3, side, side) on the CPU in units of one pass of the yardstick."""
    cpu = torch.device("cpu")
    unit = yardstick(cpu)
    photo = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0))
    seconds, one = shortest((lambda: work(photo), lambda: unit(photo)), times, cpu)
    return seconds / one
