"""A pool of past pictures, so that a critic remembers more than the last mistake."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PicturePool(nn.Module):
    """The history of Shrivastava et al. (arXiv:1612.07828, section 2.3), as buffers: saved with the run.

    Pictures are kept in half precision, which is finer than eight bits. Which are exchanged is drawn from the
    global generator, which the loop seeds by the step.
    """

    pictures: Tensor
    count: Tensor

    def __init__(self, capacity: int, side: int, channels: int = 3):
        super().__init__()
        self.capacity = capacity
        self.register_buffer("pictures", torch.zeros(capacity, channels, side, side, dtype=torch.float16))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def exchange(self, made: Tensor) -> Tensor:
        """Take new pictures (B, C, side, side); return as many, each new or, at even odds, a past one.

        Until the pool is full every picture is kept and returned. A pool of no pictures returns the new ones.
        """
        if not self.capacity:
            return made.detach()
        answer = made.detach().to(self.pictures.dtype)
        for i, picture in enumerate(answer.clone()):
            count = int(self.count)
            if count < self.capacity:
                self.pictures[count] = picture
                self.count += 1
            elif torch.rand(()) < 0.5:
                index = int(torch.randint(self.capacity, ()))
                answer[i] = self.pictures[index]
                self.pictures[index] = picture
        return answer.to(made.dtype)
