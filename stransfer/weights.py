"""Where the weights of a network are: in a folder, still to be downloaded, or out of reach.

They are looked for in the operator's own folder `weights/` in the instance folder, then among
those that come with the repository, then where Keras keeps what it has downloaded. A file may be
named after the model (`resnet50.npz`, `resnet50.weights.h5`, `resnet50.keras`, `resnet50.h5`) or as
Keras names it. Only where there is none are they downloaded; a file that is damaged or belongs to
another network is refused, never passed over.
"""

from __future__ import annotations

import enum
import hashlib
from pathlib import Path

from stransfer import downloads, folders, weightfiles
from stransfer.errors import WeightsError
from stransfer.models import MODELS, Model
from stransfer.settings import Settings

CHECKSUMS = "SHA256SUMS"


class State(enum.StrEnum):
    """Whether a model can be used now, in words for a list."""

    REPOSITORY = "in the repository"
    DISK = "on disk"
    DOWNLOAD = "to be downloaded"
    OFFLINE = "not available offline"


def find(model: Model) -> Path | None:
    """Return the file that holds the model's weights, or None if it is in no folder."""
    names = [*(model.name + ending for ending in weightfiles.ENDINGS), model.keras_file]
    places = (*folders.weights(), folders.keras_cache())
    candidates = (folder / name for folder in places for name in names)
    return next((path for path in candidates if path.is_file()), None)


def state(model: Model) -> State:
    """Return whether the model's weights are here, or what stands between."""
    path = find(model)
    if path is not None:
        return State.REPOSITORY if path.is_relative_to(folders.DATA) else State.DISK
    return State.OFFLINE if downloads.failed_lately(model) else State.DOWNLOAD


def describe(model: Model) -> str:
    """Return the state as a phrase, with the size of what is to be downloaded."""
    found = state(model)
    return f"{found} ({model.download_mb} MB)" if found is State.DOWNLOAD else str(found)


def obtain(model: Model) -> Path:
    """Return the file that holds the model's weights, after downloading it if there is none.

    Raises WeightsError if the file is not what its checksum says, or there is no way to get one.
    """
    path = find(model)
    if path is None:
        return downloads.download(model)
    verify(model, path)
    return path


def check(model: Model) -> None:
    """Raise WeightsError if the weights are not here or, as far as their file shows, damaged."""
    path = find(model)
    if path is None:
        raise WeightsError(downloads.missing(model, "are not on this machine"))
    verify(model, path)
    if path.suffix == ".npz":
        weightfiles.read_archive(path)


def verify(model: Model, path: Path) -> None:
    """Raise WeightsError if a checksum is known for the file and it has another one.

    Known are those that a list in the same folder names, and Keras's of its own files.
    """
    expected = {"sha256": _listed(path)}
    if path.name == model.keras_file:
        expected["md5"] = model.md5
    for algorithm, checksum in expected.items():
        with path.open("rb") as file:
            if checksum and hashlib.file_digest(file, algorithm).hexdigest() != checksum:
                raise WeightsError(weightfiles.damaged(path))


def label(settings: Settings) -> str:
    """Return what a run's report calls its weights: the name of a file, or that there is none."""
    if settings.untrained_seed is not None:
        return f"untrained (seed {settings.untrained_seed})"
    model = MODELS[settings.model]
    path = find(model)
    return path.name if path else model.keras_file


def _listed(path: Path) -> str | None:
    listing = path.with_name(CHECKSUMS)
    if not listing.is_file():
        return None
    rows = (line.split() for line in listing.read_text().splitlines())
    return {row[1].lstrip("*"): row[0] for row in rows if len(row) == 2}.get(path.name)
