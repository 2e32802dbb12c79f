"""The textbook's method: what one gets by following TensorFlow's tutorial on style transfer.

One `tf.function` in plain float32 computes loss and gradient and updates the image by Adam with a
learning rate of 0.02, at one size, starting from the photo, pixels clipped to [0, 1]: "Neural style
transfer", tensorflow.org. What differs from it makes the two comparable, or helps the textbook: the
network, layers and losses are the engine's, and Adam's other constants are those that Kingma and
Ba 2015 recommend, because the tutorial's fit only the size of its own losses.
"""

from __future__ import annotations

from collections.abc import Iterator

import tensorflow as tf

from stransfer.bench.yardstick import Yardstick

LEARNING_RATE = 0.02
FIRST_DECAY = 0.9
SECOND_DECAY = 0.999
EPSILON = 1e-8


class Textbook:
    """Paints by the textbook's method."""

    def __init__(self, yardstick: Yardstick) -> None:
        """Take the loss to minimise, and compile the step by taking one."""
        self._yardstick = yardstick
        self._step = tf.function(self._update)
        zeros = tf.zeros_like(yardstick.photo)
        self._step(yardstick.photo, zeros, zeros, tf.constant(1.0))

    def start(self) -> Iterator[tf.Tensor]:
        """Yield the image [1, height, width, 3] after each update, without end."""
        self._yardstick.aim()
        image = self._yardstick.photo
        first = second = tf.zeros_like(image)
        updates = tf.constant(0.0)
        while True:
            updates += 1.0
            image, first, second = self._step(image, first, second, updates)
            yield image

    def _update(
        self, image: tf.Tensor, first: tf.Tensor, second: tf.Tensor, updates: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            loss = self._yardstick.loss(image)
        gradient = tape.gradient(loss, image)
        first = FIRST_DECAY * first + (1 - FIRST_DECAY) * gradient
        second = SECOND_DECAY * second + (1 - SECOND_DECAY) * tf.square(gradient)
        mean = first / (1 - FIRST_DECAY**updates)
        size = tf.sqrt(second / (1 - SECOND_DECAY**updates))
        image = tf.clip_by_value(image - LEARNING_RATE * mean / (size + EPSILON), 0, 1)
        return image, first, second
