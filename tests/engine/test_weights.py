"""Weight files: found, verified, decoded, downloaded, or refused with a sentence."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from stransfer import downloads, folders, networks, weightfiles, weights
from stransfer.errors import WeightsError
from stransfer.models import MODELS
from stransfer.networks import FeatureExtractor
from stransfer.settings import Settings
from stransfer.weights import State
from tests.engine import reference

VGG16 = MODELS["vgg16"]
RESNET = MODELS["resnet50"]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator's folder for weights, which comes before the repository's."""
    monkeypatch.setenv("INSTANCE_PATH", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    folder = tmp_path / "weights"
    folder.mkdir()
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Where Keras keeps what it has downloaded."""
    folder = tmp_path / "keras" / "models"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> str:
        print("Downloading data from somewhere")
        raise Exception("URL fetch failure on https://somewhere: None -- no route\nand more")

    monkeypatch.setattr(keras.utils, "get_file", refuse)


@pytest.mark.parametrize(("name", "arrays"), [("vgg16", 26), ("vgg19", 32), ("xception", 234)])
def test_the_repository_has_three_models(name: str, arrays: int) -> None:
    model = MODELS[name]
    assert weights.state(model) is State.REPOSITORY
    assert weights.describe(model) == "in the repository"
    found = weightfiles.read_archive(weights.obtain(model))
    assert len(found) == arrays
    assert all(array.dtype == np.float32 for array in found.values())


def test_folders_are_searched_in_their_order(own_folder: Path, cache: Path) -> None:
    assert weights.find(RESNET) is None
    (cache / RESNET.keras_file).write_bytes(b"")
    assert weights.find(RESNET) == cache / RESNET.keras_file
    (own_folder / RESNET.keras_file).write_bytes(b"")
    for ending in (".h5", ".keras", ".weights.h5", ".npz"):
        (own_folder / f"resnet50{ending}").write_bytes(b"")
        assert weights.find(RESNET) == own_folder / f"resnet50{ending}"
    assert weights.state(RESNET) is State.DISK
    (own_folder / VGG16.keras_file).write_bytes(b"")
    assert weights.find(VGG16) == own_folder / VGG16.keras_file


def test_a_damaged_file_is_named(own_folder: Path) -> None:
    whole = (folders.DATA / "weights" / "vgg16.npz").read_bytes()
    path = own_folder / "vgg16.npz"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match=f"{path} is damaged"):
        weights.check(VGG16)
    with pytest.raises(WeightsError, match=f"{path} is damaged"):
        FeatureExtractor.of(VGG16, ["block1_conv1"])


def test_a_file_with_another_checksum_than_the_folder_lists_is_refused(own_folder: Path) -> None:
    shutil.copy(folders.DATA / "weights" / weights.CHECKSUMS, own_folder)
    np.savez(own_folder / "vgg16.npz", some=np.ones(3))
    with pytest.raises(WeightsError, match="not the file it should be"):
        weights.obtain(VGG16)


def test_a_file_of_keras_with_another_checksum_than_keras_names_is_refused(cache: Path) -> None:
    path = cache / RESNET.keras_file
    path.write_bytes(b"a download that was cut short")
    with pytest.raises(WeightsError, match=f"{path} is damaged"):
        weights.obtain(RESNET)


def test_a_file_of_another_network_is_refused(own_folder: Path) -> None:
    shutil.copy(folders.DATA / "weights" / "xception.npz", own_folder / "vgg16.npz")
    with pytest.raises(WeightsError, match="does not belong to VGG16"):
        FeatureExtractor.of(VGG16, ["block1_conv1"])


def test_what_is_in_no_folder_is_to_be_downloaded() -> None:
    assert weights.state(RESNET) is State.DOWNLOAD
    assert weights.describe(RESNET) == "to be downloaded (95 MB)"
    with pytest.raises(WeightsError, match="not on this machine"):
        weights.check(RESNET)


def test_a_download_goes_through_keras_to_where_keras_keeps_its_own(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, Any] = {}

    def get_file(name: str, origin: str, **options: Any) -> str:
        asked.update(options, name=name, origin=origin, patience=socket.getdefaulttimeout())
        print("Downloading")
        assert not (cache / name).exists()
        path = Path(options["cache_dir"]) / name
        path.write_bytes(b"weights")
        return str(path)

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    path = weights.obtain(RESNET)
    assert path == cache / RESNET.keras_file and path.read_bytes() == b"weights"
    assert list(cache.iterdir()) == [path]
    assert asked["origin"].endswith(f"/keras-applications/resnet/{RESNET.keras_file}")
    assert asked["file_hash"] == RESNET.md5
    assert asked["patience"] and socket.getdefaulttimeout() is None
    printed = capsys.readouterr()
    assert "Downloading" in printed.err and not printed.out
    ours = replace(RESNET, md5=hashlib.md5(b"weights").hexdigest())
    assert weights.obtain(ours) == path and weights.state(ours) is State.DISK


def test_keras_itself_downloads_verifies_and_cleans_up(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With Keras's own function, from a server that is a folder."""
    server = tmp_path / "server" / "resnet"
    server.mkdir(parents=True)
    (server / RESNET.keras_file).write_bytes(b"weights")
    monkeypatch.setattr(downloads, "ORIGIN", server.parent.as_uri())
    with pytest.raises(WeightsError, match=r"cannot be downloaded \(Incomplete or corrupted"):
        weights.obtain(RESNET)
    assert not list(cache.iterdir())
    ours = replace(RESNET, md5=hashlib.md5(b"weights").hexdigest())
    assert weights.obtain(ours).read_bytes() == b"weights"


@pytest.mark.usefixtures("offline")
def test_without_a_network_file_and_folder_are_named(
    own_folder: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(WeightsError) as refused:
        FeatureExtractor.of(RESNET, ["conv1_relu"])
    sentence = str(refused.value)
    assert "no route" in sentence and "\n" not in sentence
    assert f"put {RESNET.keras_file} into {own_folder}" in sentence
    assert "untrained" in sentence
    assert not capsys.readouterr().out
    assert not list(cache.iterdir())


@pytest.mark.usefixtures("offline")
def test_a_failed_download_is_remembered_for_some_minutes_and_by_other_processes(
    own_folder: Path, cache: Path
) -> None:
    with pytest.raises(WeightsError):
        weights.obtain(RESNET)
    assert weights.state(RESNET) is State.OFFLINE
    assert weights.describe(RESNET) == "not available offline"
    assert weights.state(MODELS["resnet101"]) is State.DOWNLOAD
    (memory,) = own_folder.iterdir()
    long_ago = time.time() - 3600
    os.utime(memory, (long_ago, long_ago))
    assert weights.state(RESNET) is State.DOWNLOAD
    (own_folder / "resnet50.npz").write_bytes(b"")
    assert weights.state(RESNET) is State.DISK


def test_a_report_names_the_file_or_says_that_there_is_none() -> None:
    assert weights.label(Settings()) == "vgg16.npz"
    assert weights.label(Settings(weights="untrained", seed=4)) == "untrained (seed 4)"
    assert weights.label(Settings(model="resnet50")) == RESNET.keras_file


@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_the_first_layer_computes_what_the_weights_say(name: str) -> None:
    """From the picture to relu1_1: channels turned to BGR, the mean taken off, one convolution."""
    picture = np.random.default_rng(0).random((8, 9, 3)).astype(np.float32)
    extractor = FeatureExtractor.of(MODELS[name], ["block1_conv1"])
    found = extractor(picture[np.newaxis])["block1_conv1"]
    arrays = weightfiles.read_archive(weights.obtain(MODELS[name]))
    means = np.array([103.939, 116.779, 123.68])
    expected = reference.convolve(
        picture[..., ::-1] * 255.0 - means,
        arrays["block1_conv1/kernel"].astype(float),
        arrays["block1_conv1/bias"].astype(float),
    )
    np.testing.assert_allclose(found[0], expected, rtol=1e-3, atol=1e-2)


def test_xceptions_first_layer_computes_what_the_weights_say() -> None:
    """From the picture to the first activation: [-1, 1], stride 2, the moments it has learnt."""
    picture = np.random.default_rng(0).random((9, 9, 3)).astype(np.float32)
    found = FeatureExtractor.of(MODELS["xception"], ["block1_conv1_act"])(picture[np.newaxis])
    arrays = weightfiles.read_archive(weights.obtain(MODELS["xception"]))
    window = (picture * 2 - 1)[2:5, 4:7]
    response = np.tensordot(window, arrays["block1_conv1/kernel"], 3)
    moments = {
        name: arrays[f"block1_conv1_bn/{name}"]
        for name in ("gamma", "beta", "moving_mean", "moving_variance")
    }
    scaled = (response - moments["moving_mean"]) / np.sqrt(moments["moving_variance"] + 1e-3)
    expected = np.maximum(scaled * moments["gamma"] + moments["beta"], 0)
    np.testing.assert_allclose(found["block1_conv1_act"][0, 1, 2], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["inception_v3", "densenet121", "resnet50", "resnet50v2"])
def test_every_network_has_its_own_preprocessing(name: str) -> None:
    """White, as it was trained: up to 1, or by mean and deviation, or BGR without its mean."""
    white = networks.preprocessing(MODELS[name])(np.full((1, 1, 1, 3), 255.0, np.float32))
    expected: dict[str, list[float]] = {
        "inception_v3": [1, 1, 1],
        "resnet50v2": [1, 1, 1],
        "densenet121": [0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225],
        "resnet50": [255 - 103.939, 255 - 116.779, 255 - 123.68],
    }
    np.testing.assert_allclose(np.ravel(white), expected[name], rtol=1e-3)
