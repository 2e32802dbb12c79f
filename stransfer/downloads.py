"""Getting the weights that Keras publishes, and remembering where that did not work."""

from __future__ import annotations

import contextlib
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from stransfer import folders
from stransfer.errors import WeightsError
from stransfer.models import Model

# Where `keras.applications` gets its files; a model's `weights_folder` is below it.
ORIGIN = "https://storage.googleapis.com/tensorflow/keras-applications"

# A server that says nothing for so long counts as out of reach; without this a network that
# swallows packets would keep a run waiting for ever.
_PATIENCE_SECONDS = 30.0

# For how long a failed download is told to whoever asks for the state of a model.
_REMEMBERED_SECONDS = 600.0


def download(model: Model) -> Path:
    """Download the weights of a model to where Keras keeps its own, and return the file.

    A progress bar is written to standard error. The file appears there whole or not at all, after
    its checksum was verified. Raises WeightsError if it cannot be had.
    """
    # This imports TensorFlow, which whoever only asks for the state of a model does without.
    import keras

    target = folders.keras_cache() / model.keras_file
    origin = f"{ORIGIN}/{model.weights_folder}/{model.keras_file}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix=".download-", dir=target.parent) as folder,
            contextlib.redirect_stdout(sys.stderr),
            _limited_patience(),
        ):
            found = keras.utils.get_file(
                model.keras_file, origin, cache_dir=folder, cache_subdir="", file_hash=model.md5
            )
            Path(found).replace(target)
    # Keras raises plain Exceptions for what goes wrong on the way, besides OSError and ValueError.
    except Exception as error:
        _remember(model)
        reason = str(error).strip().splitlines() or [type(error).__name__]
        trouble = f"are not on this machine and cannot be downloaded ({reason[0]})"
        raise WeightsError(missing(model, trouble)) from error
    _memory(model).unlink(missing_ok=True)
    return target


def missing(model: Model, trouble: str) -> str:
    """Return the sentence for weights that cannot be used, and how to mend that."""
    return (
        f"The weights of {model.title} {trouble}; put {model.keras_file} into "
        f"{folders.weights()[0]}, or paint with weights set to untrained."
    )


def failed_lately(model: Model) -> bool:
    """Return whether a download of the model's weights has failed in the last minutes."""
    try:
        return time.time() - _memory(model).stat().st_mtime < _REMEMBERED_SECONDS
    except OSError:
        return False


def _remember(model: Model) -> None:
    # A file, because the process that asks is another one than the process that downloads.
    memory = _memory(model)
    with contextlib.suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.touch()


def _memory(model: Model) -> Path:
    return folders.weights()[0] / f".{model.name}.unreachable"


@contextlib.contextmanager
def _limited_patience() -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
