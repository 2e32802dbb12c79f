"""Receptive fields, by hand and against what a gradient touches."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from stransfer.models import MODELS
from stransfer.networks import build, cut
from stransfer.receptive_field import ReceptiveField, receptive_fields

L = keras.layers


def functional(*layers: keras.Layer) -> ReceptiveField:
    inputs = keras.Input((None, None, 3))
    outputs = inputs
    for layer in layers:
        outputs = layer(outputs)
    return receptive_fields(keras.Model(inputs, outputs))[0]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([L.Conv2D(2, 3, padding="same")], (1, 1, 1)),
        ([L.Conv2D(2, 3)], (1, 0, 2)),
        ([L.Conv2D(2, 5, padding="same"), L.Conv2D(2, 3, padding="same")], (1, 3, 3)),
        ([L.MaxPooling2D(2), L.Conv2D(2, 3, padding="same")], (2, 2, 3)),
        ([L.ZeroPadding2D(3), L.Conv2D(2, 7, strides=2)], (2, 3, 3)),
        ([L.Conv2D(2, 3, dilation_rate=2, padding="same")], (1, 2, 2)),
    ],
)
def test_chains_see_what_can_be_counted_by_hand(
    layers: list[keras.Layer], expected: tuple[int, int, int]
) -> None:
    assert functional(*layers) == expected


def test_the_widest_branch_decides() -> None:
    inputs = keras.Input((None, None, 3))
    narrow = L.Conv2D(2, 1)(inputs)
    wide = L.Conv2D(2, 1)(L.Conv2D(2, (1, 7), padding="same")(inputs))
    network = keras.Model(inputs, L.Concatenate()([narrow, wide]))
    assert receptive_fields(network) == [(1, 3, 3)]


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("vgg16", "block4_conv2"),
        ("xception", "block3_sepconv2_act"),
        ("resnet50", "conv2_block1_out"),
    ],
)
def test_no_gradient_reaches_further(name: str, layer: str) -> None:
    network = cut(build(MODELS[name]), [layer])
    field = receptive_fields(network)[0]
    image = tf.random.stateless_uniform([1, 192, 192, 3], [1, 2])
    with tf.GradientTape() as tape:
        tape.watch(image)
        features = network(image)
        features = features[0] if isinstance(features, list) else features
        position = features.shape[1] // 2
        seen = tf.reduce_sum(features[:, position])
    rows = np.flatnonzero(np.abs(tape.gradient(seen, image).numpy()).max(axis=(0, 2, 3)))
    assert rows.min() >= field.stride * position - field.before
    assert rows.max() <= field.stride * position + field.after
    # And it is not far too careful either.
    assert rows.max() - rows.min() >= (field.before + field.after) * 0.7
