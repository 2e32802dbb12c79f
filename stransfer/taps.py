"""Measuring feature maps in passing, so that their gradients take up memory one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

Compute = Callable[[tf.Tensor], tf.Tensor]
Measure = Callable[[tf.Tensor], Sequence[tf.Tensor]]


def tapped(
    compute: Compute, measure: Measure, inputs: tf.Tensor
) -> tuple[tf.Tensor, Sequence[tf.Tensor]]:
    """Return the feature maps that are computed of `inputs`, and what is measured of them.

    The values and the gradient are those of plain calls. But automatic differentiation begins with
    the losses, and so would compute for every layer at once how its measurement pulls at it, and
    hold all of these, each as large as the feature maps, until the way back gets there. Here that
    waits for the gradient that comes from the layers behind.

    Of the way there only `inputs` are kept: what is computed of them is computed again on the way
    back (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"). Let `compute` return
    its argument where that would cost more than it saves.
    """

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def passed(inputs: tf.Tensor) -> tuple[tuple[tf.Tensor, ...], Callable[..., Any]]:
        features = compute(inputs)

        def gradient(behind: tf.Tensor, *slopes: tf.Tensor, variables: Any = ()) -> Any:
            with tf.control_dependencies([behind]):
                again = tf.identity(inputs)
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(again)
                features = compute(again)
                measured = measure(features)
            pulled = tape.gradient([features, *measured], again, [behind, *slopes])
            # The weights of a network do not change.
            return (pulled, [None] * len(variables)) if variables else pulled

        return (features, *measure(features)), gradient

    features, *measured = passed(inputs)
    return features, measured
