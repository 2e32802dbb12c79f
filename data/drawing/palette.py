"""Pigments: colours by name of their hex value, ramps between them, and their natural variation."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from data.drawing.noise import Field


def rgb(value: str) -> Field:
    """A `#rrggbb` colour as three numbers in 0..1."""
    parts = [int(value[start : start + 2], 16) for start in (1, 3, 5)]
    return np.asarray(parts, np.float32) / 255.0


def swatches(values: Sequence[str]) -> Field:
    """Several colours, one a row."""
    return np.stack([rgb(value) for value in values])


def ramp(values: Sequence[str], share: Field) -> Field:
    """The colour at each `share` (0..1) of the way through the listed colours."""
    colours = swatches(values)
    stops = np.linspace(0.0, 1.0, len(values))
    channels = [np.interp(share, stops, colours[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def pick(rng: Generator, values: Sequence[str], count: int) -> Field:
    """`count` colours drawn from the list."""
    return swatches(values)[rng.integers(len(values), size=count)]


def blend(under: Field, over: Field, share: Field | float) -> Field:
    """`over` laid on `under`; a share per pixel covers all its channels."""
    weight = share[..., None] if isinstance(share, np.ndarray) else share
    result: Field = under * (1.0 - weight) + over * weight
    return result


def vary(rng: Generator, colours: Field, light: float, hue: float) -> Field:
    """The colours with random lightness, and leaning to warm, cool, green or rose."""
    count = colours.shape[:-1]
    tone = rng.normal(0.0, light, (*count, 1))
    warmth = rng.normal(0.0, hue, (*count, 1)) * np.asarray([0.8, 0.1, -0.9])
    leaf = rng.normal(0.0, hue, (*count, 1)) * np.asarray([-0.5, 0.6, -0.3])
    result: Field = np.clip(colours + tone + warmth + leaf, 0.0, 1.0).astype(np.float32)
    return result
