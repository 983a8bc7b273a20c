"""The engine: requests in, results out; one for all threads of a program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch

from stylizer import CHECKPOINTS
from stylizer.engine.forecast import Forecast
from stylizer.engine.hints import MOST_FOUND, ColorHint
from stylizer.engine.library import STYLES, Library
from stylizer.engine.matching import Pairing, check_pairing, pair_up, usable_parts
from stylizer.engine.pipelines.generate import GeneratePipeline
from stylizer.engine.pipelines.masterwork import MasterworkPipeline
from stylizer.engine.pipelines.skin import SkinFinder
from stylizer.engine.pipelines.study import StudyPipeline, sample_photos
from stylizer.engine.pipelines.stylize import StylizePipeline
from stylizer.engine.pipelines.thumbnails import THUMBNAIL, ThumbnailPipeline, ThumbnailRequest
from stylizer.engine.pipelines.translate import TranslatePipeline
from stylizer.engine.pipelines.upscale import PREVIEW, Finish
from stylizer.engine.progress import CancelToken, ProgressReceiver, Shown, ignore_progress
from stylizer.engine.recipe import Recipe, Result, code_digest
from stylizer.engine.requests import (
    GenerateRequest,
    RegionStyle,
    Request,
    StudyRequest,
    StyleChoice,
    StyleRequest,
    TranslateRequest,
)
from stylizer.engine.restore import restore
from stylizer.engine.runtime.device import choose_device
from stylizer.engine.runtime.executor import Executor, Job
from stylizer.errors import RequestError, Sentence
from stylizer.imaging.labels import REFINED_SIDE, regions_from_probabilities
from stylizer.imaging.picture import Picture, save_picture
from stylizer.imaging.regions import Regions
from stylizer.imaging.resize import fit_within, middle_square, resize_picture
from stylizer.imaging.tensors import to_tensor
from stylizer.models.checkpoint import Card
from stylizer.models.class_table import UNSURE
from stylizer.models.roles import Segmenter, Stylizer, Translator
from stylizer.models.style_encoder import STYLE_SIDE, style_size
from stylizer.models.style_file import NamedStyle, save_style

CACHE_BYTES = 384 << 20
"""About ten photos at preview size, with what the painter keeps of each."""
ON_CPU = Sentence("The device has too little memory for that; the processor did it, which takes longer.")

PhotoRequest = TypeVar("PhotoRequest", StyleRequest, TranslateRequest)


class Engine:
    """Carry out requests; one engine serves all threads of a program.

    `checkpoints` is read when first needed, so an engine without a painter still lists what is there;
    painting then raises CheckpointError. `device` is auto, cpu, cuda or mps. `segmenter` is a published one
    to find regions with instead of ours: a folder or a repository of segmentation-models-pytorch; `painter`
    is the folder of another painter than the one among the checkpoints. Whatever memory is too small for
    ends in DeviceError, and the next work finds memory again.
    """

    def __init__(
        self,
        checkpoints: str | Path = CHECKPOINTS,
        device: str = "auto",
        cache_bytes: int = CACHE_BYTES,
        whole_precision: bool = False,
        finish: Finish | None = None,
        segmenter: str | Path | None = None,
        masterwork_steps: tuple[int, ...] | None = None,
        painter: Path | None = None,
    ) -> None:
        self.library = Library(Path(checkpoints), painter)
        self.executor = Executor(choose_device(device, whole_precision), cache_bytes)
        finish = finish or Finish()
        skin = SkinFinder(self.executor, lambda: self.segmenter)
        self._stylize = StylizePipeline(self.library, self.executor, finish, skin)
        self._masterwork = MasterworkPipeline(
            self.library, self.executor, self._stylize, skin, masterwork_steps
        )
        self._thumbnails = ThumbnailPipeline(self.executor, self._stylize)
        self._study = StudyPipeline(self.library, self.executor, self._stylize)
        self._translate = TranslatePipeline(self.library, self.executor, finish, skin)
        self._generate = GeneratePipeline(self.library, self.executor, self._stylize)
        self._published = segmenter
        self.device = self.executor.device
        # What an accelerator's memory is too small for waits for its own turn, and loads its own networks.
        self._on_cpu: Engine | None = None
        if self.device.torch.type != "cpu":
            self._on_cpu = Engine(
                checkpoints, "cpu", cache_bytes, whole_precision, finish, segmenter, masterwork_steps, painter
            )

    # -- requests ---------------------------------------------------------------------------------------

    def run(
        self,
        request: Request,
        token: CancelToken | None = None,
        progress: ProgressReceiver | None = None,
    ) -> Result:
        """Carry out a request; strength 0 returns the photo's own samples.

        Raises RequestError for a style, model or domain that does not fit, CheckpointError for a network that
        is missing or damaged, DeviceError when there is not enough memory, and Cancelled, within a tile's
        time, after the token is set. What an accelerator's memory is too small for, the processor does, and
        a note says so.
        """
        token, receive = token or CancelToken(), progress or ignore_progress

        def work() -> Result:
            if isinstance(request, StyleRequest):
                paint = self._masterwork if request.masterwork else self._stylize
                return self.executor.carry_out(Job(request, token, receive), paint)
            if isinstance(request, TranslateRequest):
                return self.executor.carry_out(Job(request, token, receive), self._translate)
            return self.executor.carry_out(Job(request, token, receive), self._generate)

        cpu = self._on_cpu
        if cpu is None:
            return self.executor.within_memory(work)

        def elsewhere() -> Result:
            try:
                found = cpu.run(request, token, receive)
            finally:
                cpu.executor.cache.clear()
            return replace(found, notes=(*found.notes, ON_CPU))

        return self.executor.within_memory(work, elsewhere)

    def grow(self, request: StyleRequest, shown: Shown, token: CancelToken | None = None) -> Result:
        """Let what a masterwork showed before it was stopped grow to the request's size.

        The painter paints over it, as over one that was worked out to its end. The recipe says after how
        many steps it was stopped, and makes the same picture. Raises as `run` does.
        """
        request = replace(request, masterwork_steps=shown.steps)
        job = Job(request, token or CancelToken())
        work = partial(self.executor.carry_out, job, partial(self._masterwork.grow, painted=shown.painted))
        return self.executor.within_memory(work)

    def keyframes(
        self,
        request: StyleRequest | TranslateRequest,
        strengths: Iterable[float],
        long_side: int = PREVIEW,
        token: CancelToken | None = None,
        region: str | None = None,
    ) -> Iterator[tuple[float, Picture]]:
        """Yield the preview at each strength, in the order given, as soon as it is ready.

        The strength is the whole picture's, or that of one region while the others stay as they are. Photo
        and styles are read at most once; every further strength costs a decode of each way of painting that
        it moves, of a translation nothing.
        """
        small = replace(request, long_side=min(long_side, request.long_side or long_side))
        for strength in strengths:
            yield strength, self.run(small.at_strength(strength, region), token).picture

    def walk(
        self, request: GenerateRequest, to_seed: int, steps: int, token: CancelToken | None = None
    ) -> Iterator[Picture]:
        """Yield 2 to 120 pictures from the request's to that of another seed, both included."""
        walk = self._generate.walk(Job(request, token or CancelToken()), to_seed, steps)
        return self.executor.step_by_step(walk)

    def thumbnails(
        self, photo: Picture, styles: Sequence[NamedStyle], token: CancelToken | None = None
    ) -> Iterator[Picture]:
        """Yield the square in the middle of a photo in one style after the other, at most 224 px a side.

        Previews of anybody go first. Raises CheckpointError without a painter, RequestError for a style of
        another one, and Cancelled.
        """
        job = Job(ThumbnailRequest(photo, tuple(styles)), token or CancelToken())
        return self.executor.step_by_step(self._thumbnails(job))

    def study(
        self,
        request: StudyRequest,
        token: CancelToken | None = None,
        progress: ProgressReceiver | None = None,
    ) -> Iterator[NamedStyle]:
        """Yield a painting's style as it is known after each step of studying it; the last is the best.

        Whoever has enough leaves the loop. Raises CheckpointError without the networks, and Cancelled.
        """
        job = Job(request, token or CancelToken(), progress or ignore_progress)
        return self.executor.step_by_step(self._study(job))

    def learn(
        self,
        picture: Picture,
        facts: NamedStyle,
        photos: Sequence[Picture],
        steps: int,
        seconds: float = 0.0,
        progress: ProgressReceiver = ignore_progress,
    ) -> NamedStyle:
        """Study a picture by `steps` steps at most and save it as a named style of the checkpoints' folder.

        `facts` supplies name and texts; `photos` to practice on, the page's samples if there are none. With
        no step it is saved as it is read at first sight. Returns the style as saved; a thumbnail of a
        practice photo lies beside it. Raises StyleFileError for a name that no style can have,
        CheckpointError without the perceptual network.
        """
        practice = tuple(photos) or tuple(sample_photos())
        if steps > 0:
            *_, found = self.study(StudyRequest(picture, practice, steps, seconds), progress=progress)
            code = found.code
        else:
            style = resize_picture(picture, *style_size(picture.height, picture.width))
            with torch.no_grad():
                code = self.painter.code(to_tensor(style, self.device.torch))[0].float().cpu()
        sha = self.painter.checkpoint_sha
        learned = replace(facts, code=code, painter_sha=sha, refined=steps > 0)
        folder = self.library.folder / STYLES
        save_style(folder, learned)
        painted = self.run(
            StyleRequest(fit_within(middle_square(practice[0]), STYLE_SIDE), (StyleChoice(learned),))
        )
        thumbnail = resize_picture(painted.picture, THUMBNAIL, THUMBNAIL)
        save_picture(thumbnail, folder / f"{learned.slug}.webp", quality=82)
        return learned

    def restore(
        self, recipe: Recipe, content: Picture | None = None, fetch: bool = False
    ) -> tuple[Request, tuple[str, ...]]:
        """Make the request of a recipe again, for its photo or another; returns it with notes.

        A generated picture needs no photo. Raises RequestError when a style is neither in the recipe nor
        here, when the model is not here, or would have to be downloaded without `fetch`.
        """
        return restore(recipe, content, self.library, lambda: self.painter.checkpoint_sha, fetch)

    def has_paintings(self, request: StyleRequest) -> bool:
        """Tell whether there is a painting of every style, as a masterwork needs them."""
        return self._masterwork.has_paintings(request)

    def masterwork_memory(self, request: StyleRequest) -> int:
        """Predict the bytes that a masterwork takes while it is worked out."""
        return self._masterwork.memory_needed(request)

    def forecast(self, request: StyleRequest) -> Forecast:
        """Foretell what a painting takes, before it is begun: its size, the time, the memory.

        Raises CheckpointError without a painter.
        """
        return self._masterwork.forecast(request) if request.masterwork else self._stylize.forecast(request)

    def reads(self, picture: Picture, style: NamedStyle) -> bool:
        """Tell whether a style is what the painter reads in a picture at first sight."""
        read = self._stylize.read_code(Job(picture, CancelToken()), picture)
        return code_digest(read) == code_digest(style.code)

    # -- what is there ----------------------------------------------------------------------------------

    @property
    def painter(self) -> Stylizer:
        """Return the painter on its device; raises CheckpointError."""
        return self._stylize.painter

    @property
    def segmenter(self) -> Segmenter:
        """Return the segmenter on its device; raises CheckpointError or PublishedSegmenterError."""
        return self.executor.resident("segmenter", partial(self.library.load_segmenter, self._published))

    def translator(self, name: str) -> Translator:
        """Return a translator on its device; raises RequestError or CheckpointError."""
        return self._translate.translator(name)

    def color_hints(
        self,
        photo: Picture,
        reference: Picture,
        model: str,
        most: int = MOST_FOUND,
        token: CancelToken | None = None,
    ) -> tuple[ColorHint, ...]:
        """Find what a photo has in common with a reference in color: hints for a model that colors.

        None where they have nothing in common. Raises RequestError for a model that takes no hints.
        """
        job = Job(photo, token or CancelToken())
        return self.executor.within_memory(lambda: self._translate.match_colors(job, reference, model, most))

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

    def close(self, seconds: float = 10.0) -> None:
        """Compute nothing more, before the program ends; waits so long for what is under way."""
        for each in (self, self._on_cpu):
            if each is not None:
                each.executor.close(seconds)

    def fitted(self, photo: Picture, long_side: int) -> Picture:
        """Return a photo of at most that long side, as previews have it; it is remembered."""
        return self.executor.fitted(photo, long_side)

    # -- regions ----------------------------------------------------------------------------------------

    def segment(self, picture: Picture, token: CancelToken | None = None) -> Regions:
        """Find the parts of a photo or a painting that have a name; what is not sure belongs to the rest.

        The masks follow the picture's edges; their long side is at most 768. Raises CheckpointError without
        a segmenter, and Cancelled.
        """
        job = Job(picture, token or CancelToken())

        def compute() -> Regions:
            segmenter = self.segmenter
            seen = fit_within(picture, segmenter.best_side)
            with self.executor.holding(job):
                probabilities = segmenter.segment(self.executor.whole(seen))[0].float().cpu()
            job.token.check()
            guide = to_tensor(self.executor.fitted(picture, REFINED_SIDE))
            return regions_from_probabilities(probabilities, segmenter.classes, guide, UNSURE)

        key = ("regions", picture.digest)
        return self.executor.within_memory(
            lambda: self.executor.cache.get(key, compute, lambda found: found.masks.nbytes, job.token)
        )

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
        """Paint each region in the style of the part of the paintings that it is paired with.

        A photo without regions is segmented first. `pairing` is that of `pairing` if not given; a painting
        that lacks the part is taken whole. A region that has a style of its own keeps it. Raises as
        `pairing` does.
        """
        regions, parts = self._regions_of(request, token), self._parts_of(request, token)
        pairs = pair_up(regions, parts.values())
        if pairing is not None:
            pairs = check_pairing(pairing, regions, list(parts.values()))
        matched = replace(request, regions=regions)
        job = Job(request, token or CancelToken())
        for name in sorted(set(regions.names) - {own.name for own in request.region_styles}):
            styles = tuple(
                StyleChoice(self._part_style(choice.style, parts, pairs[name], job), choice.weight)
                for choice in request.styles
            )
            matched = matched.with_region_styles(RegionStyle(name, styles))
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
        self,
        style: Picture | NamedStyle,
        parts: dict[str, Regions],
        part: str | None,
        job: Job[StyleRequest],
    ) -> Picture | NamedStyle:
        """Return the style of a part of a painting, or of all of it where it has no such part."""
        if isinstance(style, NamedStyle) or part is None or part not in usable_parts(parts[style.digest]):
            return style
        code = self._stylize.read_code(job, style, parts[style.digest], part)
        return NamedStyle("", f"{style.name}, {part}", "", "", (), code, self.painter.checkpoint_sha)

    # -- former names, for one release ------------------------------------------------------------------

    paint = translate = invent = run
    translation_keyframes = keyframes
