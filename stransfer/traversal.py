"""Going through the layers of a network, with whatever one wants to know or to do at each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import keras

Value = TypeVar("Value")


def traverse(network: keras.Model, value: Value, visit: Callable[[Any, Any], Value]) -> list[Value]:
    """Return the values at the outputs of a network, given the one at its input.

    `visit` gets each layer, in computing order, with the value at its input, a list of them for a
    layer that joins several, and returns the one at its output.
    """
    values = {id(network.inputs[0]): value}
    for layer in network.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        joins = isinstance(layer.input, list)
        inputs = [values[id(tensor)] for tensor in (layer.input if joins else [layer.input])]
        values[id(layer.output)] = visit(layer, inputs if joins else inputs[0])
    return [values[id(tensor)] for tensor in network.outputs]
