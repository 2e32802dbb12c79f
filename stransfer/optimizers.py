"""How the image is updated. Each optimiser is a pure function of its state.

An update takes the state and an `evaluate` function, which returns the losses of an image
[1, height, width, 3] and their gradient, and gives the losses of the image it started from and
the new state. Pixels always stay in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from stransfer.lbfgs import LbfgsState, lbfgs_update
from stransfer.objective import Losses

Evaluate = Callable[[tf.Tensor], tuple[Losses, tf.Tensor]]

# Kingma and Ba 2015 recommend 0.9 and 0.999; a second moment with a shorter memory follows the
# quickly changing gradients of the first dozens of steps, which is where a picture is made.
FIRST_DECAY = 0.9
SECOND_DECAY = 0.99
_EPSILON = 1e-8

# The learning rate at the end of a level, as a part of that at its beginning: large steps find
# the picture, small ones settle its pixels.
FINAL_RATE = 0.2


def decayed(done: float) -> float:
    """Return the part of the learning rate that is left when a part `done` of a level is done.

    Half a cosine, from 1 to FINAL_RATE: Loshchilov and Hutter 2017, equation 5.
    """
    return FINAL_RATE + (1 - FINAL_RATE) * (1 + math.cos(math.pi * done)) / 2


class State(Protocol):
    """What an optimiser knows between two updates: the image, and whatever else it keeps."""

    @property
    def image(self) -> tf.Tensor:
        """The image [1, height, width, 3]."""

    def _asdict(self) -> dict[str, Any]: ...


class Optimizer(Protocol):
    """One way to update the image."""

    def start(self, image: tf.Tensor) -> State:
        """Return the state before the first update of an image."""

    def restored(self, arrays: Mapping[str, np.ndarray]) -> State:
        """Return the state that was kept as arrays by name; KeyError if one is missing."""

    def update(self, state: State, evaluate: Evaluate, rate: float) -> tuple[Losses, State]:
        """Return the losses of the image, and the state after one update of it."""

    def resized(self, state: State, image: tf.Tensor) -> State:
        """Return the state carried over to the next level, which begins with `image`."""


class AdamState(NamedTuple):
    """The image and the running moments of its gradient, all [1, height, width, 3].

    `updates` counts the updates since the moments were zero.
    """

    image: tf.Tensor
    first: tf.Tensor
    second: tf.Tensor
    updates: tf.Tensor


class Adam:
    """Kingma and Ba 2015, algorithm 1, its pixels clipped to [0, 1]."""

    def start(self, image: tf.Tensor) -> AdamState:
        """Return the state before the first update of an image."""
        zeros = tf.zeros_like(image)
        return AdamState(image, zeros, zeros, tf.zeros([], tf.float32))

    def restored(self, arrays: Mapping[str, np.ndarray]) -> AdamState:
        """Return the state that was kept as arrays by name."""
        return AdamState(*(tf.constant(arrays[name], tf.float32) for name in AdamState._fields))

    def update(self, state: Any, evaluate: Evaluate, rate: float) -> tuple[Losses, AdamState]:
        """Return the losses of the image, and the state after one update of it."""
        losses, gradient = evaluate(state.image)
        rate = tf.constant(rate, tf.float32)
        return losses, _compiled_adam_update(state, gradient, rate)

    def resized(self, state: Any, image: tf.Tensor) -> AdamState:
        """Return the state carried over to the next level, so that no progress is forgotten.

        A gradient per pixel falls with the number of pixels, because the loss is a mean over
        them: the moments are scaled accordingly.
        """
        size = tf.shape(image)[1:3]
        ratio = tf.size(state.image) / tf.size(image)
        ratio = tf.cast(ratio, tf.float32)
        return AdamState(
            image=image,
            first=tf.image.resize(state.first, size, method="bilinear") * ratio,
            second=tf.image.resize(state.second, size, method="bilinear") * ratio**2,
            updates=state.updates,
        )


class Lbfgs:
    """Limited-memory BFGS within the box [0, 1]; see `stransfer.lbfgs`."""

    def start(self, image: tf.Tensor) -> LbfgsState:
        """Return the state before the first update of an image."""
        return LbfgsState.start(image)

    def restored(self, arrays: Mapping[str, np.ndarray]) -> LbfgsState:
        """Return the state that was kept as arrays by name."""
        return LbfgsState(*(tf.constant(arrays[name], tf.float32) for name in LbfgsState._fields))

    def update(self, state: Any, evaluate: Evaluate, rate: float) -> tuple[Losses, LbfgsState]:
        """Return the losses of the image, and the state after one update of it."""
        return lbfgs_update(state, evaluate, rate)

    def resized(self, state: Any, image: tf.Tensor) -> LbfgsState:
        """Return a fresh state: curvature of one size says too little about another."""
        return LbfgsState.start(image)


OPTIMIZERS: Mapping[str, Optimizer] = {"adam": Adam(), "lbfgs": Lbfgs()}

# The one that works out the detail of results larger than `size`.
FINISHING = "adam"

_IMAGE = tf.TensorSpec([1, None, None, 3], tf.float32)
_SCALAR = tf.TensorSpec([], tf.float32)


def adam_update(state: AdamState, gradient: tf.Tensor, rate: tf.Tensor) -> AdamState:
    """Return the state after one update against `gradient`, its pixels clipped to [0, 1]."""
    updates = state.updates + 1.0
    first = FIRST_DECAY * state.first + (1.0 - FIRST_DECAY) * gradient
    second = SECOND_DECAY * state.second + (1.0 - SECOND_DECAY) * tf.square(gradient)
    unbiased_first = first / (1.0 - tf.pow(FIRST_DECAY, updates))
    unbiased_second = second / (1.0 - tf.pow(SECOND_DECAY, updates))
    change = rate * unbiased_first / (tf.sqrt(unbiased_second) + _EPSILON)
    image = tf.clip_by_value(state.image - change, 0.0, 1.0)
    return AdamState(image, first, second, updates)


_compiled_adam_update = tf.function(
    adam_update, input_signature=[AdamState(_IMAGE, _IMAGE, _IMAGE, _SCALAR), _IMAGE, _SCALAR]
)
