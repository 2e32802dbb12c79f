"""The whole loss and its gradient, on a tiny network and against independent implementations."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from stransfer.objective import Objective, Targets, Weights
from tests.engine import reference
from tests.engine.tiny import style_targets, tiny_extractor, tiny_weights

CONTENT = {"second": 1.0}
STYLE = {"first": 3.0, "second": 1.0}
WEIGHTS = Weights(*(tf.constant(weight) for weight in (0.7, 2.0, 0.3)))


@pytest.fixture(scope="module")
def objective() -> Objective:
    return Objective(tiny_extractor(), CONTENT, STYLE)


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    random = np.random.default_rng(5)
    return [random.random(shape) for shape in ((6, 7, 3), (6, 7, 3), (9, 8, 3))]


def batch(picture: np.ndarray) -> tf.Tensor:
    return tf.constant(picture[np.newaxis], tf.float32)


def targets_of(objective: Objective, content: np.ndarray, style: np.ndarray) -> Targets:
    return Targets(
        objective.content_targets(batch(content)), style_targets(objective, batch(style))
    )


def test_the_losses_agree_with_the_reference(
    objective: Objective, pictures: list[np.ndarray]
) -> None:
    image, content, style = pictures
    targets = targets_of(objective, content, style)
    found = objective.losses(batch(image), targets, WEIGHTS)

    weights = tiny_weights()
    image_maps, content_maps, style_maps = (
        reference.two_layers(picture, weights) for picture in pictures
    )
    expected_content = reference.relative_distance(image_maps[1], content_maps[1])
    distances = [
        reference.relative_distance(reference.gram(mine), reference.gram(theirs))
        for mine, theirs in zip(image_maps, style_maps, strict=True)
    ]
    expected_style = 0.75 * distances[0] + 0.25 * distances[1]
    expected_tv = reference.total_variation(image)
    assert float(found.content) == pytest.approx(expected_content, rel=1e-4)
    assert float(found.style) == pytest.approx(expected_style, rel=1e-4)
    assert float(found.tv) == pytest.approx(expected_tv, rel=1e-4)
    assert float(found.total) == pytest.approx(
        0.7 * expected_content + 2.0 * expected_style + 0.3 * expected_tv, rel=1e-4
    )


def test_the_gradient_agrees_with_finite_differences(
    objective: Objective, pictures: list[np.ndarray]
) -> None:
    image, content, style = pictures
    targets = targets_of(objective, content, style)
    _, gradient = objective.losses_and_gradient(batch(image), targets, WEIGHTS)

    def total(picture: np.ndarray) -> float:
        return float(objective.losses(batch(picture), targets, WEIGHTS).total)

    # Along its own direction the slope is large, so that float32 does not drown it; random
    # directions see whether any part points elsewhere.
    random = np.random.default_rng(6)
    directions = [gradient.numpy()[0].astype(float)]
    directions += [random.normal(size=image.shape) + directions[0] * 20 for _ in range(4)]
    for direction in directions:
        direction = direction / np.linalg.norm(direction)
        size = 5e-3
        slope = (total(image + size * direction) - total(image - size * direction)) / (2 * size)
        assert slope == pytest.approx(float((gradient.numpy()[0] * direction).sum()), rel=0.02)


def test_the_photo_itself_has_no_content_loss(
    objective: Objective, pictures: list[np.ndarray]
) -> None:
    _, content, style = pictures
    targets = targets_of(objective, content, style)
    found = objective.losses(batch(content), targets, WEIGHTS)
    assert float(found.content) == 0.0
    assert float(found.style) > 0.0


def test_the_artwork_itself_has_no_style_loss(
    objective: Objective, pictures: list[np.ndarray]
) -> None:
    _, content, style = pictures
    targets = targets_of(objective, content, style)
    maps = objective.content_targets(batch(style))
    found = objective.losses(batch(style), targets._replace(content=maps), WEIGHTS)
    assert float(found.style) == pytest.approx(0.0, abs=1e-9)


def test_only_the_proportion_of_layer_weights_counts(pictures: list[np.ndarray]) -> None:
    image, content, style = pictures
    found = []
    for factor in (1.0, 50.0):
        scaled = {layer: weight * factor for layer, weight in STYLE.items()}
        objective = Objective(tiny_extractor(), CONTENT, scaled)
        targets = targets_of(objective, content, style)
        found.append(float(objective.losses(batch(image), targets, WEIGHTS).style))
    assert found[0] == pytest.approx(found[1], rel=1e-6)
