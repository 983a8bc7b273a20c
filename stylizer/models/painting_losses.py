"""What a painting of a photo in a style is judged by: the losses of the painter and of studied styles.

One global target for busy and calm places lets a texture of the busy ones be stamped into skies ("ground
textures applied to sky regions", Gatys et al. 2017, arXiv:1611.07865, section 4). Here calm places answer to
the painting's own calm places, and what is drawn there has to come from the photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from stylizer.imaging.color import color_moments, color_transport, full_precision
from stylizer.imaging.contours import contours, crossing
from stylizer.imaging.detail_bands import (
    band_correlations,
    band_energy,
    calm_energy,
    calm_mask,
    calmness_guides,
    detail_bands,
    relief,
    tint_bands,
    tint_energy,
)
from stylizer.imaging.wave_peaks import WINDOW, wave_peaks
from stylizer.models.color_quantiles import color_distance, color_quantiles
from stylizer.models.perceptual import (
    Moments,
    content_map,
    gram,
    moments,
    part_moments,
    self_similarity,
    shares_of,
    style_gram,
    style_moments,
    style_parts,
)

CONTENT_LAYERS = 2  # relu3_1 and relu4_1
GRAM_LAYERS = 3  # from relu1_1 up
_SHRINKS = (4, 8)  # pixels of a picture to one place of the content layers
_PLACES = 256  # sampled for self-similarity
_CELL = 64  # pixels from one cell to the next, over which `local` looks
_FACE_TONE = 20.0  # of a face's squared distance from the tone that is its own
_EVEN = 0.015  # change of tone in calm places that is always allowed
_CHANCE = 2.0  # decibels by which waves of 64 px windows stand out by chance
_BAND_SHARES = (0.1, 0.45, 0.45)  # of fine, middle and coarse detail in the follow loss: noise is fine detail
_TINY = 1e-5  # energy of a band that counts as none
_NO_TINT = 0.005  # the same of detail of color: about a level of 255
_FACE_TINT = 0.35  # of a photo's detail of color in a face: half is what paintings have, less chosen by eye
_KNEE = 2.0  # relative style distances above about one half count less than in proportion


@dataclass(frozen=True)
class PaintingWeights:
    """Weights of the losses of a painting; those of the painter that ships, whose `faces` was 8 at last."""

    style: float = 35.0
    """Of the relative distance of channel moments."""
    guided: float = 30.0
    """Of the same in calm, middling and busy places, each against the painting's own."""
    local: float = 40.0
    """Of the moments of every part of the picture, against what the painting has where it is as calm: else a
    few places are given all of its paint, and the rest stays a photo."""
    gram: float = 8.0
    """Of the relative distance of Gram matrices over the three shallower layers."""
    color: float = 50.0
    """Of the sliced Wasserstein distance of colors: rare bright spots count."""
    content: tuple[float, float] = (0.4, 1.4)
    """Of the content distance at relu3_1 and relu4_1."""
    similar: float = 3.0
    """Of the difference of self-similarities to the photo: faces keep their contrasts in any paint."""
    follow: float = 0.8
    """Of what is drawn in calm places without the photo's warrant (1 - correlation)."""
    excess: float = 0.5
    """Of detail in calm places beyond what the painting's own calm places and the photo's have."""
    relief: float = 150.0
    """Of the squared correlation of detail with the photo's slope: embossed edges."""
    flow: float = 20.0
    """Of strokes that cross the photo's contours: along a horizon, round a cheek."""
    tint: float = 2.0
    """Of detail of color beyond what the painting has: a rare red is no reason for red dabs all over."""
    faces: float = 5.0
    """Of what befalls faces: other content, detail without the photo's warrant, dabs of color, and a tone
    other than that of the photo's face among the painting's colors."""
    weave: float = 10.0
    """Of waves of 2 to 10 px that stand out of the picture further than in the photo: a check, a corduroy."""
    even: float = 300.0
    """Of changes of tone within calm places that the photo has not: a band of light round a roof, a sky in
    two tones."""


class StyleTarget(NamedTuple):
    """What is asked of a painting's manner; every tensor has a batch dimension."""

    moments: tuple[Moments, ...]  # a layer: means and deviations (B, C)
    grams: tuple[Tensor, ...]  # the shallower layers: (B, C, C)
    colors: Tensor  # (B, D, Q), from `color_quantiles`
    guided: tuple[Tensor, ...]  # relu2_1 to relu4_1: (B, 3, 2, C), from `part_moments`
    calm: Tensor  # (B, 3) energy of the bands of detail in the calm part
    tint: Tensor  # (B, 4), from `tint_energy`


class PhotoTarget(NamedTuple):
    """What is asked of a painting's likeness."""

    content: tuple[Tensor, ...]  # relu3_1 and relu4_1: (B, C, h, w)
    bands: Tensor  # (B, 3, H, W), from `detail_bands`
    calm: Tensor  # (B, 1, H, W), 1 in the calm part
    energy: Tensor  # (B, 3) energy of the bands there
    guides: Tensor  # (B, 3, H/2, W/2), from `calmness_guides`
    faces: Tensor  # (B, 1, H, W), 1 in faces, 0 outside and where nobody looked for them
    face_tint: Tensor  # (B, 4) energy of detail of color in faces
    tones: Tensor  # (B, 3, H/4, W/4) the colors, without detail
    changes: Tensor  # (B, 3, H/4, W/4) of tone in calm places, from `_tone_changes`
    waves: Tensor  # (B, waves) how far each stands out, decibels, from `_waves`


@torch.no_grad()
def style_target(pictures: Tensor, features: Sequence[Tensor]) -> StyleTarget:
    """Measure the manner of pictures (B, 3, H, W) in [0, 1] with their perceptual features."""
    energy = band_energy(detail_bands(pictures))
    return StyleTarget(
        tuple(moments(layer) for layer in features),
        tuple(gram(layer) for layer in features[:GRAM_LAYERS]),
        color_quantiles(pictures),
        _guided_moments(features, calmness_guides(pictures)),
        calm_energy(energy, calm_mask(energy)),
        tint_energy(tint_bands(pictures)),
    )


@torch.no_grad()
def photo_target(
    photos: Tensor, content: Sequence[Tensor], faces: Tensor | None = None, drawn: Tensor | None = None
) -> PhotoTarget:
    """Measure photos (B, 3, H, W) in [0, 1]; content are their features at relu3_1 and relu4_1.

    faces (B, 1, H, W): 1 in faces, 0 outside; None: nobody looked for them. drawn (B, 3, H, W): the photos
    with the strokes that are begun for the painter, a warrant but in faces; None: none are.
    """
    faces = torch.zeros_like(photos[:, :1], dtype=torch.float32) if faces is None else faces.float()
    with full_precision(photos):
        bands = detail_bands(photos.float())
        energy = band_energy(bands)
        if drawn is not None:
            bands = detail_bands(torch.lerp(drawn.float(), photos.float(), faces))
        calm = calm_mask(energy)
        guides = calmness_guides(photos.float())
        face_tint = tint_energy(tint_bands(photos), faces)
        tones = F.avg_pool2d(photos.float(), 4)
        changes = _tone_changes(tones, guides)
    allowed = calm_energy(energy, calm)
    waves = _waves(photos).clamp(min=0)
    return PhotoTarget(tuple(content), bands, calm, allowed, guides, faces, face_tint, tones, changes, waves)


def sample_places(height: int, width: int, rng: torch.Generator) -> tuple[Tensor, ...]:
    """Draw the places at which self-similarity is compared, for each content layer, of pictures of a size."""
    return tuple(
        torch.randint((height // shrink) * (width // shrink), (_PLACES,), generator=rng)
        for shrink in _SHRINKS
    )


def painting_losses(
    painted: Tensor,
    features: Sequence[Tensor],
    photo: PhotoTarget,
    style: StyleTarget,
    places: Sequence[Tensor],
    weights: PaintingWeights,
    strength: Tensor | None = None,
) -> dict[str, Tensor]:
    """Judge paintings (B, 3, H, W) around [0, 1] by their perceptual features: name -> weighted scalar.

    places: from `sample_places`. Style and likeness may be of one picture for the whole batch. strength (B,):
    how much of the style is asked for (`mix_targets` has mixed it); None: all of it. Where it is less than
    all, `local` asks nothing: a photo's own cells are unlike each other.
    """
    count = len(painted)
    wanted = [(_all(mean, count), _all(std, count)) for mean, std in style.moments]
    with full_precision(painted):
        bands = detail_bands(painted.float())
        share = torch.tensor(_BAND_SHARES, device=painted.device)
        invented = ((1 - band_correlations(bands, photo.bands, photo.calm)) * share).sum(1)
        embossed = relief(bands[:, :2], photo.bands[:, :2]).square().sum(1)  # coarse ones agree by chance
        light, seen = (part.sum(1, keepdim=True) for part in (bands, photo.bands))
        crossed = crossing(light, contours(seen))
        busy = excess(calm_energy(band_energy(bands), photo.calm), torch.maximum(style.calm, photo.energy))
        tints = tint_bands(painted)
        parts = _guided_moments(features, photo.guides)
        areas = photo.guides.mean((2, 3))
        whole = painted.new_ones(count) if strength is None else (strength == 1).float()
        apart = _local_distance(features[-CONTENT_LAYERS:], photo, style, whole)
        alike = [
            (self_similarity(a, at) - self_similarity(b, at)).abs().mean()
            for a, b, at in zip(features[-CONTENT_LAYERS:], photo.content, places, strict=True)
        ]
        changes = [
            w * content_map(a, b)
            for w, a, b in zip(weights.content, features[-CONTENT_LAYERS:], photo.content, strict=True)
        ]
        tones = F.avg_pool2d(painted.float(), 4)
        harm = _harm_to_faces(bands, tints, changes, photo) + _FACE_TONE * _other_faces(tones, photo)
        uneven = F.relu(_tone_changes(tones, photo.guides).abs() - 1.5 * photo.changes.abs() - _EVEN)
    found = [gram(layer) for layer in features[: len(style.grams)]]
    return {
        "style": weights.style * style_moments([moments(f) for f in features], wanted, _KNEE),
        "guided": weights.guided * style_parts(parts, [_all(g, count) for g in style.guided], areas, _KNEE),
        "local": weights.local * apart,
        "gram": weights.gram * style_gram(found, [_all(g, count) for g in style.grams], _KNEE),
        "color": weights.color * color_distance(color_quantiles(painted), style.colors),
        "content": torch.stack([change.mean() for change in changes]).sum(),
        "similar": weights.similar * torch.stack(alike).mean(),
        "follow": weights.follow * invented.mean(),
        "excess": weights.excess * busy.mean(),
        "relief": weights.relief * embossed.mean(),
        "flow": weights.flow * crossed.mean(),
        "tint": weights.tint * excess(tint_energy(tints), _all(style.tint, count), _NO_TINT).mean(),
        "faces": weights.faces * harm.mean(),
        "weave": weights.weave * F.relu(_waves(painted) - photo.waves - _CHANCE).square().mean(),
        "even": weights.even * uneven.mean(),
    }


def _waves(pictures: Tensor) -> Tensor:
    """Tell how far single waves stand out of pictures (B, 3, H, W): (B, waves); of small ones (B, 1) of 0."""
    return wave_peaks(pictures) if min(pictures.shape[2:]) >= WINDOW else pictures.new_zeros(len(pictures), 1)


def _local_distance(
    features: Sequence[Tensor], photo: PhotoTarget, style: StyleTarget, counts: Tensor
) -> Tensor:
    """Mean distance of the moments of overlapping cells of pictures from those asked for; a scalar.

    A cell is asked for the mix of the painting's calm, middling and busy moments that its own places are, in
    the two deepest layers; faces do not count. counts (B,): how much each picture does.
    """
    cells = _cells(photo.guides) * (1 - F.avg_pool2d(photo.faces, 2)) + 1e-6  # a cell may be all face
    calmness = torch.einsum("bkhw,bphw->bkp", cells, photo.guides)
    areas = calmness.sum(2)
    calmness, areas = calmness / areas[:, :, None], areas / areas.sum(1, keepdim=True)
    found = [part_moments(layer, shares_of(cells, layer)) for layer in features]
    deepest = style.guided[-len(features) :]
    wanted = [_mixed_moments(_all(parts, len(calmness)), calmness) for parts in deepest]
    return style_parts(found, wanted, areas * counts[:, None], _KNEE)


def _cells(like: Tensor) -> Tensor:
    """Part pictures at half size (B, C, h, w) into overlapping soft cells, in sum 1: (B, cells, h, w)."""
    height, width = like.shape[2:]
    rows, columns = (max(1, round(2 * side / _CELL)) for side in (height, width))
    peaks = torch.eye(rows * columns, device=like.device).view(1, -1, rows, columns)
    return F.interpolate(peaks, size=(height, width), mode="bilinear").expand(len(like), -1, -1, -1)


def _mixed_moments(parts: Tensor, shares: Tensor) -> Tensor:
    """Means and deviations of mixtures: of parts (B, P, 2, C) by shares (B, K, P), in sum 1: (B, K, 2, C)."""
    mean, deviation = parts.unbind(2)
    mixed = shares @ mean
    squares = shares @ (deviation.square() + mean.square())
    return torch.stack([mixed, (squares - mixed.square()).clamp(min=0).sqrt()], 2)


def _harm_to_faces(bands: Tensor, tints: Tensor, changes: Sequence[Tensor], photo: PhotoTarget) -> Tensor:
    """Sum what befalls faces, (B,): the change of their content, drawing without warrant, dabs of color.

    0 for a picture without a face.
    """
    area = photo.faces.sum((1, 2, 3))
    drawn = (1 - band_correlations(bands, photo.bands, photo.faces)).mean(1)
    dabs = excess(tint_energy(tints, photo.faces), _FACE_TINT * photo.face_tint, _NO_TINT)
    changed = torch.zeros_like(area)
    for change in changes:
        here = F.interpolate(photo.faces, size=change.shape[1:], mode="area")[:, 0]
        changed = changed + (change * here).sum((1, 2)) / here.sum((1, 2)).clamp(min=1)
    return (changed + drawn + dabs) * (area > 0)


def _other_faces(tones: Tensor, photo: PhotoTarget) -> Tensor:
    """Sum the squared distance (B,) of faces' mean color from that which the photo's colors would give them.

    The photo's, moved to the mean and covariance of the painting's tones (B, 3, h, w): among the painting's
    colors a warm light face is warm and light, and not left what colors remain.
    """
    faces = F.avg_pool2d(photo.faces, 4)
    shares = faces / faces.sum((2, 3), keepdim=True).clamp(min=1e-6)
    seen, found = ((plane * shares).sum((2, 3)) for plane in (photo.tones, tones))
    with torch.no_grad():
        (mean, root), (new_mean, new_root) = color_moments(photo.tones), color_moments(tones)
        moved = (color_transport(root, new_root) @ (seen - mean)[:, :, None])[:, :, 0] + new_mean
    return (found - moved).square().sum(1) * (faces.sum((1, 2, 3)) > 0)


def _tone_changes(tones: Tensor, guides: Tensor) -> Tensor:
    """Tell how the tones (B, 3, h, w), at a quarter size, change from about a place to what is round it.

    Of calm places alone, of a photo's `guides` (B, 3, 2h, 2w), and as much as they are calm; a roof beside a
    place has no part in either mean.
    """
    calm = F.avg_pool2d(guides[:, :1], 2).square()

    def mean(reach: int) -> Tensor:
        return _box(calm * tones, reach) / (_box(calm, reach) + 1e-3)

    return calm * (mean(2) - mean(8))


def _box(planes: Tensor, reach: int) -> Tensor:
    """Average over squares of 2 reach + 1 pixels; what lies outside of the picture is 0."""
    side = 2 * reach + 1
    rows = F.avg_pool2d(planes, (side, 1), stride=1, padding=(reach, 0))
    return F.avg_pool2d(rows, (1, side), stride=1, padding=(0, reach))


def mix_targets(photo: StyleTarget, style: StyleTarget, strength: Tensor) -> StyleTarget:
    """Ask for a manner between the photo's own and a style's; strength (B,): 0 is the photo's."""

    def between(a: Tensor, b: Tensor) -> Tensor:
        return torch.lerp(a, b, strength.view(-1, *[1] * (a.dim() - 1)))

    return StyleTarget(
        tuple(
            (between(a[0], b[0]), between(a[1], b[1]))
            for a, b in zip(photo.moments, style.moments, strict=True)
        ),
        tuple(between(a, b) for a, b in zip(photo.grams, style.grams, strict=True)),
        between(photo.colors, style.colors),
        tuple(between(a, b) for a, b in zip(photo.guided, style.guided, strict=True)),
        between(photo.calm, style.calm),
        between(photo.tint, style.tint),
    )


def excess(energy: Tensor, allowed: Tensor, least: float = _TINY) -> Tensor:
    """Squared logarithm of how far energies (B, bands) exceed those that are allowed; (B,).

    Energies below `least` count as none.
    """
    return F.relu((energy.clamp(min=least) / allowed.clamp(min=least)).log()).square().mean(1)


def _guided_moments(features: Sequence[Tensor], guides: Tensor) -> tuple[Tensor, ...]:
    """Moments of the calm, middling and busy parts from relu2_1 on: for every layer (B, 3, 2, C)."""
    return tuple(part_moments(layer, shares_of(guides, layer)) for layer in features[1:])


def _all(part: Tensor, count: int) -> Tensor:
    return part.expand(count, *part.shape[1:])
