"""Reading weight files into a network, in each format in which they are found.

| ending | what it is |
|---|---|
| `.npz` | a NumPy archive keyed by variable, such as `block1_conv1/kernel` |
| `.weights.h5`, `.keras` | what Keras 3 writes |
| `.h5` | what Keras 2 wrote, and what the weights of `keras.applications` are published as |

What Keras 3 writes may hold a classifier as well, which is left out; the other formats must hold
the network's weights and no more.

In an archive a variable stands plainly, in any float type, or as a codebook: `KEY/codes` (uint8)
and `KEY/table` (float32, 256 values), where the variable is `table[codes]`.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from stransfer.errors import WeightsError

if TYPE_CHECKING:
    import keras

Arrays = dict[str, npt.NDArray[np.float32]]

# The order in which the formats are looked for under a model's own name.
ENDINGS = (".npz", ".weights.h5", ".keras", ".h5")

# Layers that Keras names itself: the class, and a number that goes on from network to network.
_NUMBERED = re.compile(r"(conv2d|batch_normalization)(?:_(\d+))?")


def fill(network: keras.Model, path: Path, title: str) -> None:
    """Put the weights in a file into the network.

    Raises WeightsError, with `title` naming the network, if the file is damaged, belongs to another
    network, or holds values that are not numbers.
    """
    if path.suffix == ".npz":
        _fill_from_archive(network, path, title)
    else:
        with _refused(path, title):
            network.load_weights(path)
    for key, variable in variables(network).items():
        if not np.isfinite(variable.numpy()).all():
            raise WeightsError(
                f"{path} holds values that are not numbers in {key}; put a sound copy there."
            )


def variables(network: keras.Model) -> dict[str, Any]:
    """Return the network's variables by names that are the same in every process.

    They are Keras's paths in a process that builds this network first: layers without a name of
    their own are counted from 0, in the order in which they were made.
    """
    names = {layer.name: layer.name for layer in network.layers}
    for kind in ("conv2d", "batch_normalization"):
        matches = [match for name in names if (match := _NUMBERED.fullmatch(name))]
        ours = [match for match in matches if match[1] == kind]
        for index, match in enumerate(sorted(ours, key=lambda match: int(match[2] or 0))):
            names[match[0]] = kind if index == 0 else f"{kind}_{index}"
    return {
        f"{names[layer.name]}/{variable.name}": variable
        for layer in network.layers
        for variable in layer.weights
    }


def read_archive(path: Path) -> Arrays:
    """Return the arrays of an `.npz` file as float32; raise WeightsError if it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return _decoded({key: archive[key] for key in archive.files})
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile) as error:
        raise WeightsError(damaged(path)) from error


def damaged(path: Path) -> str:
    """Return the sentence for a file that cannot be trusted."""
    return (
        f"{path} is damaged or is not the file it should be; "
        "replace it with a fresh copy, or remove it."
    )


def _fill_from_archive(network: keras.Model, path: Path, title: str) -> None:
    arrays = read_archive(path)
    targets = variables(network)
    expected = {key: tuple(variable.shape) for key, variable in targets.items()}
    received = {key: array.shape for key, array in arrays.items()}
    if received != expected:
        keys = sorted(expected.keys() | received.keys())
        wrong = next(key for key in keys if expected.get(key) != received.get(key))
        raise WeightsError(
            f"{path} does not belong to {title}: {wrong} should have the shape "
            f"{expected.get(wrong)} and has {received.get(wrong)}; put the right file there."
        )
    for key, variable in targets.items():
        variable.assign(arrays[key])


@contextmanager
def _refused(path: Path, title: str) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            # Keras warns of what it leaves out, where only all or nothing will do.
            warnings.simplefilter("error", UserWarning)
            yield
    # h5py, zipfile and Keras each have their own errors for a file that is not what they expect,
    # KeyError, OSError, ValueError and AttributeError among them.
    except Exception as error:
        raise WeightsError(
            f"{path} is damaged or does not belong to {title}; "
            "replace it with a fresh copy, or remove it."
        ) from error


def _decoded(archive: dict[str, npt.NDArray[np.generic]]) -> Arrays:
    arrays: Arrays = {}
    for key, value in archive.items():
        if key.endswith("/table"):
            continue
        if key.endswith("/codes"):
            name = key.removesuffix("/codes")
            arrays[name] = archive[f"{name}/table"].astype(np.float32)[value.astype(np.intp)]
        else:
            arrays[key] = value.astype(np.float32)
    return arrays
