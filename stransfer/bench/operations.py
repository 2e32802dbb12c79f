"""How many floating-point operations a step takes, counted directly from the cut network.

Counted are multiplications and additions, one each:

- every convolution, forwards: 2 × positions of its output × kernel height × kernel width × input
  channels (of its group) × output channels; a separable one is counted as the two it consists of;
- the same once more for the gradient with respect to its input, the first convolution's included,
  because the image is what is optimised. Filters are frozen, so no gradient of theirs is counted;
- the Gram matrices of the style layers: 2 × positions × channels² forwards, the same backwards.

A network that measures the picture in several positions takes all of that for each. Not counted
is whatever is not a product of matrices: activations, pooling, normalisation, total variation, the
update of the image, conversions. They are few, but cost time, which lowers the share of the peak.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import keras

from stransfer import networks
from stransfer.models import MODELS
from stransfer.settings import Settings

_CONVOLUTIONS = (
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
)


@dataclass(frozen=True)
class Operations:
    """The operations of one step, forwards and backwards."""

    convolutions: int
    gram_products: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.convolutions + self.gram_products


def of_step(settings: Settings, width: int, height: int) -> Operations:
    """Return the operations of a step on an image of this size, in pixels."""
    model = MODELS[settings.model]
    style = settings.style_layer_weights
    chosen = dict([*settings.content_layer_weights.items(), *style.items()])
    network = networks.cut(networks.build(model), tuple(chosen))
    return of_network(network, style, (len(model.family.shifts), height, width, 3))


def of_network(
    network: keras.Model, style_layers: Iterable[str], shape: tuple[int, int, int, int]
) -> Operations:
    """Return the operations of a step with a cut network, for images [views, height, width, 3]."""
    convolutions = [layer for layer in network.layers if isinstance(layer, _CONVOLUTIONS)]
    styles = [networks.layer_of(network, name) for name in style_layers]
    maps = _output_shapes(network, [*convolutions, *styles], shape)
    forwards = sum(map(_convolution, convolutions, maps))
    gram = sum(2 * math.prod(shape) * shape[-1] for shape in maps[len(convolutions) :])
    return Operations(convolutions=2 * forwards, gram_products=2 * gram)


def _convolution(layer: Any, output: tuple[int, ...]) -> int:
    """Return the operations of a convolution with this shape of output, forwards."""
    positions, channels = math.prod(output[:-1]), output[-1]
    window, inputs = math.prod(layer.kernel_size), layer.input.shape[-1]
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        products = window * channels
    elif isinstance(layer, keras.layers.SeparableConv2D):
        products = (window + channels) * inputs * layer.depth_multiplier
    else:
        products = window * (inputs // layer.groups) * channels
    return int(2 * positions * products)


def _output_shapes(
    network: keras.Model, layers: list[Any], shape: tuple[int, int, int, int]
) -> list[tuple[int, ...]]:
    every = keras.Model(network.inputs, [layer.output for layer in layers])
    found = every.compute_output_spec(keras.KerasTensor(shape))
    return [tuple(output.shape) for output in (found if isinstance(found, list) else [found])]
