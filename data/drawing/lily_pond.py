"""Lily pond: water lilies on a pond that mirrors willows and an evening sky, impressionist oil.

The water is a motif of drifting blues, violets and greens, painted in upright strokes where trees
are mirrored; pads lie on it in level strokes, and the blossoms are small, thick, separate dabs.
"""

import numpy as np
from numpy.random import Generator
from PIL import Image

from data.drawing.brush import Brush, Strokes, cover, paint, through
from data.drawing.motif import Motif, bare
from data.drawing.noise import Field, at, blur, fractal, grid, smooth, step
from data.drawing.palette import blend, pick, ramp, rgb, vary
from data.drawing.surface import lit, photographed, primed, weave

SIZE = (1024, 768)
SHAPE = (1152, 1536)
MIRROR = ("#2b3a73", "#4f68a8", "#8794c9", "#c9aecb", "#e9c6b8", "#9fb4d6", "#5f6db0", "#3a4a86")
WILLOW = ("#15333a", "#27564a", "#4b7d4e", "#1d3f52", "#7d9c55", "#2e4a68")
PADS = ("#3f6b4e", "#6f9a5c", "#a3bf77", "#4a7f77", "#8fae9d", "#5b7f50", "#c6cf95")
PETALS = ("#fdf6ec", "#f6d3d6", "#e58fa5", "#fbe9c8", "#d35f80", "#ffffff")
GROUPS = (
    (0.20, 0.82, 0.20, 34),
    (0.66, 0.90, 0.26, 40),
    (0.83, 0.62, 0.16, 26),
    (0.38, 0.58, 0.17, 24),
    (0.10, 0.47, 0.11, 15),
    (0.60, 0.40, 0.13, 17),
    (0.88, 0.33, 0.10, 13),
    (0.32, 0.30, 0.09, 11),
    (0.66, 0.20, 0.07, 9),
)


def _water(rng: Generator) -> tuple[Motif, Field]:
    """The pond without lilies, and the share of each pixel that mirrors a tree."""
    x, y = grid(SHAPE)
    drift = fractal(rng, SHAPE, (190, 420), 4)
    sky = ramp(MIRROR, np.clip(0.15 + 0.8 * drift + 0.25 * np.sin(y / 210.0 + x / 500.0), 0, 1))
    curtain = fractal(rng, SHAPE, (900, 150), 3) + 0.35 * (0.5 - y / SHAPE[0])
    curtain = curtain + 0.35 * np.exp(-((x / SHAPE[1] - 0.06) ** 2) / 0.02)
    curtain = curtain + 0.30 * np.exp(-((x / SHAPE[1] - 0.97) ** 2) / 0.012)
    mirrored = step(0.50, 0.72, curtain)
    leaves = ramp(WILLOW, fractal(rng, SHAPE, (200, 34), 4))
    motif = bare(SHAPE)
    level = 0.16 * np.sin(x / 120.0 + y / 70.0) + 0.3 * (smooth(rng, SHAPE, 140) - 0.5)
    motif.lay(np.ones(SHAPE, np.float32), sky, level)
    motif.lay(mirrored, leaves, np.pi / 2 + 0.7 * (smooth(rng, SHAPE, (260, 130)) - 0.5))
    return motif, mirrored


def _pads(rng: Generator, motif: Motif) -> tuple[Field, list[tuple[float, float, float]]]:
    """Lay the leaves on the water; the share that they cover, and where blossoms float."""
    x, y = grid(SHAPE)
    covered: Field = np.zeros(SHAPE, np.float32)
    blossoms: list[tuple[float, float, float]] = []
    ragged = 0.5 * (smooth(rng, SHAPE, 14) - 0.5)
    for centre_x, centre_y, spread, count in GROUPS:
        for _ in range(count):
            place_x = (centre_x + rng.normal(0, spread * 0.5)) * SHAPE[1]
            place_y = (centre_y + rng.normal(0, spread * 0.17)) * SHAPE[0]
            near = 0.28 + 0.8 * place_y / SHAPE[0]
            wide, tall = 70 * near * rng.uniform(0.7, 1.3), 22 * near * rng.uniform(0.8, 1.3)
            rows = slice(max(int(place_y - 3 * tall), 0), int(max(place_y + 3 * tall, 0)))
            part = np.hypot((x[rows] - place_x) / wide, (y[rows] - place_y) / tall) + ragged[rows]
            leaf = 1 - step(0.92, 1.05, part)
            tint = ramp(PADS, np.asarray(rng.random()))
            rim = step(0.55, 1.0, part) * (y[rows] > place_y)
            colour = blend(tint, rgb("#1f3a4a"), 0.55 * rim)
            motif.colour[rows] = blend(motif.colour[rows], colour, leaf)
            motif.angle[rows] = np.where(leaf > 0.5, rng.normal(0, 0.12), motif.angle[rows])
            covered[rows] = np.maximum(covered[rows], leaf)
            if rng.random() < 0.22:
                blossoms.append((place_x, place_y - 10 * near, near))
    return covered, blossoms


def _blossom(rng: Generator, place: tuple[float, float, float]) -> Strokes:
    """A cup of petals: short thick dabs that fan upwards from its base."""
    x, y, near = place
    count = 17
    fan = np.linspace(-2.75, -0.4, count) + rng.normal(0, 0.12, count)
    starts = np.stack([np.full(count, x), np.full(count, y)], axis=-1)
    starts = starts + rng.normal(0, 3.5 * near, starts.shape)
    tips = np.stack([np.cos(fan) * 1.15, np.sin(fan) * 0.85], axis=-1)
    reach = near * rng.uniform(24, 38, (count, 1, 1))
    paths = starts[:, None] + tips[:, None] * reach * np.linspace(0, 1, 9)[None, :, None]
    colours = vary(rng, pick(rng, PETALS, count), 0.03, 0.02)
    colours[rng.random(count) < 0.13] = rgb("#e9a92f")
    return Strokes(paths.astype(np.float32), np.full(count, 12.0 * near), colours)


def _sparkle(rng: Generator, motif: Motif, covered: Field) -> Strokes:
    """Level flecks of reflected light between the leaves."""
    count = 420
    middles = rng.uniform((0, 0), (SHAPE[1], SHAPE[0]), (count, 2))
    middles = middles[at(covered, middles[:, 0], middles[:, 1]) < 0.3]
    under = at(motif.colour, middles[:, 0], middles[:, 1])
    colours = np.clip(under * 0.72 + pick(rng, MIRROR[2:6], len(middles)) * 0.3, 0, 1)
    lengths = rng.uniform(18, 70, len(middles))
    paths = through(0.12 * motif.angle, middles, lengths)
    return Strokes(paths, rng.uniform(3, 7, len(middles)), colours.astype(np.float32))


def draw() -> Image.Image:
    """Paint the picture."""
    rng = np.random.default_rng(1906)
    motif, mirrored = _water(rng)
    surface = primed(SHAPE, rgb("#7d7a8e"))
    cover(surface, motif.colour, motif.angle, Brush(36, 130, body=0.6, mixing=0.2), rng, 20)
    covered, blossoms = _pads(rng, motif)
    soft = Brush(17, 82, dryness=0.25, body=1.1, streak=0.16, light=0.04, hue=0.035, mixing=0.22)
    cover(surface, motif.colour, motif.angle, soft, rng, 12, np.clip(1 - 0.3 * mirrored, 0, 1))
    fine = Brush(8.5, 46, dryness=0.25, body=1.4, streak=0.18, light=0.07, hue=0.045, mixing=0.1)
    cover(surface, motif.colour, motif.angle, fine, rng, 11, 0.55 + 0.45 * blur(covered, 3))
    leaf = Brush(8, 52, dryness=0.15, body=1.6, streak=0.16, light=0.05, hue=0.03)
    cover(surface, motif.colour, 0.6 * motif.angle, leaf, rng, 7.5, covered)
    paint(surface, _sparkle(rng, motif, covered), Brush(8, 60, body=1.3, dryness=0.25), rng)
    for place in blossoms:
        paint(surface, _blossom(rng, place), Brush(12, 36, body=2.2, dryness=0.05), rng)
    relief = surface.relief + 0.4 * weave(rng, SHAPE, 3.6)
    return photographed(lit(surface.colour, relief, 0.5, 0.15), SIZE)
