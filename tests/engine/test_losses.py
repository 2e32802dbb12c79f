"""The losses, against values derived by hand and against the NumPy reference."""

from __future__ import annotations

from collections.abc import Callable

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


@pytest.mark.parametrize("masked", [False, True])
def test_the_gradient_of_a_gram_matrix_is_that_of_its_definition(masked: bool) -> None:
    random = np.random.default_rng(5)
    features = tf.constant(random.normal(size=(2, 4, 6, 5)), tf.float32)
    mask = tf.constant(random.random((1, 8, 12, 1)), tf.float32) if masked else None
    slope = tf.constant(random.normal(size=(5, 5)), tf.float32)

    def written_out(features: tf.Tensor) -> tf.Tensor:
        counts = tf.ones([1, 4, 6, 1])
        if mask is not None:
            counts = tf.nn.avg_pool2d(mask, 2, 2, "VALID")
        products = tf.einsum(
            "nhwc,nhwd,nhwx->cd", features, features, tf.tile(counts, [2, 1, 1, 1])
        )
        return products / (2 * tf.reduce_sum(counts))

    found = gradient(lambda maps: tf.reduce_sum(slope * losses.gram_matrix(maps, mask)), features)
    expected = gradient(lambda maps: tf.reduce_sum(slope * written_out(maps)), features)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_the_gram_matrix_of_bfloat16_maps_is_exact_and_its_gradient_nearly_so() -> None:
    rounded = tf.cast(np.random.default_rng(6).normal(size=(1, 9, 7, 6)), tf.bfloat16)
    same = tf.cast(rounded, tf.float32)

    def loss(maps: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(tf.square(losses.gram_matrix(maps)))

    assert losses.gram_matrix(rounded).dtype == tf.float32
    np.testing.assert_allclose(losses.gram_matrix(rounded), losses.gram_matrix(same), rtol=1e-6)
    found, expected = gradient(loss, rounded), gradient(loss, same)
    assert found.dtype == tf.bfloat16
    error = np.linalg.norm(tf.cast(found, tf.float32) - expected) / np.linalg.norm(expected)
    assert error < 0.01


@pytest.mark.parametrize("shape", [(5, 7, 3), (1, 4, 3), (4, 1, 3), (1, 1, 3)])
def test_the_gradient_of_total_variation_is_that_of_its_definition(shape: tuple[int, ...]) -> None:
    image = batch(np.random.default_rng(7).random(shape))

    def written_out(image: tf.Tensor) -> tf.Tensor:
        parts = [image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]]
        return tf.add_n(
            [tf.zeros([])] + [tf.reduce_mean(part**2) for part in parts if tf.size(part)]
        )

    found = gradient(lambda image: 3.0 * losses.total_variation(image), image)
    expected = gradient(lambda image: 3.0 * written_out(image), image)
    np.testing.assert_allclose(found, 0.0 if expected is None else expected, rtol=1e-4, atol=1e-7)


def gradient(function: Callable[[tf.Tensor], tf.Tensor], at: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
        tape.watch(at)
        value = function(at)
    return tape.gradient(value, at)
