"""The state of a run between two steps, as bytes that outlive the process."""

from __future__ import annotations

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
        """Return the checkpoint as the bytes of a NumPy archive."""
        buffer = io.BytesIO()
        values: dict[str, Any] = {_PREFIX + name: array for name, array in self.state.items()}
        values |= {name: getattr(self, name) for name in _FIELDS}
        np.savez(buffer, **values)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Checkpoint:
        """Return the checkpoint that `to_bytes` wrote; raise TransferError if it is damaged."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
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
