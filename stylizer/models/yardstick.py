"""How fast and how large a network is: seconds, memory, and one yardstick that machines have in common."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import nn

_RELU4_1 = 21  # torchvision's VGG-19 layers up to and with relu4_1
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def yardstick(device: torch.device) -> nn.Module:
    """Build VGG-19 to relu4_1, float32, random weights: one pass over a picture (B, 3, H, W) is the unit."""
    from torchvision.models import vgg19  # slow to import, and nothing else of this room needs it

    with torch.device("meta"):
        layers: nn.Module = vgg19(weights=None).features[:_RELU4_1]
    layers = layers.to_empty(device=device).eval()
    for layer in layers.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return layers


def shortest(works: Sequence[Callable[[], object]], times: int, device: torch.device) -> list[float]:
    """Return the shortest seconds of each work of several runs.

    The works take turns, so that what else the machine does disturbs all alike; a first round sets up and
    does not count.
    """
    best = [float("inf")] * len(works)
    for turn in range(times + 1):
        for place, work in enumerate(works):
            _wait(device)
            start = time.perf_counter()
            work()
            _wait(device)
            if turn:
                best[place] = min(best[place], time.perf_counter() - start)
    return best


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def start_peak(device: torch.device) -> None:
    """Forget earlier peaks of memory; a process forgets them on Linux alone."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif _RESET.exists():
        _RESET.write_text("5", encoding="ascii")


def memory_now(device: torch.device) -> float | None:
    """Return the bytes in use, on CUDA the device's and else the process's; None where nobody tells."""
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else _status_bytes("VmRSS")


def memory_peak(device: torch.device) -> float | None:
    """Return the most bytes in use since `start_peak`, counted like `memory_now`."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    told = _status_bytes("VmHWM")
    if told is not None or sys.platform == "win32":
        return told
    import resource  # not a module of Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _status_bytes(name: str) -> float | None:
    """Read one line of Linux's account of this process."""
    if not _STATUS.exists():
        return None
    lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    return next((float(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":")), None)
