"""Adam, against Keras's own and against what can be said of its first update."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from stransfer.optimizers import (
    FINAL_RATE,
    FIRST_DECAY,
    SECOND_DECAY,
    AdamState,
    adam_update,
    decayed,
)


def image(value: float = 0.5, height: int = 4, width: int = 6) -> tf.Tensor:
    return tf.fill([1, height, width, 3], value)


def test_the_first_update_moves_every_pixel_by_the_learning_rate_against_the_gradient() -> None:
    gradient = tf.constant(np.random.default_rng(0).normal(size=(1, 4, 6, 3)), tf.float32)
    state = adam_update(AdamState.start(image()), gradient, tf.constant(0.02))
    np.testing.assert_allclose(state.image, 0.5 - 0.02 * np.sign(gradient), rtol=1e-4)


def test_many_updates_agree_with_the_adam_of_keras() -> None:
    variable = keras.Variable(image().numpy())
    keras_adam = keras.optimizers.Adam(0.01, beta_1=FIRST_DECAY, beta_2=SECOND_DECAY, epsilon=1e-8)
    keras_adam.build([variable])
    state = AdamState.start(image())
    random = np.random.default_rng(1)
    for _ in range(10):
        gradient = tf.constant(random.normal(size=(1, 4, 6, 3)), tf.float32)
        keras_adam.apply([gradient], [variable])
        state = adam_update(state, gradient, tf.constant(0.01))
    np.testing.assert_allclose(state.image, variable.numpy(), rtol=1e-4)


def test_pixels_stay_between_black_and_white() -> None:
    state = AdamState.start(image(0.001))
    for _ in range(3):
        state = adam_update(state, tf.ones_like(state.image), tf.constant(0.02))
    np.testing.assert_array_equal(state.image, 0.0)


def test_a_larger_level_starts_where_the_smaller_one_ended() -> None:
    state = AdamState.start(image(0.25))
    state = adam_update(state, tf.ones_like(state.image), tf.constant(0.02))
    larger = state.resized(12, 8)
    assert larger.image.shape == (1, 8, 12, 3)
    np.testing.assert_allclose(larger.image, 0.23, rtol=1e-5)
    # Four times the pixels: a quarter of the gradient, a sixteenth of its square.
    np.testing.assert_allclose(larger.first, state.first[0, 0, 0, 0] / 4, rtol=1e-5)
    np.testing.assert_allclose(larger.second, state.second[0, 0, 0, 0] / 16, rtol=1e-5)
    assert float(larger.updates) == 1.0


def test_the_learning_rate_falls_from_all_to_a_fifth_along_half_a_cosine() -> None:
    assert decayed(0.0) == 1.0
    assert decayed(0.5) == pytest.approx((1 + FINAL_RATE) / 2)
    assert decayed(1.0) == pytest.approx(FINAL_RATE)
