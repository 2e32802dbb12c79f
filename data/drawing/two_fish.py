"""Two fish: a floor mosaic of two fish circling in the sea, in hand-cut stone and smalti.

The tesserae run in rows that follow the outlines, as in old floors: each row keeps to a line of
equal distance from the nearest outline, and the stones are set along it one by one. Small chips
fill what is left, and the mortar shows between.
"""

import math

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from data.drawing.motif import Point, polygon
from data.drawing.noise import Field, Labels, Mask, blur, fractal, grid, smooth, spline, step
from data.drawing.palette import blend, ramp, rgb, vary
from data.drawing.surface import lit, photographed

SIZE = (1024, 800)
SHAPE = (800, 1024)
FINE = 2
STONE = 9.0
SEA = ("#0f2f52", "#1b5a7d", "#2b8796", "#7dbdb0", "#184a78", "#3f9fa5", "#0e3a5e")
WARM = ("#7d1f1a", "#c1441f", "#e67e2a", "#f3b544", "#f7dda0", "#fbf1d8")
COOL = ("#2a2350", "#6a3f86", "#b2568f", "#e58f88", "#f6c9a0", "#fbf1d8")
FINS = ("#8a2318", "#d8622a", "#f0a83c"), ("#3a2a66", "#8f4a8c", "#dd8492")
SPINES: tuple[tuple[Point, ...], ...] = (
    ((178, 345), (280, 268), (420, 228), (560, 232), (680, 268), (752, 305)),
    ((852, 470), (745, 552), (605, 592), (465, 582), (350, 545), (278, 508)),
)


def _body(x: Field, y: Field, spine: tuple[Point, ...]) -> tuple[Field, Field]:
    """For every pixel: its place along a fish (0 nose, 1 tail), and across it (-1..1 inside)."""
    line = spline(spine, 90)
    best: Field = np.full(SHAPE, 9e9, np.float32)
    along: Field = np.zeros(SHAPE, np.float32)
    side: Field = np.zeros(SHAPE, np.float32)
    for index, (place, step_) in enumerate(zip(line, np.gradient(line, axis=0), strict=True)):
        dx, dy = x - place[0], y - place[1]
        square = dx * dx + dy * dy
        closer = square < best
        best = np.where(closer, square, best)
        along = np.where(closer, index / 89.0, along)
        side = np.where(closer, np.sign(dx * step_[1] - dy * step_[0]), side)
    girth = 80 * np.sin(np.pi * np.clip(along, 0.02, 0.999) ** 0.72) ** 0.75 + 13
    girth = girth * np.clip((along + 0.015) / 0.2, 0, 1) ** 0.5
    return along, side * np.sqrt(best) / np.maximum(girth, 1)


def _fins(spine: tuple[Point, ...]) -> list[Field]:
    """Outlines of a fish's tail and of the fins on its back and belly."""
    line = spline(spine, 90)
    tangent = np.gradient(line, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=-1)
    end, ahead, out = line[86], tangent[86], normal[86]
    tail = [
        end - 14 * out,
        end + 55 * ahead - 66 * out,
        end + 122 * ahead - 96 * out,
        end + 74 * ahead,
        end + 122 * ahead + 96 * out,
        end + 55 * ahead + 66 * out,
        end + 16 * out,
    ]
    fins = [np.asarray(tail)]
    for sign, first, last, tall in ((-1, 24, 70, 148), (1, 30, 46, 132), (1, 58, 74, 106)):
        steps = np.linspace(0, 1, 9)
        spots = (first + (last - first) * steps).astype(int)
        height = tall * (0.55 + 0.45 * np.sin(np.pi * steps**1.3) ** 0.6)
        ridge = line[spots] + sign * normal[spots] * height[:, None] + 34 * tangent[spots]
        fins.append(np.vstack([line[first], ridge, line[last]]))
    return fins


def _design(rng: Generator) -> tuple[Field, Labels]:
    """The colours of the cartoon, and the number of the area each pixel is in."""
    x, y = grid(SHAPE)
    drift = fractal(rng, SHAPE, (90, 240), 3)
    wave = 0.5 + 0.5 * np.sin(y / 17.0 + 1.4 * np.sin(x / 85.0) + 5 * drift)
    colour = ramp(SEA, np.clip(0.55 * drift + 0.45 * wave, 0, 1))
    area: Labels = np.zeros(SHAPE, np.intp)
    for number, spine in enumerate(SPINES):
        along, across = _body(x, y, spine)
        for index, fin in enumerate(_fins(spine)):
            inside = polygon(SHAPE, fin) > 0
            rays = 0.5 + 0.5 * np.sin(np.arctan2(y - fin[0, 1], x - fin[0, 0]) * 26)
            colour[inside] = ramp(FINS[number], rays)[inside]
            area[inside] = 10 * number + index + 3
        body = (np.abs(across) < 1) & (along < 0.995)
        bands = COOL if number else WARM
        scales = 0.13 * np.sin(along * 95) * np.sin(across * 9 + along * 40)
        share = np.clip(0.5 - 0.52 * across + scales, 0, 1)
        skin = ramp(bands, share)
        stripe = (np.sin(along * 34) > 0.72) & (along > 0.3) & (np.abs(across) < 0.72)
        skin[stripe] = rgb("#1c1a33")
        skin = blend(skin, rgb("#f8e6b8"), 1 - step(0.15, 0.19, along))
        gill = np.abs(along - 0.235 - 0.05 * across**2) < 0.017
        skin[gill] = rgb("#1c1a33")
        colour[body] = skin[body]
        area[body] = 10 * number + 9
        eye = spline(spine, 90)[11]
        far = np.hypot(x - eye[0], y - eye[1])
        colour[far < 22] = rgb("#fdf6e0")
        colour[far < 12] = rgb("#14121c")
        area[far < 22] = 10 * number + 10
    _border(colour, area, x, y)
    return colour, area


def _border(colour: Field, area: Labels, x: Field, y: Field) -> None:
    inset = np.minimum(np.minimum(x, SHAPE[1] - x), np.minimum(y, SHAPE[0] - y))
    run = np.where(np.minimum(x, SHAPE[1] - x) < np.minimum(y, SHAPE[0] - y), y, x)
    tooth = np.abs(np.mod(run / 52.0, 1.0) - 0.5) * 2
    teeth = np.where((tooth * 40 > inset - 10)[..., None], rgb("#a63f22"), rgb("#f0e0b8"))
    colour[inset < 60] = teeth[inset < 60]
    colour[inset < 10] = rgb("#22303f")
    colour[(inset >= 50) & (inset < 60)] = rgb("#22303f")
    area[inset < 60] = 90
    area[inset < 10] = 91


def _distance(area: Labels) -> Field:
    """The distance of every pixel to the nearest outline, by jump flooding."""
    x, y = grid(SHAPE)
    outline: Mask = np.zeros(SHAPE, np.bool_)
    outline[:, 1:] |= area[:, 1:] != area[:, :-1]
    outline[1:] |= area[1:] != area[:-1]
    near_x, near_y = np.where(outline, x, -4e3), np.where(outline, y, -4e3)
    best = (near_x - x) ** 2 + (near_y - y) ** 2
    jump = 512
    while jump:
        for down, across in ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, 1), (-1, 1), (1, -1)):
            shift = (down * jump, across * jump)
            other_x, other_y = np.roll(near_x, shift, (0, 1)), np.roll(near_y, shift, (0, 1))
            square = (other_x - x) ** 2 + (other_y - y) ** 2
            closer = square < best
            best = np.where(closer, square, best)
            near_x, near_y = np.where(closer, other_x, near_x), np.where(closer, other_y, near_y)
        jump //= 2
    result: Field = np.sqrt(best)
    return result


class Floor:
    """The stones set so far: centre, direction and size of each, and which ground is taken."""

    def __init__(self, far: Field) -> None:
        """Start with nothing on it."""
        self.far = far
        down, across = np.gradient(blur(far, 2.0))
        steep = np.hypot(down, across) + 1e-6
        self.slope_x, self.slope_y = across / steep, down / steep
        self.taken: Mask = np.zeros(SHAPE, np.bool_)
        self.stones: list[tuple[float, float, float, float]] = []

    def _claim(self, x: float, y: float, size: float) -> None:
        reach = max(int(size), 1)
        top, left = max(int(y) - reach, 0), max(int(x) - reach, 0)
        rows, columns = np.ogrid[top : int(y) + reach + 1, left : int(x) + reach + 1]
        disc = (rows - y) ** 2 + (columns - x) ** 2 < size * size
        part = self.taken[top : int(y) + reach + 1, left : int(x) + reach + 1]
        part |= disc[: part.shape[0], : part.shape[1]]

    def free(self, x: float, y: float) -> bool:
        """Whether a stone could be set there."""
        inside = 0 <= x < SHAPE[1] and 0 <= y < SHAPE[0]
        return inside and not self.taken[int(y), int(x)]

    def put(self, x: float, y: float, size: float) -> None:
        """Set a stone, turned to the outline."""
        column, row = int(x), int(y)
        heading = math.atan2(self.slope_x[row, column], -self.slope_y[row, column])
        self.stones.append((x, y, heading, size))
        self._claim(x, y, 0.88 * size)

    def walk(self, x: float, y: float, level: float, sign: float) -> None:
        """Set stones along a line of equal distance until it is blocked."""
        for _ in range(400):
            column, row = int(x), int(y)
            x -= sign * self.slope_y[row, column] * STONE
            y += sign * self.slope_x[row, column] * STONE
            if not (0 <= x < SHAPE[1] and 0 <= y < SHAPE[0]):
                return
            column, row = int(x), int(y)
            off = float(self.far[row, column]) - level
            x -= self.slope_x[row, column] * off
            y -= self.slope_y[row, column] * off
            if abs(off) > 0.6 * STONE or not self.free(x, y):
                return
            self.put(x, y, STONE)


def _set(rng: Generator, far: Field) -> Floor:
    """Set whole rows from the outlines outwards, then chips in the gaps."""
    floor = Floor(far)
    for row in range(int(far.max() / STONE) + 1):
        level = (row + 0.5) * STONE
        places = np.argwhere(np.abs(far - level) < 0.6)
        for place_y, place_x in rng.permutation(places).tolist():
            if floor.free(place_x, place_y):
                floor.put(place_x, place_y, STONE)
                floor.walk(place_x, place_y, level, 1.0)
                floor.walk(place_x, place_y, level, -1.0)
    gap = ~floor.taken
    floor.taken = blur(floor.taken.astype(np.float32), 1.0) > 0.45
    for place_y, place_x in rng.permutation(np.argwhere(gap)).tolist():
        if floor.free(place_x, place_y):
            floor.put(place_x, place_y, 0.62 * STONE)
    return floor


def _laid(rng: Generator, floor: Floor, design: Field) -> tuple[Image.Image, Image.Image]:
    """The stones' colours on mortar, and their height."""
    size = (SHAPE[1] * FINE, SHAPE[0] * FINE)
    colours, heights = Image.new("RGB", size, (164, 152, 132)), Image.new("L", size)
    pen, rise = ImageDraw.Draw(colours), ImageDraw.Draw(heights)
    # Chips first, so that whole stones keep their edges.
    for x, y, heading, stone in sorted(floor.stones, key=lambda one: one[3]):
        cosine, sine = math.cos(heading), math.sin(heading)
        half = 0.445 * stone
        corners = []
        for right, low in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            a = half * (right + rng.normal(0, 0.085))
            b = half * (low + rng.normal(0, 0.085))
            corners.append(((x + a * cosine - b * sine) * FINE, (y + a * sine + b * cosine) * FINE))
        paint = vary(rng, design[min(int(y), SHAPE[0] - 1), min(int(x), SHAPE[1] - 1)], 0.05, 0.03)
        paint = paint * rng.uniform(0.82, 1.12)
        red, green, blue = (np.clip(paint, 0, 1) * 255).astype(int).tolist()
        pen.polygon(corners, fill=(red, green, blue))
        rise.polygon(corners, fill=int(rng.integers(170, 255)))
    return colours, heights


def draw() -> Image.Image:
    """Set the floor."""
    rng = np.random.default_rng(79)
    design, area = _design(rng)
    floor = _set(rng, _distance(area))
    colours, heights = _laid(rng, floor, design)
    colour = np.asarray(colours, np.float32) / 255.0
    raised = np.asarray(heights, np.float32) / 255.0
    shape = (raised.shape[0], raised.shape[1])
    stone = raised > 0.3
    veins = fractal(rng, shape, 18, 4, 0.7) - 0.5
    sand = blur(rng.random(shape, dtype=np.float32), 1.0) - 0.5
    colour = colour * (1 + np.where(stone, 0.34 * veins, 0.5 * veins) + 0.5 * sand)[..., None]
    relief = 3.2 * blur(raised, 1.6) + 0.9 * fractal(rng, shape, 7, 3) + 0.5 * sand
    worn = 0.93 + 0.16 * smooth(rng, shape, 300)
    return photographed(lit(np.clip(colour * worn[..., None], 0, 1), relief, 0.9, 0.25), SIZE)
