"""A segmenter that sees colors alone: red is a person, green vegetation, blue sky, gray nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from stylizer.models.registry import Network, architecture


@dataclass(frozen=True)
class FakeSegmenterConfig:
    best_side: int = 128

    @staticmethod
    def tiny() -> FakeSegmenterConfig:
        return FakeSegmenterConfig()


@architecture("test-fake-segmenter", role="segmenter", config=FakeSegmenterConfig)
class FakeSegmenter(Network):
    classes = ("other", "person", "vegetation", "sky")

    def __init__(self, config: FakeSegmenterConfig):
        super().__init__()
        self.config, self.best_side = config, config.best_side
        self.sharpness = nn.Parameter(torch.tensor([20.0]))
        self.calls: Counter[str] = Counter()

    def segment(self, photo: Tensor) -> Tensor:
        self.calls["segment"] += 1
        assert max(photo.shape[2:]) <= self.best_side
        colors = photo - photo.mean(1, keepdim=True)
        logits = torch.cat([torch.full_like(photo[:, :1], -0.1), colors], 1) * self.sharpness
        return logits.softmax(1)
