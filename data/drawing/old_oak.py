"""Old oak: a bare tree on a moor under moving clouds, in pen, brown ink and a little charcoal.

A map of tones and a field of directions are drawn first. Short pen lines then follow the
directions; the darker the tone, the more layers of lines cross there. Beneath lies rubbed
charcoal, and on top a few heightenings in white chalk, on toned paper.
"""

from itertools import pairwise

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from data.drawing.brush import Brush, Strokes, paint, scattered, through
from data.drawing.motif import along, polygon
from data.drawing.noise import Field, at, blur, fractal, grid, smooth, spline, step
from data.drawing.palette import rgb, vary
from data.drawing.surface import Surface, fibres, photographed, primed, tooth

SIZE = (1024, 784)
SHAPE = (1176, 1536)
PAPER, INK, BROWN, CHALK = "#dcc9a3", "#1f1712", "#5a3a22", "#fbf5e4"
# Each layer of hatching: how far it is turned from the form, and the tone at which it starts.
LAYERS = ((0.0, 0.08), (0.05, 0.22), (0.62, 0.42), (-0.55, 0.60), (1.25, 0.76), (0.1, 0.84))

# The ridges: height, swell, its width, darkness, and the lean of their strokes.
RIDGES = (
    (800, 60, 300, 0.36, 0.9),
    (850, 42, 210, 0.50, -0.7),
    (905, 34, 380, 0.40, 0.45),
)
PATH_LEFT = ((880, 1176), (930, 1080), (1090, 1000), (1180, 945), (1150, 900))
PATH_RIGHT = ((1190, 905), (1235, 950), (1180, 1010), (1120, 1080), (1210, 1190))


def _grow(
    rng: Generator, limbs: list[Field], foot: Field, heading: float, length: float, thick: float
) -> None:
    """A limb with its twists, and the limbs that fork from it."""
    turns = heading + np.cumsum(rng.normal(0, 0.17, 10))
    moves = np.stack([np.cos(turns), np.sin(turns)], axis=-1) * length / 10
    line = foot + np.vstack([[0.0, 0.0], np.cumsum(moves, axis=0)])
    widths = thick * np.linspace(1.0, 0.62, len(line))
    limbs.append(np.column_stack([line, widths]))
    if thick < 1.6:
        return
    forks = 3 if thick > 8 else 2
    for fork in range(forks):
        share = 10 - int(rng.integers(0, 4)) if fork else 10
        side = (fork - (forks - 1) / 2) * 2 / max(forks - 1, 1)
        lean = turns[share - 1] + side * rng.uniform(0.35, 0.8)
        # Limbs reach for the light, but heavy ones sag to the sides.
        lean = lean + 0.22 * np.sin(-np.pi / 2 - lean)
        _grow(
            rng,
            limbs,
            line[share],
            lean,
            length * rng.uniform(0.66, 0.86),
            widths[share] * rng.uniform(0.58, 0.76),
        )


def _tree(rng: Generator) -> tuple[Field, Field]:
    """Where the tree is, and the direction of its bark."""
    limbs: list[Field] = []
    _grow(rng, limbs, np.asarray([560.0, 985.0]), -1.50, 300.0, 52.0)
    for root in (-2.9, -2.6, -0.35, -0.15):
        line = np.asarray([560.0, 960.0]) + np.linspace(0, 120, 11)[:, None] * np.asarray(
            [[np.cos(root), 0.42]]
        )
        limbs.append(np.column_stack([line, np.linspace(34, 4, 11)]))
    plan = Image.new("L", (SHAPE[1], SHAPE[0]))
    pen = ImageDraw.Draw(plan)
    angle: Field = np.zeros(SHAPE, np.float32)
    bearing = Image.new("F", (SHAPE[1], SHAPE[0]))
    rose = ImageDraw.Draw(bearing)
    for limb in limbs:
        for start, end in pairwise(limb):
            dx, dy = end[:2] - start[:2]
            half = np.asarray([-dy, dx]) / (np.hypot(dx, dy) + 1e-6)
            corners = [
                start[:2] + half * start[2],
                end[:2] + half * end[2],
                end[:2] - half * end[2],
                start[:2] - half * start[2],
            ]
            outline = [(float(x), float(y)) for x, y in corners]
            pen.polygon(outline, fill=255)
            rose.polygon(outline, fill=float(np.arctan2(dy, dx)))
            reach = float(start[2])
            box = (start[0] - reach, start[1] - reach, start[0] + reach, start[1] + reach)
            pen.ellipse(box, fill=255)
    angle = np.asarray(bearing, np.float32)
    return np.asarray(plan, np.float32) / 255.0, angle


def _sky(rng: Generator, x: Field, y: Field) -> tuple[Field, Field]:
    """Tones and directions of rolling clouds."""
    billow = fractal(rng, SHAPE, (150, 300), 5, 0.52) + 0.0002 * (300 - y)
    edge = np.clip(-8.0 * np.gradient(blur(billow, 9), axis=0) * 12, -0.4, 0.6)
    folds = 0.5 + 0.5 * np.sin(blur(billow, 5) * 42.0)
    tone = 0.13 + step(0.38, 0.95, billow) * (0.30 + 0.42 * folds) + 0.22 * edge
    tone = np.clip(tone, 0, 0.66) * (1 - 0.7 * step(380, 760, y)) + 0.03
    return tone, along(blur(billow, 14))


def _moor(rng: Generator, tone: Field, angle: Field) -> tuple[Field, Field]:
    """Lay three ridges, the rough grass in front and a path over the tones and directions."""
    x, y = grid(SHAPE)
    for level, tall, wide, dark, lean in RIDGES:
        edge = level - tall * np.sin(x / wide + level) - 26 * (smooth(rng, SHAPE, 70) - 0.5)
        under = step(-2, 2, y - edge)
        fall = np.exp(-np.clip(y - edge, 0, 900) / 75.0)
        shape = dark * (0.35 + 0.95 * fall) * (0.45 + 1.1 * fractal(rng, SHAPE, (40, 120), 4))
        tone = tone * (1 - under) + shape * under
        angle = np.where(under > 0.5, lean + 0.5 * (smooth(rng, SHAPE, 90) - 0.5), angle)
    near = step(-6, 6, y - (965 - 36 * np.sin(x / 350.0 + 1.0) - 24 * smooth(rng, SHAPE, 60)))
    tufts = step(0.30, 0.90, fractal(rng, SHAPE, (60, 100), 4, 0.6))
    tone = tone * (1 - near) + near * (0.10 + 0.85 * tufts * (0.6 + 0.5 * step(980, 1150, y)))
    grass = -np.pi / 2 + 0.9 * (smooth(rng, SHAPE, 80) - 0.5) + 0.35 * np.sin(x / 120.0)
    tone = tone * (1 - 0.85 * polygon(SHAPE, spline((*PATH_LEFT, *PATH_RIGHT), 60), 3))
    return tone, np.where(near > 0.5, grass, angle)


def _scene(rng: Generator) -> tuple[Field, Field, Field]:
    """Tones, directions, and the tree."""
    x, y = grid(SHAPE)
    tone, angle = _moor(rng, *_sky(rng, x, y))
    shadow = np.exp(-(((y - 1015 - 0.05 * (x - 560)) / 22.0) ** 2)) * step(500, 600, x)
    tone = np.clip(tone + 0.6 * shadow * (1 - step(850, 1000, x)), 0, 1)
    tree, bark = _tree(rng)
    sunny = np.clip((blur(tree, 12) - np.roll(blur(tree, 12), 16, axis=1)) * 2.0, -0.5, 0.5)
    tone = np.where(tree > 0.5, np.clip(0.80 - 0.75 * sunny, 0.3, 1), tone)
    angle = np.where(tree > 0.5, bark + 0.25 * np.sin(x / 9.0), angle)
    return np.clip(tone, 0, 1).astype(np.float32), angle, tree


def _hatching(rng: Generator, surface: Surface, tone: Field, angle: Field, tree: Field) -> None:
    """Layer upon layer of pen lines, shorter on the tree."""
    for number, (turn, least) in enumerate(LAYERS):
        middles = scattered(rng, SHAPE, 6.4)
        dark = at(tone, middles[:, 0], middles[:, 1])
        chance = np.clip((dark - least) * 1.9, 0, 1)
        middles = middles[rng.random(len(middles)) < chance]
        dark = at(tone, middles[:, 0], middles[:, 1])
        on_tree = at(tree, middles[:, 0], middles[:, 1])
        lengths = rng.uniform(16, 46, len(middles)) * (1 - 0.45 * on_tree)
        wander = 0.35 * (smooth(rng, SHAPE, 50) - 0.5)
        paths = through(angle + turn + wander, middles, lengths)
        widths = rng.uniform(1.3, 2.3, len(middles)) + 1.1 * np.clip(dark - 0.55, 0, 1)
        ink = rgb(INK if number % 2 else BROWN) + np.zeros((len(middles), 3), np.float32)
        strokes = Strokes(paths, widths, vary(rng, ink, 0.035, 0.012))
        paint(surface, strokes, Brush(2, 40, dryness=0.22, body=0.1, streak=0.2), rng)


def _outline(rng: Generator, surface: Surface, tree: Field) -> None:
    """Quick dark touches along the edge of the tree."""
    soft = blur(tree, 2)
    down, across = np.gradient(soft)
    middles = scattered(rng, SHAPE, 3.6)
    rim = np.abs(at(soft, middles[:, 0], middles[:, 1]) - 0.5) < 0.22
    middles = middles[rim]
    paths = through(np.arctan2(-across, down), middles, rng.uniform(8, 22, len(middles)))
    ink = rgb(INK) + np.zeros((len(middles), 3), np.float32)
    strokes = Strokes(paths, rng.uniform(1.6, 3.2, len(middles)), ink)
    paint(surface, strokes, Brush(2, 20, dryness=0.15, body=0.1), rng)


def _chalk(rng: Generator, surface: Surface, tone: Field, angle: Field) -> None:
    middles = scattered(rng, SHAPE, 9.0)
    light = np.clip(0.17 - at(tone, middles[:, 0], middles[:, 1]), 0, 1) * 9
    patches = at(fractal(rng, SHAPE, 130, 3), middles[:, 0], middles[:, 1])
    middles = middles[rng.random(len(middles)) < light * (patches > 0.5)]
    paths = through(angle + 0.5, middles, rng.uniform(24, 70, len(middles)))
    chalk = rgb(CHALK) + np.zeros((len(middles), 3), np.float32)
    strokes = Strokes(paths, rng.uniform(3, 7, len(middles)), chalk)
    paint(surface, strokes, Brush(6, 60, dryness=0.55, body=0.1, mixing=0.2), rng)


def draw() -> Image.Image:
    """Draw the picture."""
    rng = np.random.default_rng(1635)
    tone, angle, tree = _scene(rng)
    surface = primed(SHAPE, rgb(PAPER))
    surface.colour *= (0.88 + 0.20 * fibres(rng, SHAPE))[..., None]
    rubbed = blur(tone, 16) * 0.55 + 0.15 * fractal(rng, SHAPE, 120, 3)
    grain = 0.5 * tooth(rng, SHAPE, 1.4) + 0.5 * blur(rng.random(SHAPE, dtype=np.float32), 1.0)
    charcoal = np.clip(rubbed * (0.4 + 2.6 * (grain - 0.34)) - 0.05, 0, 0.55)
    surface.colour *= (1 - charcoal)[..., None] * np.asarray([1.0, 0.97, 0.92])
    _chalk(rng, surface, tone, angle)
    _hatching(rng, surface, tone, angle, tree)
    _outline(rng, surface, tree)
    surface.colour *= (0.94 + 0.10 * grain)[..., None]
    return photographed(surface.colour, SIZE)
