"""Lines, dots and text on a light ground, as PNG or as SVG, with the same coordinates."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal, Protocol
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]

GROUND = "#fcfcfa"

# PNG has so many pixels for each unit of length, for sharp screens; it is drawn twice as large
# again and reduced, which smooths the lines.
_DENSITY = 2
_OVERSAMPLING = 2

# Around text, so that it can be read where a line passes behind it.
_HALO = 2

_PILLOW_ANCHORS: dict[Anchor, str] = {"start": "ls", "middle": "ms", "end": "rs"}


class Canvas(Protocol):
    """What can be drawn. The origin is the upper left corner; y is a text's base line."""

    def line(self, points: Sequence[Point], colour: str, width: float) -> None:
        """Draw a line through points."""

    def dot(self, centre: Point, radius: float, colour: str) -> None:
        """Draw a filled circle with a thin ring of the ground around it."""

    def text(
        self, at: Point, text: str, size: float, colour: str, anchor: Anchor = "start"
    ) -> None:
        """Write text in one line, within a halo of the ground."""

    def encode(self) -> bytes:
        """Return the bytes of a file."""


class Png:
    """A canvas of pixels, with the typeface that Pillow carries."""

    def __init__(self, width: int, height: int) -> None:
        """Start with the empty ground."""
        self._scale = _DENSITY * _OVERSAMPLING
        self._image = Image.new("RGB", (width * self._scale, height * self._scale), GROUND)
        self._draw = ImageDraw.Draw(self._image)

    def line(self, points: Sequence[Point], colour: str, width: float) -> None:
        """Draw a line through points."""
        scaled = [self._scaled(point) for point in points]
        self._draw.line(scaled, colour, round(width * self._scale), joint="curve")

    def dot(self, centre: Point, radius: float, colour: str) -> None:
        """Draw a filled circle with a thin ring of the ground around it."""
        self._draw.circle(self._scaled(centre), (radius + 1.5) * self._scale, GROUND)
        self._draw.circle(self._scaled(centre), radius * self._scale, colour)

    def text(
        self, at: Point, text: str, size: float, colour: str, anchor: Anchor = "start"
    ) -> None:
        """Write text in one line, within a halo of the ground."""
        font = _font(size * self._scale)
        self._draw.text(
            self._scaled(at),
            text,
            colour,
            font,
            _PILLOW_ANCHORS[anchor],
            stroke_width=_HALO * self._scale,
            stroke_fill=GROUND,
        )

    def encode(self) -> bytes:
        """Return the bytes of a PNG file."""
        size = (self._image.width // _OVERSAMPLING, self._image.height // _OVERSAMPLING)
        buffer = io.BytesIO()
        self._image.resize(size, Image.Resampling.LANCZOS).save(buffer, "PNG", optimize=True)
        return buffer.getvalue()

    def _scaled(self, point: Point) -> Point:
        return point[0] * self._scale, point[1] * self._scale


class Svg:
    """A canvas of elements, in the reader's own sans serif typeface."""

    def __init__(self, width: int, height: int) -> None:
        """Start with the empty ground."""
        self._elements = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" '
            'font-family="Helvetica Neue, Helvetica, Arial, sans-serif">',
            f'<rect width="{width}" height="{height}" fill="{GROUND}"/>',
        ]

    def line(self, points: Sequence[Point], colour: str, width: float) -> None:
        """Draw a line through points."""
        shown = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._elements.append(
            f'<polyline points="{shown}" fill="none" stroke="{colour}" stroke-width="{width}" '
            'stroke-linejoin="round"/>'
        )

    def dot(self, centre: Point, radius: float, colour: str) -> None:
        """Draw a filled circle with a thin ring of the ground around it."""
        self._elements.append(
            f'<circle cx="{centre[0]:.1f}" cy="{centre[1]:.1f}" r="{radius}" fill="{colour}" '
            f'stroke="{GROUND}" stroke-width="1.5"/>'
        )

    def text(
        self, at: Point, text: str, size: float, colour: str, anchor: Anchor = "start"
    ) -> None:
        """Write text in one line, within a halo of the ground."""
        self._elements.append(
            f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" font-size="{size}" fill="{colour}" '
            f'text-anchor="{anchor}" stroke="{GROUND}" stroke-width="{2 * _HALO}" '
            f'paint-order="stroke">{escape(text)}</text>'
        )

    def encode(self) -> bytes:
        """Return the bytes of an SVG file."""
        return "\n".join([*self._elements, "</svg>", ""]).encode()


@lru_cache
def _font(size: float) -> Any:
    return ImageFont.load_default(size)
