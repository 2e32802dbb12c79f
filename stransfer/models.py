"""The pre-trained networks a picture can be painted with, and what is known of each.

Nothing here needs TensorFlow: this is the catalogue that forms, help texts and validation read;
`stransfer.networks` builds what it describes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

LayerWeights = Mapping[str, float]


@dataclass(frozen=True)
class Model:
    """One network: how to build it, where its weights are, which layers paint well.

    `application` is the class in `keras.applications`, `module` the module there that holds the
    network's own `preprocess_input`. `minimum_size` is the shortest side in pixels at which the
    deepest default layer still has a feature map. `layers` lists every layer that can be chosen,
    in the order in which the network computes them.
    """

    name: str
    title: str
    application: str
    module: str
    weights_file: str
    weights_credit: str
    layers: tuple[str, ...]
    content_layers: LayerWeights
    style_layers: LayerWeights
    minimum_size: int

    def parse_layers(self, text: str) -> dict[str, float]:
        """Return `{layer: weight}` for a text such as `block4_conv2:1, block5_conv2:0.5`.

        A layer without a weight counts 1. Raises ValueError, as a sentence, for a layer this
        network does not have or a weight that is not a positive number.
        """
        weights: dict[str, float] = {}
        for item in filter(None, (part.strip() for part in text.split(","))):
            layer, _, weight = (part.strip() for part in item.partition(":"))
            if layer not in self.layers:
                raise ValueError(
                    f"{self.title} has no layer {layer!r}; choose from {', '.join(self.layers)}."
                )
            weights[layer] = _positive(layer, weight or "1")
        return weights


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


def _vgg_layers(*convolutions: int) -> tuple[str, ...]:
    return tuple(
        f"block{block}_conv{index}"
        for block, count in enumerate(convolutions, start=1)
        for index in range(1, count + 1)
    )


# The layers of Gatys, Ecker, Bethge 2016, section 3: style from the first convolution of every
# block, content from the second of the fourth. Keras fuses the ReLU into these layers, so their
# output is what the paper calls relu1_1 and so on.
_GATYS_STYLE = {f"block{block}_conv1": 1.0 for block in range(1, 6)}
_GATYS_CONTENT = {"block4_conv2": 1.0}

_ALL = (
    Model(
        name="vgg16",
        title="VGG16",
        application="VGG16",
        module="vgg16",
        weights_file="vgg16.npz",
        weights_credit="Visual Geometry Group, Oxford, CC BY 4.0",
        layers=_vgg_layers(2, 2, 3, 3, 3),
        content_layers=_GATYS_CONTENT,
        style_layers=_GATYS_STYLE,
        minimum_size=32,
    ),
)

MODELS: Mapping[str, Model] = {model.name: model for model in _ALL}
DEFAULT_MODEL = _ALL[0].name
