"""The frozen feature extractor: a pre-trained network, cut behind the last layer that is needed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from stransfer import untrained, weightfiles, weights
from stransfer.convolution import mirrored
from stransfer.families import NO_SHIFT, Shift
from stransfer.layers import INCEPTION_STEM
from stransfer.models import Model
from stransfer.precision import BFLOAT16, FLOAT32
from stransfer.receptive_field import ReceptiveField, receptive_fields
from stransfer.taps import Compute, Measure, tapped
from stransfer.traversal import traverse

Visit = Callable[[str, Compute, tf.Tensor], tf.Tensor]


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
        shifts: Sequence[Shift] = NO_SHIFT,
    ) -> None:
        """Measure with a network whose outputs are `layers`, in that order; see `cut`.

        `preprocess` maps RGB values in [0, 255] to what the network was trained on. The image is
        measured once for each of `shifts`, moved by so many pixels down and to the right.
        """
        self._network = network
        self._network.trainable = False
        self._preprocess = preprocess
        self._shifts = tuple(shifts)
        self.layers = tuple(layers)
        outputs = zip(network.outputs, self.layers, strict=True)
        self._names = {id(output): layer for output, layer in outputs}
        # Three channels are convolved in a hundredth of the time of what follows.
        self._reading_the_image = {
            self._names[id(layer.output)]
            for layer in network.layers
            if layer.input is network.inputs[0] and id(layer.output) in self._names
        }

    @classmethod
    def of(
        cls,
        model: Model,
        layers: Sequence[str],
        untrained_seed: int | None = None,
        precision: str = FLOAT32,
    ) -> FeatureExtractor:
        """Return the extractor of a model in the catalogue, with its weights.

        With a seed it has filters drawn from that instead. Raises WeightsError if the weights are
        missing, damaged, or another network's.
        """
        preprocess = preprocessing(model)
        if untrained_seed is not None:
            network = untrained.standardised(cut(build(model), layers))
            untrained.fill(network, preprocess, untrained_seed)
        else:
            path = weights.obtain(model)
            whole = build(model)
            weightfiles.fill(whole, path, model.title)
            network = cut(whole, layers)
        network = in_bfloat16(network) if precision == BFLOAT16 else mirrored(network)
        return cls(network, preprocess, layers, model.family.shifts)

    def __call__(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return `{layer: [shifts, height, width, channels]}` for an image [1, height, width, 3].

        The image holds sRGB values in [0, 1]; the network's own preprocessing is applied here.
        Feature maps have the format that the network computes them in, float32 or bfloat16.
        """
        return self._computed(image, lambda layer, compute, inputs: compute(inputs))

    def measured(
        self, image: tf.Tensor, measures: Mapping[str, Measure]
    ) -> tuple[dict[str, tf.Tensor], dict[str, Sequence[tf.Tensor]]]:
        """Return the feature maps of an image, and what is measured of some of them in passing.

        Ask for the gradient of what was measured: see `stransfer.taps`.
        """
        found: dict[str, Sequence[tf.Tensor]] = {}

        def visit(layer: str, compute: Compute, inputs: tf.Tensor) -> tf.Tensor:
            if layer not in measures:
                return compute(inputs)
            if layer not in self._reading_the_image:
                compute, inputs = _itself, compute(inputs)
            features, found[layer] = tapped(compute, measures[layer], inputs)
            return features

        return self._computed(image, visit), found

    def _computed(self, image: tf.Tensor, visit: Visit) -> dict[str, tf.Tensor]:
        """Return the feature maps of the chosen layers, each of which `visit` computes."""
        shifted = tf.concat([_moved(image, *shift) for shift in self._shifts], axis=0)

        def output(layer: keras.Layer, inputs: Any) -> tf.Tensor:
            compute = functools.partial(layer, training=False)
            name = self._names.get(id(layer.output))
            return compute(inputs) if name is None else visit(name, compute, inputs)

        maps = traverse(self._network, self._preprocess(shifted * 255.0), output)
        return dict(zip(self.layers, maps, strict=True))

    @functools.cached_property
    def receptive_fields(self) -> Mapping[str, ReceptiveField]:
        """Which pixels the positions of each layer see, in whichever way the image is shifted."""
        shift = max(max(moved) for moved in self._shifts)
        return {
            layer: field._replace(before=field.before + shift)
            for layer, field in zip(self.layers, receptive_fields(self._network), strict=True)
        }


def build(model: Model) -> keras.Model:
    """Return the network of a model for pictures of any size, with weights that mean nothing."""
    application = getattr(keras.applications, model.application)
    network: keras.Model = application(weights=None, include_top=False, input_shape=(None, None, 3))
    return network


def preprocessing(model: Model) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return what maps RGB values in [0, 255] to the values the network was trained on."""
    preprocess: Callable[[tf.Tensor], tf.Tensor]
    preprocess = getattr(keras.applications, model.module).preprocess_input
    return preprocess


def cut(network: keras.Model, layers: Sequence[str]) -> keras.Model:
    """Return the part of a network that computes the layers, in their order, and nothing else."""
    return keras.Model(network.inputs[0], [layer_of(network, layer).output for layer in layers])


def in_bfloat16(network: keras.Model) -> keras.Model:
    """Return the network with the same weights, computing in bfloat16.

    The weights are rounded here, once: Keras's mixed policy would keep them in float32 and round
    them in every step. Normalisation stays in float32, because its learnt statistics lose more by
    rounding than filters do.
    """

    def copied(layer: keras.layers.Layer) -> keras.layers.Layer:
        exact = isinstance(layer, keras.layers.InputLayer | keras.layers.BatchNormalization)
        dtype = {} if exact else {"dtype": BFLOAT16}
        return layer.__class__.from_config(layer.get_config() | dtype)

    copy = keras.models.clone_model(network, clone_function=copied)
    copy.set_weights(network.get_weights())
    return copy


def layer_of(network: keras.Model, name: str) -> keras.Layer:
    """Return a layer by its name in the catalogue.

    Keras numbers the layers of Inception's stem through, and starts with another number whenever
    it builds one more network; the stem is a chain, so the count of activations finds them.
    """
    if name not in INCEPTION_STEM:
        return network.get_layer(name)
    activations = [layer for layer in network.layers if isinstance(layer, keras.layers.Activation)]
    return activations[INCEPTION_STEM.index(name)]


def _itself(features: tf.Tensor) -> tf.Tensor:
    return features


def _moved(image: tf.Tensor, down: int, right: int) -> tf.Tensor:
    """Return the image moved by some pixels, its own edge repeated where it moved away."""
    if not (down or right):
        return image
    height, width = tf.shape(image)[1], tf.shape(image)[2]
    padded = tf.pad(image, [[0, 0], [down, 0], [right, 0], [0, 0]], "SYMMETRIC")
    return padded[:, :height, :width]
