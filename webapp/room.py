"""How much room the disk has left: accepted runs need it, so new ones wait until there is more."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from webapp.errors import UnavailableError

# Somebody has to make room, which takes more than a moment.
_RETRY_SECONDS = 300

_FULL = (
    "The server's disk is nearly full, so nothing new is accepted; what is there is kept and goes "
    "on. Try again later."
)


class Room:
    """Watches the disks on which an installation keeps its files."""

    def __init__(self, least_mb: int, folders: Sequence[Path]) -> None:
        """Keep so many MiB free on the disk of each folder."""
        self._least = least_mb * 2**20
        self._folders = folders

    @property
    def free(self) -> int:
        """How many bytes are free where there are fewest."""
        return min(shutil.disk_usage(_existing(folder)).free for folder in self._folders)

    @property
    def enough(self) -> bool:
        """Whether something new can be accepted."""
        return self.free >= self._least

    def check(self) -> None:
        """Raise UnavailableError if nothing new can be accepted."""
        if not self.enough:
            raise UnavailableError(_FULL, retry_after=_RETRY_SECONDS)


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists already."""
    return next(place for place in (folder, *folder.parents) if place.exists())
