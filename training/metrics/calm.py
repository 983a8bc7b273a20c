"""Do strokes follow the photo in its calm parts and along its contours, or were marks stamped into it?

By the bands, energies and calm parts of `stylizer.imaging.detail_bands`, of pictures whose long side is about
512 px.
"""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import spearmanr
from torch import Tensor

from stylizer.imaging.contours import contours, crossing
from stylizer.imaging.detail_bands import (
    BANDS,
    band_correlations,
    band_energy,
    calm_energy,
    calm_mask,
    detail_bands,
    relief,
)

NAMES = (
    *(f"{kind}_{band}" for kind in ("follow", "energy", "order", "relief") for band in BANDS),
    "crossing",
)
_CELL = 24  # pixels
_LEAST_ENERGY = 1e-4  # of a painting's calm part: without any, every result would be infinitely busy
_FLAT = 1e-6  # deviation of a band below which it shows nothing


@dataclass(frozen=True, eq=False)
class CalmFacts:
    """Bands and energies (1, 3, H, W) of one picture, and where it is calm, (1, 1, H, W) of 0, 1."""

    bands: Tensor
    energy: Tensor
    calm: Tensor


def calm_facts(picture: Tensor) -> CalmFacts:
    """Measure a picture (1, 3, H, W) in [0, 1]."""
    bands = detail_bands(picture, exact=True)
    energy = band_energy(bands)
    return CalmFacts(bands, energy, calm_mask(energy))


def calm_figures(result: CalmFacts, photo: CalmFacts, painting: CalmFacts) -> dict[str, float]:
    """Compare a result with its photo, of one size, and with its painting, by kind and band.

    follow  squared correlation of result and photo over the photo's calm part: 1 is drawn by the photo, 0 is
            made up
    energy  mean energy over the photo's calm part, over the painting's in its own calm part: above 1 the calm
            parts are busier than the painter's own
    order   rank correlation (Spearman) of the energies of photo and result over cells of 24 px: do calm and
            busy places stay so?
    relief  correlation of the whole result with the photo's slope, in its direction: above some hundredths
            edges look embossed
    crossing  share of the whole result's steps of light that cross the photo's contours, all bands at once: a
            half is drawn in all directions alike, a photo itself has some .1

    What cannot be told, as a correlation with a picture of one color, is left out.
    """
    found: dict[str, float] = {}
    follow = band_correlations(result.bands, photo.bands, photo.calm, least=0.0)[0].square()
    own = calm_energy(painting.energy, painting.calm).clamp(min=_LEAST_ENERGY)
    embossed = relief(result.bands, photo.bands)[0].square().sum(0).sqrt()
    spent = (calm_energy(result.energy, photo.calm) / own)[0]
    light, seen = (facts.bands.sum(1, keepdim=True) for facts in (result, photo))
    along = contours(seen)
    if float(along[:, 2].max()) > 0:
        found["crossing"] = float(crossing(light, along))
    for number, band in enumerate(BANDS):
        if all(facts.bands[:, number][photo.calm[:, 0] > 0].std() > _FLAT for facts in (result, photo)):
            found[f"follow_{band}"] = float(follow[number])
            found[f"relief_{band}"] = float(embossed[number])
        found[f"energy_{band}"] = float(spent[number])
        cells = [_cells(facts.energy[0, number]) for facts in (result, photo)]
        if len(cells[0]) > 2 and all(values.std() > _FLAT for values in cells):
            found[f"order_{band}"] = float(spearmanr(*cells)[0])
    return found


def _cells(energy: Tensor) -> Tensor:
    return energy[_CELL // 2 :: _CELL, _CELL // 2 :: _CELL].flatten().cpu()


def takes_apart(first: Tensor, second: Tensor) -> float:
    """Return the mean absolute difference of two pictures (1, 3, H, W) in [0, 1], in levels of 255.

    Of results for two takes of one calm scene, which differ by a level of grain alone: how much of what is
    drawn hangs on the grain.
    """
    return 255 * (first - second).abs().mean().item()
