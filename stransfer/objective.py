"""What is minimised: the weighted sum of content, style and total variation losses."""

from __future__ import annotations

import functools
from typing import NamedTuple

import tensorflow as tf

from stransfer import losses
from stransfer.losses import GramSums
from stransfer.models import LayerWeights
from stransfer.networks import FeatureExtractor
from stransfer.settings import Settings

# What a weight of 1 means, next to the style loss. Chosen so that the defaults paint the photo
# while its objects stay recognisable, and so that total variation only removes noise.
CONTENT_BALANCE = 0.06
TOTAL_VARIATION_BALANCE = 1.0


class Targets(NamedTuple):
    """What the image is drawn towards: feature maps of the photo, Gram matrices of the artwork."""

    content: tuple[tf.Tensor, ...]
    style: tuple[tf.Tensor, ...]


class Weights(NamedTuple):
    """How much each part of the loss counts, as scalar tensors."""

    content: tf.Tensor
    style: tf.Tensor
    tv: tf.Tensor

    @classmethod
    def of(cls, settings: Settings) -> Weights:
        """Return the weights that the settings stand for."""
        return cls(
            content=tf.constant(settings.content_weight * CONTENT_BALANCE, tf.float32),
            style=tf.constant(settings.style_weight, tf.float32),
            tv=tf.constant(settings.tv_weight * TOTAL_VARIATION_BALANCE, tf.float32),
        )


class Losses(NamedTuple):
    """The weighted sum and its unweighted parts, each a scalar tensor."""

    total: tf.Tensor
    content: tf.Tensor
    style: tf.Tensor
    tv: tf.Tensor


class Objective:
    """The loss of an image. Gatys, Ecker, Bethge 2016, equation 7.

    Within `content` and within `style` the layers' weights are normalised to sum to 1.
    """

    def __init__(
        self, extractor: FeatureExtractor, content: LayerWeights, style: LayerWeights
    ) -> None:
        """Measure with weighted content and style layers, all of which the extractor has."""
        self.content = _shares(content)
        self.style = _shares(style)
        self.extractor = extractor

    @property
    def targets_signature(self) -> Targets:
        """The shapes of the targets, for whatever size of image."""
        return Targets(
            content=tuple(tf.TensorSpec([None] * 4, tf.float32) for _ in self.content),
            style=tuple(tf.TensorSpec([None, None], tf.float32) for _ in self.style),
        )

    def content_targets(self, content: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Return the feature maps, in float32, of a photo [1, height, width, 3] in [0, 1]."""
        features = self.extractor(content)
        return tuple(tf.cast(features[layer], tf.float32) for layer in self.content)

    def losses(
        self,
        image: tf.Tensor,
        targets: Targets,
        weights: Weights,
        mask: tf.Tensor | None = None,
    ) -> Losses:
        """Return the losses of an image [1, height, width, 3] in [0, 1].

        With a mask [1, height, width, 1], only what is white in it is compared with the artwork.
        """
        measure = functools.partial(losses.gram_sums, mask=mask)
        features, sums = self.extractor.measured(image, dict.fromkeys(self.style, measure))
        content = tf.add_n(
            [
                share * losses.content_distance(features[layer], target)
                for (layer, share), target in zip(
                    self.content.items(), targets.content, strict=True
                )
            ]
        )
        style = tf.add_n(
            [
                share * losses.style_distance(GramSums(*sums[layer]).gram_matrix, target)
                for (layer, share), target in zip(self.style.items(), targets.style, strict=True)
            ]
        )
        tv = losses.total_variation(image)
        total = weights.content * content + weights.style * style + weights.tv * tv
        return Losses(total, content, style, tv)

    def losses_and_gradient(
        self,
        image: tf.Tensor,
        targets: Targets,
        weights: Weights,
        mask: tf.Tensor | None = None,
    ) -> tuple[Losses, tf.Tensor]:
        """Return the losses and the gradient of the total with respect to the image."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(image)
            found = self.losses(image, targets, weights, mask)
        return found, tape.gradient(found.total, image)


def _shares(weights: LayerWeights) -> dict[str, float]:
    whole = sum(weights.values())
    return {layer: weight / whole for layer, weight in weights.items()}
