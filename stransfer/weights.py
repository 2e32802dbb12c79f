"""Finding and reading the weights of a network.

A weight file is a NumPy archive keyed by Keras variable paths, such as `block1_conv1/kernel`. A
variable stands there plainly, in any float type, or as a codebook: `KEY/codes` (uint8) and
`KEY/table` (float32, 256 values), where the variable is `table[codes]`.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from stransfer import folders
from stransfer.errors import WeightsError
from stransfer.models import Model

Arrays = dict[str, npt.NDArray[np.float32]]

CHECKSUMS = "SHA256SUMS"


def find(model: Model) -> Path | None:
    """Return the file that holds the model's weights, or None if it is in no folder."""
    candidates = (folder / model.weights_file for folder in folders.weights())
    return next((path for path in candidates if path.is_file()), None)


def state(model: Model) -> str:
    """Say in a few words whether the model can be used now."""
    path = find(model)
    if path is None:
        return "missing"
    return "in the repository" if path.is_relative_to(folders.DATA) else "on disk"


def load(model: Model) -> Arrays:
    """Return the model's weights as float32 arrays by variable path.

    Raises WeightsError if there is no such file, or if it is damaged.
    """
    path = find(model)
    if path is None:
        places = " or ".join(str(folder) for folder in folders.weights())
        raise WeightsError(
            f"The weights of {model.title} are not on this machine; "
            f"put {model.weights_file} into {places}."
        )
    verify(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = _decoded({key: archive[key] for key in archive.files})
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile) as error:
        raise WeightsError(_damaged(path)) from error
    for key, array in arrays.items():
        if not np.isfinite(array).all():
            raise WeightsError(
                f"{path} holds values that are not numbers in {key}; put a sound copy there."
            )
    return arrays


def verify(path: Path) -> None:
    """Raise WeightsError if the folder lists a checksum for the file and it is another one."""
    listing = path.with_name(CHECKSUMS)
    if not listing.is_file():
        return
    rows = (line.split() for line in listing.read_text().splitlines())
    expected = {row[1].lstrip("*"): row[0] for row in rows if len(row) == 2}.get(path.name)
    with path.open("rb") as file:
        if expected and hashlib.file_digest(file, "sha256").hexdigest() != expected:
            raise WeightsError(_damaged(path))


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


def _damaged(path: Path) -> str:
    return (
        f"{path} is damaged or is not the file it should be; "
        "replace it with a fresh copy, or remove it."
    )
