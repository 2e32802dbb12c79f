"""The loss on one tile of an image, and what is needed to add it up over all of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from stransfer import losses, tiles
from stransfer.losses import GramSums
from stransfer.objective import Objective
from stransfer.tiles import Tile

# A deep layer sees a thousand pixels, though hardly more than the middle ones count (Luo et al.
# 2016, "Understanding the Effective Receptive Field"). Margins wider than this would cost several
# times the picture itself.
WIDEST_MARGIN = 128

Maps = tuple[tf.Tensor, ...]


class ContentTarget(NamedTuple):
    """The photo's feature maps in one tile, and the squared norms of its whole feature maps."""

    maps: Maps
    energies: Maps


class TiledObjective:
    """The compiled computations on one tile, of any size, for one objective."""

    def __init__(self, objective: Objective) -> None:
        """Declare what is compiled, each on its first use."""
        image = tf.TensorSpec([1, None, None, 3], tf.float32)
        mask = tf.TensorSpec([1, None, None, 1], tf.float32)
        box = tf.TensorSpec([4], tf.int32)
        maps = tuple(tf.TensorSpec([None] * 4, tf.float32) for _ in objective.content)
        energies = tuple(tf.TensorSpec([], tf.float32) for _ in objective.content)
        target = ContentTarget(maps, energies)
        slopes = tuple(tf.TensorSpec([None, None], tf.float32) for _ in objective.style)
        weight = tf.TensorSpec([], tf.float32)
        self._objective = objective
        self._gram_sums = tf.function(self._gram_sums_of, input_signature=[image, box])
        self._masked_gram_sums = tf.function(self._gram_sums_of, input_signature=[image, box, mask])
        self.content_maps = tf.function(self._content_maps, input_signature=[image, box])
        arguments = [image, box, target, slopes, weight]
        self._pull = tf.function(self._pulled, input_signature=arguments)
        self._masked_pull = tf.function(self._pulled, input_signature=[*arguments, mask])
        self.total_variation = tf.function(_total_variation, input_signature=[image])

    @property
    def style_shares(self) -> Sequence[float]:
        """How much each style layer counts; together 1."""
        return list(self._objective.style.values())

    def cut(self, height: int, width: int) -> list[Tile]:
        """Return the tiles of a picture of this size, with the margins that the layers need."""
        fields = self._objective.extractor.receptive_fields.values()
        margin = min(WIDEST_MARGIN, max(max(field.before, field.after) for field in fields))
        stride = max(field.stride for field in fields)
        return tiles.cut(height, width, stride, margin, tiles.LONGEST)

    def gram_sums(self, image: tf.Tensor, box: tf.Tensor, *mask: tf.Tensor) -> tuple[GramSums, ...]:
        """Return the Gram sums of the part of a tile that counts, for each style layer."""
        found: tuple[GramSums, ...]
        found = (self._masked_gram_sums if mask else self._gram_sums)(image, box, *mask)
        return found

    def pull(
        self,
        image: tf.Tensor,
        box: tf.Tensor,
        target: ContentTarget,
        slopes: Maps,
        weight: tf.Tensor,
        *mask: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the content loss of a tile, and the gradient that the tile adds to the image.

        `slopes` are those of the style loss for each Gram sum of the whole image, `weight` is that
        of the content loss.
        """
        found: tuple[tf.Tensor, tf.Tensor]
        compiled = self._masked_pull if mask else self._pull
        found = compiled(image, box, target, slopes, weight, *mask)
        return found

    def _gram_sums_of(
        self, image: tf.Tensor, box: tf.Tensor, mask: tf.Tensor | None = None
    ) -> tuple[GramSums, ...]:
        features = self._objective.extractor(image)
        measures = self._measures(box, mask)
        return tuple(measure(features[layer]) for layer, measure in measures.items())

    def _measures(
        self, box: tf.Tensor, mask: tf.Tensor | None
    ) -> dict[str, Callable[[tf.Tensor], GramSums]]:
        """Return what gives the Gram sums of a box of pixels, by style layer."""
        if mask is not None:
            mask = mask[:, box[0] : box[2], box[1] : box[3]]

        def within(layer: str, features: tf.Tensor) -> GramSums:
            return losses.gram_sums(self._within(features, layer, box), mask)

        return {layer: functools.partial(within, layer) for layer in self._objective.style}

    def _content_maps(self, image: tf.Tensor, box: tf.Tensor) -> Maps:
        features = self._objective.extractor(image)
        content = self._objective.content
        found = (self._within(features[layer], layer, box) for layer in content)
        return tuple(tf.cast(maps, tf.float32) for maps in found)

    def _pulled(
        self,
        image: tf.Tensor,
        box: tf.Tensor,
        target: ContentTarget,
        slopes: Maps,
        weight: tf.Tensor,
        mask: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(image)
            measures = self._measures(box, mask)
            features, sums = self._objective.extractor.measured(image, measures)
            content = tf.add_n(
                [
                    share
                    * losses.content_distance(
                        self._within(features[layer], layer, box), maps, energy
                    )
                    for (layer, share), maps, energy in zip(
                        self._objective.content.items(), target.maps, target.energies, strict=True
                    )
                ]
            )
            style = [
                tf.reduce_sum(slope * GramSums(*sums[layer]).products)
                for layer, slope in zip(self._objective.style, slopes, strict=True)
            ]
            pulled = weight * content + tf.add_n(style)
        return content, tape.gradient(pulled, image)

    def _within(self, features: tf.Tensor, layer: str, box: tf.Tensor) -> tf.Tensor:
        """Return the positions of a layer's feature maps that belong to a box of pixels."""
        stride = self._objective.extractor.receptive_fields[layer].stride
        top, left = box[0] // stride, box[1] // stride
        bottom, right = -(-box[2] // stride), -(-box[3] // stride)
        return features[:, top:bottom, left:right]


def _total_variation(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(image)
        tv = losses.total_variation(image)
    return tv, tape.gradient(tv, image)
