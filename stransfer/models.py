"""The pre-trained networks a picture can be painted with, and what is known of each.

Nothing here needs TensorFlow: this is the catalogue that forms, help texts and validation read;
`stransfer.networks` builds what it describes.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stransfer import families
from stransfer.families import Family
from stransfer.families import LayerWeights as LayerWeights

# What the publishers of the weights ask to be called, and their terms, as Keras's documentation
# of its applications names them.
_VGG = "Visual Geometry Group, Oxford, CC BY 4.0"
_INCEPTION = "Google, Apache License 2.0"
_XCEPTION = "F. Chollet / Keras, MIT"
_DENSENET = "G. Huang, Z. Liu et al., BSD 3-clause"
_RESNET = "K. He et al., MIT"
_RESNET_V2 = "Facebook, BSD"

# How many layer names a message lists before it only suggests similar ones.
_MOST_LISTED = 20


@dataclass(frozen=True)
class Model:
    """One network: how to build it, where its weights are, which layers paint well.

    `application` is the class in `keras.applications`. The weights that Keras publishes are
    `download_mb` megabytes large, have the MD5 checksum `md5`, and lie under `weights_folder`.
    """

    name: str
    title: str
    application: str
    family: Family
    weights_credit: str
    weights_folder: str
    md5: str
    download_mb: int

    @property
    def module(self) -> str:
        """The module of `keras.applications` with the network's own `preprocess_input`."""
        return self.family.module

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer that can be chosen, in the order in which the network computes them."""
        return self.family.layers

    @property
    def content_layers(self) -> LayerWeights:
        """The layers that measure content unless others are chosen, with their weights."""
        return self.family.content_layers

    @property
    def style_layers(self) -> LayerWeights:
        """The layers that measure style unless others are chosen, with their weights."""
        return self.family.style_layers

    @property
    def untrained_content_layers(self) -> LayerWeights:
        """The same for a network that has not been trained."""
        return {self.family.untrained_layers[-1]: 1.0}

    @property
    def untrained_style_layers(self) -> LayerWeights:
        """The same for a network that has not been trained."""
        return {layer: 0.5**index for index, layer in enumerate(self.family.untrained_layers)}

    @property
    def keras_file(self) -> str:
        """The name under which Keras publishes and caches the weights."""
        return f"{self.name}_weights_tf_dim_ordering_tf_kernels_notop.h5"

    def minimum_size(self, chosen: Iterable[str]) -> int:
        """Return the shortest side of a picture, in pixels, that the chosen layers can see."""
        larger = self.family.larger_minimums
        return max([self.family.minimum_size, *(larger.get(layer, 0) for layer in chosen)])

    def parse_layers(self, text: str) -> dict[str, float]:
        """Return `{layer: weight}` for a text such as `block4_conv2:1, block5_conv2:0.5`.

        A layer without a weight counts 1. Raises ValueError, as a sentence, for a layer this
        network does not have or a weight that is not a positive number.
        """
        weights: dict[str, float] = {}
        for item in filter(None, (part.strip() for part in text.split(","))):
            layer, _, weight = (part.strip() for part in item.partition(":"))
            if layer not in self.layers:
                raise ValueError(f"{self.title} has no layer {layer!r}; {self._instead_of(layer)}")
            weights[layer] = _positive(layer, weight or "1")
        return weights

    def _instead_of(self, layer: str) -> str:
        if len(self.layers) <= _MOST_LISTED:
            return f"choose from {', '.join(self.layers)}."
        similar = difflib.get_close_matches(layer, self.layers, n=3, cutoff=0.5)
        first = similar or [*self.style_layers]
        return (
            f"choose for instance {', '.join(first)}; `stransfer models --json` lists all "
            f"{len(self.layers)}."
        )


# Enough for any proportion one may want, and far from where sums of weights overflow.
_HEAVIEST = 1e6


def _positive(layer: str, text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not 0 < weight <= _HEAVIEST:
        raise ValueError(
            f"The weight of {layer} must be a number above 0 and at most {_HEAVIEST:g}, "
            f"but {text!r} was given."
        )
    return weight


def _densenet(depth: int, blocks: tuple[int, ...], md5: str, megabytes: int) -> Model:
    name = f"DenseNet{depth}"
    family = families.densenet(blocks)
    return Model(name.lower(), name, name, family, _DENSENET, "densenet", md5, megabytes)


def _resnet(depth: int, blocks: tuple[int, ...], md5: str, megabytes: int) -> Model:
    name = f"ResNet{depth}"
    family = families.resnet(blocks)
    return Model(name.lower(), name, name, family, _RESNET, "resnet", md5, megabytes)


def _resnet_v2(depth: int, blocks: tuple[int, ...], md5: str, megabytes: int) -> Model:
    name = f"ResNet{depth}V2"
    family = families.resnet_v2(blocks)
    return Model(name.lower(), name, name, family, _RESNET_V2, "resnet", md5, megabytes)


_VGG16 = families.vgg("vgg16", (2, 2, 3, 3, 3))
_VGG19 = families.vgg("vgg19", (2, 2, 4, 4, 4))
_INCEPTION_V3 = families.inception_v3()

# fmt: off
_ALL = (
    Model("vgg16", "VGG16", "VGG16", _VGG16, _VGG, "vgg16",
          "6d6bbae143d832006294945121d1f1fc", 59),
    Model("vgg19", "VGG19", "VGG19", _VGG19, _VGG, "vgg19",
          "253f8cb515780f3b799900260a226db6", 80),
    Model("inception_v3", "Inception V3", "InceptionV3", _INCEPTION_V3, _INCEPTION, "inception_v3",
          "bcbd6486424b2319ff4ef7d526e38f63", 88),
    Model("xception", "Xception", "Xception", families.xception(), _XCEPTION, "xception",
          "b0042744bf5b25fce3cb969f33bebb97", 84),
    _densenet(121, (6, 12, 24, 16), "30ee3e1110167f948a6b9946edeeb738", 29),
    _densenet(169, (6, 12, 32, 32), "b8c4d4c20dd625c148057b9ff1c1176b", 52),
    _densenet(201, (6, 12, 48, 32), "c13680b51ded0fb44dff2d8f86ac8bb1", 75),
    _resnet(50, (3, 4, 6, 3), "4d473c1dd8becc155b73f8504c6f6626", 95),
    _resnet(101, (3, 4, 23, 3), "88cf7a10940856eca736dc7b7e228a21", 171),
    _resnet(152, (3, 8, 36, 3), "ee4c566cf9a93f14d82f913c2dc6dd0c", 235),
    _resnet_v2(50, (3, 4, 6, 3), "fac2f116257151a9d068a22e544a4917", 95),
    _resnet_v2(101, (3, 4, 23, 3), "c0ed64b8031c3730f411d2eb4eea35b5", 171),
    _resnet_v2(152, (3, 8, 36, 3), "ed17cf2e0169df9d443503ef94b23b33", 235),
)
# fmt: on

MODELS: Mapping[str, Model] = {model.name: model for model in _ALL}
DEFAULT_MODEL = _ALL[0].name
