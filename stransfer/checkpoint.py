"""The state of a run between two steps, as bytes that outlive the process."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stransfer.errors import TransferError

Array = npt.NDArray[np.float32]

_PREFIX = "state."
# The bytes begin with this and the SHA-256 digest of all that follows.
_SEAL = b"stransfer checkpoint 1\n"
_START = len(_SEAL) + hashlib.sha256().digest_size
_FIELDS = ("fingerprint", "level", "steps_done", "caution", "first_loss", "best_loss", "best")


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stands: the level, the steps done there, and the optimiser's state by name.

    `fingerprint` tells the pictures and settings of its run from all others.

    `caution`, `first_loss`, `best_loss` and the image `best` [1, height, width, 3] are what
    `stransfer.safeguard` knows of the level.
    """

    fingerprint: str
    level: int
    steps_done: int
    caution: float
    first_loss: float
    best_loss: float
    best: Array
    state: Mapping[str, Array]

    def to_bytes(self) -> bytes:
        """Return the checkpoint as the bytes of a NumPy archive under a seal."""
        buffer = io.BytesIO(bytes(_START))
        buffer.seek(_START)
        values: dict[str, Any] = {_PREFIX + name: array for name, array in self.state.items()}
        values |= {name: getattr(self, name) for name in _FIELDS}
        np.savez(buffer, **values)
        with buffer.getbuffer() as whole:
            whole[:_START] = _seal(whole)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Checkpoint:
        """Return the checkpoint that `to_bytes` wrote; raise TransferError if it is damaged."""
        try:
            with np.load(_unsealed(content), allow_pickle=False) as archive:
                return cls(
                    fingerprint=str(archive["fingerprint"]),
                    level=int(archive["level"]),
                    steps_done=int(archive["steps_done"]),
                    caution=float(archive["caution"]),
                    first_loss=float(archive["first_loss"]),
                    best_loss=float(archive["best_loss"]),
                    best=archive["best"],
                    state={
                        key.removeprefix(_PREFIX): archive[key]
                        for key in archive.files
                        if key.startswith(_PREFIX)
                    },
                )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise TransferError(
                "The checkpoint is damaged; start the run again from the beginning."
            ) from error


def _seal(whole: bytes | memoryview) -> bytes:
    """Return what bytes must begin with whose rest, after as many, is like this."""
    return _SEAL + hashlib.sha256(memoryview(whole)[_START:]).digest()


def _unsealed(content: bytes) -> io.BytesIO:
    """Return the archive under the seal; raise ValueError if one bit of it is not as it was."""
    if content[:_START] != _seal(content):
        raise ValueError("the seal is broken")
    archive = io.BytesIO(content)
    archive.seek(_START)
    return archive
