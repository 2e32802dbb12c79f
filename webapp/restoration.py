"""`stransfer restore`: an installation from a backup, or a sentence and nothing at all.

Whatever the backup has is checked before anything is written. The database comes last and at
once, so that whoever is interrupted still has the installation of before.
"""

from __future__ import annotations

import contextlib
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sqlalchemy import func, select

from stransfer.files import replacing
from webapp import config as configuration
from webapp.backup import DATABASE, INSTANCE, INSTANCE_FILES, MEDIA, SUMS, copy_database, digest
from webapp.config import Config
from webapp.database import Database
from webapp.errors import ConfigError
from webapp.media import is_key
from webapp.records import Run, Visitor
from webapp.services import Services


def restore(source: Path, replace: bool = False) -> int:
    """Bring back the installation that a backup is of; return how many runs it has.

    Its `config.py` is brought back where there is none, and says, after the environment, where
    everything else goes. Raises ConfigError, with nothing written, if the file is not a whole
    backup, or if there is an installation already; with `replace` that one is written over, unless
    it is in use.
    """
    with tempfile.TemporaryDirectory(prefix="stransfer-") as aside, _opened(source) as archive:
        _verify(archive, source)
        database = Path(aside) / DATABASE
        database.write_bytes(_content(archive, DATABASE))
        runs = _checked(database, source)
        services = Services.of(_config(archive, Path(aside)))
        target = services.database.file
        if target is None:
            raise ConfigError(
                "A backup is restored to SQLite, and DATABASE_URL names another database; leave "
                "it empty."
            )
        _check_free(services, target, replace)
        _write_files(archive, services)
        try:
            copy_database(database, target)
        except sqlite3.Error as error:
            raise ConfigError(
                f"The database {target} cannot be written: {error}; make room, or end the program "
                "that uses it, and restore again with --replace."
            ) from error
        return runs


@contextlib.contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, "r:") as archive:
            yield archive
    except (OSError, tarfile.TarError) as error:
        raise ConfigError(
            f"{source} cannot be read as a backup: {error}; name a file that `stransfer backup` "
            "has written."
        ) from error


def _verify(archive: tarfile.TarFile, source: Path) -> None:
    """Raise ConfigError if one bit of a backup is not as it was written."""
    found: dict[str, str] = {}
    for member in archive:
        if not member.isreg() or not _known(member.name) or member.name in found:
            raise _damaged(source, f"{member.name!a} is no part of a backup")
        with _file(archive, member) as file:
            found[member.name] = digest(file)
    if SUMS not in found:
        raise _damaged(source, "its end is missing")
    del found[SUMS]
    rows = _content(archive, SUMS).decode("ascii", "replace").splitlines()
    sums = {name: digest for digest, _, name in (row.partition("  ") for row in rows)}
    for name in sorted(sums.keys() | found.keys()):
        if sums.get(name) != found.get(name):
            raise _damaged(source, f"{name!a} is not as it was written")
    if DATABASE not in found:
        raise _damaged(source, "there is no database in it")


def _known(name: str) -> bool:
    if name.startswith(MEDIA):
        return is_key(name.removeprefix(MEDIA))
    return name in (DATABASE, SUMS, *(INSTANCE + file for file in INSTANCE_FILES))


def _damaged(source: Path, trouble: str) -> ConfigError:
    return ConfigError(f"The backup {source} is damaged: {trouble}; take another one.")


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    with _file(archive, archive.getmember(name)) as file:
        return file.read()


def _file(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    assert file is not None, "a backup has nothing but files"
    return file


def _checked(path: Path, source: Path) -> int:
    """Return how many runs the database of a backup has; raise ConfigError if it is damaged."""
    database = Database(f"sqlite:///{path}")
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            [told] = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if told != "ok":
            raise _damaged(source, f"its database says {told}")
        # As far as this version knows the tables of that one.
        database.migrate()
        with database.reading() as session:
            return session.scalar(select(func.count()).select_from(Run)) or 0
    except sqlite3.DatabaseError as error:
        raise _damaged(source, f"its database says {error}") from error
    finally:
        database.close()


def _config(archive: tarfile.TarFile, aside: Path) -> Config:
    """Return the configuration that holds once the backup is restored."""
    before = configuration.load()
    name = INSTANCE + configuration.FILE
    if (before.instance / configuration.FILE).exists() or name not in archive.getnames():
        return before
    file = aside / configuration.FILE
    file.write_bytes(_content(archive, name))
    return configuration.load(file=file)


def _check_free(services: Services, target: Path, replace: bool) -> None:
    """Raise ConfigError if there is an installation, unless it may be replaced and is not used."""
    used = (
        _count(services, target) or services.media.files("runs") or services.media.files("images")
    )
    if used and not replace:
        raise ConfigError(
            f"There are visitors, runs or pictures in {services.config.instance}, or where "
            "MEDIA_URL and DATABASE_URL say; set INSTANCE_PATH to an empty folder, or write over "
            "them with --replace."
        )
    services.database.close()
    if target.exists() and services.database.in_use:
        raise ConfigError(
            f"The site in {services.config.instance} is running; end it, and restore again."
        )


def _count(services: Services, target: Path) -> int:
    if not target.exists():
        return 0
    services.database.migrate()
    with services.database.reading() as session:
        found = session.scalar(select(func.count()).select_from(Visitor)) or 0
    services.database.close()
    return found


def _write_files(archive: tarfile.TarFile, services: Services) -> None:
    instance = services.config.instance
    for name in archive.getnames():
        if name.startswith(MEDIA):
            services.media.write(name.removeprefix(MEDIA), _content(archive, name))
        elif name.startswith(INSTANCE):
            path = instance / name.removeprefix(INSTANCE)
            if path.name == configuration.FILE and path.exists():
                continue
            with replacing(path, private=True) as file:
                file.write(_content(archive, name))
