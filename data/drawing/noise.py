"""Smooth random fields, blurs and look-ups: the irregularity that every work is drawn with."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]
Labels = NDArray[np.integer[Any]]
Shape = tuple[int, int]


def smooth(rng: Generator, shape: Shape, scale: float | tuple[float, float]) -> Field:
    """Value noise in 0..1 with bumps of about `scale` pixels (rows, columns)."""
    down, across = scale if isinstance(scale, tuple) else (scale, scale)
    rows, columns = int(shape[0] / down) + 4, int(shape[1] / across) + 4
    grid = rng.random((rows, columns), dtype=np.float32)
    size = (max(int(columns * across), 1), max(int(rows * down), 1))
    large = np.asarray(Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC))
    top, left = int(down), int(across)
    return large[top : top + shape[0], left : left + shape[1]]


def fractal(
    rng: Generator,
    shape: Shape,
    scale: float | tuple[float, float],
    octaves: int = 4,
    gain: float = 0.5,
) -> Field:
    """Several octaves of value noise, centred on 0.5 and kept within 0..1."""
    down, across = scale if isinstance(scale, tuple) else (scale, scale)
    total: Field = np.zeros(shape, np.float32)
    for octave in range(octaves):
        step = (max(down / 2**octave, 1.0), max(across / 2**octave, 1.0))
        total = total + smooth(rng, shape, step) * gain**octave
    standard = (total - total.mean()) / (total.std() + 1e-9)
    result: Field = np.clip(0.5 + 0.19 * standard, 0.0, 1.0).astype(np.float32)
    return result


def grid(shape: Shape) -> tuple[Field, Field]:
    """The x and y of every pixel."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    return columns, rows


def _box(field: Field, radius: int) -> Field:
    padding = [(radius + 1, radius)] + [(0, 0)] * (field.ndim - 1)
    sums = np.cumsum(np.pad(field, padding, mode="edge"), axis=0, dtype=np.float64)
    width = 2 * radius + 1
    return ((sums[width:] - sums[:-width]) / width).astype(np.float32)


def blur(field: Field, radius: float) -> Field:
    """A near-Gaussian blur: three box blurs along each axis."""
    reach = max(round(radius * 0.9), 1)
    result: Field = field.astype(np.float32)
    for _ in range(3):
        result = _box(result, reach)
        result = _box(result.swapaxes(0, 1), reach).swapaxes(0, 1)
    return result


def at(field: Field, x: Field, y: Field) -> Field:
    """The field's nearest value at each point, the border repeated outside."""
    columns = np.clip(x, 0, field.shape[1] - 1).astype(np.intp)
    rows = np.clip(y, 0, field.shape[0] - 1).astype(np.intp)
    return field[rows, columns]


def between(field: Field, x: Field, y: Field) -> Field:
    """The field's bilinear value at each point, the border repeated outside."""
    across = np.clip(x, 0, field.shape[1] - 1.001)
    down = np.clip(y, 0, field.shape[0] - 1.001)
    left, top = across.astype(np.intp), down.astype(np.intp)
    right_share, low_share = across - left, down - top
    if field.ndim == 3:
        right_share, low_share = right_share[..., None], low_share[..., None]
    upper = field[top, left] * (1 - right_share) + field[top, left + 1] * right_share
    lower = field[top + 1, left] * (1 - right_share) + field[top + 1, left + 1] * right_share
    result: Field = upper * (1 - low_share) + lower * low_share
    return result


def step(low: float, high: float, value: Field) -> Field:
    """A soft step from 0 at `low` to 1 at `high`."""
    share = np.clip((value - low) / (high - low), 0.0, 1.0)
    result: Field = share * share * (3.0 - 2.0 * share)
    return result


def spline(points: Sequence[tuple[float, float]], count: int) -> Field:
    """A Catmull-Rom curve through the points, as `count` rows of x and y."""
    knots = np.asarray(points, np.float64)
    knots = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    place = np.linspace(0, len(points) - 1.000001, count)
    index = place.astype(np.intp)
    t = (place - index)[:, None]
    a, b, c, d = (knots[index + shift] for shift in range(4))
    curve: Field = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    return curve
