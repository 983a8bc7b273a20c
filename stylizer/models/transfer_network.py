"""The network that paints: content encoder, style-transfer network and decoder, told by a code what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylizer.imaging.color import (
    apply_colors,
    color_covariance,
    color_match,
    color_moments,
    color_transport,
    full_precision,
    identities,
)
from stylizer.imaging.detail_bands import between, busy_range, busyness
from stylizer.imaging.even_tone import even_tones
from stylizer.imaging.simplify import simplified
from stylizer.imaging.stroke_noise import MOST_LIGHT, stroke_banks, stroke_noise
from stylizer.models.blocks import (
    AdapterSlices,
    BlurredEnlarge,
    CodeMix,
    EncoderLayer,
    ModulatedBlock,
    ModulatedLayer,
    ModulationSlices,
    Statistics,
    conv,
    pad_to,
)
from stylizer.models.painter_config import PainterConfig
from stylizer.models.registry import Network

_DETAIL = 16  # channels of the layers at full resolution
_FORM = 0.012, 0.042  # see `_share_shown`
_CALM_REACH = 24  # pixels from which a place is told how calm it is, 22, in steps of `stride`


class Content(NamedTuple):
    """What the painter keeps of a photo: style-independent, so one serves every style and strength."""

    pixels: Tensor  # (B, 3, H, W) the photo, padded
    half: Tensor  # (B, C, H/2, W/2)
    quarter: Tensor
    eighth: Tensor
    colors: Tensor  # (B, 3, H/8, W/8) the photo's colors without its detail
    mean: Tensor  # (B, 3)
    root: Tensor  # (B, 3, 3)
    shown: Tensor  # (B,) how much of what is drawn shows, from 0 on a picture without any form to 1
    ends: Tensor  # (B, 2) how busy its calmest and busiest places are
    busy: Tensor  # (B, 1, H/2, W/2) how busy every place is, from 0 at the calmest to 1
    simple: tuple[Tensor, ...]  # what smoothing adds to pixels, half, quarter and eighth; or nothing
    strokes: tuple[Tensor, ...]  # what strokes add to half, quarter and eighth at full brushwork; or nothing
    size: tuple[int, int]  # before padding
    statistics: Statistics  # of the encoder, for tiles

    @property
    def nbytes(self) -> int:
        """Bytes that the tensors take."""
        tensors = [t for t in (*self, *self.simple, *self.strokes) if isinstance(t, Tensor)]
        return sum(t.numel() * t.element_size() for t in tensors)


class TransferNetwork(Network):
    """Content encoder, transfer network and decoder, fully convolutional.

    A code holds scale and shift of each channel of every modulated layer, then the palette matrix of the last
    layer, the style's color mean and covariance root, its brushwork and its simplicity, 0 to 1. Means of
    codes are codes. Where codes come from is the business of what is built on it. A studied style's code goes
    on with `adapter_size` numbers: low-rank adapters of the modulated convolutions.

    There is no white noise: calm skies would show it instead of the photo. Strokes that are begun follow the
    photo's contours.
    """

    stroke_banks: Tensor

    stride = 8
    halo = 64

    def __init__(self, config: PainterConfig):
        super().__init__()
        self.config, self.match_colors, self.even_tones = config, config.match_colors, config.even_tones
        w2, w4, w8 = config.widths
        self.stem = EncoderLayer(12, w2, normalize=config.normalize_encoder)
        self.to_quarter = EncoderLayer(w2, w4, stride=2, normalize=config.normalize_encoder)
        self.to_eighth = EncoderLayer(w4, w8, stride=2, normalize=config.normalize_encoder)

        self.told_calmness = config.told_calmness
        if self.told_calmness:
            self.halo += _CALM_REACH
            self.calm2, self.calm4, self.calm8 = (_silent(width) for width in config.widths)

        self.brushwork = config.brushwork
        if self.brushwork:
            self.register_buffer("stroke_banks", stroke_banks(), persistent=False)

        self.simplifies = config.simplifies
        smooth = config.smooth_enlarging
        self.halo += 8 * any(config.blurs) + 8 * smooth
        blurs = zip((_DETAIL, w2, w4), config.blurs, strict=True)
        self.enlarge2, self.enlarge4, self.enlarge8 = (BlurredEnlarge(*pair, smooth) for pair in blurs)

        self._used = self.adapter_size = 0
        self.blocks8 = nn.ModuleList([self._block(w8) for _ in range(config.blocks[2])])
        self.up4 = conv(w8, w4)
        self.blocks4 = nn.ModuleList([self._block(w4) for _ in range(config.blocks[1])])
        self.up2 = conv(w4, w2)
        self.blocks2 = nn.ModuleList([self._block(w2) for _ in range(config.blocks[0])])
        self.up1 = conv(w2, _DETAIL)
        self.pixels1 = conv(3, _DETAIL)
        self.fine = self._take(2 * _DETAIL)
        self.to_palette = conv(_DETAIL, config.palette)
        self.palette = self._take(3 * config.palette)
        self.base = self._take(1 + 3)
        self.learned_size = self._used
        self.mean_part, self.root_part = self._take(3), self._take(9)
        self.brushwork_part = self._take(int(self.brushwork))
        self.simplicity_part = self._take(int(self.simplifies))
        self.code_size = self._used

    def _take(self, count: int) -> slice:
        self._used += count
        return slice(self._used - count, self._used)

    def _block(self, channels: int) -> ModulatedBlock:
        return ModulatedBlock(*(self._layer(channels) for _ in range(2)))

    def _layer(self, channels: int) -> ModulatedLayer:
        slices = ModulationSlices(self._take(channels), self._take(channels))
        rank, start = self.config.adapter_rank, self.adapter_size
        middle, self.adapter_size = start + 9 * channels * rank, start + 10 * channels * rank
        adapter = AdapterSlices(slice(start, middle), slice(middle, self.adapter_size), rank)
        return ModulatedLayer(channels, slices, adapter, self.config.variance_floor)

    def color_of(self, code: Tensor) -> tuple[Tensor, Tensor]:
        """Read the color mean (B, 3) and covariance root (B, 3, 3) out of codes (B, code_size)."""
        return code[:, self.mean_part], code[:, self.root_part].unflatten(1, (3, 3))

    # -- photo ------------------------------------------------------------------------------------------

    def encode(self, photo: Tensor, like: Content | None = None, painted: bool = False) -> Content:
        """Encode photos (B, 3, H, W) in [0, 1].

        `like` is the content of the whole photo when this is a tile of it: its statistics and colors count.
        painted: it has its strokes and needs no beginnings of others. Of tiles that is always so.
        """
        height, width = photo.shape[2:]
        pixels = pad_to(photo, self.stride)
        statistics = replace(like.statistics, replay=True) if like else Statistics()
        features = self._features(pixels, statistics)
        simple: tuple[Tensor, ...] = ()
        strokes: tuple[Tensor, ...] = ()
        if not (like or painted):
            seen, known = pixels, features
            if self.simplifies:
                seen = simplified(pixels).to(pixels)
                known = self._features(seen, statistics)
                simple = _added((seen, *known), (pixels, *features))
            if self.brushwork:
                strokes = _added(self._features(self.with_strokes(seen), statistics), known)
        colors = F.avg_pool2d(pixels, 8)
        mean, root = (like.mean, like.root) if like else color_moments(photo)
        shown = like.shown if like else _share_shown(colors)
        busy = busyness(pixels)
        ends = like.ends if like else busy_range(busy)
        busy = between(busy, ends)
        half, quarter, eighth = features
        if self.told_calmness:
            told = busy - 0.5
            half = half + self.calm2(told)
            quarter = quarter + self.calm4(F.avg_pool2d(told, 2))
            eighth = eighth + self.calm8(F.avg_pool2d(told, 4))
        size = (height, width)
        return Content(
            pixels,
            half,
            quarter,
            eighth,
            colors,
            mean,
            root,
            shown,
            ends,
            busy,
            simple,
            strokes,
            size,
            statistics,
        )

    def _features(self, pixels: Tensor, statistics: Statistics) -> tuple[Tensor, Tensor, Tensor]:
        """Encode pixels (B, 3, H, W) at 1/2, 1/4 and 1/8 of their size."""
        cursor = statistics.started()
        half = self.stem(F.pixel_unshuffle(pixels, 2) * 2 - 1, cursor)
        quarter = self.to_quarter(half, cursor)
        return half, quarter, self.to_eighth(quarter, cursor)

    def with_strokes(self, pixels: Tensor, brushwork: Tensor | None = None) -> Tensor:
        """Begin strokes in photos (B, 3, H, W) in [0, 1], H and W multiples of 8.

        brushwork (B, 1): how strongly, 0 to 1; None: 1. Only for networks that are shown strokes.
        """
        fine, broad = stroke_noise(pixels, self.stroke_banks)
        both = fine + F.interpolate(broad, scale_factor=2, mode="bilinear")
        begun = MOST_LIGHT * F.interpolate(both, scale_factor=2, mode="bilinear")
        if brushwork is not None:
            begun = brushwork[:, :, None, None] * begun
        return pixels + begun.to(pixels)

    # -- painting ---------------------------------------------------------------------------------------

    def paint(self, content: Content, codes: CodeMix, statistics: Statistics | None = None) -> Tensor:
        """Paint without clamping: (B, 3, H, W) around [0, 1]; gradients flow to codes and weights."""
        statistics = statistics or Statistics()
        if statistics.transport is None:  # first: it waits for a GPU, which has nothing to do yet
            statistics.transport = self._transport(content, codes)
        transport, cursor = statistics.transport, statistics.started()
        pixels, half, quarter, eighth = self._prepared(content, codes)
        x = eighth
        for block in self.blocks8:
            x = block(x, codes, cursor)
        x = F.relu(self.enlarge8(self.up4(x)) + quarter)
        for block in self.blocks4:
            x = block(x, codes, cursor)
        x = F.relu(self.enlarge4(self.up2(x)) + half)
        for block in self.blocks2:
            x = block(x, codes, cursor)
        x = self.enlarge2(self.up1(F.relu(x))) + self.pixels1(pixels * 2 - 1)
        scale, shift = codes.codes[:, self.fine, None, None].to(x.dtype).chunk(2, 1)
        features = self.to_palette(F.relu(x * (1 + scale) + shift))
        with full_precision(features):
            picture = self._color(features.float(), content, codes, transport)
            if self.even_tones and not statistics.replay:  # of tiles the detail counts alone
                picture = even_tones(picture, content.pixels, content.busy)
            picture = self._matched(picture, content, codes, statistics)
        return picture[:, :, : content.size[0], : content.size[1]]

    def _prepared(self, content: Content, codes: CodeMix) -> tuple[Tensor, ...]:
        """Smooth what is known of a photo, and begin strokes in it, as much as codes say.

        Returns pixels, half, quarter and eighth.
        """
        known: tuple[Tensor, ...] = content.pixels, content.half, content.quarter, content.eighth
        if content.simple:
            known = _moved(known, content.simple, codes.codes[:, self.simplicity_part])
        if content.strokes:
            known = known[0], *_moved(known[1:], content.strokes, codes.codes[:, self.brushwork_part])
        return known

    def _transport(self, content: Content, codes: CodeMix) -> Tensor:
        """Return the matrices (B, 3, 3) that take the photo's colors to those of the codes."""
        _, root = self.color_of(codes.codes)
        with full_precision(root):
            return color_transport(content.root.float(), root.float())

    def _color(self, features: Tensor, content: Content, codes: CodeMix, transport: Tensor) -> Tensor:
        """Give features their colors: the style's palette matrix over the photo's soft colors, matched."""
        numbers, base = codes.codes[:, self.palette], codes.codes[:, self.base]
        mean, _ = self.color_of(codes.codes)
        soft = apply_colors(content.colors.float(), content.mean, transport, mean)
        # learned together with what is drawn, and no more than that is shown: alone it made blue skies purple
        shown = content.shown[:, None, None, None]
        soft = (1 + shown * base[:, :1, None, None]) * (soft - 0.5) + shown * base[:, 1:, None, None] + 0.5
        drawn = torch.einsum("bcp,bphw->bchw", numbers.unflatten(1, (3, -1)), features)
        soft = F.interpolate(soft, size=drawn.shape[2:], mode="bilinear", align_corners=False)
        return soft + shown * drawn

    def _matched(self, picture: Tensor, content: Content, codes: CodeMix, statistics: Statistics) -> Tensor:
        """Give what has been drawn, padded, the mean and covariance of colors that its code tells."""
        if not self.match_colors:
            return picture
        if statistics.matching is None:
            statistics.matching = self._matching(picture, content, codes)
        matrices = statistics.matching
        moved = torch.einsum("bij,bjhw->bihw", matrices[:, :, :3], picture)
        return moved + matrices[:, :, 3, None, None]

    def _matching(self, picture: Tensor, content: Content, codes: CodeMix) -> Tensor:
        """Return the affine maps (B, 3, 4) of colors, as much of them as there is form in the photo."""
        wanted, root = self.color_of(codes.codes)
        mean, covariance = color_covariance(picture[:, :, : content.size[0], : content.size[1]])
        one, shown = identities(covariance), content.shown[:, None, None]
        matrix = one + shown * (color_match(covariance, root) - one)
        toward = mean + shown[:, :, 0] * (wanted - mean)
        return torch.cat([matrix, toward[:, :, None] - matrix @ mean[:, :, None]], 2)

    def fits(self, code: Tensor) -> bool:
        """Say whether a code (L,) has the length that this network reads, with adapters or without."""
        return code.shape in ((self.code_size,), (self.code_size + self.adapter_size,))

    def decode(
        self, content: Content, codes: Tensor, weights: Tensor, statistics: Statistics | None = None
    ) -> Tensor:
        """Paint one photo with a mix of codes.

        codes (K, code_size), or longer by `adapter_size`; weights (K,), summing to 1. `statistics`, for
        tiles: from `measure` with the same codes and weights. Returns (1, 3, H, W) in [0, 1].
        """
        if weights.shape[0] != codes.shape[0]:
            raise ValueError(f"{codes.shape[0]} codes need as many weights, not {weights.shape[0]}")
        return self.paint(content, CodeMix(codes, weights, self.code_size), statistics).clamp(0, 1)

    def measure(self, content: Content, codes: Tensor, weights: Tensor) -> Statistics:
        """Measure the instance statistics of a whole picture, for `decode` to replay on its tiles."""
        statistics = Statistics()
        self.decode(content, codes, weights, statistics)
        return replace(statistics, replay=True)


def _added(after: Sequence[Tensor], before: Sequence[Tensor]) -> tuple[Tensor, ...]:
    return tuple(new - old for new, old in zip(after, before, strict=True))


def _moved(known: Sequence[Tensor], added: Sequence[Tensor], share: Tensor) -> tuple[Tensor, ...]:
    """Move features by a share (B, 1) of what is added to them."""
    share = share[:, :, None, None]
    return tuple(x + share.to(x.dtype) * more for x, more in zip(known, added, strict=True))


def _share_shown(colors: Tensor) -> Tensor:
    """Tell from colors (B, 3, h, w) at 1/8 how much of what is drawn is to show: (B,) in [0, 1].

    Where a picture holds no form at all, as one of nothing but clear sky, normalization lifts its grain to
    forms, and two takes of one sky would be painted unlike. Second differences do not see an even change of
    light. They are below .011 for grain of up to .02, and above .05 in every photo that was measured.
    """
    seen = colors.detach().float()
    down = seen[:, :, 2:] - 2 * seen[:, :, 1:-1] + seen[:, :, :-2]
    across = seen[..., 2:] - 2 * seen[..., 1:-1] + seen[..., :-2]
    bends = down.square().sum((1, 2, 3)) + across.square().sum((1, 2, 3))
    form = (bends / (2 * seen.shape[2] * seen.shape[3])).sqrt()
    least, enough = _FORM
    return ((form - least) / (enough - least)).clamp(0, 1)


def _silent(channels: int) -> nn.Conv2d:
    """Make a convolution of one plane that says nothing yet."""
    layer = conv(1, channels)
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def stack_codes(codes: Sequence[Tensor]) -> Tensor:
    """Stack codes (L,), with adapters or without, to (K, longest L): no adapter is one of zeros."""
    longest = max(len(code) for code in codes)
    return torch.stack([F.pad(code, (0, longest - len(code))) for code in codes])
