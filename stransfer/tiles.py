"""How a large picture is cut into tiles that overlap. Integers only."""

from __future__ import annotations

from dataclasses import dataclass

# The longest side of a tile. The memory of a step goes with the pixels that are computed at once;
# larger tiles would waste less of them on margins.
LONGEST = 1024

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Tile:
    """One tile: the `box` that is computed, and the part of it that `counts`.

    A box is (top, left, bottom, right) in pixels, bottom and right excluded; `box` is meant in the
    picture, `counts` within the tile. What surrounds the part that counts is there to be seen by
    it, and counts in the neighbouring tiles.
    """

    box: Box
    counts: Box


def cut(height: int, width: int, stride: int, margin: int, longest: int) -> list[Tile]:
    """Return the tiles of a picture, of which every pixel counts in exactly one.

    Tiles begin at multiples of `stride`, as the positions of feature maps do, and have a `margin`
    of so many pixels where the picture goes on. None is longer than `longest`; a picture that is
    not is a single tile.
    """
    return [
        Tile(
            box=(row.first, column.first, row.last, column.last),
            counts=(row.begin, column.begin, row.end, column.end),
        )
        for row in _spans(height, stride, margin, longest)
        for column in _spans(width, stride, margin, longest)
    ]


@dataclass(frozen=True)
class _Span:
    """One side of a tile: from `first` to `last` in the picture, of which counts, relative to
    `first`, what is from `begin` to `end`.
    """

    first: int
    last: int
    begin: int
    end: int


def _spans(length: int, stride: int, margin: int, longest: int) -> list[_Span]:
    if length <= longest:
        return [_Span(0, length, 0, length)]
    margin = -(-margin // stride) * stride
    most = max(stride, longest - 2 * margin - 2 * stride)
    count = -(-length // most)
    # Even parts, so that none is too small to have a position in every layer.
    starts = [round(length * part / count / stride) * stride for part in range(count)]
    spans = []
    for start, end in zip(starts, [*starts[1:], length], strict=True):
        first = max(0, start - margin)
        # A tile is as odd as the picture: where a network pads depends on it.
        last = min(length, end + margin + length % stride)
        spans.append(_Span(first, last, start - first, end - first))
    return spans
