"""Poppies: loose watercolour on rough paper, washes laid wet in wet and left to bloom.

Each wash is an area given by its signed distance, made ragged by noise. Pigment pools unevenly,
gathers at the rim where the wash dries, and settles in the pits of the paper. Washes add up as
layers of colour that absorb light, so that what is below shines through.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from PIL import Image

from data.drawing.noise import Field, blur, fractal, grid, smooth, spline, step
from data.drawing.palette import rgb
from data.drawing.surface import lit, photographed, tooth

SIZE = (784, 1024)
SHAPE = (1536, 1176)
# The noise is this much larger than the sheet, so that each wash can take its own part of it.
SPARE = 600
REDS = ("#e0301e", "#d4202c", "#ef5a2a", "#c81f3f", "#e8452f", "#f07a4a")
GREENS = ("#5d8a35", "#2f6a45", "#8aa53a", "#3f7f6a", "#24513f")
FLOWERS = (
    (430, 470, 205),
    (820, 640, 165),
    (300, 900, 150),
    (700, 250, 120),
    (930, 1010, 118),
    (130, 420, 86),
    (560, 1110, 92),
)


@dataclass
class Sheet:
    """A sheet of paper: the light its pigments absorb, its tooth, and the noise of its water."""

    absorbed: Field
    tooth: Field
    coarse: Field
    fine: Field
    pools: Field


def _sheet(rng: Generator) -> Sheet:
    spare = (SHAPE[0] + SPARE, SHAPE[1] + SPARE)
    return Sheet(
        np.zeros((*SHAPE, 3), np.float32),
        tooth(rng, SHAPE, 4.0),
        fractal(rng, spare, 110, 5, 0.55) - 0.5,
        fractal(rng, spare, 22, 4, 0.6) - 0.5,
        fractal(rng, spare, 150, 5, 0.6),
    )


def _wash(
    sheet: Sheet,
    part: tuple[slice, slice],
    distance: Field,
    colour: str,
    strength: float,
    ragged: float,
    soft: float,
    turn: int = 0,
) -> None:
    """One wash; `turn` moves the noise, so that no two washes run alike."""

    def noise(field: Field) -> Field:
        down, across = turn * 131 % SPARE, turn * 197 % SPARE
        top, left = (part[0].start or 0) + down, (part[1].start or 0) + across
        return field[top : top + distance.shape[0], left : left + distance.shape[1]]

    edge = distance + 2.2 * ragged * noise(sheet.coarse) + 0.9 * ragged * noise(sheet.fine)
    body = 1 - step(-soft, soft, edge)
    pool = np.clip(0.30 + 1.25 * (noise(sheet.pools) - 0.18), 0.12, 1.3)
    rim = np.exp(-(((edge + 4.0) / 4.5) ** 2)) * np.clip(6.0 / soft, 0, 1) * 0.75
    inner = np.exp(-(((edge + 26 + 40 * noise(sheet.coarse)) / 5.0) ** 2)) * 0.22
    grain = 1.0 + 0.9 * (0.5 - sheet.tooth[part]) + 0.25 * noise(sheet.fine)
    amount = (body * pool + (rim + inner) * body**0.3) * grain * strength
    absorb = -np.log(np.clip(rgb(colour), 0.02, 0.995))
    sheet.absorbed[part] += amount[..., None] * absorb


def _around(x: float, y: float, reach: float) -> tuple[slice, slice]:
    rows = slice(max(int(y - reach), 0), min(int(y + reach), SHAPE[0]))
    columns = slice(max(int(x - reach), 0), min(int(x + reach), SHAPE[1]))
    return rows, columns


def _background(rng: Generator, sheet: Sheet, x: Field, y: Field) -> None:
    whole = (slice(None), slice(None))
    washes = (
        ("#8fb7d9", 260, 300, 430, 330),
        ("#b9a6d8", 930, 380, 330, 300),
        ("#f3d98a", 640, 760, 380, 330),
        ("#a9cfa0", 300, 1180, 460, 330),
        ("#7fa8c9", 960, 1330, 360, 280),
        ("#cfd98a", 640, 1420, 520, 210),
        ("#e9b7a8", 130, 730, 230, 230),
        ("#6f9a8c", 520, 1330, 300, 190),
    )
    for number, (colour, centre_x, centre_y, wide, tall) in enumerate(washes):
        far = np.hypot((x - centre_x) / wide, (y - centre_y) / tall) - 1
        distance = far * min(wide, tall)
        _wash(sheet, whole, distance, colour, 0.62, 150, 95 if number % 2 else 22, number + 1)


def _bloom(rng: Generator, sheet: Sheet, x: Field, y: Field) -> None:
    """Backruns: a drop of water pushes pigment outwards to a cauliflower rim."""
    for _ in range(7):
        place_x, place_y = rng.uniform(60, SHAPE[1] - 60), rng.uniform(60, SHAPE[0] - 60)
        radius = rng.uniform(45, 110)
        part = _around(place_x, place_y, radius * 1.9)
        far = np.hypot(x[part] - place_x, y[part] - place_y)
        edge = far - radius * (1 + sheet.coarse[part] * 1.2 + 0.6 * sheet.fine[part])
        cleared = 1 - 0.55 * (1 - step(-20, 3, edge))
        pushed = 1 + 0.8 * np.exp(-(((edge - 2) / 5.0) ** 2))
        sheet.absorbed[part] *= (cleared * pushed)[..., None]


def _petals(rng: Generator, sheet: Sheet, x: Field, y: Field, flower: tuple[int, int, int]) -> None:
    centre_x, centre_y, radius = flower
    part = _around(centre_x, centre_y, radius * 1.75)
    dx, dy = x[part] - centre_x, (y[part] - centre_y) * 1.18
    first = rng.uniform(0, 6.28)
    for petal in range(5):
        heading = first + petal * 1.2566 + rng.normal(0, 0.16)
        reach = radius * rng.uniform(0.50, 0.62)
        out_x, out_y = np.cos(heading) * reach, np.sin(heading) * reach
        ahead = (dx - out_x) * np.cos(heading) + (dy - out_y) * np.sin(heading)
        aside = (dy - out_y) * np.cos(heading) - (dx - out_x) * np.sin(heading)
        far = np.hypot(ahead / 0.98, aside / 1.22) - radius * 0.52
        turn = int(rng.integers(1, 40))
        colour = REDS[int(rng.integers(len(REDS)))]
        _wash(sheet, part, far, colour, rng.uniform(0.50, 0.85), radius * 0.20, 2.6, turn)
        fold = np.abs(aside - 0.12 * radius * np.sin(ahead / radius * 5)) - radius * 0.05
        inside = np.where(far < -6, fold, 60.0)
        _wash(sheet, part, inside, "#c02038", 0.35, radius * 0.10, 7.0, turn + 3)


def _heart(rng: Generator, sheet: Sheet, x: Field, y: Field, flower: tuple[int, int, int]) -> None:
    centre_x, centre_y, radius = flower
    part = _around(centre_x, centre_y, radius * 0.8)
    far = np.hypot(x[part] - centre_x, (y[part] - centre_y) * 1.2)
    _wash(sheet, part, far - radius * 0.24, "#3a2a55", 0.9, radius * 0.16, 9.0, 5)
    _wash(sheet, part, far - radius * 0.12, "#27324a", 1.3, radius * 0.05, 2.5, 9)
    for _ in range(46):
        turn, reach = rng.uniform(0, 6.28), radius * rng.uniform(0.20, 0.42)
        spot_x, spot_y = centre_x + np.cos(turn) * reach, centre_y + np.sin(turn) * reach * 0.85
        small = _around(spot_x, spot_y, 12)
        dot = np.hypot(x[small] - spot_x, y[small] - spot_y) - radius * rng.uniform(0.012, 0.026)
        _wash(sheet, small, dot, "#1d1a2e", 1.5, 1.0, 1.6)


def _stalk(
    rng: Generator,
    sheet: Sheet,
    x: Field,
    y: Field,
    points: Field,
    wide: float,
    colour: str,
    strength: float,
) -> None:
    """A stem, a blade or a leaf: a wash that narrows along a curve."""
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    reach = np.ptp(points, axis=0).max() / 2 + 40 + wide
    part = _around(float(middle[0]), float(middle[1]), float(reach))
    far: Field = np.full(x[part].shape, 9e9, np.float32)
    for index, (start, end) in enumerate(pairwise(points)):
        thick = max(wide * (1.05 - index / len(points)) ** 0.7, 2.4)
        step_x, step_y = end - start
        dx, dy = x[part] - start[0], y[part] - start[1]
        share = np.clip((dx * step_x + dy * step_y) / (step_x**2 + step_y**2), 0, 1)
        far = np.minimum(far, np.hypot(dx - share * step_x, dy - share * step_y) - thick)
    _wash(sheet, part, far, colour, strength, 4.0 + wide * 0.25, 2.2, int(rng.integers(40)))


def _greenery(rng: Generator, sheet: Sheet, x: Field, y: Field) -> None:
    for flower_x, flower_y, radius in FLOWERS:
        foot = 560 + 0.30 * (flower_x - 560) + rng.normal(0, 90)
        bend = (flower_x + foot) / 2 + rng.normal(0, 60)
        line = spline(
            [(foot, 1560), (bend, (flower_y + 1560) / 2), (flower_x, flower_y + radius * 0.3)], 26
        )
        _stalk(rng, sheet, x, y, line, 6.5, GREENS[int(rng.integers(3))], 0.9)
    for _ in range(34):
        foot_x, foot_y = rng.uniform(20, SHAPE[1] - 20), rng.uniform(1530, 1620)
        lean, tall = rng.normal(0, 120), rng.uniform(200, 640)
        line = spline(
            [
                (foot_x, foot_y),
                (foot_x + lean * 0.3, foot_y - tall * 0.6),
                (foot_x + lean, foot_y - tall),
            ],
            16,
        )
        _stalk(
            rng,
            sheet,
            x,
            y,
            line,
            rng.uniform(5, 17),
            GREENS[int(rng.integers(len(GREENS)))],
            rng.uniform(0.4, 0.9),
        )
    for bud_x, bud_y in ((590, 640), (1010, 330), (180, 640), (1060, 800)):
        line = spline([(bud_x - 60, 1580), (bud_x + 30, bud_y + 180), (bud_x, bud_y)], 16)
        _stalk(rng, sheet, x, y, line, 6.0, GREENS[1], 0.8)
        part = _around(bud_x, bud_y, 90)
        far = np.hypot((x[part] - bud_x) / 0.66, y[part] - bud_y) - 40
        _wash(sheet, part, far, GREENS[0], 0.9, 9.0, 2.5, 3)
        _wash(sheet, part, far + 24 + 0.4 * (x[part] - bud_x), REDS[0], 0.8, 7.0, 3.0, 7)


def _splashes(rng: Generator, sheet: Sheet, x: Field, y: Field) -> None:
    for _ in range(150):
        place_x, place_y = rng.uniform(0, SHAPE[1]), rng.uniform(0, SHAPE[0])
        radius = rng.exponential(2.8) + 1.3
        part = _around(place_x, place_y, radius + 16)
        far = np.hypot(x[part] - place_x, y[part] - place_y) - radius
        colour = (REDS + GREENS[:3] + ("#6f8fc0",))[int(rng.integers(10))]
        _wash(sheet, part, far, colour, rng.uniform(0.3, 0.9), 2.0, 1.8)


def draw() -> Image.Image:
    """Paint the picture."""
    rng = np.random.default_rng(1917)
    x, y = grid(SHAPE)
    sheet = _sheet(rng)
    _background(rng, sheet, x, y)
    _bloom(rng, sheet, x, y)
    _greenery(rng, sheet, x, y)
    for flower in sorted(FLOWERS, key=lambda one: one[2]):
        part = _around(*flower)
        # The painter lifts the background where a flower comes, so that the reds stay clear.
        far = np.hypot(x[part] - flower[0], (y[part] - flower[1]) * 1.15) / flower[2]
        sheet.absorbed[part] *= step(0.55, 1.0, far)[..., None]
        _petals(rng, sheet, x, y, flower)
        _heart(rng, sheet, x, y, flower)
    _splashes(rng, sheet, x, y)
    paper = rgb("#fbf6ea") * (0.97 + 0.05 * smooth(rng, SHAPE, 300))[..., None]
    colour = paper * np.exp(-1.15 * sheet.absorbed)
    relief = 3.0 * sheet.tooth + 0.6 * blur(sheet.tooth, 3)
    return photographed(lit(np.clip(colour, 0, 1), relief, 0.55), SIZE)
