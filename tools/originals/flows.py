"""Pictures of liquid and thick paint: floating ink, impasto, washes."""

from __future__ import annotations

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
POOL = 1152  # liquids are soft enough to be drawn at half as much again


def marbled_ink(chance: Chance) -> np.ndarray:
    """Float drops of ink on water and comb them (Lu, Jaffer et al., "Mathematical Marbling", 2012)."""
    row, column = grid(POOL)
    y, x = row.copy(), column.copy()
    inks = paints(
        "10243f", "f4ead2", "c8372c", "1f6f7a", "e9a23b", "f4ead2", "7a2f5a", "2f4f9a", "f7d9c0", "10243f"
    )
    spots = scatter(chance, 0.2 * SIDE, SIDE) / SIDE * 1.3 - 0.15
    events = [
        ("drop", *spot, chance.between(0.08, 0.13), order % len(inks)) for order, spot in enumerate(spots)
    ]
    rings = []
    for center_x, center_y, count in (
        (0.3, 0.3, 17),
        (0.78, 0.2, 15),
        (0.7, 0.72, 19),
        (0.18, 0.78, 15),
        (0.5, 0.5, 13),
        (0.98, 0.5, 12),
        (0.45, 1.0, 12),
        (0.02, 0.08, 12),
    ):
        start = int(chance.between(0, len(inks)))
        for ring in range(count):
            spot = (
                center_x + 0.012 * float(chance.normal(1)[0]),
                center_y + 0.012 * float(chance.normal(1)[0]),
            )
            rings.append(("drop", *spot, chance.between(0.035, 0.065), (start + ring) % len(inks)))
    events += [rings[turn] for turn in _woven(len(rings), chance)]
    for _ in range(110):
        spot = (chance.between(-0.05, 1.05), chance.between(-0.05, 1.05))
        events.append(("drop", *spot, chance.between(0.006, 0.026), int(chance.between(0, len(inks)))))
    events.append(("rake", 1.45, 0.02, 5.5))
    for line in range(7):
        events.append(
            ("comb", chance.between(-0.2, 0.2) + line * np.pi / 3.5, chance.between(0.15, 0.85), 0.11, 0.05)
        )
    for spot_x, spot_y, turn in (
        (0.36, 0.42, 2.6),
        (0.7, 0.62, -2.9),
        (0.62, 0.16, 1.9),
        (0.14, 0.85, -2.0),
        (0.9, 0.9, 2.2),
    ):
        events.append(("swirl", spot_x, spot_y, turn, 0.15))
    owner = np.full((POOL, POOL), -1)
    for kind, *facts in reversed(events):  # every pixel asks backwards where its ink came from
        if kind == "drop":
            at_x, at_y, size, ink = facts
            dx, dy = x - at_x, y - at_y
            square = dx * dx + dy * dy
            caught = (square < size * size) & (owner < 0)
            owner[caught] = ink
            pull = np.sqrt((1 - size * size / np.maximum(square, 1e-9)).clip(0))
            x, y = at_x + dx * pull, at_y + dy * pull
        elif kind == "comb":
            turn, offset, strength, sharp = facts
            cosine, sine = np.cos(turn), np.sin(turn)
            away = np.abs((x - 0.5) * -sine + (y - 0.5) * cosine - (offset - 0.5))
            push = strength * sharp / (away + sharp)
            x, y = x - push * cosine, y - push * sine
        elif kind == "rake":
            turn, reach, teeth = facts
            cosine, sine = np.cos(turn), np.sin(turn)
            push = reach * np.sin(2 * np.pi * teeth * ((y - 0.5) * cosine - (x - 0.5) * sine))
            x, y = x - push * cosine, y - push * sine
        else:
            at_x, at_y, turn, reach = facts
            dx, dy = x - at_x, y - at_y
            angle = -turn * np.exp(-np.hypot(dx, dy) / reach * 1.6)
            cosine, sine = np.cos(angle), np.sin(angle)
            x, y = at_x + dx * cosine - dy * sine, at_y + dx * sine + dy * cosine
    rgb = inks[owner]
    rgb[owner < 0] = paint("efe2c4")
    edge = blur((np.abs(np.diff(owner, axis=0, prepend=owner[:1])) > 0).astype(np.float32), 2.0)
    rgb = lay(rgb, rgb * 0.72, step(edge, 0.12, 0.25) * 0.5)
    thin = chance.noise(POOL, 5, 4)
    rgb = lay(rgb, paint("f7efdc"), 0.16 * step(thin, 0.6, 0.7))
    fibers = chance.noise(POOL, (200, 60), 2)
    return shrink(rgb * (0.94 + 0.08 * fibers + 0.03 * chance.noise(POOL, 420, 1))[..., None], SIDE)


def _woven(count: int, chance: Chance) -> np.ndarray:
    """Shuffle an order a little: rings of different centers grow by turns, but each from inside out."""
    return np.argsort(np.arange(count) % 17 + 2.5 * chance.uniform(count))


def impasto_evening(chance: Chance) -> np.ndarray:
    """Paint an evening valley in thick strokes along its forms, bristle by bristle, lit from the left."""
    scene = scenes.valley(chance, SIDE).clip(0, 1)
    form = blur(scene @ np.array([0.35, 0.45, 0.2], np.float32), 2)
    down, along = np.gradient(form)
    square = [blur(product, 7) for product in (along * along, down * down, along * down)]
    turn = 0.5 * np.arctan2(2 * square[2], square[0] - square[1]) + np.pi / 2
    calm = step(0.00004 - square[0] - square[1], 0, 0.00006)
    drift = 2 * np.pi * chance.noise(SIDE, 3, 2)
    turn = turn + (0.5 * np.sin(drift)) * calm
    canvas = Image.new("RGB", (WORK, WORK), (150, 96, 60))
    height = Image.new("L", (WORK, WORK), 60)
    detail = blur(np.abs(scene - blur(scene, 5)).sum(2), 3)
    for width, steps, needed in ((22, 9, 0.0), (13, 9, 0.0), (8, 8, 0.03), (5, 7, 0.09)):
        places = scatter(chance, width * (0.62 if width > 6 else 0.75), SIDE)
        places = places[at(detail, places) >= needed]
        _stroke_all(chance, canvas, height, scene, turn, places, width, steps)
    thick = np.asarray(height, np.float32) / 255
    thick = 0.6 * blur(thick, 0.9) + 0.4 * blur(thick, 2.5)
    light = relief(thick, 2.4)
    rgb = np.asarray(canvas, np.float32) / 255 * light.clip(0.45, 1.6)[..., None]
    return shrink(lay(rgb, paint("fff6e0"), step(light, 1.42, 0.4) * 0.45), SIDE)


def _stroke_all(
    chance: Chance,
    canvas: Image.Image,
    height: Image.Image,
    scene: np.ndarray,
    turn: np.ndarray,
    places: np.ndarray,
    width: int,
    steps: int,
) -> None:
    draw, raised = ImageDraw.Draw(canvas), ImageDraw.Draw(height)
    points = [places.copy()]
    heading = at(turn, places) + np.pi * (chance.uniform(len(places)) < 0.5)
    for _ in range(steps):
        wish = at(turn, points[-1])
        wish = wish + np.pi * np.round((heading - wish) / np.pi)  # a direction has no sign; go on as before
        heading = 0.5 * heading + 0.5 * wish
        points.append(points[-1] + 0.5 * width * np.stack([np.cos(heading), np.sin(heading)], 1))
    path = np.stack(points, 1)
    color = at(blur(scene, max(width * 0.12, 0.6)), places)
    gray = color.mean(1, keepdims=True)
    color = (
        gray
        + (color - gray) * 1.22
        + 0.055 * chance.normal(len(places), 1)
        + 0.035 * chance.normal(len(places), 3)
    )
    bristles = max(5, int(width * 0.6))
    lean, load = chance.uniform(len(places), bristles), chance.uniform(len(places), bristles)
    for stroke in range(len(places)):
        line = path[stroke] * 2
        tangent = np.gradient(line, axis=0)
        normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1) / (
            np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-6
        )
        taper = np.sin(np.linspace(0.35, np.pi - 0.25, len(line)))[:, None] ** 0.5
        for bristle in range(bristles):
            off = (bristle + 0.5) / bristles * 2 - 1
            first = int(lean[stroke, bristle] * 2.2)
            last = len(line) - int(load[stroke, bristle] * 2.5)
            points = (line + normal * taper * off * width * 0.92)[first:last]
            tone = color[stroke] + 0.11 * (load[stroke, bristle] - 0.5) + 0.02 * off
            places_ = [tuple(point) for point in points]
            thick = max(2, round(2.5 * width / bristles * 0.95))
            draw.line(places_, fill=tuple(int(v) for v in tone.clip(0, 1) * 255), width=thick, joint="curve")
            ridge = 95 + 110 * load[stroke, bristle] + 45 * abs(off) ** 3
            raised.line(places_, fill=int(min(ridge, 255)), width=thick, joint="curve")


def watercolor_lake(chance: Chance) -> np.ndarray:
    """Wash a lake among misty hills in layers that pool at their edges and grain in the paper."""
    row, column = grid(POOL)
    tooth = 0.6 * chance.noise(POOL, 260, 2) + 0.4 * chance.noise(POOL, 110, 2)
    shore = 0.6
    shake = [0.006 * (chance.noise(POOL, 22, 4) - 0.5), 0.006 * (chance.noise(POOL, 22, 4) - 0.5)]
    light = np.ones((POOL, POOL, 3), np.float32) * paint("fbf7ec")

    def wash(
        mask: np.ndarray, code: str, depth: np.ndarray | float, wet: float = 0.0, grain: float = 0.5
    ) -> None:
        """Lay one wash: absorb light by color and depth; wet ones spread, dry ones leave a dark rim."""
        nonlocal light
        rows = ((row + shake[0]) * POOL).astype(int).clip(0, POOL - 1)
        columns = ((column + shake[1]) * POOL).astype(int).clip(0, POOL - 1)
        mask = blur(mask[rows, columns], 1.2 + wet)
        pools = 0.55 + 0.75 * chance.noise(POOL, 4, 5)
        rim = 0.35 * (mask - blur(mask, 18)).clip(0)
        if wet <= 8:
            rim += 1.5 * (mask - blur(mask, 5)).clip(0)
        blooms = chance.noise(POOL, 3.5, 5)
        bloom = np.exp(-(((blooms - 0.5) / 0.022) ** 2)) * step(blooms, 0.3, 0.2) * 0.22
        amount = (mask * depth * pools + rim * depth + bloom * mask * depth) * (1 - grain / 2 + grain * tooth)
        light = light * np.exp(amount[..., None] * np.log(paint(code).clip(0.02, 1)))

    bank = step(row - (0.9 - 0.14 * (1 - column) ** 2 + 0.012 * chance.line(POOL, 16)[None]), 0, 0.003)
    flowers = np.zeros_like(row)
    for _ in range(75):
        x = chance.between(0.0, 0.9)
        y = 0.9 - 0.14 * (1 - x) ** 2 + chance.between(-0.01, 0.1)
        flowers = np.maximum(
            flowers, ellipse(POOL, x, y, chance.between(0.005, 0.015), chance.between(0.005, 0.012))
        )
    dry = 1 - flowers  # masked out until their own colors come
    open_water = step(row, shore, 0.004) * (1 - bank)
    wash(step(0.5 - row, 0, 0.5), "a9c4ea", 0.7, wet=20)
    wash(step(chance.noise(POOL, (4, 2), 4), 0.5, 0.2) * step(0.34 - row, 0, 0.2), "6f96d4", 0.6, wet=6)
    wash(np.exp(-(((row - 0.4) / 0.12) ** 2)), "ffd0a6", 0.75, wet=24)
    wash(np.exp(-((column - 0.3) ** 2 + (row - 0.3) ** 2) / 0.02), "ffdf8a", 0.7, wet=16)
    wash(np.exp(-((column - 0.82) ** 2 + (row - 0.36) ** 2) / 0.03), "f09a9a", 0.6, wet=16)
    for base, height, cells, code, depth in (
        (0.42, 0.1, 4, "9a9fd0", 0.75), (0.47, 0.08, 5, "6f86c0", 0.8), (0.53, 0.05, 5, "4f7fa0", 0.9),
        (0.57, 0.03, 6, "3f7f7a", 1.0),
    ):  # fmt: skip
        hill = scenes.ridge(chance, POOL, base, height, cells) * step(shore - row, 0, 0.003)
        mist = 1 - 0.75 * step(row, base + 0.05, 0.12)
        wash(hill, code, depth * mist)
        wash(_mirrored(hill, shore) * open_water, code, 0.4 * depth, wet=5)
    wash(open_water, "9fd0dc", 0.5 + 0.8 * (row - shore))
    ripples = np.sin((row - shore).clip(0) ** 0.6 * 160 + 5 * chance.noise(POOL, (7, 2), 3))
    broken = step(chance.noise(POOL, (30, 5), 2), 0.45, 0.1)
    wash(step(ripples, 0.62, 0.2) * broken * open_water * step(row, shore + 0.03, 0.02), "4f8ab0", 0.5)
    pines = np.zeros_like(row)
    for _ in range(26):
        x, size = chance.between(0.52, 1.04), chance.between(0.05, 0.17)
        pines = np.maximum(pines, _pine(chance, x, shore + 0.012, size))
    for _ in range(7):
        pines = np.maximum(
            pines, _pine(chance, chance.between(-0.03, 0.2), shore + 0.01, chance.between(0.04, 0.1))
        )
    wash(pines, "3f776a", 1.0 + 0.5 * (chance.noise(POOL, 9, 2) - 0.5), grain=0.7)
    wash(pines * step(chance.noise(POOL, 14, 2), 0.5, 0.2), "3a5a7a", 0.5, wet=2)
    wash(_mirrored(pines, shore + 0.012) * open_water, "4f8a90", 0.55, wet=4)
    bank = bank * dry
    wash(bank, "d6cc5a", 0.8)
    wash(bank * step(chance.noise(POOL, 7, 3), 0.5, 0.25), "4f8a3f", 1.0, wet=4)
    wash(bank * step(chance.noise(POOL, 12, 3), 0.66, 0.1), "2f5f4a", 0.8)
    reeds = np.zeros_like(row)
    for _ in range(60):
        x, high = chance.between(0.0, 0.45), chance.between(0.08, 0.2)
        bend = chance.between(-0.05, 0.06)
        foot = 0.9 - 0.14 * (1 - x) ** 2 + 0.03
        reeds = np.maximum(
            reeds, polygon(POOL, [(x - 0.002, foot), (x + 0.002, foot), (x + bend, foot - high)])
        )
    wash(reeds * dry, "4f7a3a", 1.0, grain=0.3)
    wash(flowers * step(chance.noise(POOL, 9, 1), 0.45, 0.02), "f0527a", 1.0)
    wash(flowers * step(-chance.noise(POOL, 9, 1), -0.5, 0.02), "f7b23c", 1.0)
    birds = np.zeros_like(row)
    for x, y, size in ((0.42, 0.2, 0.02), (0.47, 0.17, 0.026), (0.53, 0.21, 0.018)):
        for hand in (-1, 1):
            wing = [(x, y), (x + hand * size * 0.6, y - size * 0.55), (x + hand * size * 1.5, y - size * 0.3)]
            birds = np.maximum(birds, polygon(POOL, [*wing, (x + hand * size * 0.6, y - size * 0.3)]))
    wash(birds, "3a4a6a", 1.0)
    spray = step(chance.noise(POOL, 150, 1), 0.97, 0.02) * step(chance.noise(POOL, 4, 1), 0.6, 0.3)
    light = light * np.exp(-(spray * 0.5)[..., None] * (1 - paint("5f86c4")))
    lit = relief(blur(tooth, 1.0), 0.9)
    uneven = 0.007 * (chance.noise(POOL, 30, 3) - 0.5)
    page = step(0.475 + uneven - np.maximum(np.abs(row - 0.5), np.abs(column - 0.5)), 0, 0.004)
    return shrink(lay(np.broadcast_to(paint("fbf7ec"), light.shape), light, page) * lit[..., None], SIDE)


def _mirrored(mask: np.ndarray, line: float) -> np.ndarray:
    """Turn a mask over a horizontal line, a little drawn out."""
    rows = (2 * line * POOL - np.arange(POOL) * 1.0).astype(int)
    return mask[rows.clip(0, POOL - 1)] * (rows >= 0)[:, None]


def _pine(chance: Chance, x: float, foot: float, high: float) -> np.ndarray:
    levels = np.linspace(0, 1, 15)
    wide = high * 0.24 * levels**0.85 * (0.7 + 0.6 * chance.uniform(15)) * (0.55 + 0.45 * (np.arange(15) % 2))
    left = np.stack([x - wide, foot - high * (1 - levels)], 1)
    right = np.stack([x + wide * (0.8 + 0.4 * chance.uniform(15)), foot - high * (1 - levels)], 1)
    return polygon(POOL, np.concatenate([left, right[::-1]]))
