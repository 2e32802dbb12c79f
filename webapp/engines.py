"""How connections to each kind of database are set up."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.engine.interfaces import DBAPICursor

# The option of a connection that is going to write.
WRITING = "writing"

# What only one transaction does at a time: numbers that nobody else locks in the same database.
DECIDING = 20_010
MIGRATING = 20_011

# Between two attempts to become the writer. The site's transactions take milliseconds.
_PAUSE_SECONDS = 0.02
# What makes a transaction the one that writes.
_WRITE = "BEGIN IMMEDIATE"
# Readers only ever wait for a moment, while another process opens or leaves the database.
_READERS_MILLISECONDS = 2000

# PostgreSQL ends a transaction of whoever has gone silent in the middle of it for so long, such as
# a host that lost its network: until then everybody waits for what it has locked.
_SILENT_SECONDS = 15.0
# How a connection tells that nobody is at its other end any more, in seconds; else it would wait
# for hours. What the address itself says counts more.
NETWORK = {
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": "10000",
}


def engine(url: str, busy_seconds: float, query_seconds: float) -> Engine:
    """Return what connects lazily to the database that SQLAlchemy knows by `url`.

    A writer gives up after waiting `busy_seconds` for another one, and PostgreSQL after working
    `query_seconds` on one statement.
    """
    address = _with_driver(url)
    # A database in memory has but one connection, and no pool that could be waited for.
    patience = {"pool_timeout": busy_seconds} if address.database else {}
    made = create_engine(
        address,
        pool_pre_ping=not url.startswith("sqlite"),
        **patience,
        # Errors are logged, and what is looked up may be a secret.
        hide_parameters=True,
    )
    if made.dialect.name == "sqlite":
        _prepare_sqlite(made, busy_seconds)
    elif made.dialect.name == "postgresql":
        _prepare_postgresql(made, busy_seconds, query_seconds)
    return made


def take_turn(connection: Connection, what: int, patient: bool = False) -> None:
    """Wait until no other transaction does the same.

    Whoever is patient waits for ever, and may then do what takes long. SQLite has one writer
    anyway.
    """
    if connection.dialect.name == "postgresql":
        if patient:
            for limit in ("lock_timeout", "statement_timeout"):
                connection.execute(text(f"SET LOCAL {limit} = 0"))
        connection.execute(select(func.pg_advisory_xact_lock(what)))


def _with_driver(address: str) -> URL:
    """Return the address with the driver, for PostgreSQL the one that eventlet makes yield.

    With any other, whoever waits for a row that another visitor holds would keep all waiting.
    """
    url = make_url(address)
    if url.drivername not in ("postgres", "postgresql"):
        return url
    told = {name: value for name, value in NETWORK.items() if name not in url.query}
    return url.set(drivername="postgresql+psycopg2").update_query_dict(told)


def _prepare_postgresql(engine: Engine, busy_seconds: float, query_seconds: float) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, record: object) -> None:
        limits = {
            "lock_timeout": busy_seconds,
            "statement_timeout": query_seconds,
            "idle_in_transaction_session_timeout": _SILENT_SECONDS,
        }
        with connection.cursor() as cursor:
            for name, seconds in limits.items():
                cursor.execute(f"SET {name} = {int(1000 * seconds)}")
        connection.commit()


def _prepare_sqlite(engine: Engine, busy_seconds: float) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, record: object) -> None:
        # The driver's own transactions start too late to lock; `begin` below starts them.
        connection.isolation_level = None
        cursor = connection.cursor()
        # Of processes that ask for this at the same moment, in a new file, all but one are refused.
        _when_free(cursor, "PRAGMA journal_mode = WAL", busy_seconds)
        # A run that was accepted must survive a loss of power.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA busy_timeout = {_READERS_MILLISECONDS}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITING):
            _begin_writing(connection, busy_seconds)
        else:
            connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection, busy_seconds: float) -> None:
    """Become SQLite's one writer: a reader that turned writer would fail if one was faster."""
    cursor = connection.connection.cursor()
    # SQLite would wait without letting anything else of this process go on, as eventlet does.
    cursor.execute("PRAGMA busy_timeout = 0")
    try:
        _when_free(cursor, _WRITE, busy_seconds)
    except sqlite3.OperationalError:
        # Once more, so that the error is one of SQLAlchemy's.
        connection.exec_driver_sql(_WRITE)
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {_READERS_MILLISECONDS}")
        cursor.close()


def _when_free(cursor: DBAPICursor, statement: str, busy_seconds: float) -> None:
    """Execute a statement for which SQLite itself does not wait, once nobody is in the way."""
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            cursor.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_SECONDS)
