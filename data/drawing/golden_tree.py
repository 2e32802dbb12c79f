"""Golden tree: a tree of spirals over hills of ornament, in gold leaf and enamel colours.

Everything is drawn twice, once as colour and once as height, so that the gold can be lit as
embossed metal. Each hill is filled with one ornament (blocks, rings, scales, eyes or flowers), the
sky with leaf laid in squares and pressed with scrolls, and the tree is a set of curling limbs.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from PIL import Image

from data.drawing.noise import Field, between, blur, fractal, grid, smooth
from data.drawing.ornament import (
    GOLD,
    JEWELS,
    OLD_GOLD,
    PALE_GOLD,
    SHAPE,
    STONES,
    UMBER,
    Panel,
    blocks,
    eyes,
    flowers,
    rings,
    scales,
    spiral,
    tone,
)
from data.drawing.palette import blend, rgb
from data.drawing.surface import lit, photographed

SIZE = (1024, 1024)


def _sky(rng: Generator) -> Panel:
    panel = Panel(GOLD)
    leaf = 112
    for row in range(-1, SHAPE[0] // leaf + 1):
        for column in range(-1, SHAPE[1] // leaf + 1):
            x, y = column * leaf + rng.normal(0, 4), row * leaf + rng.normal(0, 4)
            corners = [(x, y), (x + leaf + 8, y), (x + leaf + 8, y + leaf + 8), (x, y + leaf + 8)]
            tint = tone(rng, (GOLD, GOLD, "#dcab44", "#c08a28"))
            panel.shape(corners, tint, int(rng.integers(52, 66)))
    for _ in range(330):
        x, y = rng.uniform(0, SHAPE[1]), rng.uniform(0, SHAPE[0] * 0.8)
        radius, sign = rng.uniform(18, 46), rng.choice([-1.0, 1.0])
        scroll = spiral(x, y, radius, 2.4, rng.uniform(0, 6.28), sign)
        colour = tone(rng, (OLD_GOLD, PALE_GOLD, "#b98226", "#e8c566"))
        panel.line(scroll, colour, rng.uniform(4, 7), 120)
    for _ in range(1500):
        x, y = rng.uniform(0, SHAPE[1]), rng.uniform(0, SHAPE[0] * 0.8)
        panel.disc(x, y, rng.uniform(2.5, 5.5), tone(rng, (PALE_GOLD, OLD_GOLD, "#fff0b8")), 130)
    return panel


@dataclass(frozen=True)
class Limb:
    """A limb's spine and its half width along it."""

    spine: Field
    half: Field


def _grow(
    rng: Generator,
    limbs: list[Limb],
    foot: Field,
    heading: float,
    length: float,
    half: float,
    sign: float,
) -> None:
    """A limb that runs out and curls up at its end, and the limbs that leave it the other way."""
    share = np.linspace(0, 1, 110)
    turns = heading + sign * (0.55 * share + 15.0 * np.clip(share - 0.28, 0, 1) ** 2.0)
    moves = np.stack([np.cos(turns), np.sin(turns)], axis=-1) * (length / 110)
    spine = foot + np.cumsum(moves, axis=0)
    limbs.append(Limb(spine, half * (1.0 - 0.72 * share)))
    if length < 400:
        return
    for joint, scale in ((16, 0.72), (38, 0.60)):
        _grow(
            rng,
            limbs,
            spine[joint],
            turns[joint] - sign * rng.uniform(0.35, 0.75),
            length * scale * rng.uniform(0.86, 1.08),
            half * (1 - 0.72 * joint / 110) * 0.72,
            -sign,
        )


def _tree(rng: Generator, panel: Panel) -> None:
    limbs: list[Limb] = []
    rise = np.linspace(0, 1, 110)
    sway = np.stack([896 + 26 * np.sin(rise * 4.0), 1500 - 690 * rise], axis=-1)
    trunk = Limb(sway, 92 - 50 * rise**0.6 + 70 * np.exp(-rise * 9))
    for heading, length, sign, joint in (
        (-2.75, 1180, 1.0, 104),
        (-0.40, 1180, -1.0, 104),
        (-2.05, 1050, -1.0, 109),
        (-1.10, 1050, 1.0, 109),
        (-2.95, 760, -1.0, 84),
        (-0.20, 760, 1.0, 80),
    ):
        _grow(rng, limbs, sway[joint], heading, length, 36.0, sign)
    limbs.sort(key=lambda limb: float(limb.half[0]))
    for margin, colours, height in (
        (5.0, (UMBER,), 90),
        (0.0, ("#a9742a", "#b9853a", "#8f5c22"), 170),
    ):
        for limb in [*limbs, trunk]:
            tint = tone(rng, colours)
            for (x, y), half in zip(limb.spine, limb.half, strict=True):
                panel.disc(x, y, half + margin, tint, height)
    for limb in [*limbs, trunk]:
        _beads(rng, panel, limb)


def _beads(rng: Generator, panel: Panel, limb: Limb) -> None:
    """Ornament along a limb: a pale vein, and beads and eyes where it is wide enough."""
    panel.line(limb.spine[2:], tone(rng, (PALE_GOLD, "#e2b552")), 4, 220)
    for (x, y), half in zip(limb.spine[3::4], limb.half[3::4], strict=True):
        spread = rng.uniform(-0.55, 0.55) * half
        if half > 16:
            for _ in range(int(half / 9)):
                off_x, off_y = rng.uniform(-0.75, 0.75, 2) * half
                panel.disc(x + off_x, y + off_y, rng.uniform(6, 11), tone(rng, JEWELS), 200)
                panel.disc(x + off_x, y + off_y, 4, tone(rng, (PALE_GOLD, UMBER)), 230)
        elif half > 6:
            panel.disc(x + spread, y + spread, half * 0.42, tone(rng, JEWELS + STONES[:2]), 210)


def _hills(rng: Generator, panel: Panel) -> None:
    x = np.linspace(-40, SHAPE[1] + 40, 160)
    hills: tuple[tuple[Callable[[Generator], Panel], float, float, float, float], ...] = (
        (scales, 1250, 120, 330, 0.4),
        (eyes, 1330, 110, 290, 3.4),
        (rings, 1430, 95, 360, 1.5),
        (blocks, 1530, 80, 300, 4.9),
        (flowers, 1640, 50, 380, 0.2),
    )
    for ornament, level, tall, wide, phase in hills:
        edge = np.stack([x, level - tall * np.sin(x / wide + phase)], axis=-1)
        floor = np.asarray([(SHAPE[1] + 60, SHAPE[0] + 60), (-60, SHAPE[0] + 60)])
        panel.inlay(ornament(rng), np.concatenate([edge, floor]))
        panel.line(edge, UMBER, 15, 90)
        panel.line(edge, PALE_GOLD, 6, 220)
        if ornament is eyes:
            _tree(rng, panel)


def draw() -> Image.Image:
    """Gild the panel."""
    rng = np.random.default_rng(1909)
    panel = _sky(rng)
    _hills(rng, panel)
    # No hand cuts a perfect circle: the whole drawing wavers a little.
    x, y = grid(SHAPE)
    x = x + 7 * (smooth(rng, SHAPE, 26) - 0.5) + 3 * (smooth(rng, SHAPE, 8) - 0.5)
    y = y + 7 * (smooth(rng, SHAPE, 26) - 0.5) + 3 * (smooth(rng, SHAPE, 8) - 0.5)
    colour = between(np.asarray(panel.colour, np.float32) / 255.0, x, y)
    height = between(np.asarray(panel.height, np.float32) / 255.0, x, y)
    metal = np.clip((colour[..., 0] - colour[..., 2]) * 1.6, 0, 1) * (colour[..., 1] > 0.38)
    cloudy = fractal(rng, SHAPE, 120, 5, 0.62) - 0.5
    rubbed = np.clip(1.3 * (fractal(rng, SHAPE, 34, 5, 0.75) - 0.60), 0, 0.5)
    colour = colour * (1 + 0.45 * cloudy)[..., None]
    # Gold leaf wears through to the red clay beneath it.
    colour = blend(colour, rgb("#7d3a1c"), rubbed * metal)
    grain = blur(rng.random(SHAPE, dtype=np.float32), 1.0) - 0.5
    relief = 5.5 * blur(height, 2.0) + 1.1 * grain + 1.2 * smooth(rng, SHAPE, 6)
    shaded = lit(np.clip(colour, 0, 1), relief, 0.8, 0.0)
    gleam = lit(np.clip(colour, 0, 1), relief, 0.9, 0.8)
    return photographed(blend(shaded, gleam, metal * 0.8), SIZE)
