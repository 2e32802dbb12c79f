"""Writing files whole or not at all."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_TEMPORARY = ".tmp"


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file: a reader sees the old content or the new, even after a loss of power.

    Raises OSError, leaving nothing behind, if the folder is missing, full or not writable.
    """
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: Path, private: bool = False) -> Iterator[IO[bytes]]:
    """Give a file to write, which takes the name `path` once everything is on the disk.

    With `private` only its owner may read it, from the beginning. An exception leaves nothing
    behind. Raises OSError if the folder is missing, full or not writable.
    """
    temporary = _beside(path)
    try:
        with temporary.open("xb") as file:
            if private:
                temporary.chmod(0o600)
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, so that a loss of power undoes none.

    Raises OSError if one cannot be made.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def probe(path: Path) -> None:
    """Raise OSError if a file could not be written; an existing one is left as it is."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    temporary = _beside(path)
    temporary.open("xb").close()
    temporary.unlink()


def is_temporary(name: str) -> bool:
    """Return whether a file of this name is what was left of writing another one."""
    return name.startswith(".") and name.endswith(_TEMPORARY)


def final_name(name: str) -> str:
    """Return the name that a file was to take, or its own if it has taken it."""
    return name[1:].removesuffix(_TEMPORARY).rpartition(".")[0] if is_temporary(name) else name


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}{_TEMPORARY}")


def _sync_folder(folder: Path) -> None:
    # The new name is an entry of the folder, which has to reach the disk as well.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
