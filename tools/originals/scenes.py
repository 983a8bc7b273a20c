"""Three places that do not exist, as plain colors; the techniques draw them in their own marks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tools.originals.drawing import (
    Chance,
    Mask,
    ellipse,
    grid,
    lay,
    paint,
    polygon,
    ramp,
    step,
)


def ridge(chance: Chance, side: int, base: float, height: float, cells: float) -> Mask:
    """Fill what lies below a jagged skyline around row `base`."""
    skyline = base + height * chance.line(side, cells, 6)
    return step(grid(side)[0] - skyline[None].astype(np.float32), 0, 1.5 / side)


def coast(chance: Chance, side: int) -> np.ndarray:
    """Paint a bay at noon: sails, a headland, a shore in bloom, someone under a parasol."""
    row, column = grid(side)
    rgb = ramp(row / 0.46, "4f8fd0", "86bfe3", "cfe3dc", "f8dcae", "f7b58c")
    clouds = step(chance.noise(side, (7, 3), 5), 0.62, 0.35) * step(0.44 - row, 0.06, 0.12)
    rgb = lay(rgb, ramp(row / 0.44, "fffaf0", "ffe9d2", "f9c4a8"), clouds * 0.9)
    glow = np.exp(-((column - 0.66) ** 2 + (row - 0.3) ** 2) / 0.02)
    rgb = lay(rgb, paint("fff0b0"), 0.8 * glow)
    rgb = lay(rgb, paint("fffbe0"), ellipse(side, 0.66, 0.3, 0.05, 0.05))
    sea = step(row, 0.46, 2 / side)
    water = ramp((row - 0.46) / 0.45, "8fd0cf", "3f9fb9", "2579a8", "1c5590")
    ripples = chance.noise(side, (70, 9), 3) * step(row, 0.45, 0.1)
    water = lay(water, paint("d8f0e2"), step(ripples, 0.68, 0.3) * 0.7)
    water = lay(water, paint("174a86"), step(0.3 - ripples, 0.0, 0.3) * 0.55)
    path = np.exp(-(((column - 0.66) / (0.03 + 0.16 * (row - 0.46).clip(0))) ** 2))
    water = lay(water, paint("fff1b4"), path * step(chance.noise(side, (90, 12), 2), 0.45, 0.25))
    rgb = lay(rgb, water, sea)
    rgb = _headland(chance, rgb)
    for x, y, size, sail in (
        (0.47, 0.5, 0.1, "fffdf2"),
        (0.57, 0.475, 0.05, "f08a4b"),
        (0.83, 0.53, 0.15, "fff6df"),
    ):
        rgb = _boat(rgb, x, y, size, sail)
    return _shore(chance, rgb)


def _headland(chance: Chance, rgb: np.ndarray) -> np.ndarray:
    side = len(rgb)
    row, column = grid(side)
    top = 0.26 + 0.5 * column + 0.02 * chance.line(side, 9)[None]
    land = step(row - top, 0, 2 / side) * step(0.475 - row, 0, 2 / side) * step(0.42 - column, 0, 0.01)
    strata = chance.noise(side, (10, 60), 4)
    cliff = lay(ramp(strata, "8a5a7a", "c98b6a", "f3cf94"), paint("6f6aa8"), step(column, 0.2, 0.5) * 0.5)
    rgb = lay(rgb, cliff, land)
    meadow = land * step(top + 0.035 + 0.02 * strata - row, 0, 0.01)
    return lay(rgb, ramp(chance.noise(side, 40, 3), "3f7d4a", "8fb84e", "d9cf5a"), meadow)


def _boat(rgb: np.ndarray, x: float, y: float, size: float, sail: str) -> np.ndarray:
    side = len(rgb)
    mirror = polygon(side, [(x, y), (x + size * 0.5, y), (x + size * 0.15, y + size * 0.7)])
    rgb = lay(rgb, paint(sail), mirror * 0.35)
    rgb = lay(rgb, paint(sail), polygon(side, [(x, y), (x, y - size), (x + size * 0.5, y)]))
    shade = polygon(side, [(x - 0.01, y), (x - 0.01, y - size * 0.85), (x - size * 0.3, y)])
    rgb = lay(rgb, paint(sail) * np.array([0.75, 0.8, 1.0], np.float32), shade)
    hull = [(x - size * 0.38, y + 0.003), (x + size * 0.6, y + 0.003), (x + size * 0.45, y + size * 0.14)]
    return lay(rgb, paint("5b2f45"), polygon(side, [*hull, (x - size * 0.25, y + size * 0.14)]))


def _shore(chance: Chance, rgb: np.ndarray) -> np.ndarray:
    side = len(rgb)
    row, column = grid(side)
    line = 0.79 + 0.05 * np.sin(column * 5 + 0.6) + 0.01 * chance.line(side, 12)[None]
    rgb = lay(rgb, paint("fdf6e3"), np.exp(-(((row - line) / 0.012) ** 2)))
    sand = ramp(chance.noise(side, (14, 7), 4), "caa06a", "efcf94", "f9e4b4")
    rgb = lay(rgb, sand, step(row - line, 0.012, 0.006))
    bank = step(
        row - (0.985 - 0.2 * (column - 0.25).clip(0) ** 0.8 - 0.02 * chance.line(side, 14)[None]), 0, 0.006
    )
    leaves = chance.noise(side, 34, 3)
    rgb = lay(rgb, ramp(leaves, "1d4d49", "2f7a4c", "77ad45", "d7d95c"), bank)
    for share, code in ((0.86, "e0427e"), (0.9, "ff9f40"), (0.9, "fff2f6"), (0.9, "7a4fc0")):
        rgb = lay(rgb, paint(code), bank * step(chance.noise(side, 48, 2), share, 0.05))
    x, foot = 0.3, 0.93
    rgb = lay(rgb, paint("7d6a9a"), ellipse(side, x + 0.1, foot + 0.005, 0.13, 0.014) * 0.7)
    skirt = [(x - 0.012, foot - 0.15), (x + 0.012, foot - 0.15), (x + 0.05, foot), (x - 0.045, foot)]
    rgb = lay(rgb, ramp((column - x + 0.05) / 0.1, "2a2a6e", "4f4aa8", "c05a8a"), polygon(side, skirt))
    bust = [
        (x - 0.016, foot - 0.15),
        (x - 0.02, foot - 0.21),
        (x + 0.016, foot - 0.21),
        (x + 0.014, foot - 0.15),
    ]
    rgb = lay(rgb, paint("b83a4f"), polygon(side, bust))
    rgb = lay(rgb, paint("f0b98f"), ellipse(side, x, foot - 0.23, 0.014, 0.018))
    rgb = lay(
        rgb,
        paint("4a2740"),
        polygon(side, [(x + 0.02, foot - 0.3), (x + 0.026, foot - 0.3), (x + 0.02, foot - 0.17)]),
    )
    dome = ellipse(side, x + 0.02, foot - 0.27, 0.085, 0.06) * step(foot - 0.27 - row, 0, 2 / side)
    return lay(rgb, ramp((column - x + 0.07) / 0.17, "fff0c0", "f7a63c", "d8432e"), dome)


def valley(chance: Chance, side: int) -> np.ndarray:
    """Paint an evening among mountains: a swirling sky, ranges in haze, a village, a field of poppies."""
    row, column = grid(side)
    bend = 0.16 * (chance.noise(side, 3, 2) - 0.5)
    radius = np.hypot(column - 0.72, row - 0.2)
    waves = np.sin((row + bend) * 60 + 6 * np.sin((column + bend) * 7)) * 0.5 + 0.5
    rgb = ramp(row / 0.55, "1b2a6b", "2f55a4", "5f8fc9", "f2b487", "f9d77e")
    rgb = lay(rgb, ramp(row / 0.55, "3f6fc0", "79b4d8", "e8d9c0", "ffe9a0"), waves * 0.45)
    rings = (0.5 + 0.5 * np.cos(radius * 110)) * np.exp(-((radius / 0.16) ** 2))
    rgb = lay(rgb, paint("ffe27a"), np.exp(-((radius / 0.1) ** 2)) * 0.9)
    rgb = lay(rgb, paint("ff9d3c"), rings * 0.55)
    rgb = lay(rgb, paint("fff6c8"), ellipse(side, 0.72, 0.2, 0.055, 0.055))
    for base, height, cells, dark, light in (
        (0.47, 0.1, 5, "5c6fb0", "a9a6d2"),
        (0.53, 0.08, 7, "3a4f95", "c77f9a"),
        (0.6, 0.05, 5, "27406f", "4f8a7d"),
    ):
        mask = ridge(chance, side, base, height, cells)
        rgb = lay(rgb, ramp(chance.noise(side, (9, 26), 4), dark, light), mask)
    field = step(row - (0.66 + 0.03 * np.sin(column * 6)), 0, 3 / side)
    furrows = np.sin(np.arctan2(row - 0.5, column - 0.5) * 46 + 3 * chance.noise(side, 5, 2)) * 0.5 + 0.5
    wheat = ramp(furrows * 0.6 + 0.4 * chance.noise(side, 24, 3), "3c6b3a", "93a03c", "e3b43c", "f8dc74")
    rgb = lay(rgb, wheat, field)
    for x, y, size in ((0.3, 0.655, 0.05), (0.39, 0.66, 0.035), (0.245, 0.65, 0.03)):
        rgb = lay(
            rgb,
            paint("fbe3c0"),
            polygon(side, [(x, y), (x + size, y), (x + size, y - size * 0.7), (x, y - size * 0.7)]),
        )
        roof = [
            (x - 0.006, y - size * 0.65),
            (x + size + 0.006, y - size * 0.65),
            (x + size / 2, y - size * 1.25),
        ]
        rgb = lay(rgb, paint("b5402c"), polygon(side, roof))
        rgb = lay(
            rgb,
            paint("2f3a6b"),
            polygon(side, [(x + size * 0.4, y), (x + size * 0.6, y), (x + size * 0.5, y - size * 0.4)]),
        )
    poppies = step(chance.noise(side, 44, 2), 0.88 - 0.12 * row, 0.05) * step(row, 0.72, 0.05)
    rgb = lay(rgb, ramp(chance.noise(side, 60, 1), "8f1730", "d92b2b", "ff6a3c"), poppies)
    for x, foot, high, wide in ((0.12, 0.94, 0.72, 0.055), (0.205, 0.9, 0.45, 0.036)):
        tall = (foot - row) / high
        width = (
            wide * np.sqrt((tall * (1.02 - tall)).clip(0)) * 2 * (0.85 + 0.3 * chance.noise(side, (22, 6), 2))
        )
        sway = 0.012 * np.sin(row * 18)
        tree = (
            step(width - np.abs(column - x - sway), 0, 2 / side)
            * step(tall, 0, 0.01)
            * step(1 - tall, 0, 0.01)
        )
        flames = np.sin((column - x) * 190 + np.sin(row * 26) * 3 + row * 22) * 0.5 + 0.5
        rgb = lay(rgb, ramp(flames, "0f2a2e", "1d4a3a", "5f8a3a"), tree)
    return rgb


def table(chance: Chance, side: int) -> np.ndarray:
    """Paint a still life: a blue jug with flowers, oranges, pears, a lemon on a striped cloth."""
    row, column = grid(side)
    rgb = ramp(row / 0.62 + 0.2 * (chance.noise(side, 3, 3) - 0.5), "1f6f6b", "2f8f83", "7cc0a0")
    arch = ellipse(side, 0.33, 0.34, 0.25, 0.3)
    rgb = lay(rgb, ramp(row / 0.6, "ffdf8a", "f7a85a", "e06a4f"), arch)
    cloth = step(row - 0.63, 0, 3 / side)
    perspective = (column - 0.5) / (0.35 + (row - 0.3).clip(0))
    stripes = step(np.sin(perspective * 40), 0, 0.15)
    rgb = lay(rgb, lay(ramp(row, "f6ead0", "fff8e6"), paint("d9564a"), stripes * 0.85), cloth)
    rgb = lay(rgb, paint("b9473f"), cloth * step(0.645 - row, 0, 0.004))
    tall = (row - 0.36) / 0.4
    half = 0.045 + 0.085 * np.sin((tall.clip(0, 1)) ** 1.3 * np.pi * 0.93)
    jug = step(half - np.abs(column - 0.36), 0, 2 / side) * step(tall, 0, 0.01) * step(1 - tall, 0, 0.01)
    rgb = lay(rgb, paint("3a2a50"), ellipse(side, 0.5, 0.765, 0.2, 0.025) * 0.6)
    shade = (column - 0.36) / half.clip(0.02)
    rgb = lay(rgb, ramp(0.5 - 0.5 * shade, "0d1f55", "1f4fae", "4f9be0", "bfe2f5"), jug)
    bands = (
        jug
        * step(np.sin(row * 150), 0.55, 0.3)
        * step(np.abs(row - 0.58), -1, 0.01)
        * step(0.05 - np.abs(row - 0.58), 0, 0.01)
    )
    rgb = lay(rgb, paint("fff4d8"), bands)
    rgb = _bouquet(chance, rgb)
    fruits = (
        (0.66, 0.73, 0.085, "7a1f10", "f07a1c", "ffd27a"),
        (0.8, 0.77, 0.08, "8a2a10", "f58a24", "ffe09a"),
        (0.56, 0.82, 0.07, "7d6a10", "f3d02c", "fffbc0"),
        (0.2, 0.82, 0.085, "3f6a1a", "a9c63c", "f4f2a8"),
        (0.72, 0.87, 0.08, "7a1030", "d8304a", "ffa8a0"),
    )
    for x, y, size, dark, middle, light in fruits:
        rgb = lay(
            rgb,
            paint("4a2a50"),
            ellipse(side, x + size * 0.5, y + size * 0.85, size * 1.2, size * 0.25) * 0.55,
        )
        turned = np.hypot(column - x + size * 0.35, row - y + size * 0.4) / (1.55 * size)
        rgb = lay(rgb, ramp(turned, light, middle, middle, dark), ellipse(side, x, y, size, size * 0.95))
        rgb = lay(rgb, paint("3a4a1a"), ellipse(side, x, y - size * 0.92, size * 0.06, size * 0.16, 0.4))
    return rgb


def _bouquet(chance: Chance, rgb: np.ndarray) -> np.ndarray:
    side = len(rgb)
    for _ in range(34):
        x, y = 0.36 + 0.2 * float(chance.normal(1)[0]) * 0.8, chance.between(0.08, 0.38)
        leaf = ellipse(side, x, y + 0.04, 0.014, 0.05, chance.between(-1.2, 1.2))
        rgb = lay(rgb, ramp(np.float32(chance.between(0, 1)), "143f33", "2f7a45", "8fb84e"), leaf)
    for x, y, size, petal, heart in (
        (0.36, 0.2, 0.062, "f2507a", "ffd23c"), (0.23, 0.27, 0.055, "fff4e6", "f2a21c"),
        (0.49, 0.26, 0.058, "f7c52c", "a8401c"), (0.3, 0.1, 0.046, "7a5ad0", "ffe27a"),
        (0.44, 0.11, 0.05, "ff7a4f", "5a1f30"), (0.16, 0.16, 0.038, "e0345a", "ffd23c"),
        (0.58, 0.17, 0.04, "fff4e6", "f2a21c"), (0.39, 0.32, 0.05, "d94fb0", "ffe9a0"),
    ):  # fmt: skip
        count, turn = 7, chance.between(0, 1)
        for petal_number in range(count):
            angle = 2 * np.pi * (petal_number + turn) / count
            middle = (x + 0.62 * size * float(np.cos(angle)), y + 0.62 * size * float(np.sin(angle)))
            dim = np.float32(0.82 + 0.18 * np.cos(angle + 2.2))
            rgb = lay(rgb, paint(petal) * dim, ellipse(side, *middle, size * 0.52, size * 0.3, angle))
        rgb = lay(rgb, paint(heart), ellipse(side, x, y, size * 0.26, size * 0.26))
    return rgb


def pond(chance: Chance, side: int) -> np.ndarray:
    """Paint a pond from above: koi among lily pads and lotus flowers."""
    row, column = grid(side)
    bent = 0.5 * chance.noise(side, 4, 2) + 0.25 * np.hypot(column - 0.2, row - 0.15)
    rgb = ramp(np.sin(bent * 40) * 0.5 + 0.5, "0c4a66", "12708a", "2a9aa0", "7fd0c0")
    for x, y, reach in ((0.62, 0.42, 0.2), (0.25, 0.8, 0.14)):
        radius = np.hypot(column - x, row - y)
        rings = step(np.sin(radius * 130), 0.5, 0.6) * step(reach - radius, 0, 0.06)
        rgb = lay(rgb, paint("d2f2e4"), rings * 0.6)
    for x, y, size in (
        (0.1, 0.12, 0.13), (0.3, 0.05, 0.08), (0.9, 0.9, 0.15), (0.7, 0.97, 0.09), (0.95, 0.6, 0.08),
        (0.06, 0.62, 0.07), (0.83, 0.08, 0.07), (0.12, 0.95, 0.08),
    ):  # fmt: skip
        rgb = _pad(rgb, x, y, size, chance.between(0, 6.28))
    for x, y, length, turn, bend, codes in (
        (0.4, 0.36, 0.46, -0.7, 0.6, ("fff3e2", "f2541b", "d92a12")),
        (0.55, 0.72, 0.42, 2.75, -0.6, ("f79a1c", "ffd76a", "e0500f")),
        (0.8, 0.36, 0.38, 1.2, 0.6, ("fffaf2", "e0263a", "e0263a")),
    ):
        rgb = _koi(chance, rgb, x, y, length, turn, bend, codes)
    for x, y, size in ((0.13, 0.13, 0.1), (0.88, 0.88, 0.12)):
        rgb = _lotus(rgb, x, y, size)
    return rgb


def _pad(rgb: np.ndarray, x: float, y: float, size: float, turn: float) -> np.ndarray:
    side = len(rgb)
    row, column = grid(side)
    angle = np.arctan2(row - y, column - x) - turn
    radius = np.hypot(column - x, row - y)
    notch = step(np.abs((angle + np.pi) % (2 * np.pi) - np.pi), 0.22, 0.02)
    leaf = step(size - radius, 0, 2 / side) * notch
    veins = step(np.sin(angle * 14), 0.86, 0.2)
    green = ramp(radius / size, "d9e06a", "7fbf4a", "2f8f4a", "146044")
    return lay(rgb, lay(green, paint("e6f09a"), veins * 0.6), leaf)


def _koi(
    chance: Chance,
    rgb: np.ndarray,
    x: float,
    y: float,
    length: float,
    turn: float,
    bend: float,
    codes: Sequence[str],
) -> np.ndarray:
    side = len(rgb)
    along = np.linspace(-0.5, 0.5, 60)
    heading = turn + bend * along * 2
    spine = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], 1) * length / 60, 0)
    spine += np.array([x, y]) - spine.mean(0)
    normal = np.stack([-np.sin(heading), np.cos(heading)], 1)
    width = length * 0.14 * np.sqrt(((along + 0.5) * (1.0 - (along + 0.5) * 0.98)).clip(0)) * 2
    width *= 1.15 - 0.9 * (0.5 - along).clip(0, 1) ** 1.5
    front, back = spine[-1], spine[0]
    shadow = (
        np.concatenate([spine + normal * width[:, None], (spine - normal * width[:, None])[::-1]]) + 0.018
    )
    rgb = lay(rgb, paint("07303f"), polygon(side, shadow) * 0.55)
    cosine, sine = np.cos(heading[0]), np.sin(heading[0])
    for spread in (0.65, -0.65):
        tip = back - length * 0.3 * np.array([cosine * np.cos(spread) - sine * np.sin(spread),
                                              sine * np.cos(spread) + cosine * np.sin(spread)])  # fmt: skip
        tail = [
            back + normal[0] * 0.01,
            tip,
            back - length * 0.1 * np.array([cosine, sine]),
            back - normal[0] * 0.01,
        ]
        rgb = lay(rgb, ramp(np.float32(0.7), codes[0], "ffe9c4"), polygon(side, tail))
    for hand in (1, -1):
        root = spine[40] + hand * normal[40] * width[40] * 0.8
        across, down = root + hand * normal[40] * 0.025
        rgb = lay(
            rgb,
            paint("fff0d8"),
            ellipse(side, across, down, 0.045, 0.018, heading[40] + hand * 2.2),
        )
    body = polygon(
        side, np.concatenate([spine + normal * width[:, None], (spine - normal * width[:, None])[::-1]])
    )
    rgb = lay(rgb, paint(codes[0]), body)
    spots = chance.noise(side, 7, 2)
    rgb = lay(rgb, paint(codes[1]), body * step(spots, 0.5, 0.02))
    rgb = lay(rgb, paint(codes[2]), body * step(spots, 0.8, 0.02))
    fin = np.concatenate([spine[18:40] + normal[18:40] * 0.006, (spine[18:40] - normal[18:40] * 0.006)[::-1]])
    rgb = lay(rgb, paint("fffdf6"), polygon(side, fin))
    for hand in (1, -1):
        across, down = front - (front - spine[50]) * 0.55 + hand * normal[54] * width[52] * 0.75
        rgb = lay(rgb, paint("14141e"), ellipse(side, across, down, 0.008, 0.008))
    return rgb


def _lotus(rgb: np.ndarray, x: float, y: float, size: float) -> np.ndarray:
    side = len(rgb)
    for ring, (count, reach, code) in enumerate(
        ((9, 0.62, "e0508a"), (8, 0.45, "f58ab0"), (6, 0.27, "ffd0dc"))
    ):
        for leaf in range(count):
            angle = 2 * np.pi * (leaf + 0.5 * ring) / count
            spot = (x + size * reach * np.cos(angle), y + size * reach * np.sin(angle))
            edge = ellipse(side, *spot, size * 0.4, size * 0.19, angle)
            rgb = lay(rgb, paint("8a1f55"), edge)
            rgb = lay(rgb, paint(code), ellipse(side, *spot, size * 0.36, size * 0.155, angle))
    return lay(rgb, paint("ffd23c"), ellipse(side, x, y, size * 0.17, size * 0.17))
