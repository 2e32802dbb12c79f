"""One contract for every network in the catalogue, each built once."""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from stransfer import folders, layers, networks, pyramid, weightfiles, weights
from stransfer.errors import ImageError
from stransfer.families import BOTH_POSITIONS
from stransfer.models import MODELS, Model
from stransfer.networks import FeatureExtractor
from stransfer.settings import Settings
from tests.engine.weight_files import save_as_keras_2


class Built:
    """A model of the catalogue and its network, whose weights mean nothing."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.network = networks.build(model)

    def values(self) -> dict[str, np.ndarray]:
        found = weightfiles.variables(self.network)
        return {key: variable.numpy() for key, variable in found.items()}


# Keras takes seconds to build one of these, so all tests here share them.
@functools.cache
def built_once(name: str) -> Built:
    return Built(MODELS[name])


@pytest.fixture(scope="module", autouse=True)
def _forget_them_afterwards() -> Iterator[None]:
    yield
    built_once.cache_clear()


@pytest.fixture(params=list(MODELS))
def built(request: pytest.FixtureRequest) -> Built:
    return built_once(request.param)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The operator's folder for weights; it comes before all others."""
    monkeypatch.setenv("INSTANCE_PATH", str(tmp_path))
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


def test_every_listed_layer_exists_and_is_in_computing_order(built: Built) -> None:
    listed = [networks.layer_of(built.network, name) for name in built.model.layers]
    positions = [built.network.layers.index(layer) for layer in listed]
    assert positions == sorted(set(positions))


def test_what_is_listed_is_activated_or_the_output_of_a_block(built: Built) -> None:
    for name in built.model.layers:
        layer = networks.layer_of(built.network, name)
        plain = isinstance(layer, keras.layers.Conv2D) and layer.activation.__name__ == "linear"
        block = isinstance(
            layer, keras.layers.Activation | keras.layers.Add | keras.layers.Concatenate
        )
        fused = isinstance(layer, keras.layers.Conv2D) and layer.activation.__name__ == "relu"
        only_one_at_half_size = name == "conv1_conv" and plain
        assert block or fused or only_one_at_half_size, name


def test_the_smallest_size_works_and_a_smaller_one_is_refused(built: Built) -> None:
    model = built.model
    # The last layer of all, and where that needs a larger picture, the last that does not.
    needs = {layer: model.minimum_size([layer]) for layer in model.layers}
    for smallest in sorted(set(needs.values())):
        measured = [layer for layer, need in needs.items() if need <= smallest]
        chosen = measured[-1]
        picture = np.zeros((1, smallest, smallest, 3), np.float32)
        maps = networks.cut(built.network, measured)(picture)
        assert all(min(features.shape[1:3]) >= 1 for features in maps)
        settings = Settings(model=model.name, size=100, style_layers=chosen, content_layers=chosen)
        assert pyramid.plan(100, smallest, settings)
        with pytest.raises(ImageError, match=f"{model.title} needs at least {smallest} px"):
            pyramid.plan(100, smallest - 1, settings)


def test_every_network_paints_in_bfloat16_as_well(built: Built) -> None:
    """Its default layers, and the gradient by which the picture is painted."""
    model = built.model
    chosen = tuple({**model.content_layers, **model.style_layers})
    network = networks.cut(built.network, chosen)
    side = model.minimum_size(chosen)
    image = tf.random.stateless_uniform([1, side, side, 3], [1, 2])
    found = []
    for computes in (network, networks.in_bfloat16(network)):
        extractor = FeatureExtractor(computes, networks.preprocessing(model), chosen)
        with tf.GradientTape() as tape:
            tape.watch(image)
            maps = extractor(image)
            maps = {layer: tf.cast(features, tf.float32) for layer, features in maps.items()}
            loss = tf.add_n([tf.reduce_mean(tf.abs(features)) for features in maps.values()])
        found.append((maps, tape.gradient(loss, image)))
    (exact, _), (rounded, gradient) = found
    for layer in chosen:
        distance = tf.norm(rounded[layer] - exact[layer]) / tf.norm(exact[layer])
        assert 0 < float(distance) < 0.05, layer
    assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0


def test_a_file_as_keras_ships_it_is_found_verified_and_loaded(built: Built, folder: Path) -> None:
    path = folder / built.model.keras_file
    save_as_keras_2(built.network, path)
    with path.open("rb") as file:
        ours = replace(built.model, md5=hashlib.file_digest(file, "md5").hexdigest())
    assert weights.obtain(ours) == path
    check_that_it_brings_back_all_weights(built, path)


@pytest.mark.parametrize("ending", [".npz", ".weights.h5"])
def test_layers_that_keras_numbers_are_loaded_from_other_formats_as_well(
    folder: Path, ending: str
) -> None:
    inception = built_once("inception_v3")
    path = folder / f"inception_v3{ending}"
    if ending == ".npz":
        np.savez(path, **inception.values())  # type: ignore[arg-type]
    else:
        inception.network.save_weights(path)
    assert weights.obtain(inception.model) == path
    check_that_it_brings_back_all_weights(inception, path)


def check_that_it_brings_back_all_weights(built: Built, path: Path) -> None:
    before = built.values()
    for variable in built.network.weights:
        variable.assign(tf.fill(variable.shape, 7.0))
    weightfiles.fill(built.network, path, built.model.title)
    for key, value in built.values().items():
        np.testing.assert_array_equal(value, before[key], err_msg=key)


def test_the_catalogue_names_the_file_that_keras_would_download(built: Built) -> None:
    model = built.model
    # The weights of ResNet V2 are named in the module of ResNet.
    module = model.module.removesuffix("_v2")
    source = inspect.getsource(importlib.import_module(f"keras.src.applications.{module}"))
    assert model.md5 in source and f"{model.weights_folder}/" in source
    stem, ending = model.keras_file.split("_weights_")
    assert f"_weights_{ending}" in source and stem in source
    # A file holds the values and a little about each of them.
    assert model.download_mb == pytest.approx(built.network.count_params() * 4e-6, rel=0.04)


def test_inceptions_stem_keeps_its_names_however_often_it_was_built() -> None:
    """Keras calls them `activation` to `activation_4` once, and something else ever after."""
    shapes = []
    for network in (built_once("inception_v3").network, networks.build(MODELS["inception_v3"])):
        stem = networks.cut(network, layers.INCEPTION_STEM)
        shapes.append([tuple(output.shape) for output in stem.outputs])
    assert shapes[0] == shapes[1]
    assert [shape[-1] for shape in shapes[0]] == [32, 32, 64, 80, 192]


def test_variables_keep_their_names_however_often_a_network_was_built() -> None:
    built_once("inception_v3")
    network = built_once("xception").network
    assert any(layer.name.startswith("conv2d_") for layer in network.layers)
    archive = weightfiles.read_archive(folders.DATA / "weights" / "xception.npz")
    assert set(weightfiles.variables(network)) == set(archive)


def test_the_network_ends_behind_the_last_layer_that_is_needed() -> None:
    network = built_once("resnet50").network
    kept = networks.cut(network, ["conv2_block1_out", "conv1_relu"]).layers
    assert kept[-1].name == "conv2_block1_out" and len(kept) == 19


def test_batch_normalisation_runs_in_inference_mode() -> None:
    """In training mode it would subtract the picture's own mean, and a grey one would vanish."""
    network = built_once("densenet121").network
    extractor = FeatureExtractor(
        networks.cut(network, ["conv1_relu"]), lambda image: image, ["conv1_relu"]
    )
    grey = tf.fill([1, 64, 64, 3], 0.5)
    kernel = network.get_layer("conv1_conv").kernel.numpy()
    sums = np.maximum(kernel.sum(axis=(0, 1, 2)) * 127.5 / np.sqrt(1 + 1.001e-5), 0)
    inside = extractor(grey)["conv1_relu"][0, 10, 10]
    np.testing.assert_allclose(inside, sums, rtol=1e-3, atol=1e-3)


def test_a_stem_of_stride_two_sees_the_picture_in_both_positions() -> None:
    """Columns that take turns look alike to every second one, but not in the other position."""
    kernel = np.zeros((1, 1, 3, 1), np.float32)
    kernel[0, 0, 0] = 1
    inputs = keras.Input((None, None, 3))
    outputs = keras.layers.Conv2D(1, 1, strides=2, use_bias=False, name="stem")(inputs)
    network = keras.Model(inputs, outputs)
    network.set_weights([kernel])
    columns = np.tile(np.array([0.0, 1.0] * 4, np.float32)[:, np.newaxis], (1, 8, 1, 3))
    extractor = FeatureExtractor(network, lambda image: image / 255, ["stem"], BOTH_POSITIONS)
    found = extractor(columns)["stem"]
    assert found.shape == (2, 4, 4, 1)
    np.testing.assert_allclose(found[0], 0.0)
    np.testing.assert_allclose(found[1, :, 1:], 1.0)
    assert [model.name for model in MODELS.values() if len(model.family.shifts) == 1] == [
        "vgg16",
        "vgg19",
    ]
