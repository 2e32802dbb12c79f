"""Writing files whole or not at all."""

from __future__ import annotations

import errno
import os
import uuid
from pathlib import Path

_TEMPORARY = ".tmp"


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file: a reader sees the old content or the new, even after a loss of power.

    Raises OSError, leaving nothing behind, if the folder is missing, full or not writable.
    """
    temporary = _beside(path)
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


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


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}{_TEMPORARY}")


def _sync_folder(folder: Path) -> None:
    # The new name is an entry of the folder, which has to reach the disk as well.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
