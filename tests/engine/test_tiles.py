"""How a large picture is cut into tiles."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from stransfer import tiles


def test_a_picture_that_is_small_enough_is_a_single_tile() -> None:
    assert tiles.cut(300, 400, 16, 66, longest=400) == [
        tiles.Tile(box=(0, 0, 300, 400), counts=(0, 0, 300, 400))
    ]


@pytest.mark.parametrize(
    ("size", "stride", "margin"),
    [*itertools.product([(401, 1000), (999, 733), (1024, 1025)], [1, 8, 16, 32], [0, 10, 66])],
)
def test_every_pixel_counts_in_exactly_one_tile(
    size: tuple[int, int], stride: int, margin: int
) -> None:
    height, width = size
    counted = np.zeros(size, int)
    parts = tiles.cut(height, width, stride, margin, longest=400)
    assert len(parts) > 1
    for tile in parts:
        top, left, bottom, right = tile.box
        assert max(bottom - top, right - left) <= 400
        begin_row, begin_column, end_row, end_column = tile.counts
        counted[top + begin_row : top + end_row, left + begin_column : left + end_column] += 1
    assert (counted == 1).all()


@pytest.mark.parametrize("stride", [8, 16])
def test_what_counts_has_its_margin_wherever_the_picture_goes_on(stride: int) -> None:
    for tile in tiles.cut(1001, 1001, stride, 50, longest=400):
        for first, last, begin, end in (
            (tile.box[0], tile.box[2], tile.counts[0], tile.counts[2]),
            (tile.box[1], tile.box[3], tile.counts[1], tile.counts[3]),
        ):
            assert begin >= 50 or first == 0
            assert last - first - end >= 50 or last == 1001


def test_tiles_begin_at_the_positions_of_feature_maps_and_are_as_odd_as_the_picture() -> None:
    for tile in tiles.cut(1003, 777, 16, 66, longest=400):
        top, left, bottom, right = tile.box
        assert top % 16 == left % 16 == 0
        assert tile.counts[0] % 16 == tile.counts[1] % 16 == 0
        assert (bottom - top) % 16 == 1003 % 16
        assert (right - left) % 16 == 777 % 16


def test_no_tile_is_much_smaller_than_the_others() -> None:
    parts = tiles.cut(401, 401, 16, 32, longest=400)
    sides = [tile.counts[2] - tile.counts[0] for tile in parts]
    assert max(sides) - min(sides) <= 32
