"""What the processes of one run agree on beside their gradients.

Weights are equal in all of them: the gradients' means are. Running figures that steer training (how often to
augment, the usual path length, the usual style) are means or sums over the processes. What merely remembers
(pools of past pictures, looks of crops) is each process's own; a snapshot keeps the first one's, with which
all go on when the run is resumed.
"""

from __future__ import annotations

import torch
from torch import Tensor, distributed, nn


def process_count() -> int:
    """Count the processes of the run."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def shared_sum(value: Tensor) -> Tensor:
    """Add up a tensor over the processes; every one must ask. A single process gets its own back."""
    if process_count() == 1:
        return value
    total = value.detach().clone()
    distributed.all_reduce(total)
    return total


def shared_mean(value: Tensor) -> Tensor:
    """Average a tensor over the processes; every one must ask. A single process gets its own back."""
    return value if process_count() == 1 else shared_sum(value) / process_count()


@torch.no_grad()
def share_buffers(module: nn.Module) -> None:
    """Give every process the mean of each buffer that holds fractions, as one flat tensor."""
    buffers = [buffer for buffer in module.buffers() if buffer.is_floating_point()]
    if process_count() == 1 or not buffers:
        return
    flat = shared_mean(torch.cat([buffer.flatten().float() for buffer in buffers]))
    for buffer, part in zip(buffers, flat.split([buffer.numel() for buffer in buffers]), strict=True):
        buffer.copy_(part.view(buffer.shape))
