"""Seeded filters for a network that has no trained ones, set so that every layer has a signal.

Random filters are enough for textures: Ustyuzhaninov et al. 2016, "Texture Synthesis Using Shallow
Convolutional Networks with Random Filters"; He, Wang, Hopcroft 2016, "A Powerful Generative Model
Using Random Weights for the Deep Image Representation". As they are drawn they lose the picture
within a few layers, so each layer is set from data, one after the other, as Mishkin and Matas 2016
("All You Need Is a Good Init") do: its output has mean 0 and variance 1 in every channel.

What was seen in pictures: filters of plain noise paint grain, because much of what they respond to
is finer than what photographs hold, and so the filters are smoothed; and behind more than a few
layers random filters answer to the slightest change, so that nothing but the first ones
(`Family.untrained_layers`) is measured. The result is the artwork's colours and fine texture; its
brush strokes need a network that has learnt to see them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from stransfer.images import Picture
from stransfer.weightfiles import variables

# The side of the picture that the layers are set on: the deepest feature maps, at a 32nd of the
# size, then still have some dozens of values a channel.
_SIDE = 224

# How much weaker each next spatial frequency of a filter is: those of photographs fall likewise.
_SMOOTHNESS = 2.0

_LEAVES = 600
_SMALLEST, _LARGEST = 3.0, 90.0

# Keeps a channel that never changes (a filter on nothing but padding) from dividing by zero.
_LEAST_VARIANCE = 1e-6


def standardised(network: keras.Model) -> keras.Model:
    """Return the network with each output brought to mean 0 and variance 1 in every channel.

    What random filters respond with has much the same mean everywhere. It would drown what differs
    from picture to picture in a Gram matrix, and is therefore taken off; Novak and Nikulin 2016
    ("Improving the Neural Algorithm of Artistic Style", activation shift) do so for trained ones.
    """
    own = keras.layers.BatchNormalization
    outputs = [own(center=False, scale=False, epsilon=0.0)(output) for output in network.outputs]
    return keras.Model(network.inputs[0], outputs)


def fill(network: keras.Model, preprocess: Callable[[tf.Tensor], tf.Tensor], seed: int) -> None:
    """Give every layer of a network filters drawn from the seed, set on a picture of leaves.

    A filter depends on the seed and the name of its layer alone, and what it is set on, on the
    layers before it: a network that was cut elsewhere gets the same ones.
    """
    for key, variable in variables(network).items():
        if "kernel" in key:
            variable.assign(_drawn(key, tuple(variable.shape), seed))
    picture = tf.constant(leaves(seed)[np.newaxis] * 255.0)
    # Keras gives the layers in computing order, and each tensor between two of them is one object.
    found: dict[int, tf.Tensor] = {id(network.inputs[0]): preprocess(picture)}
    for layer in network.layers:
        if not isinstance(layer, keras.layers.InputLayer):
            inputs = tf.nest.map_structure(lambda tensor: found[id(tensor)], layer.input)
            found[id(layer.output)] = _set(layer, inputs)


def leaves(seed: int) -> Picture:
    """Return a picture of discs that hide one another, float32 [side, side, 3] in [0, 1].

    The dead leaves model: discs whose radius r has a density proportional to 1/r³ share the scale
    invariance, the edges and the contrasts of photographs (Lee, Mumford, Huang 2001), and need
    no file.
    """
    random = np.random.default_rng([seed, zlib.crc32(b"leaves")])
    rows, columns = np.mgrid[0:_SIDE, 0:_SIDE].astype(np.float32)
    picture = np.full((_SIDE, _SIDE, 3), 0.5, np.float32)
    low, high = _LARGEST**-2, _SMALLEST**-2
    for radius in 1 / np.sqrt(random.uniform(low, high, _LEAVES)):
        row, column = random.uniform(0, _SIDE, 2)
        inside = (rows - row) ** 2 + (columns - column) ** 2 < radius**2
        picture[inside] = random.random(3, np.float32)
    return picture


def _drawn(key: str, shape: tuple[int, ...], seed: int) -> Picture:
    random = np.random.default_rng([seed, zlib.crc32(key.encode())])
    kernel: Picture = random.standard_normal(shape, np.float32)
    for axis in (0, 1):
        kernel = np.moveaxis(np.tensordot(_waves(shape[axis]), kernel, (1, axis)), 0, axis)
    return kernel.astype(np.float32)


def _waves(size: int) -> Picture:
    """Return the cosines that make up a row of a filter, in columns, the finer the fainter."""
    places, frequencies = np.arange(size)[:, np.newaxis] + 0.5, np.arange(size)
    waves: Picture = np.cos(np.pi * places * frequencies / size)
    faded: Picture = waves / np.linalg.norm(waves, axis=0) / (1 + _SMOOTHNESS * frequencies)
    return faded


def _set(layer: keras.Layer, inputs: Any) -> tf.Tensor:
    """Set one layer on its inputs, and return what it then computes from them."""
    if isinstance(layer, keras.layers.BatchNormalization):
        mean, variance = tf.nn.moments(inputs, axes=[0, 1, 2])
        layer.moving_mean.assign(mean)
        layer.moving_variance.assign(tf.maximum(variance, _LEAST_VARIANCE))
    elif isinstance(layer, keras.layers.Conv2D | keras.layers.SeparableConv2D):
        _set_convolution(layer, inputs)
    return layer(inputs, training=False)


def _set_convolution(layer: keras.Layer, inputs: tf.Tensor) -> None:
    activation, layer.activation = layer.activation, keras.activations.linear
    try:
        mean, variance = tf.nn.moments(layer(inputs), axes=[0, 1, 2])
    finally:
        layer.activation = activation
    scale = tf.math.rsqrt(tf.maximum(variance, _LEAST_VARIANCE))
    separable = isinstance(layer, keras.layers.SeparableConv2D)
    kernel = layer.pointwise_kernel if separable else layer.kernel
    kernel.assign(kernel * scale)
    if layer.use_bias:
        layer.bias.assign((layer.bias - mean) * scale)
