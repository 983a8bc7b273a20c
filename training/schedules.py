"""Learning rates as functions of the step."""

from __future__ import annotations


def late_linear(step: int, steps: int, rate: float, begin: float = 0.5) -> float:
    """Hold `rate` for the share `begin` of the steps, then fall in a line to 0 (arXiv:1703.10593)."""
    done = step / steps
    return rate * min(1.0, max(0.0, (1 - done) / (1 - begin)))
