"""Pictures made of dots: divided color, screens of a press."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

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
    polygon,
    relief,
    scatter,
    shrink,
    step,
)

SIDE, WORK = 768, 1536

Put = Callable[[np.ndarray, np.ndarray, float], None]
"""Lays a mask on a plate, at an amount."""
Plates = tuple[np.ndarray, np.ndarray, np.ndarray]


def pointillist_bay(chance: Chance) -> np.ndarray:
    """Set a bay at noon in dots of divided color, after the chromatic theory of Seurat and Signac."""
    scene = scenes.coast(chance, SIDE).clip(0, 1)
    detail = blur(np.abs(scene - blur(scene, 4)).sum(2), 3)
    canvas = Image.new("RGB", (WORK, WORK), (236, 224, 198))
    height = Image.new("L", (WORK, WORK), 40)
    draw, raised = ImageDraw.Draw(canvas), ImageDraw.Draw(height)
    pure = paints(
        "1f3fae",
        "2f7fd0",
        "27a3a0",
        "3f9a3f",
        "b7cf3a",
        "ffd52e",
        "ff9426",
        "e23a2c",
        "d93a86",
        "6f3fae",
        "fff8e8",
    )
    for spacing, radius, needed in (
        (10, 7.5, 0),
        (7, 5.2, 0),
        (5.2, 3.6, 0),
        (4.2, 2.6, 0.02),
        (3.2, 1.9, 0.07),
    ):
        places = scatter(chance, spacing, SIDE)
        places = places[(at(detail, places) >= needed) & (at(detail, places) < 3)]
        color = at(scene, places)
        gray = color.mean(1, keepdims=True)
        color = gray + (color - gray) * 1.25 + 0.05 * chance.normal(len(places), 3)
        # A dot is one of the pigments about as often as mixing by eye needs it; now and then its complement.
        wish = color + 0.2 * chance.normal(len(places), 3)
        nearest = pure[np.argmin(((wish[:, None] - pure[None]) ** 2).sum(2), 1)]
        color = np.where(chance.uniform(len(places), 1) < 0.5, 0.45 * color + 0.55 * nearest, color)
        other = 0.92 * gray + 1.6 * (gray - color)
        color = np.where(chance.uniform(len(places), 1) < 0.045, 0.45 * color + 0.55 * other, color)
        sizes = radius * (0.72 + 0.5 * chance.uniform(len(places)))
        squash = 0.82 + 0.3 * chance.uniform(len(places))
        for (x, y), tone, size, flat in zip(places * 2, color, sizes * 2, squash, strict=True):
            box = (x - size * flat, y - size / flat, x + size * flat, y + size / flat)
            draw.ellipse(box, fill=tuple(int(v) for v in (tone.clip(0, 1) * 255)))
            raised.ellipse(box, fill=int(90 + 165 * flat) % 256)
    light = relief(blur(np.asarray(height, np.float32) / 255, 1.6), 1.6)
    weave = 1 + 0.02 * (chance.noise(WORK, 380, 1) - 0.5)
    return shrink(np.asarray(canvas, np.float32) / 255 * (light * weave)[..., None], SIDE)


def halftone_still_life(chance: Chance) -> np.ndarray:
    """Print a still life in four screens of ink, each at its own angle, with bold black lines."""
    scene = scenes.table(chance, SIDE).clip(0, 1)
    large = np.stack([np.asarray(Image.fromarray(scene[..., b]).resize((WORK, WORK))) for b in range(3)], -1)
    gray = large.mean(2, keepdims=True)
    large = (gray + (large - gray) * 1.3).clip(0, 1)
    row, column = grid(WORK)
    paper = paint("f7efd9") * (0.97 + 0.05 * chance.noise(WORK, 240, 2))[..., None]
    for ink, angle, band in (("ffdf00", 0.0, 2), ("e6007e", 75.0, 1), ("009ee0", 15.0, 0)):
        amount = (1 - large[..., band]) ** 1.1
        turn, pitch = np.deg2rad(angle), 2 * np.pi * SIDE / 7.5
        across = (column * np.cos(turn) + row * np.sin(turn) + chance.between(-0.004, 0.004)) * pitch
        down = (row * np.cos(turn) - column * np.sin(turn) + chance.between(-0.004, 0.004)) * pitch
        screen = 0.5 + 0.25 * (np.cos(across) + np.cos(down))
        dots = step(amount * 1.06 - (1 - screen), 0.0, 0.1)
        worn = 0.9 + 0.1 * chance.noise(WORK, 300, 2)
        paper *= 1 - (1 - paint(ink)) * (dots * worn)[..., None]
    edges = blur(np.abs(np.stack(np.gradient(blur(large, 1.6), axis=(0, 1)))).sum((0, 3)), 1.5)
    swell = 0.11 + 0.05 * chance.noise(WORK, 30, 2)
    lines = step(edges, swell, 0.035)
    return shrink(lay(paper, paint("17131f"), lines * 0.96), SIDE)


def riso_poster(chance: Chance) -> np.ndarray:
    """Print a garden poster in three inks of a stencil press, slightly out of place."""
    row, column = grid(WORK)
    pink, teal, yellow = (np.zeros((WORK, WORK), np.float32) for _ in range(3))

    def put(plate: np.ndarray, mask: np.ndarray, amount: np.ndarray | float) -> None:
        plate += (amount - plate) * mask

    put(yellow, np.ones_like(row), 0.55 - 0.5 * row)
    put(pink, np.ones_like(row), (0.05 + 0.55 * step(row, 0.62, 0.9)))
    sun = ellipse(WORK, 0.5, 0.36, 0.27, 0.27)
    put(pink, sun, 0.35 + 0.65 * step(row, 0.42, 0.5))
    put(yellow, sun, 1.0)
    for base, height, cells, level in ((0.5, 0.1, 4, 0.35), (0.58, 0.07, 6, 0.6)):
        hill = scenes.ridge(chance, WORK, base, height, cells)
        put(teal, hill, level + 0.35 * (row - base) / 0.2)
        put(pink, hill, 0.25 + 0.5 * step(row, base + 0.1, 0.2))
        put(yellow, hill, 0.1)
    water = step(row, 0.68, 0.001)
    put(teal, water, 0.35)
    put(pink, water, 0.12)
    put(yellow, water, 0.0)
    glitter = step(np.sin(row * 330 + 3 * chance.noise(WORK, 6, 2)), 0.1, 0.2)
    band = step(0.3 - 0.6 * np.abs(row - 0.68) - np.abs(column - 0.5) * 1.1, 0, 0.01) * water
    put(yellow, band * glitter, 1.0)
    put(pink, band * glitter, 0.5)
    put(teal, water * step(np.sin(row * 210 + 9 * chance.noise(WORK, (3, 2), 2)), 0.72, 0.2), 0.8)
    for x in (0.12, 0.9):
        bow = np.linspace(0, 1, 40)
        middle = x + 0.05 * np.sin(bow * 2.6) * (1 if x > 0.5 else -1) * (1 - bow)
        wide = 0.011 + 0.012 * bow + 0.002 * (np.arange(40) % 2)
        trunk = [*zip(middle - wide, 0.3 + 0.72 * bow, strict=True)]
        trunk += [*zip((middle + wide)[::-1], (0.3 + 0.72 * bow)[::-1], strict=True)]
        put(teal, polygon(WORK, trunk), 1.0)
        put(pink, polygon(WORK, trunk), 0.75)
    for x, y in ((0.12, 0.31), (0.9, 0.3)):
        for leaf in range(9):
            _frond(put, (teal, pink, yellow), x, y, 0.3, -3.5 + leaf * 0.5 + chance.between(-0.1, 0.1))
    for _ in range(22):
        _leaf(put, (teal, pink, yellow), chance.between(-0.05, 1.05), chance.between(0.93, 1.07), chance)
    for x, y, size in ((0.28, 0.2, 0.02), (0.34, 0.15, 0.026), (0.7, 0.13, 0.022), (0.63, 0.24, 0.016)):
        for hand in (-1, 1):
            wing = [(x, y), (x + hand * size, y - size * 0.7), (x + hand * size * 2.1, y - size * 0.2)]
            put(teal, polygon(WORK, [*wing, (x + hand * size, y - size * 0.35)]), 1.0)
    rgb = np.broadcast_to(paint("f8f3e6"), (WORK, WORK, 3)).copy()
    for plate, ink, angle, pitch, (down, along) in (
        (yellow, "ffd800", 20, 4.6, (0, 0)), (pink, "ff4f86", 45, 5.0, (3, -4)),
        (teal, "00799a", 72, 4.6, (-4, 3)),
    ):  # fmt: skip
        turn = np.deg2rad(angle)
        across = (column * np.cos(turn) + row * np.sin(turn)) * 2 * np.pi * SIDE / pitch
        up = (row * np.cos(turn) - column * np.sin(turn)) * 2 * np.pi * SIDE / pitch
        screen = 0.5 + 0.25 * (np.cos(across) + np.cos(up))
        inked = step(np.roll(plate, (down, along), (0, 1)) * 1.08 - (1 - screen), 0, 0.12)
        worn = step(chance.noise(WORK, 420, 2), 0.12, 0.3) * (0.86 + 0.14 * chance.noise(WORK, 9, 3))
        rgb *= 1 - (1 - paint(ink)) * (inked * worn)[..., None]
    frame = step(0.47 - np.maximum(np.abs(row - 0.5), np.abs(column - 0.5)), 0, 0.002)
    return shrink(lay(np.broadcast_to(paint("f8f3e6"), rgb.shape), rgb, frame), SIDE)


def _frond(put: Put, plates: Plates, x: float, y: float, length: float, angle: float) -> None:
    teal, pink, yellow = plates
    along = np.linspace(0, 1, 24)
    droop = angle + 0.9 * along * np.sign(np.cos(angle) + 1e-3)
    spine = np.cumsum(np.stack([np.cos(droop), np.sin(droop)], 1), 0) * length / 24 + (x, y)
    normal = np.stack([-np.sin(droop), np.cos(droop)], 1)
    width = 0.045 * np.sin(np.pi * along**0.7)
    jag = width * (0.55 + 0.45 * (np.arange(24) % 2))
    outline = np.concatenate([spine + normal * jag[:, None], (spine - normal * jag[:, None])[::-1]])
    mask = polygon(WORK, outline)
    put(teal, mask, 0.95)
    put(pink, mask, 0.0)
    put(yellow, mask, 0.75)
    half = polygon(WORK, np.concatenate([spine, (spine - normal * jag[:, None])[::-1]]))
    put(teal, half, 0.55)


def _leaf(put: Put, plates: Plates, x: float, y: float, chance: Chance) -> None:
    teal, pink, yellow = plates
    length, turn = chance.between(0.16, 0.32), chance.between(-2.3, -0.8)
    along = np.linspace(0, 1, 30)
    spine = np.stack([np.cos(turn) * along, np.sin(turn) * along], 1) * length + (x, y)
    normal = np.array([-np.sin(turn), np.cos(turn)]) * length * 0.33
    swell = (np.sin(np.pi * along**0.8))[:, None]
    mask = polygon(WORK, np.concatenate([spine + normal * swell, (spine - normal * swell)[::-1]]))
    tone = chance.between(0, 1)
    put(teal, mask, 0.35 + 0.6 * tone)
    put(pink, mask, 0.9 if tone < 0.4 else 0.1)
    put(yellow, mask, 0.2 + 0.8 * chance.between(0, 1))
    for vein in np.linspace(0.15, 0.85, 6):
        root = np.array([np.cos(turn), np.sin(turn)]) * length * vein + (x, y)
        for hand in (1, -1):
            tip = (
                root
                + hand * normal * 0.8 * np.sin(np.pi * vein**0.8)
                + np.array([np.cos(turn), np.sin(turn)]) * length * 0.12
            )
            thin = np.array([np.cos(turn), np.sin(turn)]) * 0.003
            put(teal, polygon(WORK, [root - thin, root + thin, tip]) * mask, 0.05)
