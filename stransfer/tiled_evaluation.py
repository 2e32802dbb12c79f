"""The loss of an image too large to be measured at once, computed tile by tile.

The style loss compares means over the whole image, so it cannot be had from one tile after the
other. Every evaluation therefore goes over the tiles twice: first their Gram sums are added up,
which gives the loss and its slope with respect to every sum; then each tile is drawn along these
slopes. Tiles overlap by as much as a position of a feature map sees, and every position counts in
one tile only. So loss and gradient are those of the whole image, wherever the tiles are cut, and
there is nothing to be seen at their edges. With a mask they are so to a few percent: it is
averaged over the positions of each tile, which do not divide it quite as those of the whole do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from stransfer import losses
from stransfer.losses import GramSums
from stransfer.objective import Losses, Weights
from stransfer.tiled_objective import ContentTarget, Maps, TiledObjective
from stransfer.tiles import Box, Tile

# How many bytes of the photo's feature maps are kept from one evaluation to the next. What is
# beyond is computed again, which costs time instead of memory.
KEPT_FEATURES = 600 * 2**20


def gram_matrices(
    objective: TiledObjective, picture: tf.Tensor, mask: tf.Tensor | None = None
) -> Maps:
    """Return the Gram matrices of a picture [1, height, width, 3] of any size, or of a part."""
    parts = objective.cut(*picture.shape[1:3])
    return tuple(one.gram_matrix for one in _summed(objective, picture, parts, mask))


class TiledEvaluation:
    """Returns losses and gradient of an image, as the optimisers want it.

    `photo` is [1, height, width, 3], and `style` the target Gram matrices. With a mask [1, height,
    width, 1], the photo is seen where it is black. Between any two tiles `proceed` is called, which
    may raise to stop.
    """

    def __init__(
        self,
        objective: TiledObjective,
        photo: tf.Tensor,
        style: Maps,
        weights: Weights,
        mask: tf.Tensor | None = None,
        proceed: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare to evaluate images of the photo's size."""
        self._objective = objective
        self._photo = photo
        self._style = style
        self._weights = weights
        self._mask = mask
        self._proceed = proceed
        self._tiles = objective.cut(*photo.shape[1:3])
        self._kept: dict[Tile, Maps] = {}
        self._room = KEPT_FEATURES
        self._energies = self._energies_of_photo()

    def __call__(self, image: tf.Tensor) -> tuple[Losses, tf.Tensor]:
        """Return the losses of an image [1, height, width, 3] and their gradient."""
        if self._mask is not None:
            image = self._mask * image + (1.0 - self._mask) * self._photo
        sums = _summed(self._objective, image, self._tiles, self._mask, self._proceed)
        style, slopes = self._style_loss(sums)
        content, gradient = self._pulled(image, slopes)
        tv, tv_gradient = self._objective.total_variation(image)
        gradient += self._weights.tv * tv_gradient
        if self._mask is not None:
            gradient *= self._mask
        weights = self._weights
        total = weights.content * content + weights.style * style + weights.tv * tv
        return Losses(total, content, style, tv), gradient

    def _style_loss(self, sums: Sequence[GramSums]) -> tuple[tf.Tensor, Maps]:
        """Return the style loss, and the slope of its weighted value for each sum of products."""
        products = [one.products for one in sums]
        with tf.GradientTape() as tape:
            tape.watch(products)
            distances = [
                share * losses.style_distance(GramSums(product, one.positions).gram_matrix, target)
                for share, product, one, target in zip(
                    self._objective.style_shares, products, sums, self._style, strict=True
                )
            ]
            style = tf.add_n(distances)
            weighted = self._weights.style * style
        return style, tuple(tape.gradient(weighted, products))

    def _pulled(self, image: tf.Tensor, slopes: Maps) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the content loss, and the gradient of everything but total variation."""
        gradient = np.zeros(image.shape, np.float32)
        content = tf.zeros([], tf.float32)
        for tile in self._tiles:
            self._proceed()
            masks = [] if self._mask is None else [_part(self._mask, tile.box)]
            distance, pull = self._objective.pull(
                _part(image, tile.box),
                tf.constant(tile.counts),
                ContentTarget(self._maps(tile), self._energies),
                slopes,
                self._weights.content,
                *masks,
            )
            top, left, bottom, right = tile.box
            gradient[:, top:bottom, left:right] += pull.numpy()
            content += distance
        return content, tf.constant(gradient)

    def _maps(self, tile: Tile) -> Maps:
        """Return the photo's feature maps in the part of a tile that counts."""
        if tile in self._kept:
            return self._kept[tile]
        maps: Maps = self._objective.content_maps(
            _part(self._photo, tile.box), tf.constant(tile.counts)
        )
        size = sum(4 * int(tf.size(one)) for one in maps)
        if size <= self._room:
            self._room -= size
            self._kept[tile] = maps
        return maps

    def _energies_of_photo(self) -> Maps:
        energies: list[tf.Tensor] = []
        for tile in self._tiles:
            self._proceed()
            own = [losses.feature_energy(one) for one in self._maps(tile)]
            energies = [sum(pair) for pair in zip(energies, own, strict=True)] if energies else own
        return tuple(energies)


def _summed(
    objective: TiledObjective,
    picture: tf.Tensor,
    parts: Sequence[Tile],
    mask: tf.Tensor | None,
    proceed: Callable[[], None] = lambda: None,
) -> list[GramSums]:
    """Return the Gram sums of a whole picture, for each style layer."""
    total: list[GramSums] = []
    for tile in parts:
        proceed()
        masks = [] if mask is None else [_part(mask, tile.box)]
        sums = objective.gram_sums(_part(picture, tile.box), tf.constant(tile.counts), *masks)
        if not total:
            total = list(sums)
            continue
        total = [
            GramSums(one.products + more.products, one.positions + more.positions)
            for one, more in zip(total, sums, strict=True)
        ]
    return total


def _part(picture: tf.Tensor, box: Box) -> tf.Tensor:
    top, left, bottom, right = box
    return picture[:, top:bottom, left:right]
