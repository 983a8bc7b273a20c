"""Carry out inventions: seeds to styles, styles to pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from stylizer import __version__
from stylizer.engine.bench import Bench
from stylizer.engine.invention import LEVELS, MOST_STEPS, InventRequest
from stylizer.engine.job import Job
from stylizer.engine.library import Library, license_notes
from stylizer.engine.model_recipes import InventionRecipe
from stylizer.engine.progress import CancelToken, ProgressReceiver, ignore_progress
from stylizer.engine.recipe import StyleResult
from stylizer.engine.request import RequestError
from stylizer.imaging.picture import Picture
from stylizer.imaging.tensors import to_picture
from stylizer.models.roles import Inventor

Layouts = dict[int, float]
"""The seeds that draw layout and grain, and their shares, sum 1."""


class Inventing:
    """Invent pictures with the checkpoints' inventors; remembers the networks."""

    def __init__(self, library: Library, bench: Bench) -> None:
        self._library, self._bench = library, bench

    def inventor(self, name: str, token: CancelToken | None = None) -> Inventor:
        """Return an inventor on the device; raises RequestError or CheckpointError."""
        return self._bench.network(name, lambda: self._library.load_model(name, "inventor"), token)

    def invent(
        self,
        request: InventRequest,
        token: CancelToken | None = None,
        progress: ProgressReceiver | None = None,
    ) -> StyleResult:
        """Invent one picture; equal requests give equal samples."""
        job = Job(request, token or CancelToken(), progress or ignore_progress)
        with job.stage("style"):
            network = self.inventor(request.model, job.token)
            job.notes += license_notes(request.model, network)
        with job.stage("painting"):
            style = partial(_style, network, request, self._bench.device.torch)
            picture = self._painted(job, network, style, _layouts(request), str(request.seed))
        recipe = InventionRecipe(__version__, network.checkpoint_sha, request)
        return StyleResult(picture, recipe, job.seconds, tuple(job.notes))

    def walk(
        self, request: InventRequest, to_seed: int, steps: int, token: CancelToken | None
    ) -> Iterator[Picture]:
        """Yield pictures from the request's to another seed's, both included."""
        if isinstance(steps, bool) or not hasattr(steps, "__index__") or not 2 <= steps <= MOST_STEPS:
            raise RequestError(f"a walk has {steps!r} pictures; choose a whole number from 2 to {MOST_STEPS}")
        goal = InventRequest(request.model, to_seed, truncation=request.truncation)
        job = Job(request, token or CancelToken(), ignore_progress)
        with job.stage("style"):
            network = self.inventor(request.model, job.token)
        for step in range(steps):
            share, name = step / (steps - 1), f"{request.seed}-{to_seed}-{step + 1:03}"
            style = partial(_between, network, request, goal, share, self._bench.device.torch)
            with job.stage("painting"):
                layouts = _moved(_layouts(request), to_seed, share)
                picture = self._painted(job, network, style, layouts, name)
            yield picture

    def _painted(
        self, job: Job, network: Inventor, style: Callable[[], Tensor], layouts: Layouts, name: str
    ) -> Picture:
        with self._bench.working(job):
            samples = network.finish(style(), layouts, job.request.size).float()
        if not torch.isfinite(samples).all():
            raise RequestError(f"{job.request.model} gives no picture; its numbers overflow")
        picture = to_picture(samples)
        return Picture(picture.rgb, name=f"{job.request.model.split('/')[-1]}-{name}")


def _layouts(request: InventRequest) -> Layouts:
    own = {request.seed: 1.0}
    return own if request.second is None else _moved(own, request.second, request.mix[0])


def _moved(layouts: Layouts, seed: int, share: float) -> Layouts:
    """Move layouts by a share towards another seed's."""
    found = {other: (1 - share) * part for other, part in layouts.items()}
    found[seed] = found.get(seed, 0.0) + share
    return found


def _style(network: Inventor, request: InventRequest, device: torch.device) -> Tensor:
    """Return the style (1, layers, n) of a request; each third of the layers has its share of the second."""

    def of(seed: int) -> Tensor:
        z = torch.randn(1, network.latent_size, generator=torch.Generator().manual_seed(seed))
        return network.style(z.to(device), request.truncation)

    first = of(request.seed)
    if request.second is None:
        return first
    levels = torch.arange(network.layers, device=device) * len(LEVELS) // network.layers
    shares = torch.tensor(request.mix, device=device)[levels]
    return torch.lerp(first, of(request.second), shares[None, :, None])


def _between(
    network: Inventor, request: InventRequest, goal: InventRequest, share: float, device: torch.device
) -> Tensor:
    return torch.lerp(_style(network, request, device), _style(network, goal, device), share)
