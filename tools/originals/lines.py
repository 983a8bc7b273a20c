"""Pictures made of lines: pen and burin."""

from __future__ import annotations

import numpy as np
from PIL import Image

from tools.originals import scenes
from tools.originals.drawing import Chance, blur, ellipse, grid, lay, paint, ramp, shrink, step

SIDE, WORK = 768, 1536


def _enlarged(plane: np.ndarray) -> np.ndarray:
    return np.asarray(
        Image.fromarray(plane.astype(np.float32)).resize((WORK, WORK), Image.Resampling.BICUBIC)
    )


def hatched_valley(chance: Chance) -> np.ndarray:
    """Draw a valley in crossed lines of sepia and blue ink that swell with the dark, on laid paper."""
    scene = scenes.valley(chance, SIDE).clip(0, 1)
    tone = _enlarged(scene @ np.array([0.55, 0.38, 0.07], np.float32))
    low, high = np.quantile(tone, (0.02, 0.97))
    dark = (1 - ((tone - low) / (high - low)).clip(0, 1)) ** 1.15
    warmth = _enlarged(scene[..., 0] - scene[..., 2])
    row, column = grid(WORK)
    paper = ramp(chance.noise(WORK, 200, 3), "efe3c8", "f7eedb", "fbf5e6")
    paper *= (1 - 0.025 * step(np.sin(row * 2 * np.pi * 170), 0.5, 1.0))[..., None]
    form = _enlarged(blur(scene.mean(2), 7))
    down, along = np.gradient(blur(form, 5))
    slope = np.arctan2(down, along + 1e-6)
    shaken = 0.0016 * (chance.noise(WORK, 26, 3) - 0.5)
    sepia, blue = paint("2b1a12"), paint("22356b")
    layers = (
        (0.16, 38, 8.5, 1.0), (0.38, -40, 7.5, 0.35), (0.58, 80, 6.5, 0.2), (0.78, 12, 6.0, 0.0),
        (0.28, 55, 5.5, 1.6),
    )  # fmt: skip
    for threshold, degrees, pitch, bends in layers:
        turn = np.deg2rad(degrees)
        bend = 0.02 * np.sin(slope + turn) * bends
        place = (column * np.sin(turn) + row * np.cos(turn) + bend + shaken) * SIDE / pitch
        length = column * np.cos(turn) - row * np.sin(turn)
        number = np.floor(place).astype(int)
        lift = chance.uniform(4096)[number % 4096]  # every stroke of the pen starts and ends elsewhere
        breaks = 0.5 + 0.5 * np.sin(length * (16 + 14 * lift) * np.pi + lift * 50)
        pressure = dark - threshold - 0.1 * step(breaks, 0.78, 0.3) - 0.06 * lift
        width = (0.09 + 0.2 * (pressure / (1 - threshold)).clip(0, 1)) * step(pressure, 0, 0.05)
        line = step(width - np.abs(place - number - 0.5), 0, 0.5 * SIDE / (pitch * WORK) * 2)
        ink = lay(
            np.broadcast_to(sepia, paper.shape), np.broadcast_to(blue, paper.shape), step(-warmth, 0.0, 0.1)
        )
        paper = lay(paper, ink, line * (0.72 + 0.28 * chance.noise(WORK, 90, 2)))
    edges = np.hypot(*np.gradient(blur(_enlarged(scene.mean(2)), 2.2)))
    contour = step(edges, 0.012 + 0.008 * chance.noise(WORK, 40, 2), 0.008)
    paper = lay(paper, sepia, contour * 0.9)
    wash = ramp(_enlarged(scene[..., 0]), "6f8fc0", "c9a27a", "e8a25a")
    paper *= lay(np.ones_like(paper), wash, 0.22 * blur(dark, 12))
    return shrink(paper, SIDE)


def woodcut_wave(chance: Chance) -> np.ndarray:
    """Cut a sea under a red sun into wood: a key block of carved lines over blocks of flat, graded color."""
    row, column = grid(WORK)
    grain = 0.5 + 0.5 * np.sin(row * 700 + 26 * chance.noise(WORK, (3, 14), 3) + 5 * np.sin(column * 3))
    rgb = ramp(row / 0.62, "1d3f6e", "5f93a8", "e9d9b0", "f3c98a")
    rays = np.arctan2(row - 0.34, column - 0.6)
    radius = np.hypot(row - 0.34, column - 0.6)
    key = _carved(
        rays * 60 / np.pi + 0.4 * chance.noise(WORK, 6, 2), 0.10 + 0.3 * (radius - 0.17).clip(0, 0.5)
    ) * step(radius, 0.17, 0.004)
    clouds = chance.noise(WORK, (9, 3), 3)
    bank = step(clouds, 0.63, 0.01) * step(0.36 - row, -0.06, 0.02)
    rgb = lay(rgb, ramp(row / 0.4, "f6ecd4", "efd7b4"), bank)
    rim = step(0.03 - np.abs(clouds - 0.63), 0, 0.012) * step(0.36 - row, -0.06, 0.02)
    key = np.maximum(key * (1 - bank), np.maximum(rim, _carved(clouds * 44, 0.16) * bank))
    sun = ellipse(WORK, 0.6, 0.34, 0.155, 0.155)
    rgb = lay(rgb, ramp(row / 0.5, "b3202a", "d8402c", "ef7a3c"), sun * (1 - bank))
    key = np.maximum(
        key * (1 - sun * (1 - bank)), step(0.006 - np.abs(radius - 0.157), 0, 0.002) * (1 - bank)
    )
    peak = 0.36 + 0.62 * np.abs(column - 0.22) ** 0.86 + 0.012 * chance.line(WORK, 26)[None]
    mountain = step(row - peak, 0, 0.002)
    snow = mountain * step(
        peak + 0.075 + 0.05 * np.sin(column * 120) * chance.noise(WORK, 14, 2) - row, 0, 0.003
    )
    rgb = lay(rgb, ramp((row - 0.36) / 0.35, "2f4a7a", "5f7fa0", "b9c3a8"), mountain)
    rgb = lay(rgb, paint("f8f1e0"), snow)
    ribs = _carved(
        (column - 0.22) / (row - 0.3).clip(0.03) * 13 + 1.5 * chance.noise(WORK, 12, 3),
        0.2 + 0.22 * (column > 0.22),
    )
    key = key * (1 - mountain) + ribs * mountain * (1 - snow)
    key = np.maximum(key, step(0.004 - np.abs(row - peak), 0, 0.002))
    for order, base in enumerate((0.57, 0.63, 0.7, 0.78, 0.87, 0.97)):
        rgb, key = _wave(chance, rgb, key, order, base)
    block = step(chance.noise(WORK, 260, 2), 0.1, 0.25) * (0.93 + 0.07 * step(grain, 0.25, 0.4))
    rgb *= (0.95 + 0.07 * grain * chance.noise(WORK, 5, 2))[..., None]
    rgb = lay(rgb, paint("16203a"), key * block)
    frame = step(
        0.478 - np.maximum(np.abs(row - 0.5), np.abs(column - 0.5)) + 0.002 * chance.noise(WORK, 60, 2),
        0,
        0.002,
    )
    return shrink(lay(np.broadcast_to(paint("f3e9d2"), rgb.shape), rgb, frame), SIDE)


def _wave(
    chance: Chance, rgb: np.ndarray, key: np.ndarray, order: int, base: float
) -> tuple[np.ndarray, np.ndarray]:
    """Lay one row of waves over what is behind; nearer rows are larger, with more foam."""
    row, column = grid(WORK)
    size = 0.018 + 0.02 * order
    phase = column * np.pi / (0.1 + 0.035 * order) + 1.7 * order + 0.8 * chance.line(WORK, 4)[None]
    leaning = phase + 0.9 * np.sin(phase)
    crest = base - size * (np.abs(np.sin(leaning / 2)) ** 1.6) * 2.2 + 0.006 * chance.line(WORK, 30)[None]
    depth = row - crest
    body = step(depth, 0, 0.002)
    fingers = 0.45 * size * (0.6 + 0.6 * np.sin(column * (170 - 14 * order) + 7 * chance.noise(WORK, 9, 2)))
    foam = body * step(fingers * 1.6 * np.abs(np.sin(leaning / 2)) + 0.006 - depth, 0, 0.002)
    shades = (("4f8a9a", "2a5f86"), ("3f7f9c", "1f4f80"), ("357aa0", "18457a"),
              ("2c6f9a", "143c70"), ("246494", "103362"), ("1c588a", "0c2a55"))[order]  # fmt: skip
    rgb = lay(rgb, ramp(depth / (0.1 + 0.02 * order), *shades), body)
    rgb = lay(rgb, paint("f7f1e0"), foam)
    flow = depth / (0.011 + 0.0022 * order) + 1.2 * np.sin(leaning) + 1.4 * chance.noise(WORK, (10, 5), 2)
    carve = _carved(flow, 0.08 + 0.3 * step(depth, 0.05, 0.12) * (0.5 + 0.5 * np.sin(leaning)))
    light = _carved(flow + 0.5, 0.15 * step(0.06 + 0.01 * order - depth, 0, 0.05))
    rgb = lay(rgb, paint("d8e6e0"), light * body * (1 - foam) * 0.85)
    rim = step(0.0032 - np.abs(depth), 0, 0.002)
    edge = blur(foam, 1.5)
    outline = step(0.24 - np.abs(edge - 0.5), 0, 0.1) * body
    key = key * (1 - body) + carve * body * (1 - foam)
    return rgb, np.maximum(np.maximum(key, rim), outline)


def _carved(phase: np.ndarray, width: np.ndarray | float) -> np.ndarray:
    """Return lines where phase passes whole numbers, of a width from 0 to 0.5 of their distance."""
    away = np.abs(phase - np.round(phase))
    slope = np.hypot(*np.gradient(phase)).clip(1e-4, 0.5)
    return step(np.asarray(width, np.float32) - away, 0, 1.5 * slope) * step(np.asarray(width), 0.02, 0.04)
