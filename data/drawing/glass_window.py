"""Glass window: a sun, hills, a river and an apple tree, as a leaded window of coloured glass.

Every pixel gets the number of the pane it belongs to. Where the numbers change there is lead.
The panes are streaky, uneven in thickness and lit from behind; the lead is dull and rounded.
"""

import numpy as np
from numpy.random import Generator
from PIL import Image

from data.drawing.motif import polygon
from data.drawing.noise import Field, Labels, Mask, blur, fractal, grid, smooth, spline, step
from data.drawing.palette import blend, pick, ramp, rgb, vary
from data.drawing.surface import lit, photographed

SIZE = (816, 1024)
SHAPE = (1536, 1224)
SUN = (760.0, 430.0)
SKY = (
    "#fff1a8",
    "#ffd04a",
    "#f79a2e",
    "#e8622f",
    "#c93a4e",
    "#8d3a83",
    "#4a3c9c",
    "#2545a0",
    "#1a2f7a",
)
FAR, NEAR = (
    ("#4f4aa8", "#7a4fae", "#3b63b5", "#8f5fb8"),
    ("#1f6f62", "#2f8f5a", "#17565e", "#4aa35a"),
)
MEADOW = ("#5fae3c", "#a8c93a", "#2f8a45", "#d6d548", "#1f7350")
RIVER = ("#2a8fd0", "#7fd0ea", "#1b62b4", "#4fb4d8", "#c5eaf0", "#174a96")
LEAVES = ("#1f7d3a", "#3fa33f", "#7cc043", "#13603a", "#b5d24a", "#2c8f5f")
APPLES = ("#d8202c", "#f04a35", "#b5122f")
BARK = ("#6a3a1c", "#8f5527", "#4f2a18")
BORDER = ("#a3172c", "#1d3d94", "#c9861f", "#7a1f6a", "#14655f")


class Panes:
    """The number of each pixel's pane, and the panes' colours."""

    def __init__(self) -> None:
        """Start with nothing on it."""
        self.number: Labels = np.zeros(SHAPE, np.intp)
        self.colours: list[Field] = []

    def set(self, rng: Generator, where: Mask, cells: Labels, colours: tuple[str, ...]) -> None:
        """Glaze an area with cells, each of a colour drawn from the list."""
        _, compact = np.unique(cells[where], return_inverse=True)
        self.glaze(where, compact, pick(rng, colours, int(compact.max(initial=0)) + 1))

    def glaze(self, where: Mask, cells: Labels, colours: Field) -> None:
        """Glaze an area with cells whose colours are given."""
        self.number[where] = cells + sum(len(group) for group in self.colours)
        self.colours.append(colours)


def _nearest(x: Field, y: Field, seeds: Field) -> Labels:
    best: Field = np.full(x.shape, 9e9, np.float32)
    owner: Labels = np.zeros(x.shape, np.intp)
    for index, (seed_x, seed_y) in enumerate(seeds):
        square = (x - seed_x) ** 2 + (y - seed_y) ** 2
        closer = square < best
        best = np.where(closer, square, best)
        owner[closer] = index
    return owner


def _sky(rng: Generator, panes: Panes, x: Field, y: Field) -> None:
    """Rings of panes about the sun, warm near it and blue far from it."""
    far = np.hypot(x - SUN[0], y - SUN[1])
    turn = (np.arctan2(y - SUN[1], x - SUN[0]) + np.pi) / (2 * np.pi)
    rings = np.asarray([0, 92, 150, 232, 330, 445, 570, 700, 850, 1300])
    wavy = far + 14 * np.sin(turn * 2 * np.pi * 7) * step(120, 400, far)
    ring = np.clip(np.searchsorted(rings, wavy, side="right") - 1, 0, 8)
    slices = np.asarray([1, 12, 12, 20, 20, 26, 26, 30, 30])[ring]
    twist = 0.5 * (ring % 2) + 0.35 * np.sin(far / 90.0) * step(90, 200, far)
    cells = ring * 100 + np.floor(np.mod(turn * slices + twist, slices)).astype(np.intp)
    unique, compact = np.unique(cells, return_inverse=True)
    share = np.clip(unique // 100 / 8.0 + rng.normal(0, 0.055, len(unique)), 0, 1)
    panes.glaze(np.ones(SHAPE, np.bool_), compact.reshape(-1), ramp(SKY, share))


def _land(rng: Generator, panes: Panes, x: Field, y: Field) -> None:
    ridges = (
        (FAR, 800 - 120 * np.sin(x / 215.0 + 0.9) - 55 * np.sin(x / 90.0), 140.0, -0.5),
        (NEAR, 925 - 80 * np.sin(x / 260.0 + 3.6) - 20 * np.sin(x / 70.0), 120.0, 0.4),
        (MEADOW, 1050 - 60 * np.sin(x / 300.0 + 0.4), 128.0, -0.3),
    )
    for colours, edge, wide, lean in ridges:
        under = y - edge
        band = np.floor((under + 16 * np.sin(x / 55.0)) / 92.0).astype(np.intp)
        column = np.floor((x + lean * under + 63 * band + 14 * np.sin(y / 40.0)) / wide)
        panes.set(rng, under > 0, band * 1000 + column.astype(np.intp), colours)


def _river(rng: Generator, panes: Panes, x: Field, y: Field) -> None:
    """A river that winds from the hills to the foot of the window."""
    fall = np.clip((y - 985) / 551.0, 0, 1)
    middle = 640 + 210 * np.sin(fall * 5.0 + 0.4) * (0.35 + fall) - 150 * fall
    half = 16 + 190 * fall**1.25
    across = (x - middle) / half
    wave = np.floor((y + 26 * np.sin(x / 62.0)) / (30 + 34 * fall)).astype(np.intp)
    lane = np.floor((across + 1) * 1.5 + 0.5 * (wave % 2)).astype(np.intp)
    panes.set(rng, (np.abs(across) < 1) & (y > 985), wave * 10 + lane, RIVER)


def _tree(rng: Generator, panes: Panes, x: Field, y: Field) -> None:
    """A tree on the left: crown of leaf panes, round apples, and a forked trunk."""
    crown = np.zeros(SHAPE, np.bool_)
    for centre_x, centre_y, radius in (
        (250, 560, 205),
        (130, 720, 150),
        (400, 705, 150),
        (225, 390, 140),
        (290, 790, 120),
    ):
        crown |= np.hypot(x - centre_x, y - centre_y) < radius
    seeds = rng.uniform((0, 240), (560, 930), (115, 2))
    panes.set(rng, crown, _nearest(x, y * 1.12, seeds * (1, 1.12)), LEAVES)
    for points, wide in (
        (((265, 1290), (250, 1120), (275, 930), (255, 760)), 38),
        (((268, 960), (205, 850), (150, 760), (110, 690)), 20),
        (((268, 930), (330, 830), (385, 740), (420, 650)), 20),
        (((256, 780), (262, 660), (235, 540), (245, 440)), 16),
    ):
        line = spline(points, 40)
        taper = wide * np.linspace(1.15, 0.5, 40)[:, None] * np.asarray([[1.0, 0.15]])
        outline = np.concatenate([line - taper, (line + taper)[::-1]])
        cells = np.floor((y + 0.4 * x) / 105.0).astype(np.intp)
        panes.set(rng, polygon(SHAPE, outline) > 0, cells, BARK)
    for apple_x, apple_y in (
        (150, 560),
        (320, 500),
        (230, 330),
        (410, 770),
        (95, 790),
        (330, 640),
        (190, 690),
        (345, 830),
    ):
        fruit = np.hypot(x - apple_x, y - apple_y) < 30
        panes.set(rng, fruit, 0 * panes.number, APPLES)


def _frame(rng: Generator, panes: Panes, x: Field, y: Field) -> None:
    inset = np.minimum(np.minimum(x, SHAPE[1] - 1 - x), np.minimum(y, SHAPE[0] - 1 - y))
    side = np.where(np.minimum(x, SHAPE[1] - 1 - x) < np.minimum(y, SHAPE[0] - 1 - y), 1, 2)
    run = np.where(side == 1, y, x)
    cells = side * 100_000 + np.floor(run / 96.0).astype(np.intp) * 10
    cells = cells + np.where(x > SHAPE[1] / 2, 1, 0) + np.where(y > SHAPE[0] / 2, 2, 0)
    panes.set(rng, inset < 58, cells, BORDER)
    panes.set(rng, (inset >= 58) & (inset < 76), cells + 7, ("#f6e3a0", "#fff3cf", "#f0cf7a"))


def _glass(rng: Generator, panes: Panes) -> Field:
    """The colours of the panes with the streaks, seeds and glow of hand-made glass."""
    colours = vary(rng, np.concatenate(panes.colours), 0.04, 0.04)
    colour = colours[panes.number]
    slant = rng.uniform(-1, 1, len(colours))[panes.number]
    swirl = fractal(rng, SHAPE, (150, 44), 5, 0.72)
    cross = fractal(rng, SHAPE, (40, 160), 5, 0.72)
    streak = np.where(slant > 0, swirl, cross) - 0.5
    x, y = grid(SHAPE)
    glow = (
        1.16
        - 0.5 * np.hypot(x - SUN[0], y - SUN[1]) / 1200
        + 0.25 * (smooth(rng, SHAPE, 240) - 0.5)
    )
    tone = glow + 0.95 * streak + 0.10 * slant
    pale = blend(colour, rgb("#fff8e0"), np.clip(streak * 1.3, 0, 0.55))
    result: Field = np.clip(pale * tone[..., None], 0, 1)
    return result


def _leading(panes: Panes) -> Field:
    """How near each pixel is to the middle of a lead, 1 at the middle."""
    number = panes.number
    change = np.zeros(SHAPE, np.float32)
    change[:, 1:] += number[:, 1:] != number[:, :-1]
    change[1:] += number[1:] != number[:-1]
    near = blur((change > 0).astype(np.float32), 3.6)
    result: Field = np.clip(near / 0.135, 0, 1.6)
    return result


def draw() -> Image.Image:
    """Glaze and light the window."""
    rng = np.random.default_rng(1220)
    x, y = grid(SHAPE)
    bend_x = x + 16 * (smooth(rng, SHAPE, 90) - 0.5)
    bend_y = y + 16 * (smooth(rng, SHAPE, 90) - 0.5)
    panes = Panes()
    _sky(rng, panes, bend_x, bend_y)
    _land(rng, panes, bend_x, bend_y)
    _river(rng, panes, bend_x, bend_y)
    _tree(rng, panes, bend_x, bend_y)
    _frame(rng, panes, x, y)
    lead = _leading(panes)
    glass = _glass(rng, panes)
    # Dirt gathers where glass meets lead.
    dirt = 0.6 * step(0.05, 0.75, blur(lead, 5))
    glass = glass * (1 - dirt * (0.6 + 0.6 * fractal(rng, SHAPE, 12, 3)))[..., None]
    ripple = 2.2 * fractal(rng, SHAPE, 22, 3, 0.6) + 0.5 * blur(rng.random(SHAPE), 1)
    glass = lit(glass, ripple, 0.8, 0.35)
    solder = rgb("#2b2a2c") * (0.7 + 0.7 * fractal(rng, SHAPE, 9, 3))[..., None]
    metal = lit(solder, 9.0 * np.sqrt(np.clip(lead, 0, 1.6)), 0.35, 0.5)
    return photographed(blend(glass, metal, step(0.55, 0.75, lead)), SIZE)
