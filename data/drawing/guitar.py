"""Guitar: a still life broken into facets, in the earth colours of analytic cubism.

A plain drawing of a guitar, a bottle, a glass and a newspaper on a table is cut by straight lines
into facets. Each facet shows the drawing shifted, turned and lit from another side, and is hatched
with short strokes in its own direction; broken charcoal lines follow the cuts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from data.drawing.brush import Brush, Strokes, cover, paint
from data.drawing.motif import Motif, bare, polygon
from data.drawing.noise import Field, between, blur, fractal, grid, spline
from data.drawing.palette import ramp, rgb, vary
from data.drawing.surface import lit, photographed, primed, weave

SIZE = (848, 1024)
SHAPE = (1536, 1272)
TONES = ("#2a2119", "#5a4128", "#8a6436", "#b98d4f", "#d9bb83", "#efe2c0")
COOLS = ("#1f262b", "#3d4c55", "#66787c", "#98a39b", "#d3d2bd")
SMALLEST = 7_000.0


@dataclass(frozen=True)
class Facet:
    """A convex piece of the canvas, and how it alters what it shows."""

    corners: Field
    shift: Field
    turn: float
    light: float
    cool: bool


def _guitar(draw: ImageDraw.ImageDraw, lines: ImageDraw.ImageDraw) -> None:
    right = [
        (640, 560),
        (800, 600),
        (850, 720),
        (770, 830),
        (800, 950),
        (930, 1060),
        (910, 1250),
        (760, 1350),
        (600, 1370),
    ]
    left = [
        (600, 1370),
        (440, 1330),
        (350, 1210),
        (390, 1040),
        (520, 950),
        (540, 840),
        (470, 740),
        (500, 610),
        (640, 560),
    ]
    body = [*spline(right, 90).tolist(), *spline(left, 90).tolist()]
    outline = [(x, y) for x, y in body]
    draw.polygon(outline, fill=(190, 128, 58))
    lines.line([*outline, outline[0]], fill=255, width=9)
    draw.ellipse((565, 845, 745, 1025), fill=(40, 28, 20))
    lines.ellipse((545, 825, 765, 1045), outline=255, width=5)
    draw.polygon([(610, 900), (700, 900), (720, 130), (640, 120)], fill=(74, 46, 26))
    draw.polygon([(620, 140), (745, 150), (770, 10), (640, 0)], fill=(120, 78, 40))
    for string in range(6):
        lines.line([(618 + 15 * string, 1180), (650 + 12 * string, 100)], fill=235, width=3)
    for fret in range(12):
        y = 830 - 62 * fret + 1.6 * fret * fret
        lines.line([(612, y), (712, y + 4)], fill=200, width=4)
    draw.rectangle((575, 1170, 745, 1205), fill=(52, 34, 22))


def _table(draw: ImageDraw.ImageDraw, lines: ImageDraw.ImageDraw) -> None:
    draw.polygon([(0, 980), (1272, 900), (1272, 1536), (0, 1536)], fill=(132, 92, 48))
    draw.polygon([(840, 930), (1240, 1010), (1130, 1420), (760, 1320)], fill=(232, 220, 188))
    for row in range(17):
        start = (850 - row * 5, 975 + row * 22)
        lines.line([start, (start[0] + 330, start[1] + 66)], fill=170, width=5 if row % 5 else 14)
    bottle = [
        (150, 1230),
        (150, 700),
        (215, 590),
        (218, 350),
        (300, 350),
        (303, 590),
        (365, 700),
        (365, 1230),
    ]
    draw.polygon([(float(x), float(y)) for x, y in bottle], fill=(46, 62, 54))
    lines.line([*bottle, bottle[0]], fill=255, width=8)
    draw.rectangle((165, 850, 350, 1060), fill=(226, 206, 160))
    for row in range(5):
        lines.line([(180, 890 + row * 34), (335, 890 + row * 34)], fill=200, width=8)
    draw.polygon([(960, 560), (1190, 560), (1130, 900), (1020, 900)], fill=(160, 172, 166))
    lines.line([(960, 560), (1020, 900), (1130, 900), (1190, 560)], fill=255, width=7)
    lines.ellipse((960, 520, 1190, 600), outline=255, width=7)
    lines.ellipse((1000, 870, 1150, 930), outline=230, width=6)


def _drawing() -> tuple[Field, Field]:
    """The still life as plain colours, and its drawn lines (1 where there is charcoal)."""
    size = (SHAPE[1], SHAPE[0])
    plain, drawn = Image.new("RGB", size, (104, 98, 84)), Image.new("L", size)
    draw, lines = ImageDraw.Draw(plain), ImageDraw.Draw(drawn)
    draw.polygon([(0, 0), (520, 0), (330, 990), (0, 980)], fill=(148, 132, 100))
    draw.polygon([(900, 0), (1272, 0), (1272, 910), (820, 940)], fill=(72, 78, 80))
    _table(draw, lines)
    _guitar(draw, lines)
    return np.asarray(plain, np.float32) / 255.0, np.asarray(drawn, np.float32) / 255.0


def _area(corners: Field) -> float:
    x, y = corners[:, 0], corners[:, 1]
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


def _cut(corners: Field, point: Field, heading: float) -> list[Field]:
    """The two sides of a convex outline that a line through the point leaves."""
    normal = np.asarray([-np.sin(heading), np.cos(heading)])
    side = (corners - point) @ normal
    pieces: tuple[list[Field], list[Field]] = ([], [])
    for index, corner in enumerate(corners):
        following = (index + 1) % len(corners)
        pieces[int(side[index] > 0)].append(corner)
        if (side[index] > 0) != (side[following] > 0):
            share = side[index] / (side[index] - side[following])
            crossing = corner + (corners[following] - corner) * share
            pieces[0].append(crossing)
            pieces[1].append(crossing)
    return [np.asarray(piece) for piece in pieces if len(piece) > 2]


def _facets(rng: Generator) -> list[Facet]:
    """Cut the canvas up, finer towards its middle."""
    rows, columns = SHAPE
    waiting: list[Field] = [np.asarray([(0, 0), (columns, 0), (columns, rows), (0, rows)], float)]
    done: list[Facet] = []
    while waiting:
        corners = waiting.pop()
        middle = corners.mean(axis=0)
        off = np.hypot((middle[0] - 640) / 640, (middle[1] - 760) / 780)
        if _area(corners) < SMALLEST * (0.8 + 2.2 * off**2) * rng.uniform(0.7, 2.2):
            done.append(
                Facet(
                    corners,
                    rng.normal(0, 14, 2),
                    rng.normal(0, 0.07),
                    rng.uniform(0, 2 * np.pi),
                    rng.random() < 0.26,
                )
            )
            continue
        heading = rng.choice([-1.15, -0.62, 0.48, 1.05, 1.45]) + rng.normal(0, 0.12)
        waiting += _cut(corners, middle + rng.normal(0, 26, 2), heading)
    return done


def _shown(facets: list[Facet]) -> tuple[Motif, Field]:
    """What the facets show, and the charcoal lines that they carry."""
    x, y = grid(SHAPE)
    plain, drawn = _drawing()
    tone = blur(plain, 3).mean(axis=-1)
    motif, charcoal = bare(SHAPE), np.zeros(SHAPE, np.float32)
    for facet in facets:
        low = np.clip(facet.corners.min(axis=0).astype(int) - 2, 0, None)
        high = facet.corners.max(axis=0).astype(int) + 3
        part = (slice(low[1], high[1]), slice(low[0], high[0]))
        shape = motif.angle[part].shape
        inside = polygon((shape[0], shape[1]), facet.corners - low)
        dx, dy = x[part] - facet.corners[:, 0].mean(), y[part] - facet.corners[:, 1].mean()
        cosine, sine = np.cos(facet.turn), np.sin(facet.turn)
        from_x = x[part] + facet.shift[0] + dx * (cosine - 1) - dy * sine
        from_y = y[part] + facet.shift[1] + dx * sine + dy * (cosine - 1)
        slant = dx * np.cos(facet.light) + dy * np.sin(facet.light)
        shade = slant / (np.abs(slant).max() + 1.0)
        value = np.clip(between(tone, from_x, from_y) * 1.1 + 0.0 + 0.33 * shade, 0, 1)
        colour = ramp(COOLS if facet.cool else TONES, value)
        own = between(plain, from_x, from_y)
        colour = colour * 0.6 + np.clip(own * (1 + 0.5 * shade[..., None]), 0, 1) * 0.4
        motif.colour[part] = np.where(inside[..., None] > 0, colour, motif.colour[part])
        motif.angle[part] = np.where(inside > 0, facet.light + 1.2, motif.angle[part])
        charcoal[part] = np.where(inside > 0, between(drawn, from_x, from_y), charcoal[part])
    return motif, charcoal


def _cuts(rng: Generator, facets: list[Facet]) -> Strokes:
    """Broken dark lines along the sides of the facets, heavier on some."""
    starts = np.concatenate([facet.corners for facet in facets])
    ends = np.concatenate([np.roll(facet.corners, -1, axis=0) for facet in facets])
    chosen = rng.random(len(starts)) < 0.5
    starts, ends = starts[chosen], ends[chosen]
    share = np.linspace(0, 1, 9)[None, :, None] * rng.uniform(0.6, 1.08, (len(starts), 1, 1))
    paths = starts[:, None] + (ends - starts)[:, None] * share
    dark = rgb("#1d1712") + np.zeros((len(starts), 3), np.float32)
    widths = rng.choice([2.6, 4.0, 7.0], len(starts), p=[0.5, 0.35, 0.15])
    return Strokes(paths.astype(np.float32), widths, vary(rng, dark, 0.03, 0.01))


def draw() -> Image.Image:
    """Paint the picture."""
    rng = np.random.default_rng(1911)
    facets = _facets(rng)
    motif, charcoal = _shown(facets)
    surface = primed(SHAPE, rgb("#a58a5c"))
    under = Brush(26, 60, dryness=0.1, body=0.5, light=0.02, hue=0.01)
    cover(surface, motif.colour, motif.angle, under, rng, 18)
    hatch = Brush(13, 36, dryness=0.22, body=1.3, streak=0.17, light=0.05, hue=0.02)
    cover(surface, motif.colour, motif.angle, hatch, rng, 12)
    fine = Brush(8, 24, dryness=0.2, body=1.5, streak=0.17, light=0.07, hue=0.02)
    cover(surface, motif.colour, motif.angle, fine, rng, 11)
    worn = np.clip(fractal(rng, SHAPE, 40, 5, 0.8) * 1.9 - 0.25, 0, 1)
    surface.colour *= 1.0 - 0.78 * (charcoal * worn)[..., None]
    paint(surface, _cuts(rng, facets), Brush(5, 150, dryness=0.33, body=0.3), rng)
    relief = surface.relief + 0.6 * weave(rng, SHAPE, 4.0)
    return photographed(lit(surface.colour, relief, 0.5, 0.06), SIZE)
