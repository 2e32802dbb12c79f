"""Which pixels the positions of a feature map see."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import keras

from stransfer.traversal import traverse


class ReceptiveField(NamedTuple):
    """Position i of a feature map sees the pixels from stride x i - before to stride x i + after.

    In pixels of the image, along its rows or its columns, whichever is more.
    """

    stride: int
    before: int
    after: int


_PIXEL = ReceptiveField(1, 0, 0)


def receptive_fields(network: keras.Model) -> list[ReceptiveField]:
    """Return the receptive field of every output of a network of convolutions and pooling.

    Araujo, Norris, Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks",
    section 2, with the largest of all paths where a network branches.
    """
    rows, columns = (_along(network, axis) for axis in (0, 1))
    return [_wider(row, column) for row, column in zip(rows, columns, strict=True)]


def _along(network: keras.Model, axis: int) -> list[ReceptiveField]:
    def visit(layer: Any, inputs: ReceptiveField | list[ReceptiveField]) -> ReceptiveField:
        widest = functools.reduce(_wider, inputs) if isinstance(inputs, list) else inputs
        return _behind(layer, widest, axis)

    return traverse(network, _PIXEL, visit)


def _behind(layer: Any, field: ReceptiveField, axis: int) -> ReceptiveField:
    """Return the field of a layer's output, given that of its input."""
    if isinstance(layer, keras.layers.ZeroPadding2D):
        padding = layer.padding[axis][0] * field.stride
        return field._replace(before=field.before + padding, after=field.after - padding)
    size = getattr(layer, "kernel_size", getattr(layer, "pool_size", (1, 1)))[axis]
    stride = getattr(layer, "strides", (1, 1))[axis]
    reach = (size - 1) * getattr(layer, "dilation_rate", (1, 1))[axis]
    before = least = 0
    if getattr(layer, "padding", "valid") == "same":
        # Where the padding goes depends on whether the size of the picture is odd.
        before, least = (reach + 1) // 2, max(0, reach + 1 - stride) // 2
    return ReceptiveField(
        stride=field.stride * stride,
        before=field.before + before * field.stride,
        after=field.after + (reach - least) * field.stride,
    )


def _wider(one: ReceptiveField, other: ReceptiveField) -> ReceptiveField:
    return ReceptiveField(*(max(pair) for pair in zip(one, other, strict=True)))
