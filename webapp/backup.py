"""`stransfer backup`: everything that an installation could not make again, in one file.

The database is copied first, at one moment, while the site goes on. Pictures are written before
they are recorded, so whatever the copy names is there, unless its owner has deleted it since; then
the copy forgets it as well. A backup is a tar file that ends with the SHA-256 digests of all that
is in it, as `sha256sum --check` reads them.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import func, select, update

from stransfer.files import replacing
from webapp import config, secret
from webapp.database import Database
from webapp.errors import ConfigError, NotFoundError
from webapp.records import LIVE, Image, Run, RunState
from webapp.runs.belongings import folder, lasting
from webapp.services import Services
from webapp.uploads import picture_key, thumbnail_key

# The members of a backup.
DATABASE = "database.sqlite"
INSTANCE = "instance/"
MEDIA = "media/"
SUMS = "SHA256SUMS"

# In bytes.
_PART = 2**20

# What is kept of the instance folder besides: the last one, so that a run that goes on does so in
# the same precision.
INSTANCE_FILES = (config.FILE, secret.FILE, "precision.json")


@dataclass(frozen=True)
class Contents:
    """How many runs and uploads a backup has, and how many files of theirs were not there."""

    runs: int
    uploads: int
    lost: int


def back_up(services: Services, target: Path) -> Contents:
    """Write a backup of an installation to a file, whole or not at all, for its owner alone.

    Raises ConfigError if its database is not one that can be copied like this, or the file cannot
    be written.
    """
    source = services.database.file
    if source is None:
        raise ConfigError(
            "`stransfer backup` copies SQLite, and DATABASE_URL names another database; copy that "
            "with its own tool, such as pg_dump, and after it the folder or bucket of MEDIA_URL "
            "and the instance folder."
        )
    try:
        with (
            tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as aside,
            replacing(target, private=True) as file,
            tarfile.open(fileobj=file, mode="w") as archive,
        ):
            copy = Path(aside) / DATABASE
            copy_database(source, copy)
            return _Backup(services, copy, archive).write()
    except (OSError, sqlite3.Error) as error:
        raise ConfigError(
            f"The backup cannot be written to {target}: {error}; name a file in a folder that "
            "exists, where there is room."
        ) from error


def copy_database(source: Path, target: Path) -> None:
    """Make a SQLite database the same as another one, in one transaction, whoever uses them."""
    with (
        contextlib.closing(sqlite3.connect(source)) as here,
        contextlib.closing(sqlite3.connect(target)) as there,
    ):
        here.backup(there)


def digest(file: IO[bytes]) -> str:
    """Return the SHA-256 digest of what is still to be read of a file, in hexadecimal digits."""
    found = hashlib.sha256()
    while part := file.read(_PART):
        found.update(part)
    return found.hexdigest()


class _Backup:
    """One backup while it is written, from a copy of the database that is only ours."""

    def __init__(self, services: Services, copy: Path, archive: tarfile.TarFile) -> None:
        self._services = services
        self._copy = copy
        self._database = Database(f"sqlite:///{copy}")
        self._archive = archive
        self._sums: dict[str, str] = {}
        self._lost: set[str] = set()

    def write(self) -> Contents:
        for name in INSTANCE_FILES:
            path = self._services.config.instance / name
            if path.is_file():
                self._add(INSTANCE + name, path.read_bytes())
        self._hand_back()
        self._add_images()
        self._add_runs()
        contents = self._contents()
        # The last connection takes with it what SQLite keeps beside the file.
        self._database.close()
        with self._copy.open("rb") as file:
            self._add_open(DATABASE, file)
        sums = "".join(f"{digest}  {name}\n" for name, digest in self._sums.items())
        self._add(SUMS, sums.encode())
        return contents

    def _hand_back(self) -> None:
        """Take the runs away from workers that know nothing of the copy."""
        with self._database.writing() as session:
            session.execute(
                update(Run)
                .where(Run.state == RunState.RUNNING)
                .values(
                    state=RunState.QUEUED,
                    lease_owner=None,
                    lease_until=None,
                    seconds_left=None,
                    fence=Run.fence + 1,
                    attempts=Run.attempts - 1,
                    fruitless=func.max(0, Run.fruitless - 1),
                )
            )

    def _add_images(self) -> None:
        with self._database.reading() as session:
            images = list(session.scalars(select(Image)))
        for image in images:
            if not self._add_files({picture_key(image), thumbnail_key(image)}):
                self._forget_if_deleted(image)

    def _add_runs(self) -> None:
        with self._database.reading() as session:
            runs = list(session.scalars(select(Run)))
        for run in runs:
            keys = _pictures(run)
            if run.state in LIVE:
                self._add_what_there_is(run)
            else:
                keys |= lasting(run)
            if not self._add_files(keys):
                self._forget_if_deleted(run)

    def _add_what_there_is(self, run: Run) -> None:
        """Add the files of a run that goes on: what is there now is as good as what was then."""
        media = self._services.media
        for file in media.files(folder(run.id)):
            with contextlib.suppress(NotFoundError):
                if not file.unfinished:
                    self._add(MEDIA + file.key, media.read(file.key))
        if run.frame is not None and MEDIA + run.frame not in self._sums:
            with self._database.writing() as session:
                session.get_one(Run, run.id).frame = None

    def _add_files(self, keys: Iterable[str]) -> bool:
        """Add files that are not yet added, and return whether all of them are there."""
        lost = set()
        for key in sorted(keys):
            if MEDIA + key not in self._sums:
                try:
                    self._add(MEDIA + key, self._services.media.read(key))
                except NotFoundError:
                    lost.add(key)
        self._lost |= lost
        return not lost

    def _forget_if_deleted(self, record: Run | Image) -> None:
        """Leave out of the copy what its owner has deleted since it was made."""
        kind = type(record)
        with self._services.database.reading() as session:
            if session.get(kind, record.id) is not None:
                return
        with self._database.writing() as session:
            session.delete(session.get_one(kind, record.id))

    def _contents(self) -> Contents:
        with self._database.reading() as session:
            runs = session.scalar(select(func.count()).select_from(Run)) or 0
            uploads = session.scalar(select(func.count()).select_from(Image)) or 0
        return Contents(runs, uploads, len(self._lost))

    def _add(self, name: str, content: bytes) -> None:
        self._add_open(name, io.BytesIO(content))

    def _add_open(self, name: str, content: IO[bytes]) -> None:
        member = tarfile.TarInfo(name)
        member.size = content.seek(0, io.SEEK_END)
        member.mtime = int(time.time())
        member.mode = 0o600
        content.seek(0)
        self._archive.addfile(member, content)
        content.seek(0)
        self._sums[name] = digest(content)


def _pictures(run: Run) -> set[str]:
    """Return the keys of the pictures that a run is made from."""
    used = [run.content, *run.styles, run.content_mask, run.style_mask, run.init_image]
    return {picture["key"] for picture in used if picture is not None}
