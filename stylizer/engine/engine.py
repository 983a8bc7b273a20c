"""The engine: owns the painter, what it remembers and the device, and runs renders."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stylizer import __version__
from stylizer.engine import render
from stylizer.engine.bench import Bench
from stylizer.engine.cache import Cache
from stylizer.engine.device import choose_device
from stylizer.engine.easel import Easel
from stylizer.engine.inventing import Inventing
from stylizer.engine.invention import InventRequest
from stylizer.engine.job import Job
from stylizer.engine.library import CHECKPOINTS, Library
from stylizer.engine.manners import make_plan
from stylizer.engine.matching import Pairing, check_pairing, pair_up, usable_parts
from stylizer.engine.progress import CancelToken, ProgressReceiver, ignore_progress
from stylizer.engine.recipe import (
    AnyRecipe,
    Recipe,
    RecipeStyle,
    StyleResult,
    code_digest,
    plain_name,
    store_code,
    write_recipe,
)
from stylizer.engine.request import RequestError, StyleChoice, StyleRequest
from stylizer.engine.restoring import AnyRequest, Restoring
from stylizer.engine.slots import Slot
from stylizer.engine.translating import Translating
from stylizer.engine.translation import TranslateRequest
from stylizer.imaging.labels import REFINED_SIDE, regions_from_probabilities
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import Regions
from stylizer.imaging.resize import fit_within, resize_picture
from stylizer.imaging.tensors import to_tensor
from stylizer.models.checkpoint import Card
from stylizer.models.class_table import UNSURE
from stylizer.models.roles import Translator
from stylizer.models.strength import calibrate
from stylizer.models.style_encoder import style_size
from stylizer.models.style_file import NamedStyle

CACHE_BYTES = 384 << 20
"""About ten photos at preview size, with what the painter keeps of each."""

PREVIEW_SIDE = 1024
"""Results up to this long side count as previews: they go before full-size renders."""


@dataclass(frozen=True)
class _Style:
    """A style, read: its code (code_size,) and the code's digest, which names it."""

    code: Tensor
    digest: str


class Engine:
    """Paint photos; one engine serves all threads of a program.

    `checkpoints` is read when first needed, so an engine without a painter still lists what is there;
    painting then raises CheckpointError. `device` is auto, cpu, cuda or mps. `segmenter` is a published one
    to find regions with instead of ours: a folder or a repository of segmentation-models-pytorch.
    """

    def __init__(
        self,
        checkpoints: str | Path = CHECKPOINTS,
        device: str = "auto",
        cache_bytes: int = CACHE_BYTES,
        whole_precision: bool = False,
        finish: render.Finish | None = None,
        segmenter: str | Path | None = None,
    ) -> None:
        self.library = Library(Path(checkpoints))
        self.device = choose_device(device, whole_precision)
        self.finish = finish or render.Finish()
        self._cache = Cache(cache_bytes)
        self._bench = Bench(self.device, self._cache, Slot())
        self._easel = Easel(lambda: self.painter, self._bench, self.finish)
        self._translating = Translating(self.library, self._bench, self.finish)
        self._inventing = Inventing(self.library, self._bench)
        self._restoring = Restoring(self.library, lambda: self.painter.checkpoint_sha)
        self._lock = threading.Lock()
        self._painter: Any = None
        self._segmenter: Any = None
        self._published = segmenter

    @property
    def painter(self) -> Any:
        """Return the painter on its device; raises CheckpointError."""
        with self._lock:
            if self._painter is None:
                painter = self.library.load_painter()
                self._painter = painter.to(self.device.torch, memory_format=torch.channels_last)
            return self._painter

    @property
    def segmenter(self) -> Any:
        """Return the segmenter on its device; raises CheckpointError or PublishedSegmenterError."""
        with self._lock:
            if self._segmenter is None:
                segmenter = self.library.load_segmenter(self._published)
                self._segmenter = segmenter.to(self.device.torch, memory_format=torch.channels_last)
            return self._segmenter

    def styles(self) -> tuple[NamedStyle, ...]:
        """List the styles with names."""
        return self.library.styles

    def models(self, role: str | None = None) -> tuple[Card, ...]:
        """List the cards of the checkpoints, those of one role if given."""
        return tuple(card for card in self.library.models if role is None or card.role == role)

    def problems(self) -> tuple[str, ...]:
        """List what is in the checkpoints folder but cannot be used, one sentence each."""
        return self.library.problems

    def find_style(self, name_or_path: str | Path) -> NamedStyle | Picture:
        """Find a style by name, or open a picture file; raises RequestError or PictureError."""
        return self.library.find_style(name_or_path)

    def paint(
        self,
        request: StyleRequest,
        token: CancelToken | None = None,
        progress: ProgressReceiver | None = None,
    ) -> StyleResult:
        """Paint a photo; strength 0 returns the photo's own samples.

        Raises RequestError for a style that does not fit, CheckpointError without a usable painter, and
        Cancelled, within a tile's time, after the token is set.
        """
        job = Job(request, token or CancelToken(), progress or ignore_progress)
        with job.stage("photo"):
            target = self._bench.fitted(request.content, request.long_side)
            job.preview = max(target.height, target.width) <= PREVIEW_SIDE
        read: dict[int, _Style] = {}
        with job.stage("style"):
            for choice in (*request.styles, *(choice for look in request.looks for choice in look.styles)):
                read[id(choice)] = self._read_style(choice, job)
            plan = make_plan(
                request, lambda choice: (read[id(choice)].digest, read[id(choice)].code), self._at
            )
        picture = self._easel.paint(job, target, plan)
        return StyleResult(picture, self._note_down(request, read), job.seconds, tuple(job.notes))

    def keyframes(
        self,
        request: StyleRequest,
        strengths: Iterable[float],
        long_side: int = render.PREVIEW,
        token: CancelToken | None = None,
        region: str | None = None,
    ) -> Iterator[tuple[float, Picture]]:
        """Yield the preview at each strength, in the order given, as soon as it is ready.

        The strength is the whole picture's, or that of one region while the others stay as they are. The
        photo and the styles are read at most once; every further strength costs one decode.
        """
        side = min(long_side, request.long_side or long_side)
        for strength in strengths:
            frame = replace(request, long_side=side)
            if region is None:
                frame = replace(frame, strength=strength)
            else:
                frame = frame.with_looks(replace(frame.look(region), strength=strength))
            yield strength, self.paint(frame, token).picture

    def translator(self, name: str) -> Translator:
        """Return a translator on its device; raises RequestError or CheckpointError."""
        return self._translating.translator(name)

    def translate(
        self,
        request: TranslateRequest,
        token: CancelToken | None = None,
        progress: ProgressReceiver | None = None,
    ) -> StyleResult:
        """Translate a photo; strength 0, of the whole or of a region, keeps the photo's own samples.

        Raises RequestError for a model or a domain that is not there, CheckpointError for a model that cannot
        be used, and Cancelled, within a tile's time, after the token is set.
        """
        return self._translating.translate(request, token, progress)

    def translation_keyframes(
        self,
        request: TranslateRequest,
        strengths: Iterable[float],
        long_side: int = render.PREVIEW,
        token: CancelToken | None = None,
        region: str | None = None,
    ) -> Iterator[tuple[float, Picture]]:
        """Yield the preview at each strength, of the whole or of a region, as `keyframes` does."""
        return self._translating.keyframes(request, strengths, long_side, token, region)

    def invent(
        self,
        request: InventRequest,
        token: CancelToken | None = None,
        progress: ProgressReceiver | None = None,
    ) -> StyleResult:
        """Invent a picture; raises as `translate` does."""
        return self._inventing.invent(request, token, progress)

    def walk(
        self, request: InventRequest, to_seed: int, steps: int, token: CancelToken | None = None
    ) -> Iterator[Picture]:
        """Yield 2 to 120 pictures from the request's to that of another seed, both included."""
        return self._inventing.walk(request, to_seed, steps, token)

    def restore(
        self, recipe: AnyRecipe, content: Picture | None = None, fetch: bool = False
    ) -> tuple[AnyRequest, tuple[str, ...]]:
        """Make the request of a recipe again, for its photo or another; returns it with notes.

        An invention needs no photo. Raises RequestError when a style is neither in the recipe nor here, when
        the model is not here, or would have to be downloaded without `fetch`.
        """
        return self._restoring.restore(recipe, content, fetch)

    # -- regions ----------------------------------------------------------------------------------------

    def segment(self, picture: Picture, token: CancelToken | None = None) -> Regions:
        """Find the parts of a photo or a painting that have a name; what is not sure belongs to the rest.

        The masks follow the picture's edges; their long side is at most 768. Raises CheckpointError without
        a segmenter, and Cancelled.
        """
        token = token or CancelToken()

        def compute() -> Regions:
            segmenter = self.segmenter
            seen = fit_within(picture, segmenter.best_side)
            with self._bench.holding(True, token):
                probabilities = segmenter.segment(self._bench.whole(seen))[0].float().cpu()
            token.check()
            guide = to_tensor(self._bench.fitted(picture, REFINED_SIDE))
            return regions_from_probabilities(probabilities, segmenter.classes, guide, UNSURE)

        key = ("regions", picture.digest)
        return self._cache.get(key, compute, lambda found: found.masks.nbytes, token)

    def pairing(self, request: StyleRequest, token: CancelToken | None = None) -> Pairing:
        """Pair the photo's regions with the parts of the request's paintings by their names.

        A region maps to None where the paintings have no such part, or one below 3 %: it takes the whole
        painting. Raises RequestError when no style is a picture, CheckpointError without a segmenter.
        """
        return pair_up(self._regions_of(request, token), self._parts_of(request, token).values())

    def match(
        self,
        request: StyleRequest,
        pairing: Mapping[str, str | None] | None = None,
        token: CancelToken | None = None,
    ) -> StyleRequest:
        """Dress each region in the style of the part of the paintings that it is paired with.

        A photo without regions is segmented first. `pairing` is that of `pairing` if not given; a painting
        that lacks the part is taken whole. A region that has a look of its own keeps it. Raises as `pairing`
        does.
        """
        regions, parts = self._regions_of(request, token), self._parts_of(request, token)
        pairs = pair_up(regions, parts.values())
        if pairing is not None:
            pairs = check_pairing(pairing, regions, list(parts.values()))
        matched = replace(request, regions=regions)
        job = Job(request, token or CancelToken(), ignore_progress)
        for name in sorted(set(regions.names) - {look.name for look in request.looks}):
            styles = tuple(
                StyleChoice(self._part_style(choice.style, parts, pairs[name], job), choice.weight)
                for choice in request.styles
            )
            matched = matched.with_looks(replace(matched.look(name), styles=styles))
        return matched

    def _regions_of(self, request: StyleRequest, token: CancelToken | None) -> Regions:
        return self.segment(request.content, token) if request.regions is None else request.regions

    def _parts_of(self, request: StyleRequest, token: CancelToken | None) -> dict[str, Regions]:
        """Segment the paintings among the styles, by their digests."""
        pictures = [choice.style for choice in request.styles if isinstance(choice.style, Picture)]
        if not pictures:
            raise RequestError(
                "a style with a name alone has no parts; to match by meaning bring the painting as a picture"
            )
        return {picture.digest: self.segment(picture, token) for picture in pictures}

    def _part_style(
        self, style: Picture | NamedStyle, parts: dict[str, Regions], part: str | None, job: Job
    ) -> Picture | NamedStyle:
        """Return the style of a part of a painting, or of all of it where it has no such part."""
        if isinstance(style, NamedStyle) or part is None or part not in usable_parts(parts[style.digest]):
            return style
        code = self._code(style, job, parts[style.digest], part)
        return NamedStyle("", f"{style.name}, {part}", "", "", (), code, self.painter.checkpoint_sha)

    # -- styles -----------------------------------------------------------------------------------------

    def _code(
        self, picture: Picture, job: Job, parts: Regions | None = None, part: str | None = None
    ) -> Tensor:
        """Read the style of a picture, or of a part: (code_size,) on the CPU, rounded as files store it."""

        def compute() -> Tensor:
            small = resize_picture(picture, *style_size(picture.height, picture.width))
            chosen = ()
            if parts is not None:
                mask = parts.weights((small.height, small.width), self.device.torch)[parts.index(part)]
                chosen = (mask[None, None],)
            with self._bench.working(job):
                code = self.painter.code(self._bench.whole(small), *chosen)[0].float().cpu()
            code = code.to(torch.float16).to(torch.float32)
            if not torch.isfinite(code).all():
                raise RequestError(f"no style can be read from {picture.name!r}; choose another picture")
            return code

        key = ("code", picture.digest, None if parts is None else parts.digest, part)
        return self._cache.get(key, compute, lambda code: code.nbytes, job.token)

    def _read_style(self, choice: StyleChoice, job: Job) -> _Style:
        if isinstance(choice.style, Picture):
            code = self._code(choice.style, job)
        else:
            code = choice.style.code
            if choice.style.painter_sha != self.painter.checkpoint_sha or code.shape != (
                self.painter.code_size,
            ):
                name = choice.style.slug or choice.style.title
                raise RequestError(f"style {name!r} was made for another painter; make it again")
        return _Style(code, code_digest(code))

    def _note_down(self, request: StyleRequest, read: dict[int, _Style]) -> Recipe:
        shipped = {style.slug for style in self.library.styles}

        def noted(choice: StyleChoice) -> RecipeStyle:
            chosen, style = choice.style, read[id(choice)]
            slug = chosen.slug if isinstance(chosen, NamedStyle) and chosen.slug in shipped else None
            name = slug or (chosen.name if isinstance(chosen, Picture) else chosen.slug or chosen.title)
            stored = None if slug else store_code(style.code)
            return RecipeStyle(plain_name(name), choice.weight, style.digest, stored)

        return write_recipe(
            request,
            tuple(noted(choice) for choice in request.styles),
            __version__,
            self.painter.checkpoint_sha,
            tuple(tuple(noted(choice) for choice in look.styles) for look in request.looks),
        )

    def _at(self, strength: float) -> float:
        """Turn a slider's position into the strength that looks like it, for this painter."""
        return calibrate(strength, getattr(self.painter.config, "calibration", ()))
