"""Calm parts of a photo: do strokes follow it there, or were marks stamped into it?

Three bands of differences of Gaussians of the luminance (BT.601), for pictures with a long side of about 512
px: fine, middle and coarse. A band's energy is the root of its mean square in a box of 24 px. Calm is the 30
% of a picture whose energy, summed over the bands, is least.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter
from scipy.stats import spearmanr
from torch import Tensor

from stylizer.imaging.keep_color import luma

BANDS = {"fine": (0.6, 1.6), "middle": (1.6, 5.0), "coarse": (5.0, 14.0)}
"""Deviations of the two Gaussians, pixels."""
NAMES = tuple(f"{kind}_{band}" for kind in ("follow", "energy", "order") for band in BANDS)
_BOX = 24  # pixels
_CALM = 0.3  # share of a picture
_LEAST_ENERGY = (
    1e-4  # of a painting's calm part; a painting without any would make every result infinitely busy
)


@dataclass(frozen=True)
class CalmFacts:
    """Bands and energies (3, H, W) of one picture, and where it is calm (H, W)."""

    bands: np.ndarray
    energy: np.ndarray
    calm: np.ndarray

    @property
    def calm_energy(self) -> np.ndarray:
        """Mean energy over the calm part, by band."""
        return self.energy[:, self.calm].mean(1)


def calm_facts(picture: Tensor) -> CalmFacts:
    """Measure a picture (1, 3, H, W) in [0, 1]."""
    light = luma(picture.float().cpu())[0, 0].numpy()
    bands = np.stack([gaussian_filter(light, a) - gaussian_filter(light, b) for a, b in BANDS.values()])
    energy = np.stack([np.sqrt(np.maximum(uniform_filter(band**2, _BOX), 0)) for band in bands])
    busy = energy.sum(0)
    return CalmFacts(bands, energy, busy <= np.quantile(busy, _CALM))


def calm_figures(result: CalmFacts, photo: CalmFacts, painting: CalmFacts) -> dict[str, float]:
    """Compare a result with its photo, of one size, and with its painting, by kind and band.

    follow  squared correlation of result and photo over the photo's calm part: 1 is drawn by the photo, 0 is
            made up
    energy  mean energy over the photo's calm part, over the painting's in its own calm part: above 1 the calm
            parts are busier than the painter's own
    order   rank correlation (Spearman) of the energies of photo and result over cells of 24 px: do calm and
            busy places stay so?

    What cannot be told, as a correlation with a picture of one color, is left out.
    """
    found = {}
    spent = result.energy[:, photo.calm].mean(1) / np.maximum(painting.calm_energy, _LEAST_ENERGY)
    for number, band in enumerate(BANDS):
        pair = [facts.bands[number][photo.calm] for facts in (result, photo)]
        if all(values.std() > 0 for values in pair):
            found[f"follow_{band}"] = float(np.corrcoef(*pair)[0, 1] ** 2)
        found[f"energy_{band}"] = float(spent[number])
        cells = [_cells(facts.energy[number]) for facts in (result, photo)]
        if len(cells[0]) > 2 and all(np.ptp(values) > 0 for values in cells):
            found[f"order_{band}"] = float(spearmanr(*cells)[0])
    return found


def _cells(energy: np.ndarray) -> np.ndarray:
    return energy[_BOX // 2 :: _BOX, _BOX // 2 :: _BOX].ravel()


def takes_apart(first: Tensor, second: Tensor) -> float:
    """Return the mean absolute difference of two pictures (1, 3, H, W) in [0, 1], in levels of 255.

    Of results for two takes of one calm scene, which differ by a level of grain alone: how much of what is
    drawn hangs on the grain.
    """
    return 255 * (first - second).abs().mean().item()
