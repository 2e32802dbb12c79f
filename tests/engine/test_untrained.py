"""Networks without trained weights: seeded, and set so that every layer has a signal."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from stransfer import networks, untrained
from stransfer.models import MODELS
from stransfer.networks import FeatureExtractor
from stransfer.program import Program, program_of
from stransfer.settings import Settings
from stransfer.subject import Subject
from stransfer.transfer import Transfer


@pytest.mark.parametrize("name", ["vgg16", "inception_v3", "densenet121", "resnet50", "resnet50v2"])
def test_every_default_layer_has_a_signal_in_every_channel(name: str) -> None:
    model = MODELS[name]
    extractor = FeatureExtractor.of(model, list(model.untrained_style_layers), untrained_seed=5)
    on_its_own = extractor(untrained.leaves(5)[np.newaxis])
    for features in on_its_own.values():
        np.testing.assert_allclose(features.numpy()[:1].mean(axis=(0, 1, 2)), 0, atol=0.02)
        np.testing.assert_allclose(features.numpy()[:1].std(axis=(0, 1, 2)), 1, atol=0.02)
    on_another = extractor(untrained.leaves(6)[np.newaxis])
    for features in on_another.values():
        spread = features.numpy().std(axis=(0, 1, 2))
        assert spread.min() > 0.1 and spread.max() < 6


def test_each_layer_has_mean_0_and_variance_1_before_its_activation() -> None:
    """With a convolution that has its ReLU in itself, and with one whose ReLU is another layer."""
    for name, layer, relu in (
        ("vgg16", "block2_conv2", True),
        ("resnet50", "conv2_block1_2_bn", False),
    ):
        model = MODELS[name]
        network = networks.cut(networks.build(model), [layer])
        preprocess = networks.preprocessing(model)
        untrained.fill(network, preprocess, 3)
        if relu:
            network.get_layer(layer).activation = tf.identity
        picture = preprocess(tf.constant(untrained.leaves(3)[np.newaxis] * 255.0))
        mean, variance = tf.nn.moments(network(picture, training=False), axes=[0, 1, 2])
        np.testing.assert_allclose(mean, 0, atol=0.02)
        np.testing.assert_allclose(variance, 1, atol=0.02)


def test_filters_are_the_same_for_the_same_seed_wherever_the_network_ends() -> None:
    picture = np.random.default_rng(0).random((1, 40, 40, 3)).astype(np.float32)

    def features(seed: int, *layers: str) -> np.ndarray:
        found = FeatureExtractor.of(MODELS["vgg16"], layers, seed)(picture)
        array: np.ndarray = found["block2_conv1"].numpy()
        return array

    first = features(1, "block2_conv1")
    np.testing.assert_array_equal(first, features(1, "block2_conv1", "block3_conv1"))
    assert np.abs(first - features(2, "block2_conv1")).mean() > 0.1


def test_who_wants_the_same_network_at_the_same_time_gets_the_same_one() -> None:
    settings = Settings(weights="untrained", seed=417, style_layers="block1_conv1")
    barrier = threading.Barrier(2)

    def wanted(_: int) -> Program:
        barrier.wait()
        return program_of(settings)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(wanted, range(2))
    assert first is second


def test_a_filter_holds_less_of_what_is_finer() -> None:
    key, shape = "layer/kernel", (7, 7, 8, 64)
    spectrum = np.abs(np.fft.rfft2(untrained._drawn(key, shape, 0), s=(14, 14), axes=(0, 1)))
    power = (spectrum**2).mean(axis=(2, 3))
    assert power[0, 0] > 4 * power[3, 3] > 4 * power[7, 7]


def test_the_leaves_have_colours_edges_and_every_part_of_the_range() -> None:
    picture = untrained.leaves(0)
    np.testing.assert_array_equal(picture, untrained.leaves(0))
    assert picture.dtype == np.float32 and picture.shape == (224, 224, 3)
    assert picture.min() < 0.05 and picture.max() > 0.95
    assert np.abs(np.diff(picture, axis=0)).max() > 0.5


def test_a_run_paints_with_untrained_filters_and_the_seed_is_theirs_as_well() -> None:
    content, style = untrained.leaves(1), 1 - untrained.leaves(2) ** 2
    runs = []
    for seed in (7, 7, 8):
        settings = Settings(weights="untrained", seed=seed, size=100, scales=1, steps=8)
        runs.append(list(Transfer(Subject(content, (style,)), settings).start()))
    assert runs[0][-1].loss.style < 0.8 * runs[0][0].loss.style
    np.testing.assert_array_equal(runs[0][-1].image, runs[1][-1].image)
    assert np.abs(runs[0][-1].image - runs[2][-1].image).mean() > 0.005


def test_an_untrained_network_is_measured_in_its_first_layers_unless_others_are_chosen() -> None:
    settings = Settings(weights="untrained", style_layers="block4_conv1")
    assert settings.content_layer_weights == {"block3_conv1": 1.0}
    assert settings.style_layer_weights == {"block4_conv1": 1.0}
    for model in MODELS.values():
        assert set(model.untrained_style_layers) <= set(model.layers)
        assert list(model.untrained_style_layers.values()) == [1.0, 0.5, 0.25]
