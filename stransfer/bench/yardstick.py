"""The loss of any picture at a run's final size, in float32, computed as a textbook would.

The network is the one that Keras builds, called as it is, and the losses are written out; only
the formulas, the layers and the weights are the engine's. So it measures alike whatever the engine
computes with, and stays the same when the engine gets faster.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from stransfer import images, networks, objective, pyramid, weightfiles, weights
from stransfer.errors import BenchError
from stransfer.families import NO_SHIFT
from stransfer.images import Picture
from stransfer.models import MODELS
from stransfer.settings import Settings
from stransfer.subject import Subject

_EPSILON = 1e-12


class Yardstick:
    """Measures pictures against one photo and one artwork."""

    def __init__(self, subject: Subject, settings: Settings) -> None:
        """Build the network and compute the targets.

        Raises BenchError for settings that this loss does not suit; see `suits`.
        """
        if not suits(settings):
            raise BenchError(
                "Only a trained VGG network, with the artwork's own colours and a result that is "
                "not larger than the size, has a textbook to compare with."
            )
        model = MODELS[settings.model]
        height, width = subject.content.shape[:2]
        self.level = pyramid.plan(width, height, settings)[-1]
        self._content = _shares(settings.content_layer_weights)
        self._style = _shares(settings.style_layer_weights)
        self._weights = objective.Weights.of(settings)
        self._layers = tuple({**self._content, **self._style})
        self._preprocess = networks.preprocessing(model)
        whole = networks.build(model)
        weightfiles.fill(whole, weights.obtain(model), model.title)
        self._network = networks.cut(whole, self._layers)
        self._compiled = tf.function(self.loss)
        self.photo = _batch(subject.content_at(self.level))
        self._artwork = _batch(subject.styles_at(self.level, settings)[0])
        self.aim()

    def aim(self) -> None:
        """Compute the targets (again): the photo's feature maps, the artwork's Gram matrices."""
        photo, artwork = self._features(self.photo), self._features(self._artwork)
        self._content_targets = {layer: photo[layer] for layer in self._content}
        self._style_targets = {layer: _gram(artwork[layer]) for layer in self._style}

    def loss(self, image: tf.Tensor) -> tf.Tensor:
        """Return the weighted sum of all losses of an image [1, height, width, 3] in [0, 1]."""
        features = self._features(image)
        content = tf.add_n(
            [
                share * _relative(features[layer], self._content_targets[layer])
                for layer, share in self._content.items()
            ]
        )
        style = tf.add_n(
            [
                share * _relative(_gram(features[layer]), self._style_targets[layer])
                for layer, share in self._style.items()
            ]
        )
        down = tf.reduce_mean(tf.square(image[:, 1:] - image[:, :-1]))
        right = tf.reduce_mean(tf.square(image[:, :, 1:] - image[:, :, :-1]))
        weighed = self._weights
        return weighed.content * content + weighed.style * style + weighed.tv * (down + right)

    def of(self, picture: Picture) -> float:
        """Return the loss of a picture [any height, any width, 3], brought to the final size."""
        fitting = images.resize(picture, self.level.width, self.level.height)
        return float(self._compiled(_batch(fitting)))

    def _features(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        found = self._network(self._preprocess(image * 255.0), training=False)
        found = found if isinstance(found, list | tuple) else [found]
        return dict(zip(self._layers, found, strict=True))


def suits(settings: Settings) -> bool:
    """Return whether the engine's loss with these settings is the textbook's.

    It is another one for networks that the engine measures in several positions or standardises,
    and where it changes colours; beyond `size` the textbook's memory would not suffice.
    """
    return (
        settings.untrained_seed is None
        and MODELS[settings.model].family.shifts == NO_SHIFT
        and settings.preserve_color == "none"
        and settings.output_long_side == settings.size
    )


def _gram(features: tf.Tensor) -> tf.Tensor:
    """Return the correlations between channels, as TensorFlow's tutorial computes them."""
    positions = tf.cast(tf.shape(features)[1] * tf.shape(features)[2], tf.float32)
    return tf.einsum("bijc,bijd->bcd", features, features)[0] / positions


def _relative(found: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Return the squared distance, relative to the target's squared norm."""
    norm = tf.reduce_sum(tf.square(target)) + _EPSILON
    return tf.reduce_sum(tf.square(found - target)) / norm


def _shares(weights: Any) -> dict[str, float]:
    return {layer: weight / sum(weights.values()) for layer, weight in weights.items()}


def _batch(picture: Picture) -> tf.Tensor:
    return tf.constant(picture[np.newaxis], tf.float32)
