"""A loss computed tile by tile is that of the whole image."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from stransfer import tiled_evaluation, tiles
from stransfer.models import MODELS
from stransfer.networks import FeatureExtractor
from stransfer.objective import Objective, Targets, Weights
from stransfer.tiled_evaluation import TiledEvaluation, gram_matrices
from stransfer.tiled_objective import TiledObjective
from tests.engine.tiny import style_targets, tiny_extractor

WEIGHTS = Weights(*(tf.constant(weight) for weight in (0.7, 2.0, 0.3)))


@pytest.fixture(scope="module")
def tiny() -> Objective:
    return Objective(tiny_extractor(), {"second": 1.0}, {"first": 3.0, "second": 1.0})


def picture(height: int, width: int, seed: int) -> tf.Tensor:
    return tf.random.stateless_uniform([1, height, width, 3], [seed, 0])


def slope(height: int, width: int) -> tf.Tensor:
    """A mask that goes from black to white."""
    return tf.broadcast_to(tf.linspace(0.0, 1.0, width)[None, None, :, None], [1, height, width, 1])


@pytest.mark.parametrize("masked", [False, True])
def test_tiles_give_the_losses_and_the_gradient_of_the_whole(
    tiny: Objective, monkeypatch: pytest.MonkeyPatch, masked: bool
) -> None:
    monkeypatch.setattr(tiles, "LONGEST", 20)
    image, photo, style = picture(37, 61, 1), picture(37, 61, 2), picture(30, 30, 3)
    targets = Targets(tiny.content_targets(photo), style_targets(tiny, style))
    mask = slope(37, 61) if masked else None
    tiled = TiledEvaluation(TiledObjective(tiny), photo, targets.style, WEIGHTS, mask)
    losses, gradient = tiled(image)

    if mask is not None:
        image = mask * image + (1 - mask) * photo
    expected, expected_gradient = tiny.losses_and_gradient(image, targets, WEIGHTS, mask)
    if mask is not None:
        expected_gradient *= mask
    np.testing.assert_allclose(tf.stack(losses), tf.stack(expected), rtol=1e-5)
    largest = float(tf.reduce_max(tf.abs(expected_gradient)))
    np.testing.assert_allclose(gradient, expected_gradient, atol=1e-5 * largest)


@pytest.mark.parametrize("model", ["vgg16", "xception"])
def test_tiles_of_a_real_network_leave_no_seam(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "LONGEST", 288)
    row = MODELS[model]
    content, style = row.content_layers, row.style_layers
    extractor = FeatureExtractor.of(row, tuple(dict([*content.items(), *style.items()])))
    whole = Objective(extractor, content, style)
    image, photo = picture(150, 330, 1), tf.zeros([1, 150, 330, 3]) + 0.5
    targets = Targets(whole.content_targets(photo), style_targets(whole, picture(96, 96, 3)))
    objective = TiledObjective(whole)
    assert len(objective.cut(150, 330)) > 1
    losses, gradient = TiledEvaluation(objective, photo, targets.style, WEIGHTS)(image)
    expected, expected_gradient = whole.losses_and_gradient(image, targets, WEIGHTS)
    np.testing.assert_allclose(tf.stack(losses), tf.stack(expected), rtol=1e-4)
    missed = tf.norm(gradient - expected_gradient) / tf.norm(expected_gradient)
    assert float(missed) < 0.005


def test_the_gram_matrices_of_a_large_artwork_are_those_of_the_whole(
    tiny: Objective, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "LONGEST", 20)
    style, mask = picture(45, 33, 3), slope(45, 33)
    for guide in (None, mask):
        found = gram_matrices(TiledObjective(tiny), style, guide)
        expected = style_targets(tiny, style, guide)
        for mine, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5)


def test_what_there_is_no_room_to_keep_is_computed_again(
    tiny: Objective, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "LONGEST", 20)
    image, photo = picture(37, 61, 1), picture(37, 61, 2)
    objective = TiledObjective(tiny)
    style = gram_matrices(objective, picture(30, 30, 3))
    kept = TiledEvaluation(objective, photo, style, WEIGHTS)(image)
    monkeypatch.setattr(tiled_evaluation, "KEPT_FEATURES", 1000)
    again = TiledEvaluation(objective, photo, style, WEIGHTS)(image)
    np.testing.assert_array_equal(kept[1], again[1])
    assert [float(part) for part in kept[0]] == [float(part) for part in again[0]]


def test_it_can_be_stopped_between_two_tiles(
    tiny: Objective, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "LONGEST", 20)
    calls = 0

    def proceed() -> None:
        nonlocal calls
        calls += 1
        if calls > 20:
            raise InterruptedError

    objective = TiledObjective(tiny)
    photo = picture(37, 61, 2)
    style = gram_matrices(objective, photo)
    evaluation = TiledEvaluation(objective, photo, style, WEIGHTS, proceed=proceed)
    with pytest.raises(InterruptedError):
        evaluation(photo)
    assert calls == 21
