"""Convolutions computed from mirrored filters: the same sums, gradients included."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from stransfer.convolution import MirroredConv2D, mirrored
from stransfer.models import MODELS
from stransfer.networks import FeatureExtractor, build, cut


def network(channels: int = 64, features: int = 3, **options: object) -> keras.Model:
    """A convolution with filters drawn from a seed, after the given number of channels."""
    inputs = keras.Input((None, None, channels))
    settings = {"kernel_size": 3, "padding": "same", "activation": "relu", **options}
    made = keras.Model(inputs, keras.layers.Conv2D(features, **settings)(inputs))
    random = np.random.default_rng(5)
    made.set_weights([random.normal(0, 0.2, array.shape) for array in made.get_weights()])
    return made


def is_mirrored(network: keras.Model) -> bool:
    return any(isinstance(layer, MirroredConv2D) for layer in mirrored(network).layers)


def summed(image: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """The convolution of an image [height, width, channels], as the sum that defines it."""
    height, width = image.shape[:2]
    down, right = filters.shape[0] // 2, filters.shape[1] // 2
    padded = np.pad(image, [(down, down), (right, right), (0, 0)])
    result = np.zeros((height, width, filters.shape[3]))
    for row in range(filters.shape[0]):
        for column in range(filters.shape[1]):
            seen = padded[row : row + height, column : column + width]
            result += seen @ filters[row, column]
    return result


@pytest.mark.parametrize("kernel", [(3, 3), (1, 7), (5, 3)])
def test_it_is_the_sum_that_defines_a_convolution(kernel: tuple[int, int]) -> None:
    plain = network(kernel_size=kernel)
    assert is_mirrored(plain)
    image = np.random.default_rng(1).normal(size=(1, 7, 9, 64))
    filters, bias = plain.get_weights()
    expected = np.maximum(summed(image[0], filters) + bias, 0)
    assert 0 < np.count_nonzero(expected) < expected.size
    np.testing.assert_allclose(mirrored(plain)(image)[0], expected, rtol=1e-4, atol=1e-4)


def test_its_gradient_is_that_of_an_ordinary_convolution() -> None:
    plain = network(features=5)
    image = tf.random.stateless_normal([2, 6, 11, 64], [0, 1])

    def gradient(network: keras.Model) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(image)
            loss = tf.reduce_sum(tf.square(network(image)))
        return tape.gradient(loss, image)

    expected = gradient(plain)
    np.testing.assert_allclose(gradient(mirrored(plain)), expected, rtol=1e-4, atol=1e-4)


def test_a_layer_without_a_bias_stays_without_one() -> None:
    plain = network(use_bias=False, activation=None)
    image = np.random.default_rng(1).normal(size=(1, 5, 5, 64))
    np.testing.assert_allclose(mirrored(plain)(image), plain(image), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"strides": 2},
        {"padding": "valid"},
        {"dilation_rate": 2},
        {"groups": 2, "features": 4},
        {"kernel_size": 2},
        {"kernel_size": 1},
        {"channels": 3},
    ],
)
def test_what_is_another_sum_or_gains_nothing_stays_as_it_is(options: dict[str, int]) -> None:
    plain = network(**options)
    assert not is_mirrored(plain)
    channels = options.get("channels", 64)
    image = np.random.default_rng(1).normal(size=(1, 8, 8, channels)).astype(np.float32)
    np.testing.assert_array_equal(mirrored(plain)(image), plain(image))


def test_all_but_the_first_convolution_of_vgg_are_mirrored() -> None:
    layers = tuple(MODELS["vgg16"].style_layers)
    extractor = FeatureExtractor.of(MODELS["vgg16"], layers)
    kinds = {
        layer.name: isinstance(layer, MirroredConv2D)
        for layer in extractor._network.layers
        if isinstance(layer, keras.layers.Conv2D)
    }
    assert kinds.pop("block1_conv1") is False and all(kinds.values()) and len(kinds) == 10
    whole = build(MODELS["vgg16"])
    whole.set_weights([*extractor._network.get_weights(), *whole.get_weights()[22:]])
    image = tf.random.stateless_uniform([1, 48, 40, 3], [0, 1])
    plain = FeatureExtractor(cut(whole, layers), extractor._preprocess, layers)
    for layer, expected in plain(image).items():
        scale = float(tf.reduce_max(expected))
        np.testing.assert_allclose(extractor(image)[layer], expected, atol=1e-5 * scale)
