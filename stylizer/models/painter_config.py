"""Sizes and options of the network that paints; what an option is, checkpoints of before do without."""

from __future__ import annotations

from dataclasses import dataclass, field

from stylizer.models.config import before


@dataclass(frozen=True)
class PainterConfig:
    """Sizes of a painter. Widths and blocks are listed from 1/2 to 1/8 of the photo's resolution.

    Most blocks lie at 1/4: one place at 1/8 is 8 px wide, and blocks there drew smooth waves into skies.
    """

    widths: tuple[int, int, int] = (32, 80, 128)
    blocks: tuple[int, int, int] = (1, 5, 1)
    palette: int = 12
    """How many features the last layer turns into color with a matrix of the style's own."""
    components: int = 64
    """Principal components of the descriptions that the code is made from."""
    hidden: int = 256
    """Width of the layer that bends what is otherwise a linear map from components to codes."""
    descriptor_stages: int = 5
    adapter_rank: int = field(default=8, metadata=before(8))
    """Rank of the adapters that a studied style may bring for every modulated convolution."""
    normalize_encoder: bool = field(default=False, metadata=before(True))
    """Whether the content encoder normalizes over the picture; off, calm photos stay calm."""
    variance_floor: float = field(default=0.01, metadata=before(0.0))
    """Added to the variance in the modulated layers' instance normalization, about a tenth of what is usual
    there: 0.01 suits a network that begins at random (median variances of 0.01 to 1), 3 one of trained layers
    (10 to 90)."""
    match_colors: bool = field(default=True, metadata=before(False))
    """Whether what has been drawn is given the code's color mean and covariance at last. Without, the strokes
    pull the colors back to the photo's: pink petals in a print of two inks."""
    told_calmness: bool = field(default=True, metadata=before(False))
    """Whether the network is told how calm each place is within its photo. The losses ask calm places for the
    painting's calm ones; a network that has to guess from a few pixels where the sky ends leaves a rim of
    another tone round what stands before it."""
    even_tones: bool = field(default=True, metadata=before(False))
    """Whether calm places of what has been drawn are held to the photo's tones before colors are matched.
    Asked for all of a painting's colors, a network parts an even sky in two of them, by how far it is to the
    next edge: a band of light round every silhouette. A loss (`even`) made it fainter, no more."""
    blurs: tuple[float, float, float] = field(default=(0.25, 0.25, 0.0), metadata=before((0.0, 0.0, 0.0)))
    """How far features are blurred before they are enlarged, from 1/2 to 1/8 (see `BlurredEnlarge`). Without,
    every style wove a check of 3 to 8 px into cloth and sky."""
    smooth_enlarging: bool = field(default=True, metadata=before(False))
    """Whether features are enlarged by a filter that leaves next to no image of their finest waves. Without,
    rows of dots 4 to 5 px apart stood where a busy texture meets a calm place."""
    brushwork: bool = field(default=True, metadata=before(False))
    """Whether beginnings of strokes along the photo's contours (`stylizer/imaging/stroke_noise.py`) are shown
    to the network, as strongly as a code says: as much as a painting's calm places are worked. Without, there
    is nothing in an even sky to paint strokes of."""
    simplifies: bool = field(default=True, metadata=before(False))
    """Whether detail without a direction (`stylizer/imaging/simplify.py`) is smoothed out of photos before
    they are painted, as strongly as a code says. Without, gravel and grass stay a photo's in every style."""
    calibration: tuple[tuple[float, float], ...] = ((0.0, 0.0), (1.0, 1.0))
    """Slider position -> strength, so that equal steps of the slider look equal; straight lines between."""

    def __post_init__(self) -> None:
        if min(self.widths + self.blocks) < 1:
            raise ValueError(f"widths {self.widths} and blocks {self.blocks} must all be at least 1")
        if self.variance_floor < 0:
            raise ValueError(f"variance_floor is {self.variance_floor}; it must be 0 or more")
        if not 0 <= min(self.blurs) <= max(self.blurs) <= 0.25:
            raise ValueError(f"blurs are {self.blurs}; each must be from 0 to 0.25")

    @staticmethod
    def tiny() -> PainterConfig:
        """A small painter for tests."""
        return PainterConfig(
            widths=(4, 8, 8), blocks=(1, 1, 1), palette=4, components=6, hidden=16, descriptor_stages=2
        )
