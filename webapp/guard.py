"""Stands between the live connections and the library that speaks their protocol.

The library takes any number of messages of any kind from anybody, for as long as they like, and
logs a traceback for each that makes no sense. Here such connections end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from engineio import packet  # type: ignore[import-untyped]
from engineio.exceptions import (  # type: ignore[import-untyped]
    SocketIsClosedError,
    UnknownPacketError,
)
from flask_socketio import SocketIO

from webapp.connections import Connections

log = logging.getLogger(__name__)

# How a message begins that acknowledges one of ours.
_ACKNOWLEDGES = "3"
_NAMESPACE = "/"


class Guard:
    """Watches over every connection of a server, from its first request to its end."""

    def __init__(self, socketio: SocketIO, connections: Connections, seconds: float) -> None:
        """Guard a server. Who has not said within some seconds who they are is not waited for."""
        self._socketio = socketio
        self._connections = connections
        self._seconds = seconds
        self._engine: Any = socketio.server.eio
        self._library: dict[str, Callable[..., Any]] = dict(self._engine.handlers)
        self._engine.on("connect", self._opened)
        self._engine.on("message", self._said)
        self._engine.on("disconnect", self._closed)

    def connection_of(self, sid: str) -> str:
        """Return the id of the connection that carries what is sent to a client."""
        return str(self._socketio.server.manager.eio_sid_from_sid(sid, _NAMESPACE))

    def name(self, sid: str, visitor: str) -> None:
        """Keep who is at the end of a connection; raise TooManyError if they have enough."""
        self._connections.name(self.connection_of(sid), visitor)

    def unname(self, sid: str) -> None:
        """Wait anew for who is at the end of a connection, or for its end."""
        id = self.connection_of(sid)
        if self._connections.unname(id):
            self._expect(id)

    def _opened(self, id: str, environ: dict[str, Any]) -> Any:
        self._connections.open(id, environ.get("REMOTE_ADDR", ""))
        connection = self._engine.sockets[id]
        connection.receive = self._counted(id, connection.receive)
        # Through these comes what is not even a packet; the library has no public name for the
        # first, and no other place in which to find that out.
        connection._websocket_handler = self._frames(id, connection._websocket_handler)
        connection.handle_post_request = self._posts(id, connection.handle_post_request)
        self._expect(id)
        return self._library["connect"](id, environ)

    def _counted(self, id: str, receive: Callable[[Any], None]) -> Callable[[Any], None]:
        # The library has no place of its own through which all packets pass, whatever they are.
        def counted(received: Any) -> None:
            says = received.data if received.packet_type == packet.MESSAGE else None
            acknowledges = isinstance(says, str) and says.startswith(_ACKNOWLEDGES)
            if not self._connections.allows(id, acknowledges):
                self._end(id, "sends too much")
                raise SocketIsClosedError
            receive(received)

        return counted

    def _frames(self, id: str, read: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def reading(websocket: Any) -> Any:
            try:
                return read(websocket)
            except Exception as error:
                self._end(id, f"broke off, or sent no packet ({type(error).__name__})")
                return []

        return reading

    def _posts(self, id: str, read: Callable[[Any], None]) -> Callable[[Any], None]:
        def reading(environ: Any) -> None:
            try:
                read(environ)
            except Exception as error:
                # Ended here, because the library would wait until all that it has still to say
                # was fetched.
                self._end(id, f"sent no packet ({type(error).__name__})")
                raise UnknownPacketError from error

        return reading

    def _said(self, id: str, message: Any) -> None:
        try:
            self._library["message"](id, message)
        except Exception as error:
            self._end(id, f"sent what makes no sense ({type(error).__name__})")

    def _closed(self, id: str, reason: str) -> None:
        self._connections.close(id)
        self._library["disconnect"](id, reason)

    def _expect(self, id: str) -> None:
        def wait() -> None:
            self._socketio.sleep(self._seconds)
            if id in self._engine.sockets and not self._connections.is_named(id):
                self._end(id, "does not say whose it is")

        self._socketio.start_background_task(wait)

    def _end(self, id: str, why: str) -> None:
        log.info("a live connection ends: it %s", why)
        if connection := self._engine.sockets.get(id):
            connection.close(wait=False, abort=True)
