"""What a masterwork is judged by: distances from its paintings, from its photo and from calm.

Sampled features are matched by relaxed earth mover's distance, and what was alike in the photo stays alike
(STROTSS, arXiv:1904.12785, equations 2 to 8); channel moments are those of AdaIN (arXiv:1703.06868, eq. 13),
weighed by region and by calmness (Gatys et al., arXiv:1611.07865, section 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import full_precision
from stylizer.imaging.detail_bands import (
    LEAST_UNIT,
    band_correlations,
    busy_rank,
    calm_share,
    plane_bands,
    three_parts,
)
from stylizer.imaging.keep_color import luma
from stylizer.models.channel_moments import positions
from stylizer.models.number_type import fast_type
from stylizer.models.perceptual import (
    Perceptual,
    moments,
    normalized,
    part_distance,
    part_moments,
    self_similarity,
    shares_of,
)

_POOL = 4096
"""Places of each part's paintings from which every step draws."""


@dataclass(frozen=True)
class MasterworkWeights:
    """How much each term counts; tuned by eye on portraits, buildings, skies, a night and an animal."""

    moments: float = 10.0
    guided: float = 4.0
    """Moments of calm, middling and busy places, each against the painting's own."""
    matching: float = 8.0
    """Relaxed earth mover's distance of sampled features."""
    color: float = 5.0
    similarity: float = 8.0
    """Self-similarity to the photo at strength 1 and the smallest size; 0.7 of it at every next size."""
    content: tuple[float, float] = (0.3, 0.5)
    """Distance of normalized features from the photo's at relu3_1 and relu4_1, at strength 1."""
    follow: float = 2.0
    energy: float = 4.0
    even: float = 80.0
    """Against patches and dots where the photo is even: jumps of color beyond most of the painting's own."""
    range: float = 100.0
    """Against values outside [0, 1]."""


@dataclass(frozen=True, eq=False)
class PartTarget:
    """What the paintings of one part ask for, and where the part is."""

    share: float
    """Part of the picture that it covers, 0 to 1."""
    planes: Tensor
    """(1, 4, h, w) >= 0: the whole part, and its calm, middling and busy places."""
    moments: tuple[Tensor, ...]
    """A layer's means and deviations (4, 2, C); of the first layer only the whole part's, (1, 2, C)."""
    features: Tensor
    """Sampled features (4096, C) less their mean."""
    mean: Tensor
    colors: Tensor
    energy_planes: Tensor
    """(1, 3, h, w) >= 0: its calmest 30 %, its middling and its busy places."""
    jumps: tuple[float, float]
    """Jumps of color that three of four places of the paintings stay below, see `_all_jumps`."""
    energies: Tensor
    """Mean size of every band of detail there in the paintings, (3, bands, 3); see `_band_sizes`."""


@dataclass(frozen=True, eq=False)
class StageTargets:
    """All that one size is judged by."""

    parts: tuple[PartTarget, ...]
    shares: tuple[Tensor | None, ...]
    """A layer's planes of all parts, one after another, each of sum 1; None where one part is the whole."""
    energy_planes: Tensor
    keep: Tensor
    """(1, 1, h, w): how much of the photo's structure is kept at each place, 1 at strength 1."""
    photo_features: tuple[Tensor, ...]
    photo_content: tuple[Tensor, Tensor]
    photo_bands: Tensor
    """(1, 1 or 2, h, w): middle and coarse detail; the fine is noise in calm places."""
    calm: Tensor
    even: tuple[Tensor, ...]
    """How even the photo is from each place to the next, 0 to 1, (1, 1, h, w), as `_all_jumps` lists them."""
    allowed: tuple[Tensor, ...]
    """Jumps of color that are usual there."""
    unit: float
    pool: int
    """Pixels a side whose mean is one color."""


FOLLOW_GOAL = 0.84  # correlation with the photo in its calm places: 0.7 of what is drawn there is the photo's
_TINY = 1e-3  # size of a band that no eye sees
_EVEN = 0.06  # jump of color in the photo from which on it is an edge
_COMMON = 0.75  # share of a painting's places whose jumps are usual
MOST_ENERGY, LEAST_ENERGY = 0.9, 0.5  # of the painting's own, in calm, middling and busy places each


def part_target(
    network: Perceptual,
    paintings: Sequence[tuple[Tensor, float]],
    mask: Tensor,
    rank: Tensor,
    unit: float,
    stroke: float,
    rng: torch.Generator,
) -> PartTarget:
    """Measure paintings (1, 3, H, W), with shares of sum 1, for the part `mask` (1, 1, h, w) of a photo."""
    wholes, rows, features, colors, bands, jumps = [], [], [], [], [], [0.0, 0.0]
    pool, own_unit = _color_pool(unit), max(unit * stroke, LEAST_UNIT)
    for picture, share in paintings:
        own_rank = busy_rank(picture, own_unit)
        parts = three_parts(own_rank)
        planes = torch.cat([torch.ones_like(parts[:, :1]), parts], 1)
        taps = network(picture)
        wholes.append([_moments(taps[0]), *(_moments(tap, shares_of(planes, tap)) for tap in taps[1:])])
        places = torch.rand(max(1, round(_POOL * share)), 2, generator=rng)
        features.append(torch.cat(sampled(taps, places), 1))
        colors.append(sampled([F.avg_pool2d(picture, pool)], places)[0])
        bands.append(_band_sizes(_color_bands(picture, own_unit), _energy_planes(own_rank)))
        across, down, *pooled_jumps = _all_jumps(picture, pool)
        for scale, maps in enumerate(((across, down), pooled_jumps)):
            found = torch.cat([one.flatten() for one in maps])
            jumps[scale] += share * float(found[:: max(1, len(found) // 100_000)].quantile(_COMMON))
        rows.append(share)
    pooled = torch.cat(features)
    mean = pooled.mean(0)
    calm = three_parts(rank)
    layers = (_mixed([whole[place] for whole in wholes], rows) for place in range(len(wholes[0])))
    return PartTarget(
        share=float(mask.mean()),
        planes=torch.cat([mask, mask * calm], 1),
        moments=tuple(layers),
        features=pooled - mean,
        mean=mean,
        colors=torch.cat(colors),
        energy_planes=mask * _energy_planes(rank),
        jumps=(jumps[0], jumps[1]),
        energies=torch.stack([row * sizes for sizes, row in zip(bands, rows, strict=True)]).sum(0),
    )


def stage_targets(
    network: Perceptual, photo: Tensor, parts: Sequence[PartTarget], keep: Tensor, rank: Tensor, unit: float
) -> StageTargets:
    """Measure the photo (1, 3, h, w) at one size."""
    features, pool = network(photo), _color_pool(unit)
    even = tuple(torch.exp(-jumps.square() / (2 * _EVEN**2)) for jumps in _all_jumps(photo, pool))
    usual = [
        torch.stack([part.jumps[scale] * part.planes[:, :1] for part in parts]).sum(0)
        for scale in (0, 0, 1, 1)
    ]
    allowed = tuple(_fitted(jumps, place) for jumps, place in zip(usual, even, strict=True))
    whole = len(parts) == 1 and float(parts[0].planes[:, :1].amin()) == 1
    shares: list[Tensor | None] = (
        [None] if whole else [shares_of(torch.cat([p.planes[:, :1] for p in parts], 1), features[0])]
    )
    shares += [shares_of(torch.cat([part.planes for part in parts], 1), tap) for tap in features[1:]]
    return StageTargets(
        tuple(parts),
        tuple(shares),
        torch.cat([part.energy_planes for part in parts], 1),
        keep,
        features,
        (normalized(features[2]), normalized(features[3])),
        _color_bands(photo, unit)[:1, -2:],
        calm_share(rank),
        even,
        allowed,
        unit,
        pool,
    )


def masterwork_loss(
    picture: Tensor,
    features: Sequence[Tensor],
    targets: StageTargets,
    weights: MasterworkWeights,
    similarity: float,
    samples: int,
    rng: torch.Generator,
) -> Tensor:
    """Judge a picture (1, 3, h, w) and its features; `similarity` is this size's weight; returns a scalar."""
    total = weights.range * (F.relu(-picture) + F.relu(picture - 1)).mean()
    found = [_moments(tap, shares) for tap, shares in zip(features, targets.shares, strict=True)]
    bands = _color_bands(picture, targets.unit)
    energies = _band_sizes(bands, targets.energy_planes)
    pooled = F.avg_pool2d(picture, targets.pool)
    for number, part in enumerate(targets.parts):
        count = max(64, round(samples * min(1.0, part.share)))
        places = _places_in(part.planes[:, :1], count, rng)
        chosen = torch.randint(len(part.features), (count,), generator=rng).to(picture.device)
        drawn = torch.cat(sampled(features, places), 1) - part.mean
        total = total + part.share * (
            _style_distance(found, part, number, weights)
            + weights.matching * relaxed_distance(drawn, part.features[chosen])
            + weights.color * relaxed_color_distance(sampled([pooled], places)[0], part.colors[chosen])
            + weights.energy * _energy_excess(energies, part, number)
        )
    places = torch.rand(max(64, samples // 2), 2, generator=rng)
    kept = sampled([targets.keep], places)[0][:, 0]
    pair = (_alikeness(features, places), _alikeness(targets.photo_features, places))
    total = total + similarity * ((pair[0] - pair[1]).abs().mean(0) * kept).mean()
    for weight, tap, photo in zip(weights.content, features[2:], targets.photo_content, strict=True):
        distance = (normalized(tap) - photo).square().mean(1, keepdim=True)
        total = total + weight * (distance * _fitted(targets.keep, tap)).mean()
    for jumps, even, usual in zip(
        _all_jumps(picture, targets.pool), targets.even, targets.allowed, strict=True
    ):
        total = total + weights.even / 4 * (even * F.relu(jumps - usual)).mean()
    follow = band_correlations(bands[:1, -2:], targets.photo_bands, targets.calm)
    return total + weights.follow * F.relu(FOLLOW_GOAL - follow).sum()


def relaxed_distance(drawn: Tensor, wanted: Tensor) -> Tensor:
    """Relaxed earth mover's distance of features (N, C) and (M, C) by cosine (arXiv:1904.12785, eq. 5, 6).

    Nearest neighbors are looked up in the device's fast numbers; only their own distances carry a gradient,
    as in the paper. `index_select` takes them, for several threads add the gradient of `drawn[taken]` in
    whatever order they come: no two runs were alike.
    """
    drawn, wanted = F.normalize(drawn, dim=1), F.normalize(wanted, dim=1)
    with torch.no_grad():
        dtype = fast_type(drawn.device.type)
        alike = drawn.to(dtype) @ wanted.to(dtype).T
        nearest, taken = alike.argmax(1), alike.argmax(0)
    here = 1 - (drawn * wanted[nearest]).sum(1).mean()
    there = 1 - (drawn.index_select(0, taken) * wanted).sum(1).mean()
    return torch.maximum(here, there)


def relaxed_color_distance(drawn: Tensor, wanted: Tensor) -> Tensor:
    """The same of colors (N, 3) and (M, 3) by Euclidean distance (arXiv:1904.12785, section 2.3)."""
    apart = torch.cdist(drawn, wanted)
    return torch.maximum(apart.amin(1).mean(), apart.amin(0).mean())


def sampled(maps: Sequence[Tensor], places: Tensor) -> list[Tensor]:
    """Read maps (1, C, h, w) at places (N, 2) in [0, 1), rows and columns: (N, C) float32 each."""
    found = []
    for layer in maps:
        height, width = layer.shape[2:]
        row = (places[:, 0] * height).long().clamp(max=height - 1)
        column = (places[:, 1] * width).long().clamp(max=width - 1)
        index = (row * width + column).to(layer.device)
        found.append(positions(layer)[0].index_select(0, index).float())
    return found


def _style_distance(
    found: Sequence[Tensor], part: PartTarget, number: int, weights: MasterworkWeights
) -> Tensor:
    whole, guided = [], []
    for moments_found, wanted in zip(found, part.moments, strict=True):
        count = len(wanted)
        apart = part_distance(moments_found[None, number * count : (number + 1) * count], wanted[None])[0]
        whole.append(apart[0])
        guided += list(apart[1:])
    return weights.moments * torch.stack(whole).mean() + weights.guided * torch.stack(guided).mean()


def _energy_excess(energies: Tensor, part: PartTarget, number: int) -> Tensor:
    """How far the bands leave the range between half and nine tenths of the paintings' own."""
    both = min(energies.shape[1], part.energies.shape[1])  # the finest bands may be missing in one of them
    found, own = (sizes[:, sizes.shape[1] - both :] for sizes in (energies, part.energies))
    ratio = found[..., 3 * number : 3 * number + 3] / own
    return (F.relu(ratio - MOST_ENERGY) + F.relu(LEAST_ENERGY - ratio)).square().mean((0, 2)).sum()


def _color_bands(picture: Tensor, unit: float) -> Tensor:
    """Bands of light and of two color differences of a picture (1, 3, h, w): (3, bands, h, w)."""
    red, green, blue = picture[0]
    planes = luma(picture)[0, 0], (red - green) / 2, blue / 2 - (red + green) / 4
    return plane_bands(torch.stack(planes), unit)


def _all_jumps(picture: Tensor, pool: int) -> tuple[Tensor, ...]:
    """List the jumps of a picture, which show dots, then those of its pooled colors, which show patches."""
    small = F.avg_pool2d(picture, max(1, min(pool, min(picture.shape[2:]) // 4)))
    return (*_jumps(picture), *_jumps(small))


def _jumps(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Distance of the colors of a picture (1, 3, h, w) from the next but one's, across and down."""
    pairs = (picture[..., 2:], picture[..., :-2]), (picture[:, :, 2:], picture[:, :, :-2])
    across, down = (((a - b).square().sum(1, keepdim=True) + 1e-6).sqrt() for a, b in pairs)
    return across, down


def _band_sizes(bands: Tensor, parts: Tensor) -> Tensor:
    """Mean size of `_color_bands` in soft parts (1, P, h, w) >= 0 of the picture: (3, bands, P)."""
    shares = parts[0].flatten(1)
    shares = shares / shares.sum(1, keepdim=True).clamp(min=1e-6)
    with full_precision(bands):
        return bands.abs().flatten(2) @ shares.T + _TINY


def _energy_planes(rank: Tensor) -> Tensor:
    return torch.cat([calm_share(rank), three_parts(rank)[:, 1:]], 1)


def _moments(tap: Tensor, shares: Tensor | None = None) -> Tensor:
    """Means and deviations (P, 2, C) of a layer in soft parts, or (1, 2, C) of all of it."""
    return torch.stack(moments(tap), 1) if shares is None else part_moments(tap, shares)[0]


def _mixed(found: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    """Means and deviations (P, 2, C) of several paintings hung side by side, each as large as its share."""
    weighed = list(zip(found, shares, strict=True))
    mean = torch.stack([share * one[:, 0] for one, share in weighed]).sum(0)
    square = torch.stack([share * one.square().sum(1) for one, share in weighed]).sum(0)
    return torch.stack([mean, (square - mean.square()).clamp(min=1e-8).sqrt()], 1)


def _alikeness(features: Sequence[Tensor], places: Tensor) -> Tensor:
    """Self-similarity of relu3_1 and relu4_1 at the same places, one picture's columns (N, N)."""
    joined = torch.cat(sampled(features[2:], places), 1)
    every = torch.arange(len(joined), device=joined.device)
    return self_similarity(joined.T[None, :, None], every)[0]


def _places_in(mask: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """Draw places (N, 2) in [0, 1) where a mask (1, 1, h, w) is, as often as it is strong."""
    if float(mask.amin()) == float(mask.amax()):
        return torch.rand(count, 2, generator=rng)
    height, width = mask.shape[2:]
    small = F.interpolate(mask, size=(min(height, 64), min(width, 64)), mode="area")[0, 0].cpu()
    index = torch.multinomial(small.flatten(), count, replacement=True, generator=rng)
    cell = torch.stack([index // small.shape[1], index % small.shape[1]], 1)
    return (cell + torch.rand(count, 2, generator=rng)) / torch.tensor(small.shape)


def _color_pool(unit: float) -> int:
    return max(1, round(4 * unit))


def _fitted(planes: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(planes, size=like.shape[2:], mode="area")
