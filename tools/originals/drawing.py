"""The drawing table: seeded chance, noise, palettes, masks and light, all on square float arrays."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw

from stylizer.imaging.resample import blur as blur_tensor

Mask = np.ndarray
"""(side, side) float32 in [0, 1]."""


class Chance:
    """Draw numbers from one seed, the same ones every time."""

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> np.ndarray:
        """Return float32 numbers of that shape, evenly spread from low to high."""
        return (low + (high - low) * torch.rand(shape, generator=self._generator)).numpy()

    def between(self, low: float, high: float) -> float:
        """Return one number from low to high."""
        return float(self.uniform(1, low=low, high=high)[0])

    def normal(self, *shape: int) -> np.ndarray:
        """Return float32 numbers of that shape with mean 0 and deviation 1."""
        return torch.randn(shape, generator=self._generator).numpy()

    def order(self, count: int) -> np.ndarray:
        """Return 0 to count - 1, shuffled."""
        return torch.randperm(count, generator=self._generator).numpy()

    def noise(
        self, side: int, cells: float | tuple[float, float], octaves: int = 4, gain: float = 0.5
    ) -> Mask:
        """Return smooth noise in [0, 1]: `cells` bumps (down, along), then finer, weaker ones."""
        down, along = cells if isinstance(cells, tuple) else (cells, cells)
        total = np.zeros((side, side), np.float32)
        for octave in range(octaves):
            grid = (max(int(down * 2**octave), 1) + 1, max(int(along * 2**octave), 1) + 1)
            if min(grid) > side // 2:
                break
            values = torch.rand((1, 1, *grid), generator=self._generator)
            total += gain**octave * resized(values, side)[0, 0].numpy()
        low, high = np.quantile(total, (0.01, 0.99))
        return np.clip((total - low) / (high - low), 0, 1)

    def line(self, count: int, cells: float, octaves: int = 4) -> np.ndarray:
        """Return smooth noise (count,) in [-1, 1] along a line."""
        at, total = np.linspace(0, 1, count), np.zeros(count)
        for octave in range(octaves):
            knots = int(cells * 2**octave) + 2
            values = self.uniform(knots, low=-1.0)
            place = at * (knots - 1)
            left = np.minimum(place.astype(int), knots - 2)
            share = place - left
            share = share * share * (3 - 2 * share)
            total += 0.5**octave * (values[left] * (1 - share) + values[left + 1] * share)
        return total / max(np.abs(total).max(), 1e-6)


def resized(values: torch.Tensor, side: int) -> torch.Tensor:
    """Resize (1, C, h, w) to (1, C, side, side) smoothly."""
    return F.interpolate(values, (side, side), mode="bicubic", align_corners=True)


def paint(code: str) -> np.ndarray:
    """Read a color like "d8432e" as three floats in [0, 1]."""
    return np.array([int(code[at : at + 2], 16) for at in (0, 2, 4)], np.float32) / 255


def paints(*codes: str) -> np.ndarray:
    """Read several colors as (N, 3)."""
    return np.stack([paint(code) for code in codes])


def ramp(values: np.ndarray, *codes: str) -> np.ndarray:
    """Color values in [0, 1] along evenly spaced colors; returns shape + (3,)."""
    colors, stops = paints(*codes), np.linspace(0, 1, len(codes))
    return np.stack([np.interp(values, stops, colors[:, band]) for band in range(3)], -1).astype(np.float32)


def step(values: np.ndarray, edge: float | np.ndarray, softness: float | np.ndarray) -> np.ndarray:
    """Rise smoothly from 0 to 1 where values pass the edge, over a width of `softness`."""
    share = np.clip((values - edge) / np.maximum(softness, 1e-9) + 0.5, 0, 1)
    return share * share * (3 - 2 * share)


def lay(ground: np.ndarray, cover: np.ndarray, mask: Mask) -> np.ndarray:
    """Cover a ground (side, side, 3) with a color (3,) or picture where the mask says so."""
    return ground + (cover - ground) * mask[..., None]


def blur(values: np.ndarray, deviation: float) -> np.ndarray:
    """Blur (side, side) or (side, side, C) by a Gaussian."""
    planes = torch.from_numpy(values.reshape(*values.shape[:2], -1).astype(np.float32)).permute(2, 0, 1)[None]
    coarse = int(deviation // 3)
    if coarse > 1:  # wide blurs hide that they were made small
        small = blur_tensor(
            F.avg_pool2d(planes, coarse, ceil_mode=True, count_include_pad=False), deviation / coarse
        )
        side = small.shape[2] * coarse
        soft = F.interpolate(small, (side, side), mode="bilinear")[..., : values.shape[0], : values.shape[1]]
    else:
        soft = blur_tensor(planes, deviation)
    return soft[0].permute(1, 2, 0).numpy().reshape(values.shape)


def relief(height: np.ndarray, strength: float, direction: tuple[float, float] = (-0.7, -0.7)) -> np.ndarray:
    """Light a height map from a direction (down, along): about 1 where flat, more on slopes to the light."""
    down, along = np.gradient(height)
    return 1 + strength * (-direction[0] * down - direction[1] * along) * -1


def grid(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns (side, side), both from 0 to 1."""
    at = (np.arange(side, dtype=np.float32) + 0.5) / side
    return np.meshgrid(at, at, indexing="ij")


def polygon(side: int, points: list[tuple[float, float]] | np.ndarray) -> Mask:
    """Fill a polygon whose corners are (column, row) from 0 to 1."""
    corners = np.asarray(points, np.float64) * side
    left, top = np.clip(np.floor(corners.min(0)).astype(int) - 1, 0, side)
    right, bottom = np.clip(np.ceil(corners.max(0)).astype(int) + 1, 0, side)
    mask = np.zeros((side, side), np.float32)
    if right > left and bottom > top:
        fine = Image.new("L", ((right - left) * 2, (bottom - top) * 2))
        ImageDraw.Draw(fine).polygon([tuple(p) for p in ((corners - (left, top)) * 2).tolist()], fill=255)
        part = fine.resize((right - left, bottom - top), Image.Resampling.BOX)
        mask[top:bottom, left:right] = np.asarray(part, np.float32) / 255
    return mask


def ellipse(side: int, x: float, y: float, wide: float, high: float, turn: float = 0.0) -> Mask:
    """Fill an ellipse at (x, y) with half axes wide and high, turned by radians."""
    angle = np.linspace(0, 2 * np.pi, 120)
    along, across = wide * np.cos(angle), high * np.sin(angle)
    cosine, sine = np.cos(turn), np.sin(turn)
    return polygon(
        side, np.stack([x + along * cosine - across * sine, y + along * sine + across * cosine], 1)
    )


def shrink(rgb: np.ndarray, side: int) -> np.ndarray:
    """Bring a picture of floats to side x side uint8."""
    image = Image.fromarray(np.rint(rgb.clip(0, 1) * 255).astype(np.uint8))
    return np.asarray(image.resize((side, side), Image.Resampling.LANCZOS) if image.width != side else image)


def scatter(chance: Chance, spacing: float, side: int) -> np.ndarray:
    """Return places (N, 2) as (column, row) in pixels, about `spacing` apart, in random order."""
    count = int(side / spacing) + 2
    rows, columns = np.meshgrid(np.arange(count), np.arange(count), indexing="ij")
    places = np.stack([columns + 0.5 * (rows % 2), rows], -1).reshape(-1, 2) * spacing
    places = places + chance.uniform(*places.shape, low=-0.45, high=0.45) * spacing
    return places[chance.order(len(places))]


def at(field: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Look a field (side, side, ...) up at places (N, 2) of (column, row) pixels; outside is the border."""
    side = field.shape[0]
    column, row = np.clip(places.astype(int), 0, side - 1).T
    return field[row, column]
