"""A surface that is painted on: its colour, the relief of its paint, and the light on it."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from PIL import Image

from data.drawing.noise import Field, Shape, blur, fractal, grid, smooth


@dataclass
class Surface:
    """Colour (rows, columns, 3) in 0..1 and relief (rows, columns), both altered in place."""

    colour: Field
    relief: Field

    @property
    def shape(self) -> Shape:
        """Rows and columns."""
        return self.relief.shape[0], self.relief.shape[1]


def primed(shape: Shape, colour: Field) -> Surface:
    """A bare surface of one colour."""
    ground = np.empty((*shape, 3), np.float32)
    ground[:] = colour
    return Surface(ground, np.zeros(shape, np.float32))


def lit(colour: Field, relief: Field, strength: float, gloss: float = 0.0) -> Field:
    """The colour under a light from the upper left that grazes the relief."""
    down, across = np.gradient(relief)
    slope = np.tanh((across * 0.62 + down * 0.78) * strength)
    shaded = colour * (1.0 + 0.42 * slope)[..., None]
    shine = np.clip(slope - 0.45, 0.0, 1.0) * gloss
    result: Field = np.clip(shaded + shine[..., None], 0.0, 1.0)
    return result


def weave(rng: Generator, shape: Shape, pitch: float) -> Field:
    """The relief of linen canvas, its threads `pitch` pixels apart and uneven."""
    x, y = grid(shape)
    drift = smooth(rng, shape, pitch * 14) * pitch * 2.0
    warp = np.sin((x + drift) * (np.pi / pitch))
    weft = np.sin((y + drift) * (np.pi / pitch))
    slubs = smooth(rng, shape, (pitch, pitch * 9)) + smooth(rng, shape, (pitch * 9, pitch))
    over = np.where(warp * weft > 0, np.abs(warp), np.abs(weft))
    return (over * (0.4 + 0.6 * slubs)).astype(np.float32)


def tooth(rng: Generator, shape: Shape, scale: float) -> Field:
    """The relief of rough paper, in 0..1: soft pits with a fine grain on them."""
    pits = fractal(rng, shape, scale * 3.0, 3, 0.6)
    grain = rng.random(shape, dtype=np.float32)
    return (0.78 * pits + 0.22 * blur(grain, 1.0)).astype(np.float32)


def fibres(rng: Generator, shape: Shape) -> Field:
    """The cloudy, fibrous look of hand-made paper, in 0..1."""
    clouds = fractal(rng, shape, shape[1] / 6, 5, 0.62)
    strands = smooth(rng, shape, (2.0, 26.0)) * smooth(rng, shape, 40.0)
    stray = smooth(rng, shape, (19.0, 2.0)) * smooth(rng, shape, 55.0)
    return (0.6 * clouds + 0.5 * strands + 0.4 * stray).astype(np.float32)


def photographed(colour: Field, size: tuple[int, int]) -> Image.Image:
    """The finished picture at its final size (width, height)."""
    levels = (np.clip(colour, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    return Image.fromarray(levels).resize(size, Image.Resampling.LANCZOS)
