"""A tiny seeded network, for tests in which only the plumbing around a network matters."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from stransfer import losses
from stransfer.networks import FeatureExtractor
from stransfer.objective import Objective

LAYERS = ("first", "second")


def tiny_weights(seed: int = 3) -> list[npt.NDArray[np.float64]]:
    """Return kernel and bias of two 3 x 3 convolutions, from 3 to 4 to 5 channels."""
    random = np.random.default_rng(seed)
    return [
        random.normal(0, 0.4, (3, 3, 3, 4)),
        random.normal(0.2, 0.1, 4),
        random.normal(0, 0.4, (3, 3, 4, 5)),
        random.normal(0.2, 0.1, 5),
    ]


def tiny_network(weights: list[npt.NDArray[np.float64]]) -> Any:
    """Return a Keras network with these weights."""
    inputs = keras.Input((None, None, 3))
    first = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(inputs)
    second = keras.layers.Conv2D(5, 3, padding="same", activation="relu", name="second")(first)
    network = keras.Model(inputs, [first, second])
    network.set_weights(weights)
    return network


def tiny_extractor(seed: int = 3) -> FeatureExtractor:
    """Return an extractor whose preprocessing maps [0, 255] back to [0, 1]."""
    return FeatureExtractor(tiny_network(tiny_weights(seed)), lambda image: image / 255.0, LAYERS)


def style_targets(
    objective: Objective, style: tf.Tensor, mask: tf.Tensor | None = None
) -> tuple[tf.Tensor, ...]:
    """Return the Gram matrices of an artwork [1, height, width, 3], measured at once."""
    features = objective.extractor(style)
    return tuple(losses.gram_matrix(features[layer], mask) for layer in objective.style)
