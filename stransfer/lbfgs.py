"""Limited-memory BFGS within the box [0, 1], as the papers' original optimiser.

The direction is the two-loop recursion of Nocedal 1980 over the last ten updates, on the pixels
that are free to move: those at black or white whose gradient points outward stay (the projection
of Bertsekas 1982). The step is halved until the loss falls enough (Armijo), the picture being
clipped to the box at every trial, so that no trial is ever outside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from stransfer.objective import Losses

MEMORY = 10

_SUFFICIENT = 1e-4
_TRIALS = 8
# The first direction is a plain gradient, whose length says nothing about how far to go.
_FIRST_STEP = 2.0
_CURVATURE = 1e-10


class LbfgsState(NamedTuple):
    """The image, its gradient and losses, and the last updates, newest last.

    `image` and `gradient` are [1, height, width, 3]; `steps` and `changes` are
    [MEMORY, height, width, 3], the differences of images and of gradients; `count` is how many of
    them are filled. `losses` is [4], total first, or all zero before the first evaluation, which
    `known` (0 or 1) tells.
    """

    image: tf.Tensor
    gradient: tf.Tensor
    losses: tf.Tensor
    known: tf.Tensor
    steps: tf.Tensor
    changes: tf.Tensor
    count: tf.Tensor

    @classmethod
    def start(cls, image: tf.Tensor) -> LbfgsState:
        """Return the state before the first update of an image."""
        history = tf.zeros([MEMORY, *image.shape[1:]], tf.float32)
        zero = tf.zeros([], tf.float32)
        return cls(image, tf.zeros_like(image), tf.zeros([4]), zero, history, history, zero)


def lbfgs_update(
    state: LbfgsState,
    evaluate: Callable[[tf.Tensor], tuple[Losses, tf.Tensor]],
    rate: float,
) -> tuple[Losses, LbfgsState]:
    """Return the losses of the image, and the state after one update of it.

    `rate` bounds the first change of a pixel, before anything is known of the curvature. One
    update mostly costs one evaluation.
    """
    if not float(state.known):
        losses, gradient = evaluate(state.image)
        state = state._replace(
            gradient=gradient, losses=tf.stack(losses), known=tf.ones([], tf.float32)
        )
    before = Losses(*tf.unstack(state.losses))
    moved = _line_search(state, evaluate, rate)
    if moved is None and float(state.count):
        # The remembered curvature misled; without it the direction is the gradient's.
        state = state._replace(count=tf.zeros([], tf.float32))
        moved = _line_search(state, evaluate, rate)
    return before, state if moved is None else moved


def _line_search(
    state: LbfgsState,
    evaluate: Callable[[tf.Tensor], tuple[Losses, tf.Tensor]],
    rate: float,
) -> LbfgsState | None:
    """Return the state after a step that lowers the loss enough, or None if none was found."""
    direction = _compiled_direction(
        state.image, state.gradient, state.steps, state.changes, state.count
    )
    length = 1.0
    if not float(state.count):
        length = _FIRST_STEP * rate / max(float(tf.reduce_max(tf.abs(direction))), 1e-20)
    for _ in range(_TRIALS):
        image = tf.clip_by_value(state.image + length * direction, 0.0, 1.0)
        expected = float(tf.reduce_sum(state.gradient * (image - state.image)))
        losses, gradient = evaluate(image)
        if float(losses.total) <= float(state.losses[0]) + _SUFFICIENT * expected < float("inf"):
            return _remember(state, image, gradient, losses)
        length /= 2
    return None


def _remember(
    state: LbfgsState, image: tf.Tensor, gradient: tf.Tensor, losses: Losses
) -> LbfgsState:
    step, change = image - state.image, gradient - state.gradient
    state = state._replace(image=image, gradient=gradient, losses=tf.stack(losses))
    # A pair without positive curvature would turn the next direction uphill.
    if float(tf.reduce_sum(step * change)) <= _CURVATURE * float(tf.reduce_sum(change * change)):
        return state
    return state._replace(
        steps=tf.concat([state.steps[1:], step], axis=0),
        changes=tf.concat([state.changes[1:], change], axis=0),
        count=tf.minimum(state.count + 1.0, float(MEMORY)),
    )


def _direction(
    image: tf.Tensor, gradient: tf.Tensor, steps: tf.Tensor, changes: tf.Tensor, count: tf.Tensor
) -> tf.Tensor:
    """Return the descent direction, [1, height, width, 3]."""
    outward = ((image <= 0.0) & (gradient > 0.0)) | ((image >= 1.0) & (gradient < 0.0))
    free = tf.cast(~outward, tf.float32)
    direction = -gradient * free
    slopes = []
    for index in range(MEMORY - 1, -1, -1):
        slope = _ratio(steps[index], direction[0], steps[index] * changes[index])
        slope = tf.where(count > MEMORY - 1 - index, slope, 0.0)
        direction -= slope * changes[index]
        slopes.append(slope)
    newest = tf.reduce_sum(steps[-1] * changes[-1])
    scale = tf.math.divide_no_nan(newest, tf.reduce_sum(tf.square(changes[-1])))
    direction *= tf.where(count > 0.0, scale, 1.0)
    for index, slope in enumerate(reversed(slopes)):
        back = _ratio(changes[index], direction[0], steps[index] * changes[index])
        back = tf.where(count > MEMORY - 1 - index, back, 0.0)
        direction += (slope - back) * steps[index]
    direction *= free
    downhill = tf.reduce_sum(direction * gradient) < 0.0
    return tf.where(downhill, direction, -gradient * free)


_compiled_direction = tf.function(_direction, reduce_retracing=True)


def _ratio(left: tf.Tensor, right: tf.Tensor, curvature: tf.Tensor) -> tf.Tensor:
    return tf.math.divide_no_nan(tf.reduce_sum(left * right), tf.reduce_sum(curvature))
