"""The losses, as pure functions of feature maps and images.

Every loss is relative to its target or a mean over pixels, so that its size depends neither on
the size of the image nor on the network, and one set of weights suits them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

# Keeps a target without any signal (a black picture, a dead layer) from dividing by zero.
_EPSILON = 1e-12

# Paddings of a batch of images by one line of zeros.
_FIRST_ROW, _LAST_ROW = [[0, 0], [1, 0], [0, 0], [0, 0]], [[0, 0], [0, 1], [0, 0], [0, 0]]
_FIRST_COLUMN, _LAST_COLUMN = [[0, 0], [0, 0], [1, 0], [0, 0]], [[0, 0], [0, 0], [0, 1], [0, 0]]


class GramSums(NamedTuple):
    """The sum over positions of the products of channels, and the number of positions.

    float32 [channels, channels] and a scalar. The sums of parts of a picture add up to those of the
    whole.
    """

    products: tf.Tensor
    positions: tf.Tensor

    @property
    def gram_matrix(self) -> tf.Tensor:
        """The mean product of every two channels, 0 where there is no position at all."""
        return tf.math.divide_no_nan(self.products, self.positions)


def gram_sums(features: tf.Tensor, mask: tf.Tensor | None = None) -> GramSums:
    """Return the correlations between channels, as sums.

    `features` is [views, height, width, channels], in float32 or bfloat16, and all views of the
    picture count alike; sums are float32. Gatys, Ecker, Bethge 2016, equation 3, but to be divided
    by the number of positions, so that pictures of different sizes can be compared. With a `mask`
    [1, any height, any width, 1] in [0, 1], a position counts as much as the mask says there: the
    guided Gram matrix of Gatys et al. 2017, equation 4.
    """
    vectors = tf.reshape(features, [-1, tf.shape(features)[-1]])
    if mask is None:
        positions = tf.cast(tf.shape(vectors)[0], tf.float32)
        return GramSums(_channel_products(vectors), positions)
    counts = tf.image.resize(mask, tf.shape(features)[1:3], method="area")
    counts = tf.tile(tf.reshape(counts, [-1, 1]), [tf.shape(features)[0], 1])
    return GramSums(_channel_products(vectors, counts), tf.reduce_sum(counts))


def gram_matrix(features: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
    """Return the correlations between channels, float32 [channels, channels]; see `gram_sums`."""
    return gram_sums(features, mask).gram_matrix


def style_distance(gram: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Return the squared distance of two Gram matrices, relative to the target's squared norm.

    Gatys et al. 2016, equation 4, with the target's norm in place of the paper's 4 N² M²: it is 0
    at the target and 1 for an image without any correlations, in every layer of every network.
    """
    return tf.reduce_sum(tf.square(gram - target)) / (tf.reduce_sum(tf.square(target)) + _EPSILON)


def content_distance(
    features: tf.Tensor, target: tf.Tensor, energy: tf.Tensor | None = None
) -> tf.Tensor:
    """Return the squared distance of two feature maps, relative to the target's squared norm.

    Gatys et al. 2016, equation 1, with the target's norm in place of the factor 1/2. Both are
    [views, height, width, channels], and their difference is taken in float32. Where they are a
    part of larger maps, `energy` is the squared norm of the whole target, and the distances of the
    parts add up to that of the whole.
    """
    if energy is None:
        energy = feature_energy(target)
    difference = tf.cast(features, tf.float32) - tf.cast(target, tf.float32)
    return tf.reduce_sum(tf.square(difference)) / (energy + _EPSILON)


def feature_energy(features: tf.Tensor) -> tf.Tensor:
    """Return the squared norm of a feature map."""
    return tf.reduce_sum(tf.square(tf.cast(features, tf.float32)))


def total_variation(image: tf.Tensor) -> tf.Tensor:
    """Return the mean squared difference of neighbouring pixels, over rows plus over columns.

    `image` is [1, height, width, 3] in [0, 1]. The squared (Tikhonov) form of Mahendran and
    Vedaldi 2015, section 3.2 with beta = 2, as a mean instead of a sum. An image one pixel high
    or wide has no neighbours in that direction, and they count nothing.
    """
    return _total_variation(image)


def _channel_products(vectors: tf.Tensor, counts: tf.Tensor | None = None) -> tf.Tensor:
    """Return the sum of v vᵀ over the rows v of `vectors`, each counted as `counts` says.

    Automatic differentiation takes the two factors for different ones, and multiplies twice in
    float32. The product is symmetric, so once is enough, in the format of the feature maps that
    the gradient goes on to.
    """

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def products(vectors: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def gradient(slope: tf.Tensor) -> tf.Tensor:
            both = tf.cast(slope + tf.transpose(slope), vectors.dtype)
            pulled = tf.matmul(vectors, both)
            return pulled if counts is None else pulled * tf.cast(counts, vectors.dtype)

        exact = tf.cast(vectors, tf.float32)
        counted = exact if counts is None else exact * counts
        return tf.matmul(counted, exact, transpose_a=True), gradient

    found: tf.Tensor = products(vectors)
    return found


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _total_variation(image: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """Return the total variation; its gradient is written out, which takes a fifth of the time."""
    down = image[:, 1:] - image[:, :-1]
    right = image[:, :, 1:] - image[:, :, :-1]
    downs, rights = (tf.cast(tf.size(values), tf.float32) for values in (down, right))

    def gradient(slope: tf.Tensor) -> tf.Tensor:
        vertical = tf.pad(down, _FIRST_ROW) - tf.pad(down, _LAST_ROW)
        horizontal = tf.pad(right, _FIRST_COLUMN) - tf.pad(right, _LAST_COLUMN)
        pulled = tf.math.divide_no_nan(2.0 * slope, downs) * vertical
        return pulled + tf.math.divide_no_nan(2.0 * slope, rights) * horizontal

    variation = tf.math.divide_no_nan(tf.reduce_sum(tf.square(down)), downs)
    variation += tf.math.divide_no_nan(tf.reduce_sum(tf.square(right)), rights)
    return variation, gradient
