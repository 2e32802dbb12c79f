"""Fjord: a low sun over a northern fjord, in the long swaying strokes of expressionism.

Sky, water and shore are bands of one swaying field. Long, thin, half-dry strokes run along the
bands in layers, and let the warm cardboard show here and there.
"""

import numpy as np
from numpy.random import Generator
from PIL import Image

from data.drawing.brush import Brush, cover
from data.drawing.motif import Motif, along, bare, polygon
from data.drawing.noise import Field, blur, fractal, grid, smooth, spline, step
from data.drawing.palette import blend, ramp, rgb
from data.drawing.surface import lit, photographed, primed, tooth

SIZE = (832, 1024)
SHAPE = (1536, 1248)
SKY = ("#a3201c", "#d8431f", "#ee7a22", "#f4b13c", "#e6572a", "#f6d27a", "#c22f22", "#8fa9a8")
WATER = ("#0f2137", "#1d3f63", "#2c6277", "#132c4c", "#5b8d8c", "#1a3557", "#3d4f7a")
RIDGE = ("#1b1a33", "#3a2850", "#27365e", "#5a3558", "#1d2545")
SHORE = ("#2a2018", "#6b3a22", "#31402a", "#a4602e", "#4a2a3a", "#7c7440", "#1f2c2c")
SUN = (0.60, 0.395)


def _sky(rng: Generator, x: Field, y: Field) -> tuple[Field, Field]:
    rows, columns = SHAPE
    sway = 62 * np.sin(x / columns * 6.4 + y / rows * 5.0 + 0.4)
    sway = sway + 26 * np.sin(x / columns * 14.0 - y / rows * 9.0)
    bands = y + sway * (1.1 - y / rows) + 60 * (smooth(rng, SHAPE, 330) - 0.5)
    colour = ramp(SKY, np.mod(bands / 330.0 + 0.28 * fractal(rng, SHAPE, 200, 3), 1.0))
    return colour, bands


def _water(rng: Generator, x: Field, y: Field) -> tuple[Field, Field]:
    rows, columns = SHAPE
    depth = (y - 0.44 * rows) / rows
    sway = (14 + 160 * np.clip(depth, 0, 1)) * np.sin(x / columns * 5.0 + depth * 9.0)
    bands = y + sway + 40 * (smooth(rng, SHAPE, 260) - 0.5)
    colour = ramp(WATER, np.mod(bands / 210.0 + 0.35 * fractal(rng, SHAPE, (90, 300), 3), 1.0))
    column = np.abs(x - SUN[0] * columns - 0.3 * sway) / (40 + 120 * np.clip(depth, 0, 1))
    glitter = np.exp(-(column**4)) * (0.55 + 0.45 * np.sin(bands / 10.0))
    fire = ramp(("#f8dd86", "#f3a13a", "#e2602a"), np.clip(depth * 2.6, 0, 1))
    return blend(colour, fire, np.clip(glitter, 0, 1) * 0.92), bands


def _shore(rng: Generator, motif: Motif, x: Field, y: Field) -> None:
    rows, columns = SHAPE
    outlines = (
        ((-60, 1180), (120, 1120), (330, 1190), (520, 1330), (760, 1420), (1300, 1470)),
        ((1320, 905), (1150, 960), (1010, 1090), (985, 1230), (1090, 1350), (1300, 1420)),
    )
    for index, points in enumerate(outlines):
        edge = spline(points, 80)
        corner = [(columns + 80, rows + 80), (-80, rows + 80)] if index == 0 else [(1400, 1420)]
        land = polygon(SHAPE, [*map(tuple, edge.tolist()), *corner], 2.0)
        near: Field = np.full(SHAPE, 9e9, np.float32)
        for knot_x, knot_y in edge[::3]:
            near = np.minimum(near, (x - knot_x) ** 2 + (y - knot_y) ** 2)
        near = blur(np.sqrt(near), 12)
        bands = near + 60 * (smooth(rng, SHAPE, 150) - 0.5)
        colour = ramp(SHORE, np.mod(bands / 165.0 + 0.25 * fractal(rng, SHAPE, 120, 3), 1.0))
        motif.lay(land, colour, along(bands))


def _scene(rng: Generator) -> Motif:
    x, y = grid(SHAPE)
    rows, columns = SHAPE
    motif = bare(SHAPE)
    colour, bands = _sky(rng, x, y)
    far = np.hypot(x - SUN[0] * columns, y - SUN[1] * rows)
    halo = np.exp(-((far / 250.0) ** 2))
    glow = ramp(("#f6d27a", "#f19a33", "#d8431f"), np.mod(far / 90.0, 1.0))
    colour = blend(colour, glow, halo * 0.75)
    bands = bands * (1 - halo) + far * halo * 1.4
    motif.lay(np.ones(SHAPE, np.float32), colour, along(bands))
    motif.lay(1 - step(-4, 4, far - 50), rgb("#fdf0b6"), along(far))
    ridge = 0.452 * rows - 44 * np.sin(x / columns * 5.5 + 2.4) - 36 * smooth(rng, SHAPE, 120)
    hills = ramp(RIDGE, np.mod((y - ridge) / 46.0 + 0.5 * fractal(rng, SHAPE, 110, 3), 1.0))
    motif.lay(step(-3, 3, y - ridge), hills, along(y - ridge))
    colour, bands = _water(rng, x, y)
    motif.lay(step(-3, 3, y - 0.468 * rows), colour, along(bands))
    _shore(rng, motif, x, y)
    return motif


def draw() -> Image.Image:
    """Paint the picture."""
    rng = np.random.default_rng(1893)
    motif = _scene(rng)
    surface = primed(SHAPE, rgb("#b98a55"))
    wash = Brush(30, 180, dryness=0.18, body=0.25, streak=0.14, hue=0.02)
    cover(surface, motif.colour, motif.angle, wash, rng, 24)
    band = Brush(13, 190, dryness=0.34, body=0.8, streak=0.2, light=0.05, hue=0.03, mixing=0.1)
    cover(surface, motif.colour, motif.angle, band, rng, 15)
    line = Brush(6.5, 130, dryness=0.28, body=1.0, streak=0.2, light=0.09, hue=0.035)
    cover(surface, motif.colour, motif.angle, line, rng, 12.5)
    relief = surface.relief + 0.9 * tooth(rng, SHAPE, 3.0)
    return photographed(lit(surface.colour, relief, 0.5), SIZE)
