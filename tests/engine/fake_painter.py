"""A painter small enough to see through: it moves colors and counts its calls."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylizer.models.registry import Network, architecture


@dataclass(frozen=True)
class FakeConfig:
    calibration: tuple[tuple[float, float], ...] = ()

    @staticmethod
    def tiny() -> FakeConfig:
        return FakeConfig()


@dataclass(frozen=True)
class FakeContent:
    pixels: Tensor
    mean: Tensor
    spread: Tensor

    @property
    def nbytes(self) -> int:
        return self.pixels.numel() * 4


@architecture("test-fake-painter", role="stylizer", config=FakeConfig)
class FakePainter(Network):
    """code = channel means and deviations; painting = the photo with the mean code's moments."""

    stride, halo, code_size = 8, 16, 6 + 12

    def __init__(self, config: FakeConfig):
        super().__init__()
        self.config = config
        self.gain = nn.Parameter(torch.ones(1, 1))
        self.calls: Counter[str] = Counter()
        self.before_decode = lambda: None
        self._lock = threading.Lock()

    @property
    def calibration(self) -> tuple[tuple[float, float], ...]:
        return self.config.calibration

    def _count(self, name: str) -> None:
        with self._lock:
            self.calls[name] += 1

    def fits(self, code: Tensor) -> bool:
        return code.shape == (self.code_size,)

    def code(self, style: Tensor, weights: Tensor | None = None) -> Tensor:
        self._count("code")
        shares = torch.ones_like(style[:, :1]) if weights is None else weights
        shares = shares / shares.sum((2, 3), keepdim=True)
        mean = (style * shares).sum((2, 3))
        spread = ((style - mean[:, :, None, None]).square() * shares).sum((2, 3)).sqrt()
        root = torch.diag_embed(spread).flatten(1)
        return torch.cat([mean, spread, mean, root], 1)

    def color_of(self, code: Tensor) -> tuple[Tensor, Tensor]:
        return code[:, 6:9], code[:, 9:].unflatten(1, (3, 3))

    def encode(self, photo: Tensor, like: FakeContent | None = None, painted: bool = False) -> FakeContent:
        self._count("encode")
        spread, mean = torch.std_mean(photo, (2, 3), correction=0, keepdim=True)
        return FakeContent(photo, like.mean, like.spread) if like else FakeContent(photo, mean, spread)

    def own_code(self, content: FakeContent) -> Tensor:
        mean, spread = content.mean.flatten(1), content.spread.flatten(1)
        return torch.cat([mean, spread, mean, torch.diag_embed(spread).flatten(1)], 1)

    def measure(self, content: FakeContent, codes: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        self._count("measure")
        return content.mean, content.spread

    def decode(self, content, codes, weights, statistics=None) -> Tensor:
        self._count("decode")
        self.before_decode()
        mean, spread = statistics or (content.mean, content.spread)
        if weights.dim() == 3:
            weights = F.interpolate(weights[None], size=content.pixels.shape[2:], mode="area")[0]
            mixed = torch.einsum("khw,kc->chw", weights, codes)[None]
        else:
            mixed = (weights @ codes)[None, :, None, None]
        flat = (content.pixels - mean) / (spread + 1e-4)
        painted = flat * (mixed[:, 3:6] + 1e-4) + mixed[:, :3]
        return (painted * self.gain).clamp(0, 1)
