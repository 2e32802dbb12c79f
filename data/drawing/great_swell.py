"""Great swell: breaking waves under a red sun, as a many-block woodcut in indigo and cream.

A wave is the band between two curves that meet at its crest; streaks follow the band. Foam is a
growth of hooked fingers along the crest, cut in cream with an indigo edge. The print then takes on
the grain of the block, uneven ink and the fibres of its paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from data.drawing.motif import Point
from data.drawing.noise import Field, between, blur, fractal, grid, smooth, spline, step
from data.drawing.palette import blend, ramp, rgb
from data.drawing.surface import fibres, photographed

SIZE = (1024, 704)
SHAPE = (1408, 2048)
INDIGO, DEEP, MIDDLE, PALE, CREAM = "#16264a", "#24477c", "#5284ab", "#a9c3c4", "#f3e8cd"
STREAKS = (DEEP, PALE, INDIGO, MIDDLE, CREAM, DEEP, MIDDLE, INDIGO, PALE, DEEP, INDIGO)
# The back and the hollow face of a breaking wave, on a plot of 1200 by 1200; they meet at its tip.
BACK = (
    (-420, 1330),
    (-240, 1010),
    (0, 700),
    (250, 430),
    (520, 245),
    (800, 170),
    (1030, 235),
    (1150, 400),
)
FACE = (
    (760, 1330),
    (640, 1130),
    (570, 930),
    (590, 740),
    (690, 570),
    (850, 450),
    (1010, 395),
    (1150, 400),
)


@dataclass(frozen=True)
class Placing:
    """Where a wave stands, how large it is, and whether it breaks to the left."""

    x: float
    y: float
    size: float
    left: bool = False

    def on_block(self, points: Sequence[Point], count: int) -> Field:
        """A curve of the wave's plot, on the printing block."""
        curve = spline(points, count)
        across = -curve[:, 0] if self.left else curve[:, 0]
        return np.stack([self.x + across * self.size, self.y + curve[:, 1] * self.size], axis=-1)


@dataclass(frozen=True)
class Finger:
    """One hooked finger of foam: its spine and its half width along it."""

    spine: Field
    half: Field


def _pairs(points: Field) -> list[Point]:
    return [(float(x), float(y)) for x, y in points]


def _grow(
    rng: Generator, base: Field, heading: float, length: float, curl: float, depth: int
) -> list[Finger]:
    """A finger and the smaller ones that branch from it."""
    turns = heading + curl * np.linspace(0.0, 1.0, 14) ** 1.4
    moves = np.stack([np.cos(turns), np.sin(turns)], axis=-1) * (length / 14)
    spine = base + np.cumsum(moves, axis=0)
    half = length * 0.105 * (1.0 - np.linspace(0.0, 1.0, 14) ** 1.6) + 1.4
    fingers = [Finger(spine, half)]
    if depth:
        for joint, side in ((3, 1.0), (6, -1.0), (8, 1.0), (10, -0.8)):
            fingers += _grow(
                rng,
                spine[joint],
                turns[joint] + side * rng.uniform(0.5, 0.9),
                length * rng.uniform(0.36, 0.52),
                curl * rng.uniform(0.8, 1.3),
                depth - 1,
            )
    return fingers


def _foam(rng: Generator, draw: ImageDraw.ImageDraw, fingers: list[Finger]) -> None:
    """All the edges first, then all the cream, so that fingers melt into one another."""
    for colour, margin in ((INDIGO, 3.6), (CREAM, 0.0)):
        for finger in fingers:
            for (x, y), half in zip(finger.spine, finger.half, strict=True):
                reach = half + margin
                draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)
    for finger in fingers:
        if finger.half[0] > 7 and rng.random() < 0.8:
            shifted = finger.spine + finger.half[:, None] * rng.uniform(-0.3, 0.3)
            draw.line(_pairs(shifted[1:9]), fill=MIDDLE, width=3)


def _spray(rng: Generator, draw: ImageDraw.ImageDraw, crest: Field, size: float) -> None:
    for x, y in crest[rng.integers(0, len(crest), int(150 * size))]:
        far = rng.exponential(85 * size)
        angle = rng.uniform(-2.7, 0.3)
        reach = rng.uniform(1.5, 6.5)
        x, y = x + far * np.cos(angle), y + far * np.sin(angle)
        draw.ellipse((x - reach - 2, y - reach - 2, x + reach + 2, y + reach + 2), fill=DEEP)
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=CREAM)


def _streaks(rng: Generator, draw: ImageDraw.ImageDraw, back: Field, face: Field) -> None:
    """The striped body of a wave, its stripes tapering towards the crest."""
    draw.polygon(_pairs(np.concatenate([back, face[::-1]])), fill=DEEP)
    edges = np.linspace(0.0, 1.0, 36)
    edges[1:-1] += rng.normal(0.0, 0.009, 34)
    for number, (near, far) in enumerate(pairwise(edges)):
        share = np.linspace(0, 1, len(back))
        taper = (1 - share) ** 0.35 * np.clip((0.985 - share) * 8, 0, 1)
        waver = 0.010 * np.sin(share * 21 + number * 1.7)
        middle = (near + far) / 2 + waver
        half = (far - near) * 0.5 * taper
        upper = back + (face - back) * (middle - half)[:, None]
        lower = back + (face - back) * (middle + half)[:, None]
        stripe = np.concatenate([upper, lower[::-1]])
        draw.polygon(_pairs(stripe), fill=STREAKS[number % len(STREAKS)])
        draw.line(_pairs(upper), fill=INDIGO, width=3)
    draw.line(_pairs(back), fill=INDIGO, width=7)
    draw.line(_pairs(face), fill=INDIGO, width=6)


def _wave(rng: Generator, draw: ImageDraw.ImageDraw, place: Placing) -> None:
    back, face = place.on_block(BACK, 240), place.on_block(FACE, 240)
    _streaks(rng, draw, back, face)
    sign = -1.0 if place.left else 1.0
    claws: list[list[Finger]] = []
    for row, count, reach in ((back, 30, 135.0), (face, 14, 105.0)):
        first = 0.40 if row is back else 0.74
        for spot in np.linspace(first, 1.0, count):
            index = min(int(spot * 239), 238)
            tangent = row[index + 1] - row[index]
            forward = np.arctan2(tangent[1], tangent[0])
            lean = -0.75 if row is back else 0.95
            heading = forward + sign * (lean + rng.normal(0, 0.25))
            length = place.size * reach * rng.uniform(0.6, 1.2) * (0.45 + 0.75 * spot**2)
            curl = sign * rng.uniform(1.3, 2.5)
            claws.append(_grow(rng, row[index], heading, length, curl, 2))
    crest = np.concatenate([back[110:], face[190:]])
    _spray(rng, draw, crest, place.size)
    bed = [
        Finger(row[start::4], np.full(len(row[start::4]), 15.0 * place.size))
        for row, start in ((back, 90), (face, 190))
    ]
    _foam(rng, draw, bed)
    for index in rng.permutation(len(claws)):
        _foam(rng, draw, claws[index])


def _swell(rng: Generator, draw: ImageDraw.ImageDraw, level: float, tall: float) -> None:
    """A low swell across the whole block, striped, with a lace of foam on its top."""
    x = np.linspace(-20, SHAPE[1] + 20, 400)
    phase = rng.uniform(0, 6)
    top = level - tall * np.sin(x / 310.0 + phase) - 0.35 * tall * np.sin(x / 130.0 + phase * 2)
    for number in range(14):
        drop = number * (tall * 0.26 + 6) + 7 * np.sin(x / 95.0 + number)
        line = np.stack([x, top + drop], axis=-1)
        outline = [*_pairs(line), (SHAPE[1] + 20.0, SHAPE[0] + 9.0), (-20.0, SHAPE[0] + 9.0)]
        draw.polygon(outline, fill=STREAKS[(number * 5 + 1) % len(STREAKS)])
        draw.line(_pairs(line), fill=INDIGO, width=4)
    for index in range(4, 396, 5):
        if np.sin(x[index] / 310.0 + phase) > -0.35:
            base = np.asarray([x[index], top[index]])
            heading = rng.uniform(-2.2, -0.9)
            curl = rng.uniform(1.5, 2.6)
            _foam(rng, draw, _grow(rng, base, heading, rng.uniform(30, 70), curl, 1))


def _sky(rng: Generator) -> Image.Image:
    """Paper, a shaded sky, the sun and level drifts of cloud."""
    x, y = grid(SHAPE)
    shade = np.clip(1.0 - y / 420.0 + 0.16 * (smooth(rng, SHAPE, (60, 500)) - 0.5), 0, 1)
    sky = blend(
        ramp((CREAM, "#ecd9b4", "#e3c79f"), y / 1000.0),
        rgb("#5f87a0"),
        shade**1.4 * 0.95,
    )
    drifts = step(0.60, 0.64, fractal(rng, SHAPE, (40, 420), 3)) * (y < 760)
    sky = blend(sky, rgb("#f6ecd4"), 0.7 * drifts)
    sun = 1 - step(-2, 2, np.hypot(x - 1560, y - 345) - 165)
    red = ramp(("#b5301f", "#cf4a2c", "#e0744a"), (y - 180) / 330.0)
    sky = blend(sky, red, sun * (1 - 0.5 * drifts))
    return Image.fromarray((np.clip(sky, 0, 1) * 255).astype(np.uint8))


def _printed(rng: Generator, block: Field) -> Field:
    """The block as its ink takes to the paper."""
    x, y = grid(SHAPE)
    cut = 3.4
    x = x + cut * (smooth(rng, SHAPE, 17) - 0.5) + 2.4 * (smooth(rng, SHAPE, 5) - 0.5)
    y = y + cut * (smooth(rng, SHAPE, 17) - 0.5) + 2.4 * (smooth(rng, SHAPE, 5) - 0.5)
    colour = between(block, x, y)
    ring = fractal(rng, SHAPE, (110, 900), 3)
    grain = 0.5 + 0.5 * np.sin(ring * 150.0) + 0.8 * (smooth(rng, SHAPE, (2.2, 190)) - 0.5)
    patchy = blur(rng.random(SHAPE, dtype=np.float32), 1.3) - 0.5
    cloud = fractal(rng, SHAPE, 90, 4, 0.6) - 0.5
    depth = 1.0 - colour.mean(axis=-1)
    bare = np.clip(0.17 * grain + 1.1 * patchy + 0.35 * cloud, 0, 0.5) * (0.35 + 0.65 * depth)
    colour = blend(colour, rgb(CREAM), bare)
    result: Field = colour * (0.90 + 0.15 * fibres(rng, SHAPE))[..., None]
    return result


def draw() -> Image.Image:
    """Cut and print the picture."""
    rng = np.random.default_rng(1831)
    block = _sky(rng)
    pen = ImageDraw.Draw(block)
    _swell(rng, pen, 905, 34)
    _wave(rng, pen, Placing(1250, 560, 0.56))
    _swell(rng, pen, 1090, 44)
    _wave(rng, pen, Placing(160, 110, 1.0))
    _wave(rng, pen, Placing(1980, 830, 0.46, True))
    _swell(rng, pen, 1300, 52)
    return photographed(_printed(rng, np.asarray(block, np.float32) / 255.0), SIZE)
