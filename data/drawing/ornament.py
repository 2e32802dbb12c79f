"""Ornament in gold and enamel: a panel that takes colour and height at once, and fillings for it.

Every filling covers a whole panel; a work cuts the outline it needs from it.
"""

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from data.drawing.motif import Point
from data.drawing.noise import Field
from data.drawing.palette import rgb

SHAPE = (1792, 1792)
GOLD, PALE_GOLD, OLD_GOLD, UMBER = "#cf9a2f", "#f1d27a", "#9a6a1d", "#3a2414"
JEWELS = ("#8e1b2c", "#1d4f7c", "#2d6e4e", "#d9772b", "#efe3c4", "#5b2c6f", "#e6b93a", "#3a8a93")
STONES = ("#15120f", "#f2ead6", "#b9b4a6", "#d8a93c", "#5c3a1c", "#f6dd94", "#2a2622")


class Panel:
    """A panel that takes colour and height at once."""

    def __init__(self, ground: str) -> None:
        """Start with nothing on it."""
        size = (SHAPE[1], SHAPE[0])
        self.colour = Image.new("RGB", size, ground)
        self.height = Image.new("L", size, 60)
        self._paint, self._press = ImageDraw.Draw(self.colour), ImageDraw.Draw(self.height)

    def disc(self, x: float, y: float, radius: float, colour: str, height: int) -> None:
        """A round boss."""
        box = (x - radius, y - radius, x + radius, y + radius)
        self._paint.ellipse(box, fill=colour)
        self._press.ellipse(box, fill=height)

    def shape(self, points: Field | list[Point], colour: str, height: int) -> None:
        """A filled outline."""
        outline = [(float(x), float(y)) for x, y in points]
        self._paint.polygon(outline, fill=colour)
        self._press.polygon(outline, fill=height)

    def line(self, points: Field, colour: str, width: float, height: int) -> None:
        """A wire of even width."""
        path = [(float(x), float(y)) for x, y in points]
        self._paint.line(path, fill=colour, width=int(width), joint="curve")
        self._press.line(path, fill=height, width=int(width), joint="curve")

    def inlay(self, other: "Panel", outline: Field) -> None:
        """Set another panel into this one."""
        mask = Image.new("L", self.colour.size)
        ImageDraw.Draw(mask).polygon([(float(x), float(y)) for x, y in outline], fill=255)
        self.colour.paste(other.colour, mask=mask)
        self.height.paste(other.height, mask=mask)


def tone(rng: Generator, colours: tuple[str, ...]) -> str:
    """One of the colours, a shade lighter or darker."""
    value = rgb(colours[int(rng.integers(len(colours)))]) * rng.uniform(0.82, 1.14)
    red, green, blue = (np.clip(value, 0, 1) * 255).astype(int).tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"


def spiral(x: float, y: float, radius: float, turns: float, start: float, sign: float) -> Field:
    """A scroll from its middle outwards."""
    share = np.linspace(0.03, 1.0, 60)
    angle = start + sign * turns * 2 * np.pi * share
    reach = radius * share**0.8
    return np.stack([x + reach * np.cos(angle), y + reach * np.sin(angle)], axis=-1)


def blocks(rng: Generator) -> Panel:
    """Upright blocks of black, white, silver and gold, some set with a smaller one."""
    panel = Panel(UMBER)
    y = -10.0
    while y < SHAPE[0]:
        tall, x = rng.uniform(22, 66), -rng.uniform(0, 40)
        while x < SHAPE[1]:
            wide = rng.uniform(14, 46)
            corners = [(x, y), (x + wide - 4, y), (x + wide - 4, y + tall - 4), (x, y + tall - 4)]
            panel.shape(corners, tone(rng, STONES), int(rng.integers(90, 170)))
            if rng.random() < 0.5 and wide > 22:
                inner = [(x + 7, y + 8), (x + wide - 11, y + 8), (x + wide - 11, y + tall - 12)]
                panel.shape([*inner, (x + 7, y + tall - 12)], tone(rng, STONES), 190)
            x += wide
        y += tall
    return panel


def rings(rng: Generator) -> Panel:
    """Concentric rings of enamel, with beads between them."""
    panel = Panel("#6b4a1e")
    for _ in range(5000):
        x, y = rng.uniform(0, SHAPE[1]), rng.uniform(0, SHAPE[0])
        panel.disc(x, y, rng.uniform(4, 8), tone(rng, (GOLD, PALE_GOLD, OLD_GOLD)), 120)
    for row in range(26):
        for column in range(26):
            x = (column + 0.5 * (row % 2)) * 74 + rng.normal(0, 10)
            y = row * 70 + rng.normal(0, 10)
            radius = rng.uniform(22, 40)
            for share, height in ((1.0, 120), (0.78, 150), (0.55, 170), (0.30, 210)):
                panel.disc(x, y, radius * share, tone(rng, (*JEWELS, GOLD, PALE_GOLD)), height)
    return panel


def scales(rng: Generator) -> Panel:
    """Overlapping scales, each of three bows."""
    panel = Panel("#1d3f4c")
    colours = ("#1d4f7c", "#2d6e4e", "#3a8a93", "#c9952d", "#16324a", "#7aa08a")
    for row in range(62):
        for column in range(27):
            x, y = (column + 0.5 * (row % 2)) * 72, row * 30 - 20
            for radius, height in ((40, 90), (31, 125), (20, 150), (10, 190)):
                colour = tone(rng, colours if radius != 31 else (GOLD, PALE_GOLD, OLD_GOLD))
                panel.disc(x, y, radius, colour, height)
    return panel


def eyes(rng: Generator) -> Panel:
    """Rows of triangles, with almond eyes in every second row."""
    panel = Panel("#7a2a22")
    for row in range(32):
        for column in range(36):
            x, y = column * 54 + 27 * (row % 2), row * 58
            if row % 2:
                bow = np.linspace(0, np.pi, 14)
                upper = np.stack([x + 25 * np.cos(bow), y + 28 - 15 * np.sin(bow)], axis=-1)
                lower = np.stack([x - 25 * np.cos(bow), y + 28 + 15 * np.sin(bow)], axis=-1)
                panel.shape(np.concatenate([upper, lower]), tone(rng, (PALE_GOLD, "#f2ead6")), 140)
                panel.disc(x, y + 28, 11, tone(rng, JEWELS), 180)
                panel.disc(x, y + 28, 5, "#15120f", 210)
            else:
                peak = [(x - 25.0, y + 54.0), (x + 25.0, y + 54.0), (x + 0.0, y + 4.0)]
                panel.shape(peak, tone(rng, (GOLD, "#d9772b", UMBER, PALE_GOLD)), 130)
                small = [(x - 10.0, y + 48.0), (x + 10.0, y + 48.0), (x + 0.0, y + 24.0)]
                panel.shape(small, tone(rng, JEWELS), 180)
    return panel


def flowers(rng: Generator) -> Panel:
    """A meadow seen from above: leaves, then blossoms of five or six petals."""
    panel = Panel("#1f3d22")
    for _ in range(3600):
        x, y, turn = rng.uniform(0, SHAPE[1]), rng.uniform(0, SHAPE[0]), rng.uniform(0, 6.28)
        tip = np.asarray([np.cos(turn), np.sin(turn)]) * rng.uniform(14, 30)
        side = np.asarray([-tip[1], tip[0]]) * 0.3
        leaf = np.asarray(
            [
                (x, y),
                (x + tip[0] / 2 + side[0], y + tip[1] / 2 + side[1]),
                (x + tip[0], y + tip[1]),
                (x + tip[0] / 2 - side[0], y + tip[1] / 2 - side[1]),
            ]
        )
        panel.shape(leaf, tone(rng, ("#2f6b35", "#4f8a3a", "#86a544", "#1f5a3f")), 100)
    for _ in range(1500):
        x, y, radius = rng.uniform(0, SHAPE[1]), rng.uniform(0, SHAPE[0]), rng.uniform(8, 17)
        colour = tone(rng, ("#f4ead0", "#e0597a", "#e9a32f", "#6f86c9", "#d8402f", "#f2d45c"))
        for petal in range(6):
            turn = petal * 1.047
            panel.disc(
                x + radius * np.cos(turn), y + radius * np.sin(turn), radius * 0.56, colour, 140
            )
        panel.disc(x, y, radius * 0.55, tone(rng, (PALE_GOLD, UMBER, GOLD)), 200)
    return panel
