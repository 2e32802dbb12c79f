"""Who has live connections, and how much comes over each: what keeps one from taking all."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from webapp.config import Config
from webapp.errors import TooManyError
from webapp.rates import network

_MINUTE = 60.0

# A place is free as soon as another connection ends, which nobody can tell in advance.
_RETRY_SECONDS = 10


@dataclass
class Connection:
    """One connection. `owed` counts what was sent on it that is still to be acknowledged."""

    address: str
    visitor: str | None = None
    owed: int = 0
    heard: int = 0
    since: float = field(default_factory=time.monotonic)


class Connections:
    """The connections of this web process, by their ids."""

    def __init__(self, config: Config) -> None:
        """Hold them to the configured limits."""
        self._config = config
        self._lock = threading.Lock()
        self._open: dict[str, Connection] = {}

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def check_room(self, address: str) -> None:
        """Raise TooManyError if those who share an address have all they may have."""
        most = self._config.sockets_per_visitor * self._config.visitors_per_address
        shared = network(address)
        if most and sum(one.address == shared for one in self._all()) >= most:
            raise _too_many(most, "network address")

    def open(self, id: str, address: str) -> None:
        """Count a new connection, of which it is not known yet who is at its end."""
        with self._lock:
            self._open[id] = Connection(network(address))

    def name(self, id: str, visitor: str) -> None:
        """Keep whose connection it is; raise TooManyError if the visitor has enough others."""
        most = self._config.sockets_per_visitor
        if most and sum(one.visitor == visitor for one in self._all()) >= most:
            raise _too_many(most, "visitor")
        if found := self._open.get(id):
            found.visitor = visitor

    def unname(self, id: str) -> bool:
        """Forget whose connection it was; return whether it is still open."""
        found = self._open.get(id)
        if found is not None:
            found.visitor = None
        return found is not None

    def is_named(self, id: str) -> bool:
        """Return whether it is known whose connection it is."""
        found = self._open.get(id)
        return found is not None and found.visitor is not None

    def owe(self, id: str) -> None:
        """Count something sent that is to be acknowledged."""
        if found := self._open.get(id):
            found.owed += 1

    def allows(self, id: str, acknowledges: bool, now: float | None = None) -> bool:
        """Count a message, and return whether its connection may still send so much.

        What acknowledges something that was sent is not counted.
        """
        found = self._open.get(id)
        if found is None:
            return False
        if acknowledges and found.owed > 0:
            found.owed -= 1
            return True
        now = time.monotonic() if now is None else now
        if now - found.since >= _MINUTE:
            found.since, found.heard = now, 0
        found.heard += 1
        return found.heard <= self._config.socket_messages_per_minute

    def close(self, id: str) -> None:
        """Forget a connection that has ended."""
        with self._lock:
            self._open.pop(id, None)

    def _all(self) -> list[Connection]:
        with self._lock:
            return list(self._open.values())


def _too_many(most: int, whose: str) -> TooManyError:
    return TooManyError(
        f"One {whose} may have {most} live connections, and has that many; close a page of this "
        "site that shows a painting, or go on without one.",
        _RETRY_SECONDS,
    )
