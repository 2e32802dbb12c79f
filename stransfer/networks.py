"""The frozen feature extractor: a pre-trained network, cut behind the last layer that is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from stransfer import weights
from stransfer.errors import WeightsError
from stransfer.models import Model


class FeatureExtractor:
    """Maps an image to the feature maps of chosen layers, with weights that never change.

    Gatys, Ecker, Bethge 2016, section 2.1. Batch normalisation, where a network has it, runs in
    inference mode.
    """

    def __init__(
        self,
        network: keras.Model,
        preprocess: Callable[[tf.Tensor], tf.Tensor],
        layers: Sequence[str],
    ) -> None:
        """Keep the part of a network up to the deepest of `layers`.

        `preprocess` maps RGB values in [0, 255] to what the network was trained on.
        """
        outputs = [network.get_layer(layer).output for layer in layers]
        self._cut = keras.Model(network.inputs[0], outputs)
        self._cut.trainable = False
        self._preprocess = preprocess
        self.layers = tuple(layers)

    @classmethod
    def of(cls, model: Model, layers: Sequence[str]) -> FeatureExtractor:
        """Return the extractor of a model in the catalogue, with its weights.

        Raises WeightsError if they are missing, damaged, or another network's.
        """
        preprocess = getattr(keras.applications, model.module).preprocess_input
        return cls(_build(model), preprocess, layers)

    def __call__(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return `{layer: [1, height, width, channels]}` for an image [1, height, width, 3].

        The image holds sRGB values in [0, 1]; the network's own preprocessing is applied here.
        """
        features: Any = self._cut(self._preprocess(image * 255.0), training=False)
        if len(self.layers) == 1 and not isinstance(features, list | tuple):
            features = [features]
        return dict(zip(self.layers, features, strict=True))


def _build(model: Model) -> keras.Model:
    build = getattr(keras.applications, model.application)
    network = build(weights=None, include_top=False, input_shape=(None, None, 3))
    arrays = weights.load(model)
    expected = {variable.path: tuple(variable.shape) for variable in network.weights}
    received = {key: array.shape for key, array in arrays.items()}
    if received != expected:
        wrong = sorted(
            key
            for key in expected.keys() | received.keys()
            if expected.get(key) != received.get(key)
        )
        raise WeightsError(
            f"{weights.find(model)} does not belong to {model.title}: {wrong[0]} should have "
            f"the shape {expected.get(wrong[0])} and has {received.get(wrong[0])}; "
            "put the right file there."
        )
    for variable in network.weights:
        variable.assign(arrays[variable.path])
    return network
