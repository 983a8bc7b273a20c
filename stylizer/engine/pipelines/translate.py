"""Translate: a photo in a look that a network has learned, or a mix of several, region by region.

Read it from the top: the domains become a plan, the photo is translated small into every mix of domains that
is wanted somewhere, and these grow over the photo to full size, tile by tile.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from stylizer.engine.checks import Domains
from stylizer.engine.hints import ColorHint
from stylizer.engine.library import Library, license_notes
from stylizer.engine.pipelines.region_plan import Planes, grouped, mixed_windows
from stylizer.engine.pipelines.skin import SkinFinder
from stylizer.engine.pipelines.upscale import (
    Finish,
    Grown,
    TileResult,
    Window,
    finish_picture,
    grow,
    work_size,
)
from stylizer.engine.progress import CancelToken
from stylizer.engine.recipe import Result, write_recipe
from stylizer.engine.requests import TranslateRequest
from stylizer.engine.runtime.executor import Executor, Job, Size, Tiling
from stylizer.errors import RequestError
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import WHOLE
from stylizer.imaging.resize import fit_within
from stylizer.imaging.skin_tones import hold_to_skin
from stylizer.imaging.tensors import to_device
from stylizer.models.roles import PHOTO, HintedTranslator, Translator

MATCH_SIDE = 512
"""Long side at which a photo and a reference are compared; networks look at them smaller still."""


class TranslatePipeline:
    """Translate photos with the checkpoints' translators; networks and what they made are remembered."""

    def __init__(self, library: Library, executor: Executor, finish: Finish, skin: SkinFinder) -> None:
        """`skin` finds the faces, which are painted gently."""
        self.library, self.executor, self.finish, self.skin = library, executor, finish, skin

    def translator(self, name: str, token: CancelToken | None = None) -> Translator:
        """Return a translator on the device; raises RequestError or CheckpointError."""
        return self.executor.network(name, partial(self.library.load_model, name, "translator"), token)

    def __call__(self, job: Job[TranslateRequest]) -> Result:
        """Translate; strength 0, of the whole or of a region, keeps the photo's own samples."""
        request = job.request
        picture = target = self.executor.target(job, request.content, request.long_side)
        with job.stage("style"):
            network = self.translator(request.model, job.token)
            plan = make_domain_plan(request, network.domains)
            if request.hints:
                self._hinted(network, request.model)
            job.notes += license_notes(request.model, network)
        if plan.shown > 0:
            tiling, grown = Tiling(network.stride, network.halo), []
            for mix in plan.mixes:
                with job.stage("painting"):
                    small, draw = self._translate_small(job, target, network, mix)
                grown.append(grow(self.executor, job, target, small, draw, tiling, self.finish))
            picture = self._compose(job, target, network, plan, grown)
        recipe = write_recipe(request, network.checkpoint_sha)
        return Result(picture, recipe, job.seconds, tuple(job.notes))

    def _translate_small(
        self, job: Job[TranslateRequest], target: Picture, network: Translator, mix: tuple[float, ...]
    ) -> tuple[Tensor, _Redraw | None]:
        """Translate into a mix of domains at work size; measure what tiles need where the result is larger.

        A network that looks at large photos small itself gets the photo at the target's size.
        """
        request, executor = job.request, self.executor
        if network.tiling == "whole":
            content, size = target, (max(16, target.height), max(16, target.width))
        else:
            content = request.content
            size = work_size(content.height, content.width, request.stroke)
        shares = to_device(torch.tensor(mix), executor.device.torch)
        translate = partial(self._translate, job, network, shares, content, size)
        if network.tiling == "whole" and not job.preview:  # it would push all previews out of the cache
            return translate(), None
        how = network.checkpoint_sha, mix, request.hints, request.gentle_faces
        key = ("translated", content.digest, size, *how)
        small = executor.compute(job, key, translate)
        if network.tiling != "exact" or target.height < self.finish.from_scale * size[0]:
            return small, None
        with executor.holding(job):  # what grows is drawn over as if it were a photo
            return small, _Redraw(network, request.model, shares, network.measure(small, shares))

    def _translate(
        self,
        job: Job[TranslateRequest],
        network: Translator,
        shares: Tensor,
        content: Picture,
        size: Size,
    ) -> Tensor:
        photo = self.executor.resized(content, size)
        if job.request.hints:
            hinted = self._hinted(network, job.request.model)
            rows = torch.tensor([hint.numbers for hint in job.request.hints])
            with self.executor.holding(job):
                seen = self.executor.whole(photo)
                return _checked(
                    hinted.translate_hinted(seen, to_device(rows, seen.device)), job.request.model
                )
        gently = job.request.gentle_faces and network.tiling != "whole"  # those color, and draw nothing
        skin = self.skin(job, content) if gently else None
        with self.executor.holding(job):
            seen = self.executor.whole(photo)
            made = _checked(network.translate(seen, shares), job.request.model)
            return made if skin is None else hold_to_skin(made, seen, skin)

    @staticmethod
    def _hinted(network: Translator, model: str) -> HintedTranslator:
        if not isinstance(network, HintedTranslator):
            raise RequestError(
                "{model} takes no color hints; leave them out, or choose a model that colors", model=model
            )
        return network

    def match_colors(
        self, job: Job[Picture], reference: Picture, model: str, most: int
    ) -> tuple[ColorHint, ...]:
        """Find color hints for a photo in another that is in color."""
        network = self._hinted(self.translator(model, job.token), model)
        with self.executor.holding(job):
            seen = [self.executor.whole(fit_within(each, MATCH_SIDE)) for each in (job.request, reference)]
            found = network.match(seen[0], seen[1], most)
        return tuple(ColorHint.from_numbers(row) for row in found.tolist())

    def _compose(
        self,
        job: Job[TranslateRequest],
        target: Picture,
        network: Translator,
        plan: DomainPlan,
        grown: list[Grown],
    ) -> Picture:
        """Lay the translations over the photo, a window at a time."""
        covers = None if plan.planes is None else Planes(self.executor, plan.planes, target)
        gray = 1 - job.request.color

        def window(photo: Tensor, rows: slice, columns: slice) -> TileResult:
            if covers is None:
                return TileResult(grown[0].window(photo, rows, columns), plan.shown, gray)
            found = covers.window(photo, rows, columns)
            made = mixed_windows([each.window for each in grown], found[1:], photo, rows, columns)
            return TileResult(made, found[None, :1], gray)

        tiling = Tiling(network.stride, max(each.halo for each in grown))
        return finish_picture(self.executor, job, target, tiling, window)


@dataclass(frozen=True, eq=False)
class _Redraw:
    """Translate windows of an enlarged translation, like the whole of it."""

    network: Translator
    model: str
    shares: Tensor
    statistics: Any

    def __call__(self, ground: Tensor, window: Window, size: Size) -> Tensor:
        return _checked(self.network.translate(ground, self.shares, self.statistics), self.model)


def _checked(made: Tensor, model: str) -> Tensor:
    """Return a translation (1, 3, h, w) as float32; raises RequestError when it is no picture."""
    made = made.float()
    if not torch.isfinite(made).all():
        raise RequestError("{model} gives no picture of this photo; its numbers overflow", model=model)
    return made


# -- domains -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class DomainPlan:
    """Which mixes of domains are wanted, each with a share (K,) of every domain, and where.

    `planes` (1 + M, h, w) tell how much shows at every pixel, and of each mix; None where one mix shows
    everywhere as much as `shown`.
    """

    mixes: tuple[tuple[float, ...], ...]
    shown: float = 1.0
    planes: Tensor | None = None


def make_domain_plan(request: TranslateRequest, offered: tuple[str, ...]) -> DomainPlan:
    """Find out which domains are wanted where, and how much of them shows; raises RequestError."""

    def shares(domains: Domains | None) -> tuple[float, ...]:
        return domain_shares(domains or (), offered, request.model)

    def way_of(region: str) -> tuple[float, tuple[float, ...]]:
        own = request.region_style(region)
        return own.strength or 0.0, shares(own.domains)

    if request.regions is None:
        return DomainPlan((shares(request.domains),), request.strength)
    parts = {
        way: torch.from_numpy(mask.astype("float32")) / WHOLE
        for way, mask in sorted(grouped(request.regions, way_of).items())
    }
    strengths = {strength for strength, _ in parts}
    mixes = tuple(dict.fromkeys(row for strength, row in parts if strength > 0))
    if not mixes:
        return DomainPlan((shares(request.domains),), 0.0)
    if len(mixes) == len(strengths) == 1:
        return DomainPlan(mixes, strengths.pop())
    planes = [
        torch.stack([strength * plane * (row == mix) for (strength, row), plane in parts.items()]).sum(0)
        for mix in mixes
    ]
    return DomainPlan(mixes, 1.0, torch.stack([torch.stack(planes).sum(0), *planes]))


def domain_shares(domains: Domains, offered: tuple[str, ...], model: str) -> tuple[float, ...]:
    """Return the share of each offered domain, sum 1; without domains the first but "photo" has all.

    Raises RequestError for a domain that is not offered.
    """
    if not domains:
        first = next((name for name in offered if name != PHOTO), offered[0])
        domains = ((first, 1.0),)
    shares = dict.fromkeys(offered, 0.0)
    for name, weight in domains:
        if name not in shares:
            raise RequestError(
                "{model} has no domain {name!r}; there are {known}",
                model=model,
                name=name[:40],
                known=", ".join(offered),
            )
        shares[name] += weight
    total = sum(shares.values())
    return tuple(share / total for share in shares.values())
