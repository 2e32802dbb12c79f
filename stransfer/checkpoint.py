"""The state of a run between two steps, as bytes that outlive the process."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stransfer.errors import TransferError

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stands: the level, the steps done there, and the optimiser's state.

    `image`, `first` and `second` are [height, width, 3]; see `stransfer.optimizers.AdamState`.
    """

    level: int
    steps_done: int
    updates: float
    image: Array
    first: Array
    second: Array

    def to_bytes(self) -> bytes:
        """Return the checkpoint as the bytes of a NumPy archive."""
        buffer = io.BytesIO()
        np.savez(buffer, **vars(self))
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Checkpoint:
        """Return the checkpoint that `to_bytes` wrote; raise TransferError if it is damaged."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                return cls(
                    level=int(archive["level"]),
                    steps_done=int(archive["steps_done"]),
                    updates=float(archive["updates"]),
                    image=archive["image"],
                    first=archive["first"],
                    second=archive["second"],
                )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise TransferError(
                "The checkpoint is damaged; start the run again from the beginning."
            ) from error
