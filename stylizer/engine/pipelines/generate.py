"""Generate: a picture out of seeds; they become styles, whose layers can be mixed, and styles pictures."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor

from stylizer.engine.checks import LEVELS
from stylizer.engine.library import Library, license_notes
from stylizer.engine.pipelines.repaint import grown_and_repainted
from stylizer.engine.pipelines.stylize import StylizePipeline
from stylizer.engine.progress import CancelToken
from stylizer.engine.recipe import Result, write_recipe
from stylizer.engine.requests import MOST_STEPS, GenerateRequest
from stylizer.engine.runtime.executor import Executor, Job
from stylizer.errors import RequestError
from stylizer.imaging.picture import Picture
from stylizer.imaging.tensors import to_picture
from stylizer.models.roles import Generator

Layouts = dict[int, float]
"""The seeds that draw layout and grain, and their shares, sum 1."""


class GeneratePipeline:
    """Generate pictures with the checkpoints' generators; the networks are remembered."""

    def __init__(self, library: Library, executor: Executor, stylize: StylizePipeline) -> None:
        self.library, self.executor, self._stylize = library, executor, stylize

    def generator(self, name: str, token: CancelToken | None = None) -> Generator:
        """Return a generator on the device; raises RequestError or CheckpointError."""
        return self.executor.network(name, partial(self.library.load_model, name, "generator"), token)

    def __call__(self, job: Job[GenerateRequest]) -> Result:
        """Generate one picture; equal requests give equal samples."""
        request = job.request
        with job.stage("style"):
            network = self.generator(request.model, job.token)
            job.notes += license_notes(request.model, network)
        with job.stage("painting"):
            picture = self._painted(job, network, 0.0, None, _layouts(request), str(request.seed))
        recipe = write_recipe(request, network.checkpoint_sha)
        return Result(picture, recipe, job.seconds, tuple(job.notes))

    def walk(self, job: Job[GenerateRequest], to_seed: int, steps: int) -> Iterator[Picture]:
        """Yield pictures from the request's to another seed's, both included; raises RequestError."""
        if isinstance(steps, bool) or not hasattr(steps, "__index__") or not 2 <= steps <= MOST_STEPS:
            raise RequestError(
                "a walk has {steps!r} pictures; choose a whole number from 2 to {most}",
                steps=steps,
                most=MOST_STEPS,
            )
        request = job.request
        goal = GenerateRequest(request.model, to_seed, truncation=request.truncation)
        with job.stage("style"):
            network = self.generator(request.model, job.token)
        for step in range(steps):
            share, name = step / (steps - 1), f"{request.seed}-{to_seed}-{step + 1:03}"
            with job.stage("painting"):
                layouts = _moved(_layouts(request), to_seed, share)
                picture = self._painted(job, network, share, goal, layouts, name)
            yield picture

    def _painted(
        self,
        job: Job[GenerateRequest],
        network: Generator,
        share: float,
        goal: GenerateRequest | None,
        layouts: Layouts,
        name: str,
    ) -> Picture:
        """Paint the request's style, moved by a share towards the goal's."""
        request = job.request
        with self.executor.holding(job):
            style = self._style(network, request)
            if goal is not None:
                style = torch.lerp(style, self._style(network, goal), share)
            if network.composes and request.size:
                samples = network.finish(style, layouts, _composed(network.picture_size, *request.size))
                samples = grown_and_repainted(self._stylize, samples, request.size)
            else:
                samples = network.finish(style, layouts, request.size).float()
        if not torch.isfinite(samples).all():
            raise RequestError("{model} gives no picture; its numbers overflow", model=request.model)
        return Picture(to_picture(samples).rgb, name=f"{request.model.split('/')[-1]}-{name}")

    def _style(self, network: Generator, request: GenerateRequest) -> Tensor:
        """Return a request's style (1, layers, n); each third of the layers has its share of the second."""
        device = self.executor.device.torch

        def of(seed: int) -> Tensor:
            z = torch.randn(1, network.latent_size, generator=torch.Generator().manual_seed(seed))
            return network.style(z.to(device), request.truncation)

        first = of(request.seed)
        if request.second is None:
            return first
        levels = torch.arange(network.layers, device=device) * len(LEVELS) // network.layers
        shares = torch.tensor(request.mix, device=device)[levels]
        return torch.lerp(first, of(request.second), shares[None, :, None])


def _composed(side: int, height: int, width: int) -> tuple[int, int]:
    """Return the size at which a picture of a shape is composed: its short side is `side`."""
    scale = side / min(height, width)
    return max(side, round(height * scale)), max(side, round(width * scale))


def _layouts(request: GenerateRequest) -> Layouts:
    own = {request.seed: 1.0}
    return own if request.second is None else _moved(own, request.second, request.mix[0])


def _moved(layouts: Layouts, seed: int, share: float) -> Layouts:
    """Move layouts by a share towards another seed's."""
    found = {other: (1 - share) * part for other, part in layouts.items()}
    found[seed] = found.get(seed, 0.0) + share
    return found
