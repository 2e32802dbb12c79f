"""River in dots: poplars, a bank and a sail by a river at sunset, in the divided dots of 1886.

No colour is mixed: each dot is one of a few pure pigments, drawn by lot, the likelier the nearer it
comes to the motif's colour; the eye mixes them. Dots grow with the thickness of the layer.
"""

import numpy as np
from numpy.random import Generator
from PIL import Image

from data.drawing.brush import Brush, Strokes, cover, paint, scattered, through
from data.drawing.motif import Motif, bare, polygon
from data.drawing.noise import Field, at, fractal, grid, smooth, step
from data.drawing.palette import blend, ramp, rgb, swatches, vary
from data.drawing.surface import lit, photographed, primed, weave

SIZE = (1024, 720)
SHAPE = (1080, 1536)
PIGMENTS = (
    "#fff4d6",
    "#ffe27a",
    "#f9b53a",
    "#f07f2e",
    "#e0503c",
    "#f2a6a0",
    "#c8507f",
    "#7a4a9c",
    "#3c3f94",
    "#2f63b8",
    "#5a9fd6",
    "#a9d3e6",
    "#2f8f8a",
    "#2e7a45",
    "#7fae3e",
    "#c9d26a",
    "#183a4f",
    "#4a2a4f",
)
SKY = ("#5f8fd0", "#9fbfe0", "#f3c9c0", "#f9d58a", "#f6a55a", "#ee8450")
TREES = ("#17383f", "#2c6a45", "#5f9440", "#b0b04a", "#274a6a")
BANK = ("#2d5a3c", "#7fa23e", "#d3c455", "#4c8a4a", "#8a6aa0")
HORIZON = 0.50


def _sky_and_river(rng: Generator, x: Field, y: Field) -> Motif:
    motif = bare(SHAPE)
    rows, columns = SHAPE
    height = y / (HORIZON * rows)
    clouds = fractal(rng, SHAPE, (46, 300), 4)
    share = np.clip(height * 0.92 + 0.42 * (clouds - 0.5), 0, 1)
    motif.lay(np.ones(SHAPE, np.float32), ramp(SKY, share), 0.0)
    far = np.hypot(x - 0.66 * columns, y - 0.415 * rows)
    motif.colour = blend(
        motif.colour,
        ramp(("#fffbe0", "#ffe58a", "#f9b050"), far / 190),
        np.exp(-((far / 120.0) ** 2)),
    )
    below = (y - HORIZON * rows) / (rows * (1 - HORIZON))
    ripple = 0.16 * np.sin(y / (3.0 + 9.0 * np.clip(below, 0, 1))) + 0.5 * (clouds - 0.5)
    river = ramp(SKY[::-1], np.clip(below * 1.05 + ripple, 0, 1)) * 0.88
    column = np.exp(-(((x - 0.66 * columns) / (34 + 120 * np.clip(below, 0, 1))) ** 2))
    spark = column * (0.6 + 0.4 * np.sin(y / 5.0 + x / 80.0))
    river = blend(river, rgb("#ffe9a0"), np.clip(spark, 0, 1))
    motif.lay(step(-2, 2, y - HORIZON * rows), river, 0.0)
    return motif


def _poplars(rng: Generator, motif: Motif, x: Field, y: Field) -> None:
    """A row of poplars on the far bank, and their mirror image."""
    line = HORIZON * SHAPE[0]
    leaves = ramp(TREES, fractal(rng, SHAPE, (70, 30), 4))
    mirror = blend(leaves, rgb("#3c4f94"), 0.35)
    wobble = 26 * (smooth(rng, SHAPE, (9, 60)) - 0.5)
    edge = 18 * (smooth(rng, SHAPE, 26) - 0.5)
    for place, tall, wide in (
        (0.045, 330, 50),
        (0.105, 420, 54),
        (0.165, 380, 46),
        (0.225, 455, 52),
        (0.29, 350, 44),
        (0.345, 285, 38),
        (0.395, 235, 32),
        (0.44, 190, 28),
        (0.48, 150, 24),
        (0.515, 120, 20),
    ):
        for sign, colour in ((1, leaves), (-1, mirror)):
            rise = (line - y) * sign / tall
            half = wide * np.clip(rise * 5 + 0.25, 0, 1) * np.clip(1.0 - rise, 0, 1) ** 0.5
            shift = wobble if sign < 0 else edge
            inside = (np.abs(x - place * SHAPE[1] + shift) < half) & (rise > -0.02)
            sunny = 0.6 * step(-0.3, 1.0, (x - place * SHAPE[1]) / wide) * (sign > 0)
            tone = blend(colour, rgb("#e2a84a"), sunny * inside)
            motif.lay(inside.astype(np.float32), tone, 0.0)


def _banks(rng: Generator, motif: Motif, x: Field, y: Field) -> None:
    rows, columns = SHAPE
    far_hills = 0.455 * rows - 26 * np.sin(x / 190.0) - 12 * np.sin(x / 60.0)
    hills = ramp(("#7a78b8", "#a58cc0", "#5a86b0"), fractal(rng, SHAPE, 50, 3))
    motif.lay(((y > far_hills) & (y < HORIZON * rows)).astype(np.float32), hills, 0.0)
    strip = ((y > 0.485 * rows) & (y < 0.508 * rows)).astype(np.float32)
    motif.lay(strip, ramp(BANK, fractal(rng, SHAPE, (10, 60), 3)), 0.0)
    _poplars(rng, motif, x, y)
    edge = 0.80 * rows + 0.26 * rows * (x / columns - 0.55) + 20 * np.sin(x / 130.0)
    edge = edge - 300 * step(0.70, 1.05, x / columns)
    grass = ramp(BANK, np.clip(fractal(rng, SHAPE, (70, 120), 4) + 0.0004 * (y - edge), 0, 1))
    motif.lay(step(-3, 3, y - edge + 26 * smooth(rng, SHAPE, (40, 8))), grass, 0.0)
    shade = np.exp(-(((y - edge - 40) / 60.0) ** 2)) * 0.5
    motif.colour = blend(motif.colour, rgb("#3a2f6a"), shade * (y > edge))


def _sail(motif: Motif) -> None:
    motif.lay(polygon(SHAPE, [(770, 640), (905, 636), (880, 668), (795, 668)]), rgb("#4a2a4f"), 0.0)
    motif.lay(polygon(SHAPE, [(838, 630), (846, 385), (925, 622)]), rgb("#fff0cf"), 0.0)
    motif.lay(polygon(SHAPE, [(828, 630), (836, 425), (770, 624)]), rgb("#f5b88a"), 0.0)
    motif.lay(polygon(SHAPE, [(800, 676), (900, 676), (850, 860)]), rgb("#f3d3b0"), 0.0)


def _divided(rng: Generator, wanted: Field) -> Field:
    """For each wanted colour one pigment, the nearer ones being likelier."""
    pigments = swatches(PIGMENTS)
    distance = ((wanted[:, None] - pigments[None]) ** 2).sum(axis=-1)
    # Gumbel noise turns a choice of the nearest into a draw by lot.
    lot = -0.046 * np.log(-np.log(rng.uniform(1e-9, 1.0, distance.shape)))
    result: Field = pigments[np.argmin(distance - lot, axis=1)]
    return result


def _dots(rng: Generator, motif: Motif, size: float, spacing: float) -> Strokes:
    middles = scattered(rng, SHAPE, spacing)
    colours = vary(rng, _divided(rng, at(motif.colour, middles[:, 0], middles[:, 1])), 0.02, 0.015)
    angles = np.full(SHAPE, 0.35, np.float32) + 0.8 * (smooth(rng, SHAPE, 60) - 0.5)
    lengths = size * rng.uniform(0.9, 1.5, len(middles))
    return Strokes(
        through(angles, middles, lengths), size * rng.uniform(0.8, 1.15, len(middles)), colours
    )


def draw() -> Image.Image:
    """Paint the picture."""
    rng = np.random.default_rng(1886)
    x, y = grid(SHAPE)
    motif = _sky_and_river(rng, x, y)
    _banks(rng, motif, x, y)
    _sail(motif)
    surface = primed(SHAPE, rgb("#efe3c8"))
    cover(surface, motif.colour, motif.angle, Brush(22, 50, dryness=0.2, body=0.3), rng, 19)
    for size, spacing in ((13.0, 9.5), (11.0, 9.0), (8.5, 8.5)):
        dots = _dots(rng, motif, size, spacing)
        paint(surface, dots, Brush(size, size, dryness=0.03, body=1.5, streak=0.10), rng)
    relief = surface.relief + 0.4 * weave(rng, SHAPE, 3.8)
    return photographed(lit(surface.colour, relief, 0.45, 0.1), SIZE)
