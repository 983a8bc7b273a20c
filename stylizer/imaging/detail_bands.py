"""Where a picture is calm and where it is busy, and how much happens there: one law for losses and measures.

Lengths are pixels of a picture with a long side of 512; they scale with `unit`, a picture's long side / 512.
Everything passes a gradient but ranks and masks.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import full_precision
from stylizer.imaging.keep_color import luma

BANDS = {"fine": (0.6, 1.6), "middle": (1.6, 5.0), "coarse": (5.0, 14.0)}
"""Deviations, in pixels, of the two Gaussians whose difference is a band of detail."""
CALM = 0.3
"""Share of a picture that counts as calm."""
_FADE = 0.1  # ranks on both sides of CALM within which a place stops counting
_FINEST = 0.35  # a Gaussian of fewer pixels is none
LEAST_UNIT = 1.01 * _FINEST / BANDS["coarse"][0]
"""Below it a picture shows no band at all."""
_BOX = 25  # side of the square over which a band's energy is averaged
_TINY = 1e-5
_REACH = 4  # pixels at half size from the middle of a window of `busyness` to its edge
_SEEN_STEP = 0.05  # of light between neighbors, at half size: it parts what is seen from what is not
_LEAST_RANGE = 0.7  # of busyness


def detail_bands(pictures: Tensor, unit: float = 1.0, exact: bool = False) -> Tensor:
    """Split the light of pictures (B, 3, H, W) into bands of detail: (B, bands, H, W); see `plane_bands`."""
    return plane_bands(luma(pictures.float())[:, 0], unit, exact)


def plane_bands(planes: Tensor, unit: float = 1.0, exact: bool = False) -> Tensor:
    """Split planes (N, H, W) into fine, middle and coarse detail: (N, bands, H, W), float32.

    The finest bands are left out where a picture of this size cannot show them. Losses do with wide Gaussians
    that are made on smaller copies, some 10 and 20 % off in the middle and the coarse band; measures ask for
    `exact` ones.
    """
    seen = [band for band in BANDS.values() if band[0] * unit >= _FINEST]
    with full_precision(planes):
        wide = planes.float()[:, None]
        sizes = sorted({size for band in seen for size in band})
        blurred = {size: gaussian_blur(wide, size * unit, exact) for size in sizes}
        return torch.cat([wide[:, :0], *(blurred[low] - blurred[high] for low, high in seen)], 1)


def band_energy(bands: Tensor, unit: float = 1.0) -> Tensor:
    """Root mean square of every band (N, bands, H, W) in the square round each pixel, of the same shape."""
    reach = min(max(1, round(_BOX // 2 * unit)), min(bands.shape[2:]) - 1)
    padded = F.pad(bands.square(), (reach, reach, reach, reach), mode="reflect")
    side = 2 * reach + 1
    rows = F.avg_pool2d(padded, (side, 1), stride=1)  # one way after the other: a fifth of the time
    return (F.avg_pool2d(rows, (1, side), stride=1) + _TINY**2).sqrt()


def calm_mask(energy: Tensor, part: Tensor | None = None) -> Tensor:
    """Mark the calmest 30 % of pictures, by their bands' energies (B, bands, H, W): (B, 1, H, W) of 0, 1.

    part (B, 1, H, W): the calmest of a part of each alone, where it is true; None: of the whole.
    """
    total = energy.sum(1, keepdim=True)
    if part is None:
        return (total <= _calm_limit(total.flatten(1))[:, None, None, None]).float()
    limit = total.masked_fill(~part, float("nan")).flatten(1).nanquantile(CALM, dim=1)
    return ((total <= limit[:, None, None, None]) & part).float()


def _calm_limit(totals: Tensor) -> Tensor:
    """Do what `totals.quantile(CALM, dim=1)` does with rows (B, N); ONNX has no quantiles."""
    place = totals.new_full((), CALM, dtype=torch.float64) * (totals.shape[1] - 1)
    below = place.floor().long()
    rising = totals.sort(1)[0]
    low, high = (rising.index_select(1, at[None])[:, 0] for at in (below, place.ceil().long()))
    return torch.lerp(low, high, (place - below).to(totals))


def calm_energy(energy: Tensor, mask: Tensor) -> Tensor:
    """Mean energy of each band over the calm part: (B, bands)."""
    return (energy * mask).sum((2, 3)) / mask.sum((2, 3)).clamp(min=1)


def band_correlations(bands: Tensor, others: Tensor, weights: Tensor, least: float = _TINY**2) -> Tensor:
    """Correlate each band of two pictures (B, bands, H, W), places weighed by (B, 1, H, W): (B, bands).

    `least` is added to both variances, so that flat places have a gradient; measures ask for 0.
    """
    count = weights.sum((2, 3)).clamp(min=1)
    a = bands - ((bands * weights).sum((2, 3)) / count)[:, :, None, None]
    b = others - ((others * weights).sum((2, 3)) / count)[:, :, None, None]
    both = (a * b * weights).sum((2, 3)) / count
    sizes = [(x.square() * weights).sum((2, 3)) / count + least for x in (a, b)]
    return both / (sizes[0] * sizes[1]).sqrt()


def relief(bands: Tensor, photo_bands: Tensor) -> Tensor:
    """How far a painting looks embossed: (B, 2, bands), its correlation with slopes right and down.

    One side of every edge lighter, the other darker, as if lit from a corner: a network draws it by a single
    filter, no painter does. Both of (B, bands, H, W); 0 for the photo itself.
    """
    drawn = _centered(bands[..., 1:-1, 1:-1])
    right = _centered(photo_bands[..., 1:-1, 2:] - photo_bands[..., 1:-1, :-2])
    down = _centered(photo_bands[..., 2:, 1:-1] - photo_bands[..., :-2, 1:-1])
    size = drawn.square().mean((2, 3)) + _TINY**2
    return torch.stack(
        [
            (drawn * slope).mean((2, 3)) / (size * (slope.square().mean((2, 3)) + _TINY**2)).sqrt()
            for slope in (right, down)
        ],
        1,
    )


def tint_bands(pictures: Tensor) -> Tensor:
    """Split what is not light in pictures (B, 3, H, W) into detail: (B, 4, H/2, W/2), float32.

    The middle and the coarse band of red and of blue less the light, at half size: color has no finer detail
    that is seen.
    """
    halves = F.avg_pool2d(pictures.float(), 2)
    tints = (halves - luma(halves))[:, [0, 2]]
    bands = plane_bands(tints.flatten(0, 1), 0.5)
    return bands.view(len(pictures), -1, *bands.shape[2:])


def tint_energy(bands: Tensor, weights: Tensor | None = None) -> Tensor:
    """Root mean square of `tint_bands` (B, 4, h, w), places weighed by (B, 1, 2h, 2w) where given: (B, 4)."""
    if weights is None:
        return (bands.square().mean((2, 3)) + _TINY**2).sqrt()
    halves = F.avg_pool2d(weights, 2)
    shares = halves / halves.sum((2, 3), keepdim=True).clamp(min=1)
    return ((bands.square() * shares).sum((2, 3)) + _TINY**2).sqrt()


def _centered(bands: Tensor) -> Tensor:
    return bands - bands.mean((2, 3), keepdim=True)


def ranks(busy: Tensor) -> Tensor:
    """Rank the places of every picture (B, 1, H, W) from the calmest, 0, to the busiest, 1."""
    flat = busy.flatten(1)
    rank = flat.argsort(1).argsort(1).float() / max(1, flat.shape[1] - 1)
    return rank.view_as(busy)


def busy_rank(pictures: Tensor, unit: float) -> Tensor:
    """Rank the places of pictures (B, 3, H, W) by the energy of all their bands: (B, 1, H, W), 0 to 1."""
    return ranks(band_energy(detail_bands(pictures, unit), unit).sum(1, keepdim=True))


def three_parts(rank: Tensor) -> Tensor:
    """Part pictures softly into calm, middling and busy places: (B, 3, H, W), sum 1, of ranks (B, 1, H, W).

    Three hats at the ranks 0, 1/2 and 1, so that every picture has all three.
    """
    return torch.cat([1 - 2 * rank, 1 - (2 * rank - 1).abs(), 2 * rank - 1], 1).clamp(min=0)


def calm_share(rank: Tensor) -> Tensor:
    """How much each place counts among the calmest 30 % of its picture, 0 to 1, of ranks (B, 1, H, W)."""
    return ((CALM + _FADE - rank) / (2 * _FADE)).clamp(0, 1)


def calmness_guides(pictures: Tensor) -> Tensor:
    """Part pictures (B, 3, H, W) softly into calm, middling and busy places: (B, 3, H/2, W/2), in sum 1."""
    busy = busyness(pictures)
    return three_parts(between(busy, busy_range(busy)))


def busyness(pictures: Tensor) -> Tensor:
    """Measure how busy the places of pictures (B, 3, H, W) are: (B, 1, H/2, W/2), 0 or more.

    The mean step of light in the least busy of nine windows of 9 x 9 about a place, as log(1 + step / .05):
    steps that nobody sees are no difference. The window round the place itself would widen what is busy by
    half its width: the sky beside a roof is sky, and counted as busy it is given a busy place's strokes, a
    rim round every silhouette.
    """
    gray = F.avg_pool2d(luma(pictures.float()), 2)
    across = F.pad((gray[..., 1:] - gray[..., :-1]).abs(), (0, 1, 0, 0), mode="replicate")
    down = F.pad((gray[:, :, 1:] - gray[:, :, :-1]).abs(), (0, 0, 0, 1), mode="replicate")
    steps = F.pad(across + down, (_REACH, _REACH, _REACH, _REACH), mode="replicate")
    means = F.avg_pool2d(steps, 2 * _REACH + 1, stride=1)
    height, width = means.shape[2:]
    beside = F.pad(means, (_REACH, _REACH, _REACH, _REACH), mode="replicate")
    shifts = (0, _REACH, 2 * _REACH)
    rows = torch.stack([beside[:, :, place : place + height] for place in shifts]).amin(0)
    least = torch.stack([rows[..., place : place + width] for place in shifts]).amin(0)
    # nine windows leave a plaid of their distance, 4, which means over 4 take away
    even = F.avg_pool2d(F.pad(least, (2, 2, 2, 2), mode="replicate"), _REACH, stride=1)
    return torch.log1p(F.avg_pool2d(even, 2, stride=1) / _SEEN_STEP)


def busy_range(busy: Tensor) -> Tensor:
    """Measure the `busyness` (B, 1, h, w) of each picture's calmest and busiest places: (B, 2).

    They lie at least as far apart as a clear sky and a cloudy one, so that an even picture is calm all over.
    """
    least, most = busy.amin((1, 2, 3)), busy.amax((1, 2, 3))
    return torch.stack([least, torch.maximum(most, least + _LEAST_RANGE)], 1)


def between(busy: Tensor, ends: Tensor) -> Tensor:
    """Place `busyness` (B, 1, h, w) between the ends of `busy_range` (B, 2): 0 at the calm one, to 1."""
    least, most = (end[:, None, None, None] for end in ends.unbind(1))
    return ((busy - least) / (most - least)).clamp(0, 1)


def gaussian_blur(planes: Tensor, deviation: float, exact: bool = False) -> Tensor:
    """Blur (N, 1, H, W) by a Gaussian of `deviation` pixels; wide ones on a smaller copy unless `exact`."""
    size = planes.shape[2:]
    if deviation > 3 and not exact:
        small = F.avg_pool2d(planes, 4, ceil_mode=True, count_include_pad=False)
        wide = gaussian_blur(small, (deviation**2 / 16 - 0.08) ** 0.5, exact)
        return F.interpolate(wide, size=size, mode="bilinear")
    reach = min(max(1, int((4 if exact else 3) * deviation + 0.5)), min(size) - 1)
    steps = torch.arange(-reach, reach + 1, device=planes.device, dtype=planes.dtype)
    kernel = torch.exp(-0.5 * (steps / deviation).square())
    kernel = kernel / kernel.sum()
    padded = F.pad(planes, (reach, reach, reach, reach), mode="reflect")
    return F.conv2d(F.conv2d(padded, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1))
