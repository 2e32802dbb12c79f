"""Weight files in the format that `keras.applications` ships, written without Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py


def save_as_keras_2(network: Any, path: Path) -> None:
    """Write what Keras 2 wrote: a group for each layer, its variables named in order."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in network.layers]
        for layer in network.layers:
            group = file.create_group(layer.name)
            # Keras 2 put what is trained first.
            variables = [*layer.trainable_weights, *layer.non_trainable_weights]
            names = [f"{layer.name}/{variable.name}:0" for variable in variables]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, variable in zip(names, variables, strict=True):
                group.create_dataset(name, data=variable.numpy())
