"""What both the site and the workers need: configuration, database, media store and queue."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from webapp.config import Config
from webapp.database import Database
from webapp.media import MediaStore
from webapp.queue import Queue


@dataclass(frozen=True)
class Services:
    """The back ends of one installation."""

    config: Config
    database: Database
    media: MediaStore
    queue: Queue

    @classmethod
    def of(cls, config: Config) -> Services:
        """Return the services that a configuration names, in the instance folder by default."""
        instance: Path = config.instance
        instance.mkdir(parents=True, exist_ok=True)
        return cls(
            config=config,
            database=Database(config.database_url or f"sqlite:///{instance / 'stransfer.sqlite'}"),
            media=MediaStore(config.media_url or str(instance / "media")),
            queue=Queue(config.queue_url or f"sqlite:///{instance / 'queue.sqlite'}"),
        )
