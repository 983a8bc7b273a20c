"""Does the strength slider move evenly? Distances between pictures at rising strengths."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence


def monotonicity(from_photo: Sequence[float]) -> float:
    """Return the share of steps on which the distance to the photo grows; 1 is always.

    from_photo: distance of the picture at each strength, strengths rising.
    """
    pairs = list(itertools.pairwise(from_photo))
    return sum(after > before for before, after in pairs) / len(pairs)


def unevenness(steps: Sequence[float]) -> float:
    """Return standard deviation over mean of the distances between neighbors; 0 is perfectly even."""
    mean = statistics.fmean(steps)
    return statistics.pstdev(steps) / mean if mean > 0 else 0.0


def calibration(strengths: Sequence[float], steps: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Return (slider position, strength) pairs that make equal moves of the slider equal distances.

    strengths: rising, from 0 to 1, equally spaced; steps: the distance between each and the next.
    Positions are equally spaced too, straight lines between; 0 stays 0 and 1 stays 1.
    Raises ValueError when strengths do not run from 0 to 1.
    """
    if strengths[0] != 0 or strengths[-1] != 1 or len(steps) != len(strengths) - 1:
        raise ValueError(f"strengths must run from 0 to 1 with a step between each, not {list(strengths)}")
    walked = list(itertools.accumulate(steps, initial=0.0))
    if walked[-1] == 0:
        return ((0.0, 0.0), (1.0, 1.0))
    table = []
    for index in range(len(strengths)):
        position = index / (len(strengths) - 1)
        wanted = position * walked[-1]
        left = max(i for i in range(len(steps)) if (walked[i] <= wanted and steps[i] > 0) or i == 0)
        share = (wanted - walked[left]) / steps[left] if steps[left] > 0 else 0.0
        strength = strengths[left] + min(1.0, share) * (strengths[left + 1] - strengths[left])
        table.append((round(position, 4), round(strength, 4)))
    return ((0.0, 0.0), *table[1:-1], (1.0, 1.0))
