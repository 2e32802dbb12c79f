"""The media store: uploads, frames, checkpoints and results, as files under keys of our own."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from stransfer.files import is_temporary, write_atomically
from webapp.errors import NotFoundError

# Keys are made by us, never from what a visitor sends; this is the second line of defence.
_KEY = re.compile(r"[a-z0-9_-]+(/[a-z0-9_-]+)*(\.[a-z0-9]+)+")


@dataclass(frozen=True)
class Stored:
    """A file as it was listed: its key, its size in bytes, and when it was written (Unix time)."""

    key: str
    size: int
    modified: float

    @property
    def unfinished(self) -> bool:
        """Whether the file was never given its name, because whoever wrote it ended before."""
        return is_temporary(self.key.rpartition("/")[2])


class MediaStore:
    """Keeps bytes under keys such as `runs/ID/result.png`, in whatever place fsspec can reach."""

    def __init__(self, url: str) -> None:
        """Use the folder or bucket that fsspec knows by `url`."""
        self._files: Any
        self._files, root = fsspec.core.url_to_fs(url)
        self._root = str(root).rstrip("/")

    @property
    def folders(self) -> list[Path]:
        """The folder of this machine that everything is in; none if it is elsewhere."""
        return [Path(self._root)] if isinstance(self._files, LocalFileSystem) else []

    def write(self, key: str, content: bytes) -> None:
        """Keep `content` under `key`: the whole of it, or, if that fails, nothing new."""
        path = self._path(key)
        if not isinstance(self._files, LocalFileSystem):
            self._files.pipe_file(path, content)
            return
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(Path(path), content)

    def read(self, key: str) -> bytes:
        """Return what is kept under `key`; raise NotFoundError if there is nothing."""
        try:
            content: bytes = self._files.cat_file(self._path(key))
        except FileNotFoundError as error:
            raise NotFoundError(
                "This file is no longer there; it may have been deleted."
            ) from error
        return content

    def exists(self, key: str) -> bool:
        """Return whether something is kept under `key`."""
        return bool(self._files.exists(self._path(key)))

    def delete(self, key: str) -> None:
        """Remove what is kept under `key`, if anything is."""
        with contextlib.suppress(FileNotFoundError):
            self._files.rm_file(self._path(key))

    def delete_folder(self, folder: str) -> None:
        """Remove everything whose key starts with `folder` and a slash."""
        path = self._path(f"{folder}/any.x").rpartition("/")[0]
        with contextlib.suppress(FileNotFoundError):
            self._files.rm(path, recursive=True)

    def files(self) -> list[Stored]:
        """Return everything that is kept, and what was left of writing it.

        A folder from which something is removed meanwhile may be left out.
        """
        found = self._files.find(self._root, detail=True)
        return [
            Stored(str(path).removeprefix(f"{self._root}/"), int(told["size"]), _modified(told))
            for path, told in found.items()
        ]

    def modified(self, key: str) -> float | None:
        """Return when what is kept under a listed key was written, or None if it is gone."""
        try:
            return _modified(self._files.info(f"{self._root}/{key}"))
        except FileNotFoundError:
            return None

    def discard(self, file: Stored) -> None:
        """Remove a file that was listed, whatever its name."""
        with contextlib.suppress(FileNotFoundError):
            self._files.rm_file(f"{self._root}/{file.key}")

    def _path(self, key: str) -> str:
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a media key: {key!r}")
        return f"{self._root}/{key}"


def _modified(told: Mapping[str, Any]) -> float:
    """Return when a file was written, which every kind of place tells in its own way."""
    for name in ("mtime", "LastModified", "last_modified", "created"):
        when = told.get(name)
        if isinstance(when, datetime):
            return when.timestamp()
        if when is not None:
            return float(when)
    # What has no age is not old.
    return time.time()
