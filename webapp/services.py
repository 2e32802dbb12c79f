"""What both the site and the workers need: configuration, database, media store and queue."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from webapp.config import Config
from webapp.database import Database
from webapp.decoding import Decoders
from webapp.errors import ConfigError
from webapp.media import MediaStore
from webapp.queue import Queue
from webapp.room import Room

Service = TypeVar("Service")

# The optional dependencies that addresses need, by what they begin with.
_EXTRAS = {
    "postgresql": "postgres",
    "postgres": "postgres",
    "redis": "redis",
    "rediss": "redis",
    "unix": "redis",
    "s3": "s3",
}


@dataclass(frozen=True)
class Services:
    """The back ends of one installation."""

    config: Config
    database: Database
    media: MediaStore
    queue: Queue
    decoders: Decoders
    room: Room

    @classmethod
    def of(cls, config: Config) -> Services:
        """Return the services that a configuration names, in the instance folder by default.

        Raises ConfigError, naming the key, for what cannot be used.
        """
        instance = config.instance
        _usable("INSTANCE_PATH", lambda: instance.mkdir(parents=True, exist_ok=True))
        database = config.database_url or f"sqlite:///{instance / 'stransfer.sqlite'}"
        media = config.media_url or str(instance / "media")
        queue = config.queue_url or f"sqlite:///{instance / 'queue.sqlite'}"
        store = _usable("MEDIA_URL", lambda: MediaStore(media, config.media_seconds), media)
        return cls(
            config=config,
            database=_usable(
                "DATABASE_URL",
                lambda: Database(database, config.busy_seconds, config.query_seconds),
                database,
            ),
            media=store,
            queue=_usable("QUEUE_URL", lambda: Queue(queue), queue),
            decoders=Decoders(config),
            room=Room(config.min_free_mb, [instance, *store.folders]),
        )


def _usable(key: str, make: Callable[[], Service], address: str = "") -> Service:
    """Return what is made; the libraries report a bad address in as many ways as there are."""
    kind = re.split(r"[:+]", address, maxsplit=1)[0]
    try:
        return make()
    except ImportError as error:
        wanted = f"'.[{_EXTRAS[kind]}]'" if kind in _EXTRAS else "what it names"
        raise ConfigError(
            f"{key} names a kind of service for which a library is missing ({error}); in the "
            f"folder of Stransfer, .venv/bin/pip install -e {wanted}"
        ) from error
    except (OSError, ValueError, SQLAlchemyError, sqlite3.Error) as error:
        raise ConfigError(
            f"{key} cannot be used: {error}; correct it, or leave it empty."
        ) from error
