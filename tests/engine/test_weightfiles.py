"""Every format of weight file: read, or refused with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from stransfer import weightfiles
from stransfer.errors import WeightsError
from tests.engine.weight_files import save_as_keras_2


def test_a_codebook_is_looked_up(tmp_path: Path) -> None:
    table = np.linspace(-1, 1, 256).astype(np.float32)
    codes = np.array([[0, 255], [128, 1]], np.uint8)
    arrays: dict[str, Any] = {"layer/codes": codes, "layer/table": table}
    np.savez(tmp_path / "codebook.npz", **arrays)
    read = weightfiles.read_archive(tmp_path / "codebook.npz")
    np.testing.assert_array_equal(read["layer"], table[codes])


def save_npz(network: Any, path: Path) -> None:
    found = weightfiles.variables(network)
    arrays: dict[str, Any] = {key: variable.numpy() for key, variable in found.items()}
    np.savez(path, **arrays)


WRITERS: dict[str, Callable[[Any, Path], None]] = {
    ".npz": save_npz,
    ".h5": save_as_keras_2,
    ".weights.h5": lambda network, path: network.save_weights(path),
    ".keras": lambda network, path: network.save(path),
}


@pytest.fixture(scope="module")
def small() -> Any:
    """A network with layers of each kind, so that a file of it is small."""
    return _small(filters=4)


def _small(filters: int, more: bool = False) -> Any:
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(filters, 3, name="first")(inputs)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.SeparableConv2D(5, 3, name="second")(x)
    if more:
        x = keras.layers.Conv2D(5, 1, name="third")(x)
    return keras.Model(inputs, x)


@pytest.mark.parametrize("ending", weightfiles.ENDINGS)
def test_each_format_brings_back_what_was_saved(tmp_path: Path, small: Any, ending: str) -> None:
    path = tmp_path / f"small{ending}"
    WRITERS[ending](small, path)
    other = _small(filters=4)
    weightfiles.fill(other, path, "Small")
    for mine, theirs in zip(other.weights, small.weights, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())


@pytest.mark.parametrize("ending", weightfiles.ENDINGS)
@pytest.mark.parametrize("other", ["wider", "deeper", "half", "text"])
def test_in_each_format_what_is_damaged_or_foreign_is_refused(
    tmp_path: Path, small: Any, ending: str, other: str
) -> None:
    path = tmp_path / f"small{ending}"
    WRITERS[ending](small, path)
    network = _small(filters=6 if other == "wider" else 4, more=other == "deeper")
    if other == "half":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif other == "text":
        path.write_text("not weights")
    with pytest.raises(WeightsError, match=f"{path}.*(damaged|does not belong to Small)"):
        weightfiles.fill(network, path, "Small")


@pytest.mark.parametrize("ending", [".npz", ".h5"])
def test_a_file_with_more_layers_is_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"small{ending}"
    WRITERS[ending](_small(filters=4, more=True), path)
    with pytest.raises(WeightsError, match=r"does not belong to Small"):
        weightfiles.fill(_small(filters=4), path, "Small")


@pytest.mark.parametrize("ending", [".weights.h5", ".keras"])
def test_a_file_of_keras_3_may_hold_the_classifier_as_well(
    tmp_path: Path, small: Any, ending: str
) -> None:
    top = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(small.outputs[0]))
    path = tmp_path / f"small{ending}"
    WRITERS[ending](keras.Model(small.inputs[0], top), path)
    other = _small(filters=4)
    weightfiles.fill(other, path, "Small")
    np.testing.assert_array_equal(other.weights[0].numpy(), small.weights[0].numpy())


@pytest.mark.parametrize("ending", weightfiles.ENDINGS)
def test_values_that_are_not_numbers_are_refused(tmp_path: Path, ending: str) -> None:
    broken = _small(filters=4)
    broken.get_layer("second").bias.assign([1, 2, np.nan, 4, 5])
    WRITERS[ending](broken, tmp_path / f"small{ending}")
    with pytest.raises(WeightsError, match="not numbers in second/bias"):
        weightfiles.fill(_small(filters=4), tmp_path / f"small{ending}", "Small")
