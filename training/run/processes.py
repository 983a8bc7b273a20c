"""The device of a run, and what its processes agree on beside their gradients.

Weights are equal in all of them: the gradients' means are. Running figures that steer training (how often to
augment, the usual path length, the usual style) are means or sums over the processes. What merely remembers
(pools of past pictures, looks of crops) is each process's own; a snapshot keeps the first one's, with which
all go on when the run is resumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, distributed, nn

from .config import UserMistake


def open_device(name: str) -> torch.device:
    """Return the device of a name; auto takes the accelerator if there is one. Raises UserMistake."""
    known = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, there in known.items() if there)
    if not known[name]:
        raise UserMistake(f"device is {name}, which this machine does not have; use auto or cpu.")
    return torch.device(name)


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


def shared_means(values: Mapping[str, Tensor]) -> dict[str, float]:
    """Average scalars by name over the processes that have them; every process must ask, also with none."""
    own: dict[str, float] = {}
    if values:
        scalars = [torch.as_tensor(value).detach().float() for value in values.values()]
        device = next((scalar.device for scalar in scalars if scalar.device.type != "cpu"), "cpu")
        own = dict(zip(values, torch.stack([s.to(device) for s in scalars]).tolist(), strict=True))
    if process_count() == 1:
        return own
    everyone: list[dict[str, float]] = [{} for _ in range(process_count())]
    distributed.all_gather_object(everyone, own)
    found: dict[str, list[float]] = {}
    for some in everyone:
        for name, value in some.items():
            found.setdefault(name, []).append(value)
    return {name: sum(parts) / len(parts) for name, parts in found.items()}


@torch.no_grad()
def mean_gradients(parameters: Sequence[nn.Parameter]) -> None:
    """Average gradients over the processes, as one flat tensor; one that no process has stays absent.

    Done here rather than by a wrapper around the networks, since phases call their parts, not `forward`. An
    absent gradient leaves Adam's memory of a weight alone, a gradient of zeros would let it fade.
    """
    if process_count() == 1 or not parameters:
        return
    there = torch.tensor([float(p.grad is not None) for p in parameters], device=parameters[0].device)
    counts = shared_sum(there).tolist()
    wanted = [parameter for parameter, count in zip(parameters, counts, strict=True) if count]
    if not wanted:
        return
    gradients = []
    for parameter in wanted:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        gradients.append(parameter.grad)
    flat = shared_mean(torch.cat([gradient.flatten() for gradient in gradients]))
    for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(part.view(gradient.shape))
