"""How close a finished picture is to its artwork and its photo, whoever painted it.

A judge of our own, in float32: the code and the weights are this project's. It measures with
VGG19, while the engine paints with VGG16 unless it is told otherwise.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from stransfer import images, losses, networks, weightfiles, weights
from stransfer.bench.yardstick import Yardstick, suits
from stransfer.images import Picture
from stransfer.models import MODELS
from stransfer.settings import Settings
from stransfer.subject import Subject

_MODEL = MODELS["vgg19"]
_STYLE_LAYERS = tuple(_MODEL.style_layers)
_CONTENT_LAYER = "block4_conv2"

# Style is measured at these long sides, in pixels, content at the first: strokes of every size
# count, whatever size the picture was painted at.
SIDES = (500, 250, 125)


@dataclass(frozen=True)
class Distances:
    """How far a picture is from what it was painted after; lower is closer, 0 is the same.

    `style` is the mean over sizes and layers of the squared distance of Gram matrices, relative
    to the artwork's; `content` the squared distance of feature maps, relative to the photo's.
    """

    style: float
    content: float


class Judge:
    """Judges pictures that were painted after one photo and one artwork."""

    def __init__(self, content: Picture, style: Picture) -> None:
        """Look at the photo and the artwork, each [height, width, 3] in [0, 1]."""
        self._seen = _observer()
        self._height, self._width = content.shape[:2]
        height, width = style.shape[:2]
        self._artwork = {
            side: self._seen(_batch(images.resize(style, *images.fit(width, height, side))))[1]
            for side in SIDES
        }
        self._photo = self._seen(self._sized(content, SIDES[0]))[0]

    def distances(self, picture: Picture) -> Distances:
        """Return how far a picture is from both, brought to the photo's proportions."""
        seen = {side: self._seen(self._sized(picture, side)) for side in SIDES}
        style = [
            losses.style_distance(gram, target)
            for side, targets in self._artwork.items()
            for gram, target in zip(seen[side][1], targets, strict=True)
        ]
        content = losses.content_distance(seen[SIDES[0]][0], self._photo)
        return Distances(style=float(np.mean(style)), content=float(content))

    def _sized(self, picture: Picture, side: int) -> tf.Tensor:
        return _batch(images.resize(picture, *images.fit(self._width, self._height, side)))


def measure(
    content: str, style: str, settings: dict[str, Any], pictures: list[str]
) -> list[dict[str, float | None]]:
    """Return the distances of picture files from a photo and an artwork, likewise files.

    With them comes the `loss` that a run with these settings minimises, at its final size and in
    float32, or None where `stransfer.bench.yardstick` does not suit the settings.
    """
    subject, chosen = Subject.read(content, style), Settings.parse(settings)
    judge = Judge(subject.content, subject.styles[0])
    yardstick = Yardstick(subject, chosen) if suits(chosen) else None
    return [
        {
            **vars(judge.distances(picture)),
            "loss": yardstick.of(picture) if yardstick else None,
        }
        for picture in map(images.read, pictures)
    ]


@functools.cache
def _observer() -> Callable[[tf.Tensor], tuple[tf.Tensor, list[tf.Tensor]]]:
    """Return what maps an image to its feature maps and its Gram matrices, compiled."""
    whole = networks.build(_MODEL)
    weightfiles.fill(whole, weights.obtain(_MODEL), _MODEL.title)
    network = networks.cut(whole, (_CONTENT_LAYER, *_STYLE_LAYERS))
    preprocess = networks.preprocessing(_MODEL)

    def observe(image: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        content, *styles = network(preprocess(image * 255.0), training=False)
        return content, [losses.gram_matrix(style) for style in styles]

    image = tf.TensorSpec([1, None, None, 3], tf.float32)
    compiled: Callable[[tf.Tensor], tuple[tf.Tensor, list[tf.Tensor]]]
    compiled = tf.function(observe, input_signature=[image])
    return compiled


def _batch(picture: Picture) -> tf.Tensor:
    return tf.constant(picture[np.newaxis], tf.float32)
