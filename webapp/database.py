"""The database, which is the truth about runs, progress and images."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError
from sqlalchemy.orm import Session

from webapp import engines
from webapp.config import Config as SiteConfig
from webapp.errors import ConfigError, UnavailableError

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger(__name__)

_BROKEN = (OperationalError, InterfaceError)

_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """Gives sessions for reading and for writing; a session is one transaction."""

    def __init__(
        self,
        url: str,
        busy_seconds: float = SiteConfig.busy_seconds,
        query_seconds: float = SiteConfig.query_seconds,
    ) -> None:
        """Connect lazily to the database that SQLAlchemy knows by `url`.

        A writer gives up after waiting `busy_seconds` for another program's; PostgreSQL gives up
        what takes it `query_seconds`.
        """
        self.url = url
        self._engine = engines.engine(url, busy_seconds, query_seconds)
        self._writer = self._engine.execution_options(**{engines.WRITING: True})

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one consistent state and changes nothing.

        Raises UnavailableError if the database does not answer.
        """
        with _answering(), Session(self._engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session that is committed at the end, or rolled back by an exception.

        Keep it short, without any input or output inside: SQLite has one writer at a time.
        Raises UnavailableError, with nothing written, if the database does not answer, is full,
        or is held by another program for long.
        """
        with (
            _answering(),
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def deciding(self) -> Iterator[Session]:
        """Give a session like `writing`, and only to one at a time, whatever database it is.

        For what depends on all that others have written, such as how many of something there are.
        """
        with self.writing() as session:
            engines.take_turn(session.connection(), engines.DECIDING)
            yield session

    def moment(self, session: Session) -> float:
        """Return the Unix time by the one clock that everybody goes by who shares the database.

        That is PostgreSQL's own, whatever the clocks of the hosts say. Whoever shares a file of
        SQLite's also shares a machine, and its clock.
        """
        if self._engine.dialect.name == "postgresql":
            return float(session.scalar(select(func.extract("epoch", func.clock_timestamp()))) or 0)
        return time.time()

    def migrate(self) -> None:
        """Bring the tables up to date, creating them where there are none.

        Processes that start together may all call this: the first one does it, the others wait.
        Raises ConfigError if the database cannot be reached, or has tables of a newer version.
        """
        found, newest = self.revision, newest_revision()
        if found is not None and found > newest:
            raise ConfigError(
                f"The database at DATABASE_URL is that of a newer version, {found}, and this "
                f"one knows {newest}; with the newer version run `stransfer migrate --to "
                f"{newest}`, or use that version, or restore a backup."
            )
        if found != newest:
            with _reachable():
                # Takes longer to import than most processes need for all the rest.
                import alembic.command

                alembic.command.upgrade(self._alembic(), "head")

    def migrate_back(self, to: str) -> None:
        """Bring the tables back to what they were as of migration `to`, all of it or nothing.

        What later ones have added is lost. Raises ConfigError if the database cannot be reached.
        """
        import alembic.command

        with _reachable():
            alembic.command.downgrade(self._alembic(), to)

    @property
    def revision(self) -> str | None:
        """The number of the migration that the tables are as of, None for no tables.

        Raises ConfigError if the database cannot be reached.
        """
        with _reachable(), self._engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found

    @property
    def file(self) -> Path | None:
        """The file of a SQLite database, None for any other."""
        url = self._engine.url
        return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None

    @property
    def in_use(self) -> bool:
        """Whether another process has a SQLite database open; of any other this is not told.

        Close this one first.
        """
        if self.file is None:
            return False
        with closing(sqlite3.connect(self.file, timeout=0.5)) as connection:
            try:
                # Which cannot be done to what another one has open.
                connection.execute("PRAGMA journal_mode = DELETE")
            except sqlite3.OperationalError:
                return True
        return False

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()

    def _alembic(self) -> Config:
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["engine"] = self._writer
        return config


def revisions() -> list[str]:
    """Return the numbers of all migrations, oldest first: the names of their files begin so."""
    names = (path.name for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))
    return sorted(name.partition("_")[0] for name in names)


def newest_revision() -> str:
    """Return the number of the migration that this version's tables are as of."""
    return revisions()[-1]


@contextmanager
def _reachable() -> Iterator[None]:
    """Say in a sentence for who configures the site that its database does not answer."""
    try:
        yield
    except OperationalError as error:
        raise ConfigError(
            f"The database at DATABASE_URL does not answer: {error.orig}; "
            "start it, or correct the address."
        ) from error


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        log.warning("all connections to the database are in use")
        raise _no_answer() from error
    except DBAPIError as error:
        # What a connection raises that broke depends on where it did.
        if not (error.connection_invalidated or isinstance(error, _BROKEN)):
            raise
        reason = str(error.orig).strip().partition("\n")[0]
        log.warning("the database does not answer: %s", reason)
        raise _no_answer() from error


def _no_answer() -> UnavailableError:
    return UnavailableError(
        "The site's database does not answer just now; try again in a minute.", retry_after=60
    )
