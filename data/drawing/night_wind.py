"""Night wind: a swirling night sky over a ripe wheat field, in thick oil paint.

A motif of plain colour areas and a field of directions (eddies round the stars and the moon, long
swells between them, wheat bent by the wind) are painted over with strokes, from broad to fine.
"""

import numpy as np
from numpy.random import Generator
from PIL import Image

from data.drawing.brush import Brush, cover
from data.drawing.noise import Field, fractal, grid, smooth, step
from data.drawing.palette import blend, ramp, rgb
from data.drawing.surface import lit, photographed, primed, weave

SIZE = (1024, 832)
SHAPE = (1248, 1536)
SKY = ("#0d1b4c", "#163a8c", "#1f5fb4", "#3f93c9", "#12306f", "#7fc1cf", "#1d4a9e", "#0f2660")
WHEAT = ("#7a4312", "#b3701b", "#dd9f22", "#f2c545", "#c98a1f", "#f7de80", "#98611a")
HILLS = ("#12283f", "#1d4a55", "#2c6a5f", "#1a3a5c", "#4d8467")
# Lights in the sky: x, y, radius of the core, radius of the halo, as shares of the width.
LIGHTS = (
    (0.815, 0.145, 0.034, 0.150),
    (0.115, 0.105, 0.012, 0.062),
    (0.300, 0.235, 0.015, 0.078),
    (0.470, 0.085, 0.010, 0.056),
    (0.610, 0.250, 0.011, 0.058),
    (0.090, 0.330, 0.010, 0.052),
    (0.935, 0.350, 0.010, 0.050),
)
EDDIES = ((0.455, 0.255, 0.16, 1.0), (0.640, 0.345, 0.10, -1.0), (0.20, 0.40, 0.09, -0.8))


def _horizon(x: Field) -> Field:
    share = x / SHAPE[1]
    bend = 0.545 - 0.055 * np.sin(share * 5.2 + 0.6) - 0.018 * np.sin(share * 13.0 + 1.0)
    result: Field = bend * SHAPE[0]
    return result


def _field_edge(x: Field) -> Field:
    share = x / SHAPE[1]
    result: Field = (0.655 + 0.03 * np.sin(share * 3.3 + 2.2)) * SHAPE[0]
    return result


def _sky(rng: Generator, x: Field, y: Field) -> tuple[Field, Field]:
    """Colours and directions of the sky."""
    width = SHAPE[1]
    flow_x: Field = np.ones(SHAPE, np.float32)
    flow_y = 0.42 * np.sin(x / width * 9.0 + y / width * 4.0) + 0.5 * (
        smooth(rng, SHAPE, 260) - 0.5
    )
    bands = y / SHAPE[0] * 2.1 + 0.20 * np.sin(x / width * 8.0) + 0.55 * fractal(rng, SHAPE, 200, 3)
    for centre_x, centre_y, radius, spin in EDDIES:
        dx, dy = x - centre_x * width, y - centre_y * width
        distance = np.hypot(dx, dy) + 1.0
        pull = 3.2 * np.exp(-((distance / (radius * width)) ** 2)) * spin
        flow_x += -dy / distance * pull
        flow_y += dx / distance * pull
        turn = np.arctan2(dy, dx) / (2 * np.pi)
        spiral = distance / (radius * width) * 1.7 - turn * spin
        bands += (np.cos(2 * np.pi * spiral) * 0.26) * np.exp(-((distance / (radius * width)) ** 2))
    colour = ramp(SKY, np.mod(bands, 1.0))
    glow = step(0.30, 0.56, y / SHAPE[0])
    colour = blend(colour, ramp(("#2f74b5", "#8cc7c4", "#e3dfa0"), glow), 0.65 * glow)
    for centre_x, centre_y, core, halo in LIGHTS:
        dx, dy = x - centre_x * width, y - centre_y * width
        distance = np.hypot(dx, dy)
        share = distance / (halo * width)
        pull = 9.0 * np.exp(-(share**4))
        flow_x += -dy / (distance + 1) * pull
        flow_y += dx / (distance + 1) * pull
        ring = 0.5 + 0.5 * np.cos(share * 17.0)
        shine = ramp(("#fff3b8", "#ffd84f", "#f0c24a", "#9cc9a4", "#3f87bd"), np.clip(share, 0, 1))
        colour = blend(colour, shine, (1 - step(0.45, 1.1, share)) * (0.55 + 0.45 * ring))
        colour = blend(colour, rgb("#fff6cf"), 1 - step(0.8, 1.25, distance / core / width))
    return colour, np.arctan2(flow_y, flow_x)


def _poplar(x: Field, y: Field, foot: tuple[float, float], tall: float) -> Field:
    """The soft share of each pixel that a flame-shaped tree covers."""
    rise = (foot[1] - y) / tall
    sway = np.sin(rise * 4.0) * 0.02 * tall
    half = 0.15 * tall * np.sqrt(np.clip(rise + 0.04, 0, 1)) * np.clip(1.02 - rise, 0, 1) ** 0.75
    ragged = half * (1.0 + 0.22 * np.sin(y / 21.0))
    inside = 1 - step(-5, 5, np.abs(x - foot[0] - sway) - ragged)
    return np.where((rise > -0.04) & (rise < 1.02), inside, 0.0)


def _scene(rng: Generator) -> tuple[Field, Field, Field]:
    """The motif, the directions, and the share of each pixel that is wheat."""
    x, y = grid(SHAPE)
    colour, angle = _sky(rng, x, y)
    rows = fractal(rng, SHAPE, (60, 220), 4)
    hills = ramp(HILLS, np.mod(rows * 1.4 + (y - _horizon(x)) / 150.0, 1.0))
    land = step(-3, 3, y - _horizon(x))
    colour = blend(colour, hills, land)
    slope = np.gradient(_horizon(x), axis=1)
    angle = np.where(land > 0.5, np.arctan(slope) + 0.5 * (rows - 0.5), angle)
    wheat = step(-4, 4, y - _field_edge(x))
    depth = np.clip((y - _field_edge(x)) / (0.36 * SHAPE[0]), 0, 1)
    drift = np.mod(depth * 2.6 + 0.16 * np.sin(x / 130.0) + 0.9 * fractal(rng, SHAPE, 190, 4), 1.0)
    gust = np.sin(x / 210.0 + depth * 5.0) * 0.5 + 0.9 * (smooth(rng, SHAPE, 170) - 0.5)
    colour = blend(colour, ramp(WHEAT, drift), wheat)
    angle = np.where(wheat > 0.5, -1.15 + 0.55 * gust, angle)
    for foot, tall in (((215, 880), 600), ((305, 890), 430)):
        tree = _poplar(x, y, foot, tall)
        leaves = ramp(("#07161c", "#16372f", "#2d5a3a", "#0c2430", "#5b7f3b"), rows)
        colour = blend(colour, leaves, tree)
        upward = -np.pi / 2 + 0.4 * np.sin(y / 75.0 + x / 30.0)
        angle = np.where(tree > 0.5, upward, angle)
    return colour, angle, wheat


def draw() -> Image.Image:
    """Paint the picture."""
    rng = np.random.default_rng(1889)
    motif, angle, wheat = _scene(rng)
    surface = primed(SHAPE, rgb("#8a6a3f"))
    cover(surface, motif, angle, Brush(34, 150, dryness=0.02, body=0.7, hue=0.02), rng, 20)
    broad = Brush(17, 92, streak=0.16, dryness=0.10, body=1.25, light=0.045, hue=0.03)
    cover(surface, motif, angle, broad, rng, 11.5)
    thick = Brush(11, 62, streak=0.18, dryness=0.12, body=1.7, light=0.075, hue=0.035)
    cover(surface, motif, angle, thick, rng, 12.5, 1.0 - 0.4 * wheat)
    stalk = Brush(7, 74, streak=0.16, dryness=0.10, body=1.6, light=0.10, hue=0.05)
    cover(surface, motif, angle, stalk, rng, 9.0, wheat * 0.9)
    relief = surface.relief + 0.35 * weave(rng, SHAPE, 4.0)
    return photographed(lit(surface.colour, relief, 0.55, 0.25), SIZE)
