"""The media store: uploads, frames, checkpoints and results, as files under keys of our own."""

from __future__ import annotations

import contextlib
import errno
import logging
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from stransfer.files import final_name, is_temporary, make_folder, write_atomically
from webapp.config import BUCKET, Config
from webapp.errors import ConfigError, NotFoundError, UnavailableError

if TYPE_CHECKING:
    from webapp.bucket import Bucket

log = logging.getLogger(__name__)

# Keys are made by us, never from what a visitor sends; this is the second line of defence.
_KEY = re.compile(r"[a-z0-9_-]+(/[a-z0-9_-]+)*(\.[a-z0-9]+)+")

# A folder is hardly ever removed while something is written there, and not again and again.
_TRIES = 3


def is_key(text: str) -> bool:
    """Return whether something can be kept under a name."""
    return _KEY.fullmatch(text) is not None


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

    @property
    def final_key(self) -> str:
        """The key that the file has, or was to get once it was finished."""
        folder, _, name = self.key.rpartition("/")
        return f"{folder}/{final_name(name)}"


class MediaStore:
    """Keeps bytes under keys such as `runs/ID/result.png`, in whatever place fsspec can reach."""

    def __init__(self, url: str, seconds: float = Config.media_seconds) -> None:
        """Use the folder or bucket at `url`; a bucket may be silent for so many seconds.

        Raises ImportError if a library is missing for it, ValueError for what is no address.
        """
        self._files: Any
        self._bucket: Bucket | None = None
        if url.startswith(BUCKET):
            # Most installations do without the library.
            from webapp import bucket

            root = bucket.root(url)
            self._files = self._bucket = bucket.Bucket(seconds)
        else:
            self._files, root = fsspec.core.url_to_fs(url)
        self._root = str(root).rstrip("/")
        self._local = isinstance(self._files, LocalFileSystem)
        # A disk fails with an OSError; what keeps a bucket elsewhere fails in ways of its own.
        self._troubles: type[Exception] = OSError if self._local else Exception

    @property
    def folders(self) -> list[Path]:
        """The folder of this machine that everything is in; none if it is elsewhere."""
        return [Path(self._root)] if self._local else []

    def check(self) -> None:
        """Raise ConfigError if everything is in a bucket, and that one cannot be used."""
        if self._bucket is not None:
            try:
                self._bucket.check(self._root)
            except OSError as error:
                raise ConfigError(f"MEDIA_URL cannot be used: {error}.") from error

    def write(self, key: str, content: bytes) -> None:
        """Keep `content` under `key`: the whole of it, or, if that fails, nothing new.

        Raises UnavailableError if there is no room, or the place cannot be reached.
        """
        path = self._path(key)
        with self._reaching():
            if self._local:
                _write_file(Path(path), content)
            else:
                self._files.pipe_file(path, content)

    def read(self, key: str) -> bytes:
        """Return what is kept under `key`; raise NotFoundError if there is nothing."""
        path = self._path(key)
        try:
            # A file of this machine that cannot be read would not get better by waiting.
            with contextlib.nullcontext() if self._local else self._reaching():
                content: bytes = self._files.cat_file(path)
        except FileNotFoundError as error:
            raise NotFoundError(
                "This file is no longer there; it may have been deleted."
            ) from error
        return content

    def exists(self, key: str) -> bool:
        """Return whether something is kept under `key`."""
        path = self._path(key)
        with self._reaching():
            return bool(self._files.exists(path))

    def delete(self, key: str) -> None:
        """Remove what is kept under `key`, if anything is."""
        path = self._path(key)
        with contextlib.suppress(FileNotFoundError), self._reaching():
            self._files.rm_file(path)

    def forget(self, key: str, since: float) -> None:
        """Remove what is kept under `key`, unless it was written after `since`, a Unix time."""
        modified = self.modified(key)
        if modified is not None and modified <= since:
            self.delete(key)

    def delete_folder(self, folder: str) -> None:
        """Remove everything whose key starts with `folder` and a slash."""
        path = self._folder(folder)
        with contextlib.suppress(FileNotFoundError), self._reaching():
            try:
                self._files.rm(path, recursive=True)
            except OSError as error:
                if error.errno != errno.ENOTEMPTY:
                    raise
                # Somebody has just written there; whoever does knows how to clear up.
                self._files.rm(path, recursive=True)

    def files(self, folder: str = "") -> list[Stored]:
        """Return everything that is kept, or that in a folder, and what was left of writing it.

        A folder from which something is removed meanwhile may be left out.
        """
        path = self._folder(folder) if folder else self._root
        with self._reaching():
            found = self._files.find(path, detail=True)
        return [
            Stored(str(path).removeprefix(f"{self._root}/"), int(told["size"]), _modified(told))
            for path, told in found.items()
        ]

    def modified(self, key: str) -> float | None:
        """Return when what is kept under a listed key was written, or None if it is gone."""
        try:
            with self._reaching():
                return _modified(self._files.info(f"{self._root}/{key}"))
        except FileNotFoundError:
            return None

    def discard(self, file: Stored) -> None:
        """Remove a file that was listed, whatever its name."""
        with contextlib.suppress(FileNotFoundError), self._reaching():
            self._files.rm_file(f"{self._root}/{file.key}")

    @contextlib.contextmanager
    def _reaching(self) -> Iterator[None]:
        """Say of whatever goes wrong, except that a file is not there, that it does for now."""
        try:
            yield
        except FileNotFoundError:
            raise
        except self._troubles as error:
            log.warning("the media store does not do what it is asked to: %s", error)
            raise UnavailableError(
                f"The site cannot get at its pictures just now, because {self._place} is full or "
                "does not answer; try again in a minute.",
                retry_after=60,
            ) from error

    @property
    def _place(self) -> str:
        return "its disk" if self._local else "the place where it keeps them"

    def _folder(self, folder: str) -> str:
        return self._path(f"{folder}/any.x").rpartition("/")[0]

    def _path(self, key: str) -> str:
        if not is_key(key):
            raise ValueError(f"not a media key: {key!r}")
        return f"{self._root}/{key}"


def _write_file(path: Path, content: bytes) -> None:
    for _ in range(_TRIES):
        # The folder may be removed between its making and the writing, with what it belongs to.
        with contextlib.suppress(FileNotFoundError):
            make_folder(path.parent)
            write_atomically(path, content)
            return
    raise OSError(f"the folder of {path} is gone whenever it has been made")


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
