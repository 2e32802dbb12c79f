"""Feature maps that are measured in passing: the same numbers, and when they are computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from stransfer.taps import Compute, tapped
from tests.engine.tiny import tiny_extractor

KERNEL = tf.random.stateless_normal([3, 3, 2, 4], [0, 1])
IMAGE = tf.random.stateless_uniform([1, 5, 6, 2], [0, 2])
COMPUTES: dict[str, Compute] = {
    "kept": lambda inputs: inputs,
    "computed again": lambda inputs: tf.nn.relu(tf.nn.conv2d(inputs, KERNEL, 1, "SAME")),
}


def measure(features: tf.Tensor) -> Sequence[tf.Tensor]:
    return tf.reduce_mean(features**2), tf.reduce_max(features)


def plainly(
    compute: Compute, measure: Any, inputs: tf.Tensor
) -> tuple[tf.Tensor, Sequence[tf.Tensor]]:
    features = compute(inputs)
    return features, measure(features)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize("compute", COMPUTES.values(), ids=COMPUTES)
def test_values_and_gradient_are_those_of_plain_calls(compute: Compute, compiled: bool) -> None:
    def loss_and_gradient(way: Callable[..., Any]) -> tuple[tf.Tensor, tf.Tensor]:
        def evaluate(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch(image)
                features, (mean, most) = way(compute, measure, image)
                loss = 3 * mean + 2 * most + tf.reduce_sum(tf.sin(features))
            return loss, tape.gradient(loss, image)

        found: tuple[tf.Tensor, tf.Tensor]
        found = (tf.function(evaluate) if compiled else evaluate)(IMAGE)
        return found

    (loss, gradient), (expected, slope) = map(loss_and_gradient, (tapped, plainly))
    np.testing.assert_allclose(loss, expected, rtol=1e-6)
    np.testing.assert_allclose(gradient, slope, rtol=1e-5, atol=1e-7)
    assert np.abs(slope).max() > 0


def told(name: str, events: list[str]) -> Compute:
    """What returns its argument, and tells when it was passed, and when on the way back."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def passed(value: tf.Tensor) -> tuple[tf.Tensor, Compute]:
        def back(slope: tf.Tensor) -> tf.Tensor:
            events.append(f"{name} back")
            return tf.identity(slope)

        events.append(name)
        return tf.identity(value), back

    through: Compute = passed
    return through


@pytest.mark.parametrize("way", [tapped, plainly])
def test_a_measurement_waits_for_the_gradient_of_the_layers_behind(way: Any) -> None:
    events: list[str] = []
    with tf.GradientTape() as tape:
        tape.watch(IMAGE)
        features, (mean,) = way(
            lambda inputs: inputs,
            lambda maps: [tf.reduce_mean(told("measured", events)(maps))],
            IMAGE,
        )
        loss = mean + tf.reduce_sum(told("behind", events)(features) ** 2)
    tape.gradient(loss, IMAGE)
    back = [event for event in events if event.endswith("back")]
    # A plain tape begins with what was measured last, wherever that stands.
    expected = ["behind back", "measured back"]
    assert back == expected if way is tapped else sorted(back) == expected


def test_in_a_graph_too_it_waits() -> None:
    @tf.function  # type: ignore[untyped-decorator]
    def gradient(image: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(image)
            features, (mean, _) = tapped(COMPUTES["kept"], measure, image)
            loss = mean + tf.reduce_sum(tf.sin(features))
        return tape.gradient(loss, image)

    graph = gradient.get_concrete_function(IMAGE).graph
    waiting = [op for op in graph.get_operations() if op.type == "Identity" and op.control_inputs]
    # The slope of a sine is a cosine.
    assert any("Cos" in {each.op.type for each in op.control_inputs[0].inputs} for op in waiting)


def test_only_a_layer_that_reads_the_image_itself_is_computed_again() -> None:
    extractor = tiny_extractor()
    computed: list[str] = []
    for layer in extractor._network.layers[1:]:
        layer.call = counted(layer.name, layer.call, computed)
    image = tf.random.stateless_uniform([1, 6, 7, 3], [1, 2])
    with tf.GradientTape() as tape:
        tape.watch(image)
        _, found = extractor.measured(image, dict.fromkeys(("first", "second"), measure))
        loss = tf.add_n([mean for mean, _ in found.values()])
    tape.gradient(loss, image)
    assert computed == ["first", "second", "first"]


def counted(name: str, call: Compute, computed: list[str]) -> Compute:
    def counting(inputs: tf.Tensor) -> tf.Tensor:
        computed.append(name)
        return call(inputs)

    return counting
