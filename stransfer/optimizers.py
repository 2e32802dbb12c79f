"""How the image is updated: Adam with its pixels kept in range, as a pure function of its state."""

from __future__ import annotations

import math
from typing import NamedTuple

import tensorflow as tf

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


class AdamState(NamedTuple):
    """The image and the running moments of its gradient, all [1, height, width, 3].

    `updates` counts the updates since the moments were zero.
    """

    image: tf.Tensor
    first: tf.Tensor
    second: tf.Tensor
    updates: tf.Tensor

    @classmethod
    def start(cls, image: tf.Tensor) -> AdamState:
        """Return the state before the first update of an image."""
        zeros = tf.zeros_like(image)
        return cls(image, zeros, zeros, tf.zeros([], tf.float32))

    def resized(self, width: int, height: int) -> AdamState:
        """Return the state carried over to another size, so that no progress is forgotten.

        A gradient per pixel falls with the number of pixels, because the loss is a mean over
        them: the moments are scaled accordingly.
        """
        here = tf.cast(tf.shape(self.image)[1] * tf.shape(self.image)[2], tf.float32)
        ratio = here / float(width * height)

        def scaled(values: tf.Tensor, method: str) -> tf.Tensor:
            return tf.image.resize(values, [height, width], method=method)

        return AdamState(
            image=tf.clip_by_value(scaled(self.image, "bicubic"), 0.0, 1.0),
            first=scaled(self.first, "bilinear") * ratio,
            second=scaled(self.second, "bilinear") * ratio**2,
            updates=self.updates,
        )


def adam_update(state: AdamState, gradient: tf.Tensor, learning_rate: tf.Tensor) -> AdamState:
    """Return the state after one update against `gradient`, its pixels clipped to [0, 1].

    Kingma and Ba 2015, algorithm 1; the clipping is the projection of Gatys's later code.
    """
    updates = state.updates + 1.0
    first = FIRST_DECAY * state.first + (1.0 - FIRST_DECAY) * gradient
    second = SECOND_DECAY * state.second + (1.0 - SECOND_DECAY) * tf.square(gradient)
    unbiased_first = first / (1.0 - tf.pow(FIRST_DECAY, updates))
    unbiased_second = second / (1.0 - tf.pow(SECOND_DECAY, updates))
    change = learning_rate * unbiased_first / (tf.sqrt(unbiased_second) + _EPSILON)
    image = tf.clip_by_value(state.image - change, 0.0, 1.0)
    return AdamState(image, first, second, updates)
