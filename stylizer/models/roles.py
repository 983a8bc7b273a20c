"""The roles that networks play; the engine knows networks by these alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from torch import Tensor

PHOTO = "photo"
"""The domain that some translators have for the photo itself: its pictures keep their own colors."""


class Shipped(Protocol):
    """What every network that ships tells of its weights."""

    checkpoint_sha: str
    """sha256 of the weights' file."""
    license: str
    """The card's license; empty where none is stated."""


class Content(Protocol):
    """What a stylizer keeps of an encoded photo: independent of style and of strength."""

    @property
    def nbytes(self) -> int:
        """Count the bytes held, for the cache's budget."""
        ...


@runtime_checkable
class Stylizer(Shipped, Protocol):
    """Paint any photo in any style; styles are flat codes that mix as weighted means.

    A statistics object, as `measure` returns it, is opaque to the caller: it goes back into `decode`.
    """

    stride: int
    halo: int
    code_size: int

    @property
    def calibration(self) -> Sequence[tuple[float, float]]:
        """The slider's table, see `calibrate`; empty where the slider is even as it is."""
        ...

    def fits(self, code: Tensor) -> bool:
        """Say whether a code (L,) has a length that this stylizer reads."""
        ...

    def code(self, style: Tensor) -> Tensor:
        """Read the style of pictures (B, 3, H, W) in [0, 1] into codes (B, code_size) float32."""
        ...

    def color_of(self, code: Tensor) -> tuple[Tensor, Tensor]:
        """Read the color mean (B, 3) and covariance root (B, 3, 3) out of codes (B, code_size)."""
        ...

    def encode(self, photo: Tensor, like: Any = None, painted: bool = False) -> Content:
        """Read photos (B, 3, H, W) in [0, 1]; the answer serves every style and strength.

        `like` is the content of the whole picture when `photo` is a tile of it. painted: it is no photo but a
        painting already, as tiles always are, and gets no strokes that have nothing to do with it.
        """
        ...

    def own_code(self, content: Any) -> Tensor:
        """Return the codes (B, code_size) that give encoded photos back: where strength is 0."""
        ...

    def measure(self, content: Any, codes: Tensor, weights: Tensor) -> Any:
        """Measure the statistics of a whole picture, to paint its tiles alike."""
        ...

    def decode(self, content: Any, codes: Tensor, weights: Tensor, statistics: Any = None) -> Tensor:
        """Paint with the weighted mean of codes (K, code_size); returns (B, 3, H, W) in [0, 1].

        weights (K,), sum 1. A tile gets the whole picture's statistics, and its detail alone counts: tones of
        calm places are held to the photo's in whole pictures.
        """
        ...


@runtime_checkable
class Segmenter(Protocol):
    """Say what is where in a photo."""

    classes: tuple[str, ...]
    best_side: int

    def segment(self, photo: Tensor) -> Tensor:
        """Return the probabilities (B, N, H, W) float32, sum 1 over N, of photos (B, 3, H, W) in [0, 1]."""
        ...


@runtime_checkable
class Translator(Shipped, Protocol):
    """Give photos one learned look, or a mix of several; strength blends the answer with the photo.

    tiling "exact": tiles of `stride` with a border of `halo` pixels equal the whole, given its statistics;
    "whole": the network itself looks at large photos small.
    """

    stride: int
    halo: int
    tiling: Literal["exact", "whole"]
    domains: tuple[str, ...]

    def translate(self, photo: Tensor, mix: Tensor | None = None, statistics: Any = None) -> Tensor:
        """Translate photos (B, 3, H, W) in [0, 1], any size from 16; returns (B, 3, H, W) in [0, 1].

        mix (K,) or (B, K) weighs the domains; None mixes all alike.
        A tile gets the whole picture's statistics.
        """
        ...

    def measure(self, photo: Tensor, mix: Tensor | None = None) -> Any:
        """Measure the statistics of a whole picture, to translate its tiles alike."""
        ...


@runtime_checkable
class HintedTranslator(Translator, Protocol):
    """A translator that colors photos, and can be told the colors of some places.

    Hints (N, 5) are x and y as shares of width and height, and red, green and blue, all in [0, 1].
    """

    def translate_hinted(self, photo: Tensor, hints: Tensor) -> Tensor:
        """Translate one photo (1, 3, H, W) in [0, 1] by what is known of it."""
        ...

    def match(self, photo: Tensor, reference: Tensor, most: int) -> Tensor:
        """Find what a photo has in common with a reference in color: at most `most` hints, surest first."""
        ...


@runtime_checkable
class Generator(Shipped, Protocol):
    """Invent pictures from latent vectors, by way of styles whose layers, coarse to fine, can be mixed."""

    latent_size: int
    layers: int
    picture_size: int
    composes: bool
    """Whether its pictures are whole compositions, which grow; those of others go on at any size."""

    def style(self, z: Tensor, truncation: float = 1.0) -> Tensor:
        """Turn latent vectors (B, latent_size) into styles (B, layers, n); truncation below 1 is tamer."""
        ...

    def finish(
        self, style: Tensor, seed: int | Mapping[int, float] = 0, size: tuple[int, int] | None = None
    ) -> Tensor:
        """Paint styles as pictures (B, 3, H, W) in [0, 1]; seed draws layout and grain, size is (H, W).

        Several seeds with shares, sum 1, draw a layout between theirs.
        """
        ...

    def generate(
        self, z: Tensor, truncation: float = 1.0, seed: int = 0, size: tuple[int, int] | None = None
    ) -> Tensor:
        """Do both."""
        ...


ROLES: dict[str, type] = {
    "stylizer": Stylizer,
    "translator": Translator,
    "generator": Generator,
    "segmenter": Segmenter,
}
FORMER_ROLES = {"inventor": "generator"}
"""What older checkpoints and files of figures call a role."""
