"""Differentiable augmentation whose strength follows how well the critic knows its few real pictures."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..run.processes import shared_sum

_MOST = 0.85  # chance above which turned and recolored pictures would leak into what is invented
_LUMA_AXIS = 3**-0.5


class AdaptiveAugment(nn.Module):
    """ADA with the blits, turns and colors of its "bgc" set (arXiv:2006.06676, sections 2.2 and 3).

    The chance and what it follows are buffers: they are saved with the run. Draws come from the global
    generator, which the loop seeds by the step. Departures: one bilinear resampling in place of filtered
    upsampling and downsampling, and no uneven scaling, for speed; of its two shifts only the uniform one, and
    not in whole pixels.
    """

    chance: Tensor
    signs: Tensor
    count: Tensor

    def __init__(self, target: float = 0.6, pictures: float = 500_000, every: int = 4):
        super().__init__()
        self.target, self.pictures, self.every = target, pictures, every
        self.register_buffer("chance", torch.zeros(()))
        self.register_buffer("signs", torch.zeros(()))
        self.register_buffer("count", torch.zeros(()))

    @torch.no_grad()
    def follow(self, scores: Tensor, step: int) -> None:
        """Note the critic's scores of real pictures; every few steps move the chance (its eq. 1, r_t).

        From 0 to 1 takes as many pictures as `pictures` says. A target of 0 leaves the chance alone.
        """
        self.signs += scores.float().sign().sum()
        self.count += scores.numel()
        if self.target and step % self.every == self.every - 1:
            signs, count = shared_sum(torch.stack([self.signs, self.count])).unbind()
            direction = (signs / count - self.target).sign()
            self.chance.copy_((self.chance + direction * count / self.pictures).clamp(0, _MOST))
            self.signs.zero_()
            self.count.zero_()

    def forward(self, pictures: Tensor) -> Tensor:
        """Augment pictures (B, 3, H, W) in [0, 1], each in its own way; gradients pass."""
        if not self.chance:
            return pictures
        chance = float(self.chance)
        place, color = turns(len(pictures), chance).to(pictures), colors(len(pictures), chance).to(pictures)
        grid = F.affine_grid(place, list(pictures.shape), align_corners=False)
        moved = F.grid_sample(pictures, grid, "bilinear", "reflection", align_corners=False)
        flat = torch.einsum("bij,bjn->bin", color[:, :, :3], moved.flatten(2) - 0.5) + color[:, :, 3:]
        return flat.view_as(moved) + 0.5


def turns(count: int, chance: float) -> Tensor:
    """Draw (count, 2, 3) for `affine_grid`: mirror, quarter turns, scale, turn and shift, each by chance."""
    matrix = torch.eye(2).repeat(count, 1, 1)
    mirror = _maybe(torch.rand(count).round() * 2 - 1, chance, 1.0)
    matrix = matrix @ torch.diag_embed(torch.stack([mirror, torch.ones(count)], 1))
    matrix = matrix @ _turn(_maybe(torch.randint(4, (count,)) * (math.pi / 2), chance, 0.0))
    matrix = matrix * _maybe(torch.exp2(0.2 * torch.randn(count)), chance, 1.0)[:, None, None]
    matrix = matrix @ _turn(_maybe((torch.rand(count) * 2 - 1) * math.pi, chance, 0.0))
    shift = _maybe((torch.rand(count, 2) * 2 - 1) * 0.25, chance, 0.0)  # of half a side: an eighth of it
    return torch.cat([matrix, shift[:, :, None]], 2)


def colors(count: int, chance: float) -> Tensor:
    """Draw (count, 3, 4) for colors around gray: brightness, contrast, luma flip, hue and saturation."""
    matrix = torch.eye(3).repeat(count, 1, 1)
    offset = _maybe(0.1 * torch.randn(count), chance, 0.0)[:, None, None].expand(-1, 3, 1)
    contrast = _maybe(torch.exp2(0.5 * torch.randn(count)), chance, 1.0)
    gray = torch.full((3, 3), 1 / 3)
    flip = _maybe(torch.rand(count).round(), chance, 0.0)[:, None, None]
    matrix = matrix - 2 * flip * gray
    angle = _maybe((torch.rand(count) * 2 - 1) * math.pi, chance, 0.0)[:, None, None]
    across = _LUMA_AXIS * torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    matrix = (gray + angle.cos() * (torch.eye(3) - gray) + angle.sin() * across) @ matrix  # Rodrigues
    richness = _maybe(torch.exp2(torch.randn(count)), chance, 1.0)[:, None, None]
    matrix = (gray + richness * (torch.eye(3) - gray)) @ matrix
    return torch.cat([contrast[:, None, None] * matrix, offset], 2)


def _maybe(drawn: Tensor, chance: float, otherwise: float) -> Tensor:
    """Keep each picture's draw with the given chance."""
    kept = torch.rand(drawn.shape[0]) < chance
    return torch.where(kept.view(-1, *[1] * (drawn.dim() - 1)), drawn, otherwise)


def _turn(angle: Tensor) -> Tensor:
    cosine, sine = angle.cos(), angle.sin()
    return torch.stack([torch.stack([cosine, -sine], 1), torch.stack([sine, cosine], 1)], 1)


def differentiable_augment(pictures: Tensor) -> Tensor:
    """Change colors, shift and cut out a square of every picture (B, 3, H, W) in [0, 1], with gradients.

    DiffAugment's "color, translation, cutout" (arXiv:2006.10738, section 3.2; its code): brightness by up to
    half, saturation up to twice, contrast between half and one and a half, shifts by up to an eighth, a
    square of half the side; draws come from the global generator. Departure: brightness moves by up to a
    quarter, since our pictures span half the range of theirs.
    """
    count, _, height, width = pictures.shape

    def draw() -> Tensor:
        return torch.rand(count, 1, 1, 1).to(pictures)

    x = pictures + 0.5 * (draw() - 0.5)
    gray = x.mean(1, keepdim=True)
    x = (x - gray) * (2 * draw()) + gray
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (x - mean) * (draw() + 0.5) + mean
    reach = (round(height / 8), round(width / 8))
    moves = [torch.randint(-most, most + 1, (count,)).to(pictures.device) for most in reach]
    rows = torch.arange(height, device=x.device)[None] + moves[0][:, None] + reach[0]
    columns = torch.arange(width, device=x.device)[None] + moves[1][:, None] + reach[1]
    padded = F.pad(x, (reach[1], reach[1], reach[0], reach[0]))
    batch = torch.arange(count, device=x.device)[:, None, None]
    x = padded.permute(0, 2, 3, 1)[batch, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    kept = torch.ones(count, 1, height, width).to(x)
    for index in range(count):
        top = int(torch.randint(height, ())) - height // 4
        left = int(torch.randint(width, ())) - width // 4
        kept[index, :, max(0, top) : top + height // 2, max(0, left) : left + width // 2] = 0
    return x * kept
