"""The optimisers: one contract for both, and Adam against Keras's own."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from stransfer.objective import Losses
from stransfer.optimizers import (
    FINAL_RATE,
    FIRST_DECAY,
    OPTIMIZERS,
    SECOND_DECAY,
    Adam,
    AdamState,
    Evaluate,
    adam_update,
    decayed,
)

SHAPE = (1, 4, 6, 3)

both = pytest.mark.parametrize("name", OPTIMIZERS)


def image(value: float = 0.5) -> tf.Tensor:
    return tf.fill(SHAPE, value)


def evaluate_with(loss: Callable[[tf.Tensor], tf.Tensor]) -> Evaluate:
    def evaluate(at: tf.Tensor) -> tuple[Losses, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(at)
            total = loss(at)
        zero = tf.zeros([])
        return Losses(total, zero, zero, zero), tape.gradient(total, at)

    return evaluate


def bowl(seed: int = 0) -> tuple[Evaluate, np.ndarray]:
    """Return a quadratic bowl, ten times steeper along some pixels, and where its bottom is."""
    random = np.random.default_rng(seed)
    bottom = tf.constant(random.uniform(0.1, 0.9, SHAPE), tf.float32)
    steep = tf.constant(random.uniform(0.1, 1, SHAPE), tf.float32)
    evaluate = evaluate_with(lambda at: tf.reduce_mean(steep * tf.square(at - bottom)))
    return evaluate, bottom.numpy()


def run(name: str, evaluate: Evaluate, steps: int, start: tf.Tensor, rate: float = 0.05) -> Any:
    optimizer = OPTIMIZERS[name]
    state = optimizer.start(start)
    history = []
    for _ in range(steps):
        losses, state = optimizer.update(state, evaluate, rate)
        history.append((float(losses.total), state))
    return history


@both
def test_the_bottom_of_a_bowl_is_found(name: str) -> None:
    evaluate, bottom = bowl()
    history = run(name, evaluate, 60, image())
    np.testing.assert_allclose(history[-1][1].image, bottom, atol=0.03)
    assert history[-1][0] < 1e-2 * history[0][0]


@both
def test_the_reported_loss_is_that_of_the_image_a_step_started_from(name: str) -> None:
    evaluate, _ = bowl()
    history = run(name, evaluate, 5, image())
    assert history[0][0] == pytest.approx(float(evaluate(image())[0].total))
    for (_, before), (loss, _) in itertools.pairwise(history):
        assert loss == pytest.approx(float(evaluate(before.image)[0].total), rel=1e-5)


@both
def test_a_bottom_outside_the_box_is_met_at_its_wall(name: str) -> None:
    target = np.linspace(-0.5, 1.5, int(np.prod(SHAPE))).reshape(SHAPE)
    evaluate = evaluate_with(lambda at: tf.reduce_mean(tf.square(at - target.astype(np.float32))))
    history = run(name, evaluate, 60, image())
    for _, state in history:
        assert 0.0 <= float(tf.reduce_min(state.image)) <= float(tf.reduce_max(state.image)) <= 1.0
    np.testing.assert_allclose(history[-1][1].image, target.clip(0, 1), atol=0.03)


@both
def test_a_state_survives_as_arrays(name: str) -> None:
    evaluate, _ = bowl()
    history = run(name, evaluate, 6, image())
    optimizer = OPTIMIZERS[name]
    arrays = {key: np.asarray(value) for key, value in history[2][1]._asdict().items()}
    state = optimizer.restored(arrays)
    for _ in range(3):
        _, state = optimizer.update(state, evaluate, 0.05)
    np.testing.assert_array_equal(state.image, history[-1][1].image)


@both
def test_the_next_level_begins_with_its_image(name: str) -> None:
    evaluate, _ = bowl()
    state = run(name, evaluate, 3, image())[-1][1]
    larger = tf.fill([1, 8, 12, 3], 0.3)
    optimizer = OPTIMIZERS[name]
    resized = optimizer.resized(state, larger)
    np.testing.assert_array_equal(resized.image, larger)
    wide = evaluate_with(lambda at: tf.reduce_mean(tf.square(at - 0.6)))
    for _ in range(80):
        _, resized = optimizer.update(resized, wide, 0.05)
    np.testing.assert_allclose(resized.image, 0.6, atol=0.05)


def test_lbfgs_lowers_the_loss_with_every_step_and_ends_closer_than_adam() -> None:
    evaluate, _ = bowl(3)
    losses = {name: [loss for loss, _ in run(name, evaluate, 25, image())] for name in OPTIMIZERS}
    assert losses["lbfgs"] == sorted(losses["lbfgs"], reverse=True)
    assert losses["lbfgs"][-1] < 0.1 * losses["adam"][-1]


def test_lbfgs_stays_where_nothing_is_better() -> None:
    evaluate = evaluate_with(lambda at: tf.reduce_mean(tf.square(at - 0.5)))
    (_, state), *_ = run("lbfgs", evaluate, 1, image(0.5))
    np.testing.assert_array_equal(state.image, image(0.5))


def test_the_first_update_of_adam_moves_every_pixel_by_the_learning_rate() -> None:
    gradient = tf.constant(np.random.default_rng(0).normal(size=SHAPE), tf.float32)
    state = adam_update(Adam().start(image()), gradient, tf.constant(0.02))
    np.testing.assert_allclose(state.image, 0.5 - 0.02 * np.sign(gradient), rtol=1e-4)


def test_many_updates_agree_with_the_adam_of_keras() -> None:
    variable = keras.Variable(image().numpy())
    keras_adam = keras.optimizers.Adam(0.01, beta_1=FIRST_DECAY, beta_2=SECOND_DECAY, epsilon=1e-8)
    keras_adam.build([variable])
    state = Adam().start(image())
    random = np.random.default_rng(1)
    for _ in range(10):
        gradient = tf.constant(random.normal(size=SHAPE), tf.float32)
        keras_adam.apply([gradient], [variable])
        state = adam_update(state, gradient, tf.constant(0.01))
    np.testing.assert_allclose(state.image, variable.numpy(), rtol=1e-4)


def test_adam_carries_its_moments_to_the_next_level() -> None:
    state = adam_update(Adam().start(image(0.25)), tf.ones(SHAPE), tf.constant(0.02))
    larger = Adam().resized(state, tf.fill([1, 8, 12, 3], 0.3))
    assert isinstance(larger, AdamState)
    # Four times the pixels: a quarter of the gradient, a sixteenth of its square.
    np.testing.assert_allclose(larger.first, state.first[0, 0, 0, 0] / 4, rtol=1e-5)
    np.testing.assert_allclose(larger.second, state.second[0, 0, 0, 0] / 16, rtol=1e-5)
    assert float(larger.updates) == 1.0


def test_the_learning_rate_falls_from_all_to_a_fifth_along_half_a_cosine() -> None:
    assert decayed(0.0) == 1.0
    assert decayed(0.5) == pytest.approx((1 + FINAL_RATE) / 2)
    assert decayed(1.0) == pytest.approx(FINAL_RATE)
