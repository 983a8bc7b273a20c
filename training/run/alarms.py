"""Alarms: what goes wrong in training is said at once, never smoothed over."""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

SPIKE = 10.0  # a gradient this many times the usual one is worth a line
USUAL = 200  # steps that say what is usual
WINNING = 0.98  # share of right answers of a critic that leaves the painter nothing to learn
ALIKE = 0.01  # spread of 8x8 thumbnails over a batch, [0, 1] units, below which the pictures are one picture
INVERTED = -0.2
"""Correlation of thumbnails with those of their sources below which light and dark are swapped."""
LOOK_EVERY = 50  # steps between two looks at pictures
LOOKS = 4
"""Looks that count together: one dark photo made light is no inversion, and a batch may be one picture."""
WELL = {"winning": 0.95, "alike": 0.02, "inverted": 0.0}
"""Where what those three warn of is over: some way behind the threshold, so that one at it is told once."""
QUIET = 1_000  # steps before a spike is told again


class TrainingAlarm(RuntimeError):
    """Training cannot go on; the message says what was found and at which step."""


class Alarms:
    """Watch one run. Numbers only: it changes nothing, so it is no part of a snapshot.

    What lasts (a critic that always wins, pictures alike, colors inverted) is told once, and once more when
    it is over; a run that is resumed begins to watch anew.
    """

    def __init__(self) -> None:
        self.norms: dict[str, deque[float]] = {}
        self.thumbnails: dict[str, deque[Tensor]] = {}
        self.likeness: dict[str, deque[float]] = {}
        self.right: dict[str, deque[float]] = {}
        self.last_said: dict[str, int] = {}
        self.lasting: set[str] = set()
        self.news: list[str] = []

    def finite(self, phase: str, step: int, losses: Mapping[str, float], norm: float) -> None:
        """Stop at a loss or gradient that is not a number.

        Raises TrainingAlarm before the optimizer has used it.
        """
        broken = [name for name, value in losses.items() if not math.isfinite(value)]
        if broken:
            raise TrainingAlarm(f"step {step}, {phase}: loss {', '.join(broken)} is not finite.")
        if not math.isfinite(norm):
            raise TrainingAlarm(f"step {step}, {phase}: the gradient is not finite though every loss is.")

    def gradient(self, phase: str, step: int, norm: float) -> None:
        """Warn of a gradient far above the usual one of its phase."""
        norms = self.norms.setdefault(phase, deque(maxlen=USUAL))
        if len(norms) >= USUAL // 4:
            usual = statistics.median(norms)
            if usual > 0 and norm > SPIKE * usual:
                self.once_in_a_while(
                    f"{phase} spike", step, f"{phase}: gradient {norm:.3g}, usually {usual:.3g}"
                )
        norms.append(norm)

    def critic(self, phase: str, step: int, right: float) -> None:
        """Warn of a critic that has been right nearly always for a while; `right` in [0, 1]."""
        answers = self.right.setdefault(phase, deque(maxlen=USUAL))
        answers.append(right)
        if len(answers) < USUAL:
            return
        mean = statistics.fmean(answers)
        sentence = f"{phase}: right {mean:.1%} of the time, it teaches nothing"
        self.until_over(f"{phase} winning", step, mean > WINNING, mean < WELL["winning"], sentence)

    @torch.no_grad()
    def pictures(self, phase: str, step: int, painted: Tensor) -> None:
        """Warn of pictures (B,3,H,W) that are all alike; of a batch of one, the last few are compared."""
        seen = self.thumbnails.setdefault(phase, deque(maxlen=LOOKS))
        seen.append(F.adaptive_avg_pool2d(painted.float(), 8))
        compared = seen[-1]
        if painted.shape[0] < 2:
            compared = torch.cat(list(seen))
            if len(seen) < LOOKS:
                return
        spread = compared.std(0).mean().item()
        sentence = f"{phase}: the batch's pictures are alike (spread {spread:.4f})"
        self.until_over(f"{phase} alike", step, spread < ALIKE, spread > WELL["alike"], sentence)

    @torch.no_grad()
    def colors(self, phase: str, step: int, source: Tensor, painted: Tensor) -> None:
        """Warn of pictures (B,3,H,W) that are negatives of their sources, look after look.

        Each color channel's thumbnail is correlated with the source's; the mean counts.
        """
        pairs = [F.adaptive_avg_pool2d(x.float(), 8).flatten(2) for x in (source, painted)]
        first, second = (x - x.mean(2, keepdim=True) for x in pairs)
        size = (first.square().sum(2) * second.square().sum(2)).sqrt()
        looks = self.likeness.setdefault(phase, deque(maxlen=LOOKS))
        looks.append(((first * second).sum(2) / (size + 1e-6)).mean().item())
        if len(looks) < LOOKS:
            return
        mean = statistics.fmean(looks)
        sentence = f"{phase}: colors are inverted (correlation {mean:.2f})"
        self.until_over(f"{phase} inverted", step, mean < INVERTED, mean > WELL["inverted"], sentence)

    def until_over(self, kind: str, step: int, ill: bool, well: bool, sentence: str) -> None:
        """Keep a warning for the report when it begins, and a word when it is over."""
        if ill and kind not in self.lasting:
            self.lasting.add(kind)
            self.news.append(f"step {step}, {sentence}.")
        elif well and kind in self.lasting:
            self.lasting.remove(kind)
            self.news.append(f"step {step}, {kind.replace(' ', ': no longer ')}.")

    def once_in_a_while(self, kind: str, step: int, sentence: str) -> None:
        """Keep a warning for the report unless the same kind was told within the last steps."""
        if step - self.last_said.get(kind, -QUIET) >= QUIET:
            self.last_said[kind] = step
            self.news.append(f"step {step}, {sentence}.")

    def collect(self) -> list[str]:
        """Hand over the warnings since the last call."""
        news, self.news = self.news, []
        return news
