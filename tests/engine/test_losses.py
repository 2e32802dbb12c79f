"""The losses, against values derived by hand and against the NumPy reference."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from stransfer import losses
from tests.engine import reference


def batch(array: np.ndarray) -> tf.Tensor:
    return tf.constant(array[np.newaxis], tf.float32)


def test_the_gram_matrix_of_a_known_feature_map() -> None:
    # Two positions, two channels: (1, 2) and (3, 4).
    features = np.array([[[1.0, 2.0], [3.0, 4.0]]])
    expected = np.array([[(1 + 9) / 2, (2 + 12) / 2], [(2 + 12) / 2, (4 + 16) / 2]])
    np.testing.assert_allclose(losses.gram_matrix(batch(features)), expected)


def test_the_gram_matrix_does_not_depend_on_the_size_of_a_repeated_picture() -> None:
    features = np.random.default_rng(0).random((3, 4, 5))
    tiled = np.tile(features, (2, 3, 1))
    np.testing.assert_allclose(
        losses.gram_matrix(batch(features)), losses.gram_matrix(batch(tiled)), rtol=1e-5
    )


def test_the_gram_matrix_agrees_with_the_reference() -> None:
    features = np.random.default_rng(1).normal(size=(6, 5, 7))
    np.testing.assert_allclose(
        losses.gram_matrix(batch(features)), reference.gram(features), rtol=1e-4, atol=1e-5
    )


def test_a_mask_chooses_which_positions_count() -> None:
    features = np.random.default_rng(3).random((4, 6, 5))
    mask = np.zeros((8, 12, 1))
    mask[:, 6:] = 1
    np.testing.assert_allclose(
        losses.gram_matrix(batch(features), batch(mask)),
        reference.gram(features[:, 3:]),
        rtol=1e-5,
    )
    assert not losses.gram_matrix(batch(features), batch(mask * 0)).numpy().any()


def test_a_checkerboard_has_the_largest_total_variation_there_is() -> None:
    board = np.indices((4, 6)).sum(axis=0) % 2
    picture = np.repeat(board[..., np.newaxis], 3, axis=2).astype(float)
    assert float(losses.total_variation(batch(picture))) == pytest.approx(2.0)


def test_total_variation_of_a_ramp_is_the_square_of_its_slope() -> None:
    ramp = np.tile(np.arange(5.0)[np.newaxis, :, np.newaxis] * 0.1, (4, 1, 3))
    assert float(losses.total_variation(batch(ramp))) == pytest.approx(0.01, rel=1e-4)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5, 3), (5, 1, 3)])
def test_a_picture_without_neighbours_has_no_total_variation(shape: tuple[int, ...]) -> None:
    assert float(losses.total_variation(batch(np.full(shape, 0.4)))) == 0.0


@pytest.mark.parametrize("distance", [losses.style_distance, losses.content_distance])
def test_a_distance_is_0_at_the_target_and_1_for_nothing_at_all(distance: object) -> None:
    assert callable(distance)
    target = tf.constant(np.random.default_rng(2).random((1, 4, 4, 3)), tf.float32)
    assert float(distance(target, target)) == 0.0
    assert float(distance(tf.zeros_like(target), target)) == pytest.approx(1.0)
    assert float(distance(3 * target, target)) == pytest.approx(4.0)


def test_a_target_of_nothing_gives_no_infinity() -> None:
    nothing = tf.zeros([1, 4, 4, 3])
    assert np.isfinite(float(losses.content_distance(nothing + 0.1, nothing)))
