"""A motif before it is painted: areas of colour, and the direction a brush would take in each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from data.drawing.noise import Field, Shape, blur
from data.drawing.palette import blend

Point = tuple[float, float]


def polygon(shape: Shape, points: Sequence[Point] | Field, soft: float = 0.0) -> Field:
    """The share (0..1) of each pixel that lies within the outline."""
    canvas = Image.new("L", (shape[1], shape[0]))
    outline = [(float(x), float(y)) for x, y in points]
    ImageDraw.Draw(canvas).polygon(outline, fill=255)
    cover = np.asarray(canvas, np.float32) / 255.0
    return blur(cover, soft) if soft else cover


def along(field: Field) -> Field:
    """The direction of the lines on which the field stays equal."""
    down, across = np.gradient(field)
    result: Field = np.arctan2(-across, down)
    return result


@dataclass
class Motif:
    """Colours (rows, columns, 3) and directions (rows, columns), built up area by area."""

    colour: Field
    angle: Field

    def lay(self, cover: Field, colour: Field, angle: Field | float) -> None:
        """Put an area over what is there."""
        self.colour = blend(self.colour, colour, cover)
        self.angle = np.where(cover > 0.5, angle, self.angle)


def bare(shape: Shape) -> Motif:
    """A motif with nothing on it yet."""
    return Motif(np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32))
