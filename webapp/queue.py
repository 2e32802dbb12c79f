"""The queue that wakes workers. It only dispatches: which run is next, the database decides."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from huey import RedisHuey, SqliteHuey
from huey.api import Huey

from webapp.errors import ConfigError, UnavailableError

log = logging.getLogger(__name__)

_NAME = "stransfer"
_SQLITE = "sqlite:///"
_REDIS = ("redis://", "rediss://", "unix://")
_POSTGRESQL = ("postgresql://", "postgres://")
_TASK = "paint"


class Queue:
    """Carries run ids from the site to the workers, through Huey."""

    def __init__(self, url: str) -> None:
        """Use the queue at `url`; raise ConfigError if there is no such kind."""
        self.huey = _huey(url)
        self._handler: Callable[[str], None] | None = None
        self._task = self.huey.task(name=_TASK)(self._handle)

    def send(self, run_id: str) -> None:
        """Tell the workers that a run waits.

        Raises UnavailableError if the queue does not take it: an idle worker finds the run anyway.
        """
        with self._answering():
            self._task(run_id)

    def waiting(self) -> int:
        """Return how many messages no worker has taken yet; raise UnavailableError like `send`."""
        with self._answering():
            return int(self.huey.pending_count())

    def receive(self, handler: Callable[[str], None]) -> None:
        """Call `handler` with the run id of each message that this process takes."""
        self._handler = handler

    def _handle(self, run_id: str) -> None:
        assert self._handler is not None, "only a worker takes messages"
        self._handler(run_id)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        # Each kind of queue fails in ways of its own.
        except Exception as error:
            log.warning("the queue does not answer: %s", error)
            raise UnavailableError(
                "The site's queue does not answer just now; try again in a minute.", retry_after=60
            ) from error
        finally:
            # A thread for each request would each leave a connection behind.
            database = getattr(self.huey.storage, "database", None)
            if database is not None and not database.is_closed():
                database.close()


def _huey(url: str) -> Huey:
    if url.startswith(_SQLITE):
        return SqliteHuey(_NAME, filename=url.removeprefix(_SQLITE), results=False, fsync=True)
    if url.startswith(_REDIS):
        # Said here, since Huey says it in an error of its own.
        import redis  # noqa: F401

        return RedisHuey(_NAME, url=url, results=False)
    if url.startswith(_POSTGRESQL):
        # Needs a library that the other kinds do without.
        from huey.contrib.sql_huey import SqlHuey

        return SqlHuey(_NAME, database=url, results=False)
    kinds = ", ".join([_SQLITE, *_REDIS, *_POSTGRESQL])
    # The address may hold a password.
    raise ConfigError(f"QUEUE_URL must begin with one of {kinds}; correct it, or leave it empty.")
