"""Harbour at noon: a southern bay in the pure, unmixed colours of fauvism, in broad strokes.

Every area of the motif has two or three loud colours that alternate, and its own direction of the
brush. The strokes stand apart, so that the primed canvas shines through between them.
"""

import numpy as np
from numpy.random import Generator
from PIL import Image

from data.drawing.brush import Brush, cover
from data.drawing.motif import Motif, Point, bare, polygon
from data.drawing.noise import Field, fractal, grid, smooth, spline, step
from data.drawing.palette import ramp, rgb
from data.drawing.surface import lit, photographed, primed, weave

SIZE = (1024, 848)
SHAPE = (1272, 1536)
SKY = ("#f7c9c4", "#f9e1a8", "#a9d6d6", "#f4a9a0", "#cfe3c4", "#8fc1e0")
HILLS = ("#5a4fa3", "#2f74b8", "#b65c9c", "#3f9a8c", "#7b3f98", "#e07a5f")
SEA = ("#0f9aa8", "#1565b0", "#31c0a8", "#f2a7b5", "#0d7f9c", "#6fd3c4", "#e9e0a0")
EARTH = ("#e4572e", "#f29f3d", "#d8315b", "#f6c445", "#b5426f", "#ee7d63")
GRASS = ("#2f9e56", "#9ac43a", "#117a65", "#f1d23c", "#1f7fa0")
CROWN = ("#137a5a", "#2aa866", "#0f4f8a", "#e8b92f", "#8fbf34", "#0b5f6f", "#d9482b")
WALLS = ("#fbe8c0", "#f8b8a0", "#f9d15b", "#f7f0e2")
ROOFS = ("#d8311f", "#ee6c2b", "#b3245f")


def _mixed(rng: Generator, colours: tuple[str, ...], scale: float | tuple[float, float]) -> Field:
    share = fractal(rng, SHAPE, scale, 3)
    return ramp(colours, np.mod(share * 1.9, 1.0))


def _land(motif: Motif, edge: list[Point], colour: Field, angle: Field | float) -> None:
    line = spline(edge, 90)
    outline = [*map(tuple, line.tolist()), (SHAPE[1] + 90, SHAPE[0] + 90), (-90, SHAPE[0] + 90)]
    motif.lay(polygon(SHAPE, outline), colour, angle)


def _house(motif: Motif, rng: Generator, x: float, y: float, size: float) -> None:
    wide, tall = size * rng.uniform(0.9, 1.3), size * rng.uniform(0.8, 1.2)
    wall = rgb(WALLS[rng.integers(len(WALLS))])
    shade = rgb(("#7f8fd0", "#b07cc0")[rng.integers(2)])
    roof = rgb(ROOFS[rng.integers(len(ROOFS))])
    front = [(x, y), (x + wide, y), (x + wide, y - tall), (x, y - tall)]
    motif.lay(polygon(SHAPE, front), wall, np.pi / 2)
    side = [(x + wide * 0.62, y), (x + wide, y), (x + wide, y - tall), (x + wide * 0.62, y - tall)]
    motif.lay(polygon(SHAPE, side), shade, np.pi / 2)
    eaves = y - tall
    top = [(x - 8, eaves), (x + wide + 8, eaves), (x + wide * 0.72, eaves - tall * 0.5)]
    motif.lay(polygon(SHAPE, [*top, (x + wide * 0.28, eaves - tall * 0.5)]), roof, 0.1)
    window = [(x + wide * 0.2, y - tall * 0.35), (x + wide * 0.4, y - tall * 0.35)]
    window += [(x + wide * 0.4, y - tall * 0.75), (x + wide * 0.2, y - tall * 0.75)]
    motif.lay(polygon(SHAPE, window), rgb("#1b3f8f"), np.pi / 2)


def _boat(motif: Motif, x: float, y: float, size: float, sail: str, hull: str) -> None:
    body = [(x - size, y - size * 0.12), (x + size, y - size * 0.18)]
    body += [(x + size * 0.68, y + size * 0.24), (x - size * 0.7, y + size * 0.24)]
    motif.lay(polygon(SHAPE, body), rgb(hull), 0.05)
    cloth = [(x - size * 0.05, y - size * 0.25), (x + size * 0.1, y - size * 2.1)]
    motif.lay(polygon(SHAPE, [*cloth, (x + size * 0.95, y - size * 0.35)]), rgb(sail), 1.1)
    jib = [(x - size * 0.15, y - size * 0.3), (x + size * 0.02, y - size * 1.8)]
    motif.lay(polygon(SHAPE, [*jib, (x - size * 0.8, y - size * 0.3)]), rgb("#fdf3df"), 2.0)
    mirror = [(x - size * 0.5, y + size * 0.3), (x + size * 0.6, y + size * 0.3)]
    motif.lay(polygon(SHAPE, [*mirror, (x + size * 0.1, y + size * 1.5)]), rgb(sail), 0.0)


def _tree(motif: Motif, rng: Generator, trunk: list[Point], wide: float, crown: Field) -> None:
    x, y = grid(SHAPE)
    line = spline(trunk, 60)
    left = line + np.stack([-wide * np.linspace(1.0, 0.45, 60), np.zeros(60)], axis=-1)
    right = line + np.stack([wide * np.linspace(1.0, 0.45, 60), np.zeros(60)], axis=-1)
    bark = _mixed(rng, ("#c2261c", "#5b2a86", "#ef6f2e", "#23408f", "#d6336c"), (60, 18))
    motif.lay(
        polygon(SHAPE, [*map(tuple, left.tolist()), *map(tuple, right[::-1].tolist())]), bark, -1.45
    )
    leaves = _mixed(rng, CROWN, 74)
    swirl = smooth(rng, SHAPE, 70) - 0.5
    for centre_x, centre_y, radius in crown:
        far = np.hypot(x - centre_x, (y - centre_y) * 1.35) / radius
        lump = 1 - step(0.9, 1.1, far + 0.5 * (smooth(rng, SHAPE, 36) - 0.5))
        motif.lay(lump, leaves, 0.9 - 0.9 * (x - centre_x) / radius + 2.2 * swirl)


def _scene(rng: Generator) -> Motif:
    x, y = grid(SHAPE)
    motif = bare(SHAPE)
    clouds = 0.5 * np.sin(x / 170.0 + y / 90.0) - 0.2
    motif.lay(np.ones(SHAPE, np.float32), _mixed(rng, SKY, (120, 330)), clouds)
    ridge: list[Point] = [(-60, 430), (180, 330), (420, 395), (700, 285), (980, 380), (1600, 330)]
    _land(motif, ridge, _mixed(rng, HILLS, 110), 0.5 + 0.5 * np.sin(x / 140.0))
    slope: list[Point] = [(500, 520), (800, 470), (1050, 430), (1300, 395), (1620, 380)]
    _land(motif, [(-60, 512), (300, 505), *slope[1:]], _mixed(rng, GRASS, 80), 0.35)
    for place in (
        (900, 500, 62),
        (1005, 490, 74),
        (1120, 486, 66),
        (1215, 500, 92),
        (1350, 480, 74),
    ):
        _house(motif, rng, *place)
    sea = _mixed(rng, SEA, (34, 260))
    _land(motif, [(-60, 520), (500, 518), (1000, 522), (1620, 540)], sea, 0.06 * np.sin(x / 60.0))
    _boat(motif, 560, 640, 66, "#ef6a2a", "#23408f")
    _boat(motif, 860, 730, 104, "#f7c531", "#c2261c")
    _boat(motif, 1180, 610, 46, "#e2447e", "#137a5a")
    shore: list[Point] = [(-60, 800), (260, 830), (520, 960), (860, 1010), (1200, 985), (1620, 870)]
    _land(motif, shore, _mixed(rng, EARTH, (60, 190)), 0.25 + 0.35 * np.sin(x / 200.0 + y / 90.0))
    meadow: list[Point] = [(-60, 1010), (300, 1050), (640, 1150), (1000, 1205), (1620, 1100)]
    _land(motif, meadow, _mixed(rng, GRASS, 60), -1.0 + 0.5 * np.sin(x / 90.0))
    crown = np.asarray(((60, 150, 190), (280, 90, 185), (190, 250, 150), (430, 190, 120)))
    _tree(motif, rng, [(215, 1120), (180, 860), (240, 560), (190, 260)], 40, crown)
    other = np.asarray(((1470, 190, 150), (1390, 90, 120)))
    _tree(motif, rng, [(1440, 1120), (1470, 800), (1420, 480), (1460, 200)], 27, other)
    return motif


def draw() -> Image.Image:
    """Paint the picture."""
    rng = np.random.default_rng(1905)
    motif = _scene(rng)
    surface = primed(SHAPE, rgb("#f1e4cb"))
    under = Brush(27, 74, dryness=0.16, body=0.8, streak=0.13, light=0.02, hue=0.02)
    cover(surface, motif.colour, motif.angle, under, rng, 20)
    dab = Brush(21, 62, dryness=0.14, body=1.6, streak=0.16, light=0.05, hue=0.05)
    cover(surface, motif.colour, motif.angle, dab, rng, 21)
    small = Brush(12, 44, dryness=0.14, body=1.7, streak=0.16, light=0.06, hue=0.04)
    _, y = grid(SHAPE)
    detail = step(400, 470, y) * (1 - step(780, 860, y))
    cover(surface, motif.colour, motif.angle, small, rng, 13, 0.22 + 0.6 * detail)
    relief = surface.relief + 0.55 * weave(rng, SHAPE, 4.2)
    return photographed(lit(surface.colour, relief, 0.5, 0.2), SIZE)
