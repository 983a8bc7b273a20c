"""The painter: any photo in any style, from one compact code a style."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from stylizer.imaging.color import full_precision
from stylizer.imaging.detail_bands import band_energy, calm_energy, calm_mask, detail_bands
from stylizer.imaging.stroke_noise import MOST_LIGHT
from stylizer.models.painter_config import PainterConfig
from stylizer.models.registry import architecture
from stylizer.models.style_encoder import StyleDescriptor
from stylizer.models.transfer_network import Content, TransferNetwork

__all__ = ["Content", "Painter", "PainterConfig"]


# The identity code is learned directly; scaled like this it moves as fast as codes that a head makes
# (equalized learning rate, arXiv:1710.10196, section 4.1).
_IDENTITY_RATE = 8.0


@architecture("painter", role="stylizer", config=PainterConfig)
class Painter(TransferNetwork):
    """The transfer network with a style encoder: codes are read out of style pictures."""

    description_mean: Tensor
    description_basis: Tensor

    def __init__(self, config: PainterConfig):
        super().__init__(config)
        self.descriptor = StyleDescriptor(config.descriptor_stages)
        self.identity = nn.Parameter(torch.zeros(self.learned_size))
        self.register_buffer("description_mean", torch.zeros(self.descriptor.size))
        self.register_buffer("description_basis", torch.zeros(self.descriptor.size, config.components))
        self.straight = nn.Linear(config.components, self.learned_size)
        self.bent = nn.Sequential(
            nn.Linear(config.components, config.hidden),
            nn.SiLU(),
            nn.Linear(config.hidden, self.learned_size),
        )
        self._start_head()

    def _start_head(self) -> None:
        """Start every style with quiet blocks and a random palette."""
        last = self.straight
        nn.init.normal_(last.weight, std=0.02)
        nn.init.zeros_(last.bias)
        for parameter in self.bent[-1].parameters():
            nn.init.zeros_(parameter)
        with torch.no_grad():
            for block in [*self.blocks8, *self.blocks4, *self.blocks2]:
                last.bias[block.second.slices.scale] = -0.5
            last.bias[self.palette] = 0.1 * torch.randn(3 * self.config.palette)

    @property
    def calibration(self) -> tuple[tuple[float, float], ...]:
        """The slider's table, see `stylizer.models.strength.calibrate`."""
        return self.config.calibration

    # -- style ------------------------------------------------------------------------------------------

    def describe(self, style: Tensor, weights: Tensor | None = None) -> Tensor:
        """Describe pictures (B, 3, H, W) in [0, 1] by (B, D) numbers that no training changes.

        `weights` (B, 1, H, W) >= 0 choose a part of each.
        """
        return self.descriptor(style, weights)

    def code_from(self, description: Tensor, calm: Tensor) -> Tensor:
        """Turn descriptions (B, D) into codes (B, code_size), float32.

        calm (B, 3): energy of the bands of detail in the pictures' calm places, from `calm_energy`.
        """
        with full_precision(description):
            known = self.components_of(description)
            learned = self.straight(known) + self.bent(known)
        parts = [learned.float(), description[:, self.descriptor.color_part]]
        if self.brushwork:
            parts.append(_brushwork(calm.float()))
        if self.simplifies:
            parts.append(torch.ones_like(parts[0][:, :1]))
        return torch.cat(parts, 1)

    def components_of(self, description: Tensor) -> Tensor:
        """Whiten descriptions (B, D) to principal components (B, components) of unit variance, within 3.

        A third of the variance of descriptions is contrast alone. A head that saw them as they are gave
        every style nearly the same code; whitened, small differences count as much as large ones.
        """
        with full_precision(description):
            return ((description - self.description_mean) @ self.description_basis).clamp(-3, 3)

    def fit_components(self, descriptions: Tensor) -> None:
        """Set the principal components from sample descriptions (N, D), N at least `components`."""
        mean, spread = descriptions.mean(0), descriptions.std(0) + 1e-3
        known = ((descriptions - mean) / spread).double().cpu()
        _, values, axes = torch.linalg.svd(known, full_matrices=False)
        count = self.config.components
        scale = values[:count] / len(known) ** 0.5
        basis = axes[:count].T / scale.clamp(min=1e-6)
        self.description_mean.copy_(mean)
        self.description_basis.copy_(basis.to(spread) / spread[:, None])

    def code(self, style: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the codes (B, code_size) of style pictures (B, 3, H, W) in [0, 1], best at 512 px.

        With `weights` (B, 1, H, W) >= 0, of a part of each.
        """
        return self.code_from(self.describe(style, weights), _calm(style, weights))

    def own_code(self, content: Content) -> Tensor:
        """Return the codes (B, code_size) that give photos back as they are: the strength-0 end of every mix.

        One learned code serves all photos; only the colors are the photo's own.
        """
        learned = (_IDENTITY_RATE * self.identity).expand(len(content.mean), -1)
        parts = [learned, content.mean, content.root.flatten(1)]
        if self.brushwork:
            parts.append(torch.zeros_like(content.mean[:, :1]))
        if self.simplifies:
            parts.append(torch.zeros_like(content.mean[:, :1]))
        return torch.cat(parts, 1)


def _brushwork(calm: Tensor) -> Tensor:
    """Tell how strongly strokes are begun, (B, 1), by the energies (B, 3) in a painting's calm places.

    Much for a sky by van Gogh, nothing for a wall by Vermeer. To the third power, as most paintings are
    between: in proportion, half of all skies were given strokes, busier ones than their paintings have.
    """
    return (calm[:, 1:2] / MOST_LIGHT).clamp(max=1).pow(3)


@torch.no_grad()
def _calm(style: Tensor, weights: Tensor | None) -> Tensor:
    """Measure the energy of bands of detail in calm places (B, 3) of pictures (B, 3, H, W) or of parts."""
    energy = band_energy(detail_bands(style))
    part = None if weights is None else weights > 0.5 * weights.amax((2, 3), keepdim=True)
    return calm_energy(energy, calm_mask(energy, part))
