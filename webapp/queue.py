"""The queue that wakes workers. It only dispatches: which run is next, the database decides.

A worker does without it while it does not answer: it only hears later of what there is to do.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from huey import RedisHuey, SqliteHuey
from huey.api import Huey, Task
from huey.consumer import Consumer
from huey.registry import Message
from huey.serializer import Serializer

from webapp.engines import NETWORK
from webapp.errors import ConfigError, UnavailableError

log = logging.getLogger(__name__)

_NAME = "stransfer"
_SQLITE = "sqlite:///"
_REDIS = ("redis://", "rediss://", "unix://")
_POSTGRESQL = ("postgresql://", "postgres://")
_TASK = "paint"
# What a message tells.
_RUN = "run"

# How often at most an idle worker looks whether there is a message, where nobody tells it.
_POLL_SECONDS = 0.3
# Between two attempts to reach a queue that does not answer.
_PAUSE_SECONDS = 1.0
# How long a consumer may take to end.
_STOP_SECONDS = 3.0
# How a connection to Redis tells that nobody is at its other end any more; else it would wait for
# ever. A worker waits for a message for a second at a time.
_PATIENCE = {"socket_timeout": 10.0, "socket_connect_timeout": 5.0, "socket_keepalive": True}


class Queue:
    """Carries run ids from the site to the workers, through Huey."""

    def __init__(self, url: str) -> None:
        """Use the queue at `url`; raise ConfigError if there is no such kind."""
        self.huey = _huey(url)
        self._task = self.huey.task(name=_TASK)(_named)

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

    def consumer(self, handler: Callable[[str], None], delay: float = _POLL_SECONDS) -> Consumer:
        """Return what takes messages, in a thread of its own, and calls `handler` with run ids.

        It takes the next one when the handler returns. The id is empty where a message does not
        tell it, as those of another version may not: it still says that there is something to do. A
        queue that is not told when there is a message is asked every `delay` seconds at least. One
        that does not answer is tried again until it does.
        """
        consumer = self.huey.create_consumer(
            workers=1,
            worker_type="thread",
            periodic=False,
            max_delay=delay,
            shutdown_timeout=_STOP_SECONDS,
        )
        dequeue, stopped = self.huey.dequeue, consumer.stop_flag
        answers = True

        def take() -> None:
            nonlocal answers
            try:
                found: Task | None = dequeue()
            # Each kind of queue fails in ways of its own.
            except Exception as error:
                if answers:
                    log.warning("the queue does not answer: %s; trying again until it does", error)
                answers = False
                stopped.wait(_PAUSE_SECONDS)
                return
            if not answers:
                log.info("the queue answers again")
            answers = True
            if found is not None:
                # Here, since Huey would ask the queue several times more, before and after.
                handler(*found.args)

        self.huey.dequeue = take
        # Nothing is ever put off until later, so nobody need ask what is due.
        self.huey.read_schedule = lambda timestamp=None: []
        return consumer

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


class _Plain(Serializer):  # type: ignore[misc]
    """Writes messages as JSON, which does nothing when it is read.

    Huey's own are pickles: whoever can write into the queue could have workers run any program.
    """

    def serialize(self, message: Message) -> bytes:
        """Return what is written into the queue: which run a message is about."""
        return json.dumps({_RUN: message.args[0]}).encode()

    def deserialize(self, content: bytes) -> Message:
        """Return the message, of no run if its content is anything else."""
        try:
            told = json.loads(content)
            run_id = told[_RUN] if isinstance(told, dict) else None
        except (ValueError, LookupError, RecursionError):
            run_id = None
        if not isinstance(run_id, str):
            log.debug("a message that names no run")
            run_id = ""
        return Message(id=None, name=f"{__name__}.{_TASK}", args=(run_id,))


def _named(run_id: str) -> None:
    """Say what a message is about; what is done with it, whoever takes it knows."""


def _huey(url: str) -> Huey:
    told = {"results": False, "serializer": _Plain()}
    if url.startswith(_SQLITE):
        return SqliteHuey(_NAME, filename=url.removeprefix(_SQLITE), fsync=True, **told)
    if url.startswith(_REDIS):
        # Said here, since Huey says it in an error of its own.
        import redis

        pool = redis.ConnectionPool.from_url(url, **_PATIENCE)
        return RedisHuey(_NAME, connection_pool=pool, **told)
    if url.startswith(_POSTGRESQL):
        # Needs libraries that the other kinds do without.
        from huey.contrib.sql_huey import SqlHuey
        from peewee import PeeweeException
        from playhouse.db_url import connect

        given = parse_qs(urlsplit(url).query)
        network = {name: value for name, value in NETWORK.items() if name not in given}
        database = connect(url, unquote_password=True, unquote_user=True, **network)
        try:
            return SqlHuey(_NAME, database=database, **told)
        except PeeweeException as error:
            raise ConfigError(
                f"QUEUE_URL cannot be used: {str(error).strip().splitlines()[0]}; start it, or "
                "correct the address."
            ) from error
    kinds = ", ".join([_SQLITE, *_REDIS, *_POSTGRESQL])
    # The address may hold a password.
    raise ConfigError(f"QUEUE_URL must begin with one of {kinds}; correct it, or leave it empty.")
