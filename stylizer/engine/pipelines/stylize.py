"""Stylize: a photo, painted in a mix of styles, region by region, at some strength.

Read it from the top: the styles become codes, the regions a plan, the plan one layer for each way of
painting, and the layers are laid over the photo.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from stylizer.engine.forecast import Forecast
from stylizer.engine.library import Library
from stylizer.engine.pipelines.region_plan import Manner, Plan, Planes, grayed, make_plan, mixed_windows
from stylizer.engine.pipelines.skin import SkinFinder
from stylizer.engine.pipelines.upscale import (
    Finish,
    TileResult,
    Window,
    finish_picture,
    forecast_growth,
    grow,
    work_size,
)
from stylizer.engine.recipe import Recipe, RecipeStyle, Result, code_digest, write_recipe
from stylizer.engine.requests import StyleChoice, StyleRequest
from stylizer.engine.runtime.executor import Executor, Job, Size, Tiling
from stylizer.errors import RequestError
from stylizer.imaging.color import apply_colors, color_moments, color_transport
from stylizer.imaging.detail import REACH, restore_detail
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import Regions
from stylizer.imaging.resize import fit_within, resize_picture
from stylizer.imaging.skin_tones import hold_to_skin
from stylizer.imaging.tensors import to_device, to_tensor
from stylizer.models.roles import Stylizer
from stylizer.models.strength import calibrate
from stylizer.models.style_encoder import STYLE_SIDE, style_size
from stylizer.models.style_file import NamedStyle
from stylizer.models.transfer_network import stack_codes

LARGEST = 16384
"""Long side of the largest result, pixels."""
TILE_BYTES = 250 << 20
"""What a tile takes on its way through the painter; 170 MB measured."""
BYTES_A_PIXEL = 26
"""Of a result in 8 bits: 20 measured while it is painted (3.8 and 11.8 megapixels), and its file."""
TILE_OVER_PREVIEW = 1.3
"""How much longer a pixel of a tile takes than one of a preview: it is measured, drawn over and finished."""
TOUCHED = 2.0
"""Share of the tiles that a part of a picture is in, over its share of the pixels: 1.2 to 2.8 for the regions
of the five samples at 3,000 and 6,000 px."""

Codes = dict[int, tuple[str, Tensor]]
"""Digest and code (code_size,) of a style choice, by its identity."""


class StylizePipeline:
    """Paint photos with the checkpoint's painter; what was read and painted is remembered."""

    def __init__(self, library: Library, executor: Executor, finish: Finish, skin: SkinFinder) -> None:
        """`skin` finds the faces, which are painted gently."""
        self.library, self.executor, self.finish, self.skin = library, executor, finish, skin

    @property
    def painter(self) -> Stylizer:
        """Return the painter on its device, loaded when first needed; raises CheckpointError."""
        return self.executor.resident("painter", self.library.load_painter)

    def __call__(self, job: Job[StyleRequest]) -> Result:
        """Paint; strength 0 gives the photo's own samples."""
        request = job.request
        target = self.executor.target(job, request.content, request.long_side)
        target = grayed(self.executor, target, request)
        with job.stage("style"):
            codes = self.read_styles(job)
            plan = make_plan(request, lambda choice: codes[id(choice)], self.calibrated)
        if not plan.painted:
            return self.result(job, target, codes)
        paint = self._color_layer if request.colors_only else self._stroke_layer
        layers = [paint(job, target, plan, manners) for manners in plan.layers]
        return self.result(job, self.compose(job, target, plan, layers), codes)

    def result(self, job: Job[StyleRequest], picture: Picture, codes: Codes) -> Result:
        """Hand a picture over with its recipe."""
        return Result(picture, self._recipe(job.request, codes), job.seconds, tuple(job.notes))

    def forecast(self, request: StyleRequest) -> Forecast:
        """Foretell the size, the time and the memory of a painting."""
        content, pace = request.content, self.executor.pace
        scale = min(1.0, (request.long_side or LARGEST) / max(content.height, content.width))
        target = max(1, round(content.height * scale)), max(1, round(content.width * scale))
        area = target[0] * target[1]
        nbytes = TILE_BYTES + round(area * (BYTES_A_PIXEL + 3 * (scale < 1)) * content.rgb.dtype.itemsize)
        seconds = area * (pace.of("plain tile") or 0.0)
        painter = self.painter
        tiling, known = Tiling(painter.stride, painter.halo), True
        for stroke, share in [] if request.colors_only else _shares_painted(request):
            work = work_size(content.height, content.width, stroke)
            drawn, between = forecast_growth(work, target, tiling, self.finish, self.executor.device.tile)
            drawn, nbytes = round(min(1.0, TOUCHED * share) * drawn), nbytes + between
            preview = _sum(pace.of("encode"), pace.of("decode"))
            tile = pace.of("tile") or (preview and preview * TILE_OVER_PREVIEW)
            known = known and preview is not None and tile is not None
            seconds += work[0] * work[1] * (preview or 0.0) + drawn * (tile or 0.0)
        return Forecast(*target, nbytes, seconds if known else None)

    # -- styles to codes --------------------------------------------------------------------------------

    def read_styles(self, job: Job[StyleRequest]) -> Codes:
        """Read the styles of the whole picture and of the regions; raises RequestError."""
        codes = {}
        for choice in all_choices(job.request):
            if isinstance(choice.style, Picture):
                code = self.read_code(job, choice.style)
            else:
                code = self.named_code(choice.style)
            codes[id(choice)] = code_digest(code), code
        return codes

    def read_code(
        self, job: Job[Any], picture: Picture, parts: Regions | None = None, part: str | None = None
    ) -> Tensor:
        """Read the style of a picture, or of a part: (code_size,) on the CPU, rounded as files store it.

        Raises RequestError for a picture without any style.
        """
        key = ("code", picture.digest, None if parts is None else parts.digest, part)
        return self.executor.compute(job, key, partial(self._encode_style, job, picture, parts, part))

    def _encode_style(
        self, job: Job[Any], picture: Picture, parts: Regions | None, part: str | None
    ) -> Tensor:
        small = resize_picture(picture, *style_size(picture.height, picture.width))
        chosen: tuple[Tensor, ...] = ()
        if parts is not None and part is not None:
            masks = parts.weights((small.height, small.width), self.executor.device.torch)
            chosen = (masks[parts.index(part)][None, None],)
        with self.executor.holding(job):
            code = self.painter.code(self.executor.whole(small), *chosen)[0].float().cpu()
        code = code.to(torch.float16).to(torch.float32)
        if not torch.isfinite(code).all():
            raise RequestError(
                "no style can be read from {name!r}; choose another picture", name=picture.name
            )
        return code

    def named_code(self, style: NamedStyle) -> Tensor:
        """Return the code of a style with a name; raises RequestError for one of another painter."""
        painter = self.painter
        if style.painter_sha != painter.checkpoint_sha or not painter.fits(style.code):
            name = style.slug or style.title
            raise RequestError("style {name!r} was made for another painter; make it again", name=name)
        return style.code

    def calibrated(self, strength: float) -> float:
        """Turn a slider's position into the strength that looks like it, for this painter."""
        return calibrate(strength, self.painter.calibration)

    # -- layers -----------------------------------------------------------------------------------------

    def _stroke_layer(
        self, job: Job[StyleRequest], target: Picture, plan: Plan, manners: tuple[Manner, ...]
    ) -> Layer:
        """Paint the whole photo in one way, in one decode, and let it grow up to the last step."""
        content, manner = job.request.content, manners[0]
        size = work_size(content.height, content.width, manner.stroke)
        encoded, mix = self._mix(job, plan, manner, size)
        key = (content.digest, size, manner.way, job.request.gentle_faces)
        with job.stage("painting"):
            paint = partial(self._paint, job, encoded, mix, size, manner.strength)
            painted = self.executor.compute(job, ("painted", *key), paint)
        return self.grown_layer(job, target, plan, manners, painted, key)

    def _mix(self, job: Job[StyleRequest], plan: Plan, manner: Manner, size: Size) -> tuple[Any, _Mix]:
        """Read the photo at a size; return what the painter keeps of it, and the codes of a manner."""
        with job.stage("photo"):
            key: tuple[Any, ...] = ("content", job.request.content.digest, size)
            encoded = self.executor.compute(job, key, partial(self._encode, job, size))
            own = self.painter.own_code(encoded)[0].float()  # it stays there: no strength waits for a GPU
        return encoded, _Mix(*plan.mix(manner, own))

    def grown_layer(
        self,
        job: Job[StyleRequest],
        target: Picture,
        plan: Plan,
        manners: tuple[Manner, ...],
        painted: Tensor,
        key: Hashable,
    ) -> Layer:
        """Let a painting (1, 3, h, w) grow up to the last step, in the way that these manners share.

        `key` identifies the painting.
        """
        request, painter = job.request, self.painter
        size = painted.shape[2], painted.shape[3]
        enlargement = target.height / size[0]
        if request.detail > 0 and enlargement > 1:  # what shows in the preview is restored at its size
            photo = self.executor.whole(self.executor.resized(request.content, size))
            painted = restore_detail(painted, photo, request.detail)
        redraw = None
        if enlargement >= self.finish.from_scale:
            _, mix = self._mix(job, plan, manners[0], size)
            with job.stage("painting"):
                measure = partial(self._measure, job, painted, mix)
                way = (key, manners[0].way, request.detail)
                statistics = self.executor.compute(job, ("statistics", *way), measure)
            redraw = partial(self._redraw, mix, statistics)
        tiling = Tiling(painter.stride, painter.halo)
        grown = grow(self.executor, job, target, painted, redraw, tiling, self.finish)
        return Layer(manners, grown.window, grown.halo, redraw is not None)

    def _encode(self, job: Job[StyleRequest], size: Size) -> Any:
        photo = self.executor.resized(job.request.content, size)
        with self.executor.holding(job), self.executor.pace.measured("encode", size[0] * size[1]):
            return self.painter.encode(self.executor.whole(photo))

    def _paint(self, job: Job[StyleRequest], encoded: Any, mix: _Mix, size: Size, strength: float) -> Tensor:
        """Paint the whole photo at a size, faces gently unless that is switched off: (1, 3, h, w)."""
        content = job.request.content
        skin = self.skin(job, content) if job.request.gentle_faces else None
        painted = self._decode(job, encoded, mix, size)
        if skin is None:
            return painted
        photo = self.executor.whole(self.executor.resized(content, size))
        with self.executor.holding(job):
            return hold_to_skin(painted, photo, skin, strength)

    def _decode(self, job: Job[Any], encoded: Any, mix: _Mix, size: Size) -> Tensor:
        with self.executor.holding(job), self.executor.pace.measured("decode", size[0] * size[1]):
            return self.painter.decode(encoded, mix.codes, mix.weights).float()

    def _measure(self, job: Job[Any], painted: Tensor, mix: _Mix) -> _TileStatistics:
        """Look at a painting (1, 3, h, w) as if it were a photo, and measure what painting over it gives."""
        painter = self.painter
        with self.executor.holding(job):
            content = painter.encode(painted, painted=True)
            return _TileStatistics(content, painter.measure(content, mix.codes, mix.weights))

    def _redraw(
        self, mix: _Mix, whole: _TileStatistics, ground: Tensor, window: Window, size: Size
    ) -> Tensor:
        """Paint over a window of an enlarged painting, like the whole of it."""
        content = self.painter.encode(ground, like=whole.content)
        return self.painter.decode(content, mix.codes, mix.weights, whole.statistics).float()

    def _color_layer(
        self, job: Job[StyleRequest], target: Picture, plan: Plan, manners: tuple[Manner, ...]
    ) -> Layer:
        """Move the photo's colors in one way, without a stroke."""
        manner = manners[0]
        with job.stage("painting"):
            photo = to_tensor(fit_within(target, STYLE_SIDE))
            codes = stack_codes([plan.codes[digest] for digest, _ in manner.shares])
            shares = torch.tensor([share for _, share in manner.shares])
            means, roots = self.painter.color_of(codes)
            mean, root = color_moments(photo)
            style_mean, style_root = (shares @ means)[None], (shares[:, None, None] * roots).sum(0)[None]
            moved = torch.lerp(torch.eye(3), color_transport(root, style_root), manner.strength)
            device = self.executor.device.torch
            numbers = (mean, moved, torch.lerp(mean, style_mean, manner.strength))
            transport = _ColorTransport(*(to_device(each, device) for each in numbers))
        return Layer(manners, transport.window, 0)

    # -- layers to a picture ----------------------------------------------------------------------------

    def compose(self, job: Job[StyleRequest], target: Picture, plan: Plan, layers: list[Layer]) -> Picture:
        """Lay layers over the photo, a window at a time."""
        covers = plan.covers(tuple(layer.manners for layer in layers))
        if covers is None:
            window: _MakeWindow = partial(_one_layer, layers[0], plan.painted[0])
        else:
            window = partial(_several_layers, layers, Planes(self.executor, covers, target))
        tiling = Tiling(self.painter.stride, REACH + max(layer.halo for layer in layers))
        drawn = any(layer.drawn for layer in layers)
        return finish_picture(self.executor, job, target, tiling, window, job.request.detail, drawn)

    def _recipe(self, request: StyleRequest, codes: Codes) -> Recipe:
        shipped = {style.slug for style in self.library.styles}

        def noted(choice: StyleChoice) -> RecipeStyle:
            return RecipeStyle.of(choice, codes[id(choice)][1], shipped)

        return write_recipe(request, self.painter.checkpoint_sha, noted)


_MakeWindow = Callable[[Tensor, slice, slice], TileResult]


@dataclass(frozen=True, eq=False)
class Layer:
    """What is painted in one way: its manners, and how a window is made of the photo's (1, 3, h, w)."""

    manners: tuple[Manner, ...]
    window: Callable[[Tensor, slice, slice], Tensor]
    halo: int
    drawn: bool = False
    """Whether a network draws in its windows."""


@dataclass(frozen=True, eq=False)
class _Mix:
    """Codes (1 + K, code_size), the photo's own first, and their weights (1 + K,), sum 1."""

    codes: Tensor
    weights: Tensor


@dataclass(frozen=True, eq=False)
class _TileStatistics:
    """What painting over a painting needs to be like it in every tile."""

    content: Any
    statistics: Any

    @property
    def nbytes(self) -> int:
        """Count the bytes held, for the cache's budget."""
        return int(self.content.nbytes)


@dataclass(frozen=True, eq=False)
class _ColorTransport:
    """Colors on their way from a mean (1, 3), by a matrix (1, 3, 3), to another mean (1, 3)."""

    mean: Tensor
    matrix: Tensor
    toward: Tensor

    def window(self, photo: Tensor, rows: slice, columns: slice) -> Tensor:
        """Move the colors of a window (1, 3, h, w), without a stroke."""
        return apply_colors(photo, self.mean, self.matrix, self.toward).clamp(0, 1)


def _one_layer(layer: Layer, manner: Manner, photo: Tensor, rows: slice, columns: slice) -> TileResult:
    return TileResult(layer.window(photo, rows, columns).float(), manner.shown, 1 - manner.color)


def _several_layers(
    layers: list[Layer], covers: Planes, photo: Tensor, rows: slice, columns: slice
) -> TileResult:
    """Mix the layers by their shares of each pixel; planes as `Plan.covers` gives them."""
    found = covers.window(photo, rows, columns)
    shown, gray = found[:1], found[-1:]
    painted = mixed_windows([layer.window for layer in layers], found[1:-1], photo, rows, columns)
    return TileResult(painted, shown[None], (gray / shown.clamp(min=1e-6)).clamp(max=1)[None])


def _shares_painted(request: StyleRequest) -> list[tuple[float, float]]:
    """List the brush size of each way of painting that is asked for, and its share of the picture."""
    if request.regions is None:
        return [(request.stroke, 1.0)] if request.strength > 0 else []
    shares: dict[tuple[float, Hashable], float] = {}
    for name in request.regions.names:
        own = request.region_style(name)
        if not own.keeps and own.stroke is not None:
            styles = tuple((id(choice.style), choice.weight) for choice in own.styles or ())
            way = own.stroke, (own.strength, styles)
            shares[way] = shares.get(way, 0.0) + request.regions.share(name)
    return [(way[0], share) for way, share in shares.items()]


def _sum(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second


def all_choices(request: StyleRequest) -> tuple[StyleChoice, ...]:
    """List the styles of the whole picture and of the regions."""
    return (*request.styles, *(choice for own in request.region_styles for choice in own.styles or ()))
