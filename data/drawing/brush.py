"""A loaded brush: strokes that follow a field of directions and leave hair marks and thick paint.

A stroke is a ribbon laid along a path. All ribbons of a batch are sampled at once, a little finer
than the pixels, and written in the order they were made, so that later paint covers earlier paint.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from data.drawing.noise import Field, at, smooth
from data.drawing.palette import vary
from data.drawing.surface import Surface

SAMPLE_STEP = 0.72
BATCH_SAMPLES = 1_500_000
HAIR_ROWS, HAIR_COLUMNS = 512, 2048


@dataclass(frozen=True)
class Brush:
    """How wide a brush is, how far it is drawn, and how it lets go of its paint."""

    width: float
    length: float
    streak: float = 0.10
    dryness: float = 0.12
    body: float = 1.0
    mixing: float = 0.0
    light: float = 0.03
    hue: float = 0.03


@dataclass(frozen=True)
class Strokes:
    """Paths (strokes, points, 2), and each stroke's width and colour."""

    paths: Field
    widths: Field
    colours: Field


def _ranked(field: Field) -> Field:
    order = field.ravel().argsort().argsort().astype(np.float32)
    return (order / order.size).reshape(field.shape)


def _hairs(rng: Generator) -> Field:
    """Streaks left by hairs: long along the stroke, fine across it, even in 0..1."""
    shape = (HAIR_ROWS, HAIR_COLUMNS)
    fine = smooth(rng, shape, (1.6, 110.0))
    coarse = smooth(rng, shape, (5.0, 190.0))
    return _ranked(fine + 0.9 * coarse + 0.18 * smooth(rng, shape, (1.5, 6.0)))


def follow(angles: Field, starts: Field, lengths: Field, points: int = 9) -> Field:
    """Paths that leave the starts (count, 2) and keep to the field of angles."""
    stride = lengths / (points - 1)
    place: Field = starts.astype(np.float32)
    path = [place]
    for _ in range(points - 1):
        heading = at(angles, place[:, 0], place[:, 1])
        move = np.stack([np.cos(heading), np.sin(heading)], axis=-1) * stride[:, None]
        place = place + move
        path.append(place)
    return np.stack(path, axis=1)


def through(angles: Field, middles: Field, lengths: Field, points: int = 9) -> Field:
    """Paths that pass through the middles and keep to the field of angles on both sides."""
    onward = follow(angles, middles, lengths / 2, points // 2 + 1)
    back = follow(angles + np.pi, middles, lengths / 2, points // 2 + 1)
    return np.concatenate([back[:, :0:-1], onward], axis=1)


def scattered(rng: Generator, shape: tuple[int, int], spacing: float) -> Field:
    """Points on a shaken grid that reaches past the border, in random order."""
    columns = np.arange(-spacing, shape[1] + spacing, spacing)
    rows = np.arange(-spacing, shape[0] + spacing, spacing)
    x, y = np.meshgrid(columns, rows)
    points = np.stack([x.ravel(), y.ravel()], axis=-1)
    points = points + rng.uniform(-0.6, 0.6, points.shape) * spacing
    return rng.permutation(points).astype(np.float32)


def _ribbon(
    paths: Field, widths: Field, along: int, across: int
) -> tuple[Field, Field, Field, Field]:
    """x and y of every sample of every ribbon, with its place along (0..1) and across (-1..1)."""
    u = np.linspace(0.0, 1.0, along, dtype=np.float32)
    v = np.linspace(-1.0, 1.0, across, dtype=np.float32)
    knot = u * (paths.shape[1] - 1.001)
    index = knot.astype(np.intp)
    share = (knot - index)[None, :, None]
    spine = paths[:, index] * (1 - share) + paths[:, index + 1] * share
    tangent = np.gradient(spine, axis=1)
    tangent /= np.linalg.norm(tangent, axis=-1, keepdims=True) + 1e-6
    profile = np.minimum(1.0, np.minimum((u + 0.02) / 0.14, (1.02 - u) / 0.22)) ** 0.5
    half = 0.5 * widths[:, None] * profile
    x = spine[..., 0, None] - (tangent[..., 1] * half)[..., None] * v
    y = spine[..., 1, None] + (tangent[..., 0] * half)[..., None] * v
    return x, y, u, v


def _lay(surface: Surface, strokes: Strokes, brush: Brush, hairs: Field, rng: Generator) -> None:
    count = len(strokes.widths)
    reach = np.linalg.norm(np.diff(strokes.paths, axis=1), axis=-1).sum(axis=1)
    along = max(int(reach.max() / SAMPLE_STEP), 4)
    across = max(int(strokes.widths.max() / SAMPLE_STEP), 2)
    x, y, u, v = _ribbon(strokes.paths, strokes.widths, along, across)
    offsets = rng.integers(0, HAIR_COLUMNS, (count, 1, 1))
    column = (offsets + (u[None, :, None] * reach[:, None, None]).astype(np.intp)) % HAIR_COLUMNS
    row = offsets * 7 + (v[None, None, :] * strokes.widths[:, None, None] * 0.5).astype(np.intp)
    hair = hairs[row % HAIR_ROWS, column]
    threshold = brush.dryness * (0.25 + 1.5 * u[None, :, None] ** 2 + 0.5 * v**4)
    rows, columns = surface.shape
    keep = (hair >= threshold) & (x >= 0) & (y >= 0) & (x < columns) & (y < rows)
    where = y[keep].astype(np.intp) * columns + x[keep].astype(np.intp)
    tone = 1.0 + brush.streak * 2.0 * (hair[keep] - 0.5)
    owner = np.broadcast_to(np.arange(count)[:, None, None], keep.shape)[keep]
    paint = strokes.colours[owner] * tone[:, None]
    colour, relief = surface.colour.reshape(-1, 3), surface.relief.reshape(-1)
    if brush.mixing:
        paint += (colour[where] - paint) * brush.mixing
    colour[where] = paint
    # Paint is pushed to the rim of a stroke, and piles up where the brush lifts off.
    pile = (0.65 + 0.5 * np.abs(v) ** 3 + 0.35 * u[:, None] ** 4)[None] + 0.7 * hair
    relief[where] = relief[where] * 0.3 + brush.body * pile[keep]


def paint(surface: Surface, strokes: Strokes, brush: Brush, rng: Generator) -> None:
    """Lay the strokes on the surface, the last on top."""
    hairs = _hairs(rng)
    samples = max(brush.length * 1.4 * strokes.widths.max() / SAMPLE_STEP**2, 16.0)
    batch = max(int(BATCH_SAMPLES / samples), 1)
    for start in range(0, len(strokes.widths), batch):
        part = slice(start, start + batch)
        some = Strokes(strokes.paths[part], strokes.widths[part], strokes.colours[part])
        _lay(surface, some, brush, hairs, rng)


def cover(
    surface: Surface,
    motif: Field,
    angles: Field,
    brush: Brush,
    rng: Generator,
    spacing: float,
    where: Field | None = None,
) -> None:
    """Paint the motif's colours with strokes along the angles, with the chance `where` for each."""
    starts = scattered(rng, surface.shape, spacing)
    if where is not None:
        starts = starts[rng.random(len(starts)) < at(where, starts[:, 0], starts[:, 1])]
    if not len(starts):
        return
    lengths = brush.length * rng.uniform(0.6, 1.35, len(starts))
    paths = through(angles, starts, lengths)
    colours = vary(rng, at(motif, starts[:, 0], starts[:, 1]), brush.light, brush.hue)
    widths = brush.width * rng.uniform(0.65, 1.25, len(starts))
    paint(surface, Strokes(paths, widths.astype(np.float32), colours), brush, rng)
