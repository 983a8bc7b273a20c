"""Pictures put together from pieces: leaded glass, small stones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

from tools.originals import scenes
from tools.originals.drawing import (
    Chance,
    at,
    blur,
    ellipse,
    grid,
    lay,
    paint,
    paints,
    ramp,
    relief,
    scatter,
    shrink,
    step,
)

SIDE, WORK = 768, 1536

_GLASS = {
    "sky": ("123a8c", "1d5fc0", "2f8fd8", "4a4fc0", "6ab8e0", "2a2f8f"),
    "rays": ("ffcf3a", "ff9f2e", "ffe27a", "ff7a3a", "f7a6c0", "ffd9a0"),
    "sun": ("ffd860", "ffc02e", "ffe48a"),
    "far": ("5a3fa8", "7a4fc0", "8f6fd0", "4a5fc0"),
    "near": ("1f7a5a", "2f9a4f", "6fbf3f", "146048", "9fd04a"),
    "water": ("0f6f9a", "1fa0b0", "4fd0c8", "0f4f8a", "8fe0d8"),
    "petal": ("d8204a", "f0406a", "ff7a9a", "b0103f", "ff5a3a"),
    "leaf": ("1a8a4a", "3fb04a", "0f6a4a", "8fcf4a"),
    "border": ("8a1f3a", "b0304a", "6a1f5a", "d08a2a"),
}


def leaded_sunrise(chance: Chance) -> np.ndarray:
    """Build a window of colored glass: a sun with rays over hills, a river and poppies, in lead."""
    row, column = grid(WORK)
    pieces, kind = np.zeros((WORK, WORK), np.int64), np.zeros((WORK, WORK), np.int64)
    names = list(_GLASS)

    def put(mask: np.ndarray, name: str, part: np.ndarray | int) -> None:
        """Cut glass of one name to a mask; `part` numbers its pieces."""
        number = (int(pieces.max()) // 10_000 + 1) * 10_000
        chosen = mask > 0.5
        pieces[chosen] = (number + np.broadcast_to(part, pieces.shape))[chosen]
        kind[chosen] = names.index(name)

    wobble = 0.012 * (chance.noise(WORK, 5, 2) - 0.5)
    radius = np.hypot(column - 0.5, (row - 0.42)) + wobble
    angle = np.arctan2(row - 0.42, column - 0.5) / (2 * np.pi) + 0.5
    ring = np.floor((radius - 0.19) / 0.125 + 0.25 * np.sin(angle * 2 * np.pi * 9)).astype(int).clip(0, 6)
    sector = np.floor((angle * 18 + 0.5 * (ring % 2)) % 18).astype(int)
    put(np.ones_like(row), "sky", ring * 100 + sector)
    put(
        step(0.36 - radius + 0.05 * np.cos(angle * 2 * np.pi * 18), 0, 1e-4),
        "rays",
        np.floor(angle * 36 % 36).astype(int),
    )
    put(step(0.19 - radius, 0, 1e-4), "rays", np.floor((angle * 12 + 0.5) % 12).astype(int))
    put(step(0.115 - radius, 0, 1e-4), "sun", 0)
    for base, height, cells, name, count in (
        (0.56, 0.06, 2, "far", 9),
        (0.65, 0.05, 2, "near", 8),
        (0.73, 0.04, 1, "near", 6),
    ):
        top = base + height * chance.line(WORK, cells, 1)[None]
        strips = np.floor((column + 0.35 * (row - top) * (1 if count % 2 else -1)) * count).astype(int)
        layers = np.floor((row - top) / 0.055 + 0.2 * np.sin(column * 9)).astype(int)
        put(step(row - top, 0, 1e-4), name, (layers.clip(0, 9)) * 50 + strips + 20)
    middle = 0.5 + 0.12 * np.sin((row - 0.7) * 14)
    wide = 0.02 + 0.5 * (row - 0.66).clip(0)
    flow = np.floor((column - middle) / wide * 1.6 + 3).astype(int)
    bars = np.floor((row - 0.66).clip(0) ** 0.6 * 13 + 0.35 * np.sin(column * 16 + flow)).astype(int)
    put(step(wide - np.abs(column - middle), 0, 1e-4) * (row > 0.66), "water", flow * 40 + bars)
    for x, y, size in (
        (0.16, 0.78, 0.105),
        (0.85, 0.8, 0.11),
        (0.3, 0.9, 0.075),
        (0.7, 0.91, 0.08),
        (0.1, 0.95, 0.07),
    ):
        _poppy(put, chance, x, y, size)
    inside = np.maximum(np.abs(row - 0.5), np.abs(column - 0.5))
    tile = np.floor(np.where(np.abs(row - 0.5) > np.abs(column - 0.5), column, row) * 14).astype(int)
    edge = (np.abs(row - 0.5) > np.abs(column - 0.5)) * 2 + (row > column)
    put(step(inside, 0.452, 1e-4), "border", tile + 50 * edge)
    for x in (0.045, 0.955):
        for y in (0.045, 0.955):
            put(ellipse(WORK, x, y, 0.038, 0.038), "sun", 1)
            put(ellipse(WORK, x, y, 0.02, 0.02), "petal", 2)
    return _glaze(chance, pieces, kind, names)


def _poppy(
    put: Callable[[np.ndarray, str, int], None], chance: Chance, x: float, y: float, size: float
) -> None:
    for hand in (-1, 1):
        put(
            ellipse(WORK, x + hand * size * 0.8, y + size * 0.9, size * 0.75, size * 0.22, -hand * 0.7),
            "leaf",
            0,
        )
    count, turn = 6, chance.between(0, 1)
    for petal in range(count):
        angle = 2 * np.pi * (petal + turn) / count
        spot = (x + 0.56 * size * np.cos(angle), y + 0.5 * size * np.sin(angle))
        put(ellipse(WORK, *spot, size * 0.52, size * 0.4, angle), "petal", petal)
    put(ellipse(WORK, x, y, size * 0.3, size * 0.28), "sun", 3)
    put(ellipse(WORK, x, y, size * 0.15, size * 0.14), "border", 3)


def _glaze(chance: Chance, pieces: np.ndarray, kind: np.ndarray, names: list[str]) -> np.ndarray:
    """Color the pieces, let light through uneven glass, and lay the lead."""
    row, column = grid(WORK)
    _, piece = np.unique(pieces, return_inverse=True)
    piece = piece.reshape(pieces.shape)
    count = piece.max() + 1
    first = np.zeros(count, int)
    first[piece.ravel()] = kind.ravel()
    pick, shade, streaked = chance.uniform(count), chance.uniform(count), chance.uniform(count)
    colors = np.stack(
        [paints(*_GLASS[names[k]])[int(p * len(_GLASS[names[k]]))] for k, p in zip(first, pick, strict=True)]
    )
    others = np.stack(
        [paints(*_GLASS[names[k]])[int(s * len(_GLASS[names[k]]))] for k, s in zip(first, shade, strict=True)]
    )
    sheets = np.stack([chance.noise(WORK, cells, 5) for cells in ((4, 26), (26, 4), (9, 9), (14, 40))])
    sheet = (streaked * len(sheets)).astype(int)[piece]
    streaks = np.take_along_axis(sheets, sheet[None], 0)[0]
    rgb = colors[piece] + (others - colors)[piece] * (step(streaks, 0.55, 0.7) * 0.75)[..., None]
    rgb = lay(rgb, np.ones(3, np.float32), 0.34 * step(streaks, 0.86, 0.4))
    rgb *= (0.62 + 0.5 * streaks + 0.25 * shade[piece] - 0.12)[..., None]
    bubbles = step(chance.noise(WORK, 260, 1), 0.94, 0.06)
    rgb = lay(rgb, np.ones(3, np.float32), bubbles * 0.25)
    light = 0.74 + 0.34 * np.exp(-((row - 0.42) ** 2 + (column - 0.5) ** 2) / 0.16)
    rgb *= light[..., None]
    seam = (piece != np.roll(piece, 1, 0)) | (piece != np.roll(piece, 1, 1))
    seam[0], seam[:, 0] = False, False
    image = Image.fromarray(seam.astype(np.uint8) * 255)
    wide = np.asarray(image.filter(ImageFilter.MaxFilter(9)), np.float32) / 255
    lead = blur(wide, 1.8)
    near = blur(wide, 9)
    rgb *= (1 - 0.5 * near)[..., None]
    solder = relief(blur(wide, 2.4) * 1.0, 5.0) - 1
    metal = paint("1c1d24") + (0.30 * solder.clip(-0.4, 1) + 0.05 * chance.noise(WORK, 120, 2))[..., None]
    rgb = lay(rgb + 0.35 * (blur(rgb, 14) - 0.35).clip(0), metal, step(lead, 0.5, 0.35))
    return shrink(rgb, SIDE)


def mosaic_pond(chance: Chance) -> np.ndarray:
    """Lay a pond with koi in small stones that follow its outlines.

    After Hausner, "Simulating Decorative Mosaics", 2001.
    """
    scene = scenes.pond(chance, SIDE).clip(0, 1)
    form = blur(scene @ np.array([0.4, 0.4, 0.2], np.float32), 2.5)
    down, along = np.gradient(form)
    # The structure tensor, smoothed, turns every stone along the nearest strong edge.
    square = [blur(product, 9) for product in (along * along, down * down, along * down)]
    turn = 0.5 * np.arctan2(2 * square[2], square[0] - square[1])
    size = 12.5
    places = scatter(chance, size * 0.93, SIDE)
    places = places[((places > -size) & (places < SIDE + size)).all(1)]
    for _ in range(9):
        owner, _, _ = _nearest_stone(places, at(turn, places), SIDE, size)
        inside = owner >= 0
        rows, columns = np.nonzero(inside)
        owners = owner[inside]
        count = np.bincount(owners, minlength=len(places)).clip(1)
        center = np.stack([np.bincount(owners, v, len(places)) for v in (columns, rows)], 1) / count[:, None]
        moved = np.bincount(owners, minlength=len(places)) > 0
        places[moved] = center[moved]
    owner, best, second = _nearest_stone(places * 2, at(turn, places), WORK, size * 2)
    tone = at(scene, places)
    gray = tone.mean(1, keepdims=True)
    tone = (
        gray
        + (tone - gray) * 1.25
        + 0.075 * chance.normal(len(places), 1)
        + 0.025 * chance.normal(len(places), 3)
    )
    gold = (chance.uniform(len(places)) < 0.03)[:, None]
    tone = np.where(gold, paint("e8b84a"), tone).clip(0.03, 1)
    gap = step(second - best, 2.6, 2.2) * step(size * 1.02 - best, 0, 2.0) * (owner >= 0)
    tilt = chance.normal(len(places), 2) * 0.09
    row, column = np.mgrid[0:WORK, 0:WORK].astype(np.float32)
    dx, dy = column - places[owner, 0] * 2, row - places[owner, 1] * 2
    slope = 1 + (tilt[owner, 0] * dx + tilt[owner, 1] * dy) / size * 1.2
    veins = 0.9 + 0.2 * chance.noise(WORK, 60, 4)
    bevel = relief(blur(gap, 2.2), 1.3)
    stone = tone[owner] * (slope * veins)[..., None]
    shine = step(slope, 1.12, 0.12) * 0.22
    stone = lay(stone, np.ones(3, np.float32), shine.clip(0, 1))
    grout = ramp(chance.noise(WORK, 200, 3), "4a443e", "7d746a")
    return shrink(lay(grout, stone, gap) * bevel[..., None], SIDE)


def _nearest_stone(places: np.ndarray, turns: np.ndarray, side: int, size: float) -> tuple[np.ndarray, ...]:
    """Give every pixel to the stone whose turned square is nearest: owner, its distance, the next's."""
    reach = int(size * 1.3)
    owner = np.full((side, side), -1)
    best, second = np.full((side, side), 1e3, np.float32), np.full((side, side), 1e3, np.float32)
    offsets = np.arange(-reach, reach + 1, dtype=np.float32)
    for number, ((x, y), turn) in enumerate(zip(places, turns, strict=True)):
        left, top = int(x) - reach, int(y) - reach
        rows = slice(max(top, 0), min(top + 2 * reach + 1, side))
        columns = slice(max(left, 0), min(left + 2 * reach + 1, side))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            continue
        dx = (offsets[columns.start - left : columns.stop - left] - (x - int(x)))[None]
        dy = (offsets[rows.start - top : rows.stop - top] - (y - int(y)))[:, None]
        cosine, sine = np.cos(turn), np.sin(turn)
        distance = np.maximum(np.abs(dx * cosine + dy * sine), np.abs(dy * cosine - dx * sine))
        near, next_near, mine = best[rows, columns], second[rows, columns], owner[rows, columns]
        closer = distance < near
        second[rows, columns] = np.where(closer, near, np.minimum(next_near, distance))
        best[rows, columns] = np.where(closer, distance, near)
        owner[rows, columns] = np.where(closer, number, mine)
    return owner, best, second
