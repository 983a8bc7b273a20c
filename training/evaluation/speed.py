"""Seconds and peak memory of a stylizer, per megapixel."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models import vgg19

_RELU4_1 = 21  # torchvision's VGG-19 layers up to and with relu4_1
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def speed_figures(
    painter: nn.Module, device: torch.device, side: int = 1024, times: int = 3
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
    best: dict[str, float] = {}

    def timed(name: str, work: object) -> object:
        start = time.perf_counter()
        answer = work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        best[name] = min(best.get(name, float("inf")), time.perf_counter() - start)
        return answer

    with torch.no_grad():
        code = timed("code_seconds_512px", lambda: painter.code(style))
        codes = torch.cat([code, code])
        start_peak(device)
        before = memory_now(device)
        for _ in range(times):
            content = timed("encode", lambda: painter.encode(photo))
            timed("decode", lambda content=content: painter.decode(content, codes, weights))
        peak = memory_peak(device)
    figures = {
        "code_seconds_512px": best["code_seconds_512px"],
        "encode_seconds_per_megapixel": best["encode"] / megapixels,
        "decode_seconds_per_megapixel": best["decode"] / megapixels,
    }
    if peak is not None and before is not None:
        figures["peak_megabytes_per_megapixel"] = (peak - before) / 1e6 / megapixels
    return figures


def units(work: Callable[[Tensor], object], side: int = 512, times: int = 7) -> float:
    """Time work on a square photo against VGG-19 to relu4_1 (float32, random weights) on the CPU.

    work takes (1, 3, side, side); the two take turns. Returns the ratio of the shortest times: what else the
    machine does disturbs both alike.
    """
    with torch.device("meta"):
        layers = vgg19(weights=None).features[:_RELU4_1]
    layers = layers.to_empty(device="cpu").eval()
    for parameter in layers.parameters():
        nn.init.normal_(parameter, std=0.02)
    photo = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0))
    best = [float("inf"), float("inf")]
    with torch.inference_mode():
        for _ in range(times):
            for index, step in enumerate((work, layers)):
                start = time.perf_counter()
                step(photo)
                best[index] = min(best[index], time.perf_counter() - start)
    return best[0] / best[1]


def start_peak(device: torch.device) -> None:
    """Forget earlier peaks."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif RESET.exists():
        RESET.write_text("5", encoding="ascii")


def memory_now(device: torch.device) -> float | None:
    """Return the bytes in use, None where the system does not tell."""
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else status_bytes("VmRSS")


def memory_peak(device: torch.device) -> float | None:
    """Return the largest number of bytes in use since `start_peak`, None where the system does not tell."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else status_bytes("VmHWM")


def status_bytes(name: str) -> float | None:
    """Read one line of Linux's account of this process."""
    if not STATUS.exists():
        return None
    lines = STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    return next((float(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":")), None)
