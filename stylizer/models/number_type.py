"""Which numbers a device multiplies fast."""

from __future__ import annotations

import torch


def fast_type(kind: str) -> torch.dtype:
    """Return bfloat16 where a device of a kind (cpu, cuda, mps) multiplies it by itself, else float32.

    Processors without it emulate it: products of matrices take eight times as long as in float32, a step of
    training ten times (measured on one that has AVX2 alone).
    """
    if kind == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    if kind == "cpu" and torch.cpu._is_avx512_bf16_supported():
        return torch.bfloat16
    return torch.float32


def fast_arithmetic(device: torch.device) -> torch.autocast:
    """Return a context in which networks compute with a device's fast numbers."""
    dtype = fast_type(device.type)
    return torch.autocast(device.type, torch.bfloat16, enabled=dtype == torch.bfloat16)
