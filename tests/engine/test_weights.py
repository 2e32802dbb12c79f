"""Weight files: found, verified, decoded, or refused with a sentence."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stransfer import folders, weights
from stransfer.errors import WeightsError
from stransfer.models import MODELS
from stransfer.networks import FeatureExtractor
from tests.engine import reference

VGG16 = MODELS["vgg16"]


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator's folder for weights, which comes before the repository's."""
    monkeypatch.setenv("INSTANCE_PATH", str(tmp_path))
    folder = tmp_path / "weights"
    folder.mkdir()
    return folder


def test_the_repository_has_the_default_model() -> None:
    assert weights.state(VGG16) == "in the repository"
    arrays = weights.load(VGG16)
    assert len(arrays) == 26
    assert arrays["block1_conv1/kernel"].shape == (3, 3, 3, 64)
    assert all(array.dtype == np.float32 for array in arrays.values())


def test_the_operators_own_file_comes_first(own_folder: Path) -> None:
    np.savez(own_folder / VGG16.weights_file, some=np.ones(3))
    assert weights.state(VGG16) == "on disk"
    assert list(weights.load(VGG16)) == ["some"]


def test_a_codebook_is_looked_up(own_folder: Path) -> None:
    table = np.linspace(-1, 1, 256).astype(np.float32)
    codes = np.array([[0, 255], [128, 1]], np.uint8)
    arrays: dict[str, Any] = {"layer/codes": codes, "layer/table": table}
    np.savez(own_folder / VGG16.weights_file, **arrays)
    np.testing.assert_array_equal(weights.load(VGG16)["layer"], table[codes])


def test_a_damaged_file_is_named(own_folder: Path) -> None:
    whole = (folders.DATA / "weights" / VGG16.weights_file).read_bytes()
    path = own_folder / VGG16.weights_file
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match=f"{path} is damaged"):
        weights.load(VGG16)


def test_a_file_with_another_checksum_is_refused(own_folder: Path) -> None:
    source = folders.DATA / "weights"
    shutil.copy(source / weights.CHECKSUMS, own_folder)
    np.savez(own_folder / VGG16.weights_file, some=np.ones(3))
    with pytest.raises(WeightsError, match="not the file it should be"):
        weights.load(VGG16)


def test_a_file_of_another_network_is_refused(own_folder: Path) -> None:
    shutil.copy(folders.DATA / "weights" / "xception.npz", own_folder / VGG16.weights_file)
    with pytest.raises(WeightsError, match="does not belong to VGG16"):
        FeatureExtractor.of(VGG16, ["block1_conv1"])


def test_values_that_are_not_numbers_are_refused(own_folder: Path) -> None:
    np.savez(own_folder / VGG16.weights_file, some=np.array([1.0, np.nan]))
    with pytest.raises(WeightsError, match="not numbers in some"):
        weights.load(VGG16)


def test_missing_weights_are_named_with_the_folder_they_belong_in(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(folders, "DATA", tmp_path / "nowhere")
    assert weights.state(VGG16) == "missing"
    with pytest.raises(WeightsError, match=rf"put vgg16.npz into {own_folder}"):
        weights.load(VGG16)


def test_the_first_layer_computes_what_the_weights_say() -> None:
    """From the picture to relu1_1: channels turned to BGR, the mean taken off, one convolution."""
    picture = np.random.default_rng(0).random((8, 9, 3)).astype(np.float32)
    found = FeatureExtractor.of(VGG16, ["block1_conv1"])(picture[np.newaxis])["block1_conv1"]
    arrays = weights.load(VGG16)
    means = np.array([103.939, 116.779, 123.68])
    expected = reference.convolve(
        picture[..., ::-1] * 255.0 - means,
        arrays["block1_conv1/kernel"].astype(float),
        arrays["block1_conv1/bias"].astype(float),
    )
    np.testing.assert_allclose(found[0], expected, rtol=1e-3, atol=1e-2)
