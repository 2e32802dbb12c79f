"""Marbling: inks dropped on a bath, drawn out with a stylus and combs, and lifted off on paper.

Dropping ink pushes all earlier ink aside, and a stylus drags it along; both have an exact inverse.
So each point of the paper is followed backwards through all the moves, the last first, until it
lies within a drop; that drop's ink is what the paper took up there.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from PIL import Image

from data.drawing.noise import Field, Labels, blur, fractal, grid, smooth, step
from data.drawing.palette import blend, pick, rgb, swatches, vary
from data.drawing.surface import fibres, photographed

SIZE = (1024, 768)
SHAPE = (1152, 1536)
INKS = ("#14213d", "#8f1d21", "#e8d9b0", "#c98a2b", "#1f5f63", "#f3ead2", "#2d4373", "#b5482e")
SHARES = (0.20, 0.13, 0.20, 0.11, 0.11, 0.13, 0.07, 0.05)
BATH = "#efe4c8"


@dataclass(frozen=True)
class Drop:
    """Ink that spreads to a disc."""

    x: float
    y: float
    radius: float
    ink: int


@dataclass(frozen=True)
class Pull:
    """A stylus drawn along a line; the ink beside it follows less and less."""

    x: float
    y: float
    heading: float
    distance: float
    reach: float


@dataclass(frozen=True)
class Swirl:
    """A stylus turned about a point."""

    x: float
    y: float
    turn: float
    reach: float


Move = Drop | Pull | Swirl


@dataclass
class Paper:
    """The points still being followed backwards, and what the paper has taken up so far."""

    x: Field
    y: Field
    index: Labels
    drop: Labels
    rim: Field = field(default_factory=lambda: np.zeros(SHAPE[0] * SHAPE[1], np.float32))


def _undo(paper: Paper, move: Move, number: int) -> None:
    dx, dy = paper.x - move.x, paper.y - move.y
    if isinstance(move, Pull):
        cosine, sine = np.cos(move.heading), np.sin(move.heading)
        aside = np.abs(dy * cosine - dx * sine)
        dragged = move.distance * np.exp(-aside / move.reach)
        paper.x, paper.y = paper.x - cosine * dragged, paper.y - sine * dragged
        return
    if isinstance(move, Swirl):
        turn = -move.turn * np.exp(-((dx * dx + dy * dy) / move.reach**2))
        cosine, sine = np.cos(turn), np.sin(turn)
        paper.x, paper.y = move.x + dx * cosine - dy * sine, move.y + dx * sine + dy * cosine
        return
    square = (dx * dx + dy * dy) / move.radius**2
    inside = square < 1.0
    taken = paper.index[inside]
    paper.drop[taken] = number
    paper.rim[taken] = np.sqrt(square[inside])
    outside = ~inside
    shrink = np.sqrt(1.0 - 1.0 / square[outside])
    paper.x = move.x + dx[outside] * shrink
    paper.y = move.y + dy[outside] * shrink
    paper.index = paper.index[outside]


def _drops(rng: Generator, count: int, least: float, most: float) -> list[Move]:
    rows, columns = SHAPE
    inks = rng.choice(len(INKS), count, p=SHARES)
    places = rng.uniform((-0.05, -0.05), (1.05, 1.05), (count, 2)) * (columns, rows)
    sizes = rng.uniform(least, most, count)
    return [
        Drop(float(x), float(y), float(size), int(ink))
        for (x, y), size, ink in zip(places, sizes, inks, strict=True)
    ]


def _moves(rng: Generator) -> list[Move]:
    """Drops, a to-and-fro stylus, a fine comb, then large swirls and a last sprinkling."""
    rows, columns = SHAPE
    moves = _drops(rng, 150, 40, 125)
    for line in range(11):
        sign = 1 if line % 2 else -1
        moves.append(Pull(0.0, (line + 0.5) * rows / 11, 0.05 * sign, 250.0 * sign, 42.0))
    moves += _drops(rng, 90, 14, 50)
    for tine in range(17):
        moves.append(Pull((tine + 0.5) * columns / 17, 0.0, np.pi / 2 + 0.04, 120.0, 15.0))
    for x, y, turn, reach in (
        (0.27, 0.36, 3.6, 250),
        (0.70, 0.62, -3.9, 270),
        (0.90, 0.16, 2.6, 170),
        (0.08, 0.85, -2.6, 180),
        (0.50, 0.05, -1.8, 150),
        (0.48, 0.95, 2.2, 160),
    ):
        moves.append(Swirl(x * columns, y * rows, turn, reach))
    return moves + _drops(rng, 130, 2.5, 9.0)


def draw() -> Image.Image:
    """Lift the picture off the bath."""
    rng = np.random.default_rng(1586)
    x, y = grid(SHAPE)
    # A hand is never quite steady: the bath itself drifts a little.
    x = x + 34 * (smooth(rng, SHAPE, 130) - 0.5) + 7 * (smooth(rng, SHAPE, 34) - 0.5)
    y = y + 34 * (smooth(rng, SHAPE, 130) - 0.5) + 7 * (smooth(rng, SHAPE, 34) - 0.5)
    count = SHAPE[0] * SHAPE[1]
    paper = Paper(x.ravel(), y.ravel(), np.arange(count), np.full(count, -1))
    moves = _moves(rng)
    for number in range(len(moves) - 1, -1, -1):
        _undo(paper, moves[number], number)
    inks = np.stack(
        [swatches(INKS)[move.ink] if isinstance(move, Drop) else rgb(BATH) for move in moves]
        + [rgb(BATH)]
    )
    inks = vary(rng, inks, 0.03, 0.008)
    colour = inks[paper.drop].reshape(*SHAPE, 3)
    rim = paper.rim.reshape(SHAPE)
    colour = blend(colour, colour * 0.62, 0.8 * step(0.84, 0.97, rim))
    colour = blend(colour, rgb(BATH), 0.75 * step(0.972, 0.99, rim))
    grain = rng.random(SHAPE, dtype=np.float32)
    cloudy = fractal(rng, SHAPE, 26, 4, 0.7)
    thin = np.clip(0.20 * (cloudy - 0.35) + 0.22 * (blur(grain, 1) - 0.42), 0, 0.35)
    colour = blend(colour, rgb("#f6eedb"), thin)
    splash = pick(rng, INKS[:2], 1)[0]
    colour = blend(colour, splash, 0.35 * step(0.985, 0.995, grain * cloudy**0.05))
    return photographed(colour * (0.9 + 0.16 * fibres(rng, SHAPE))[..., None], SIZE)
