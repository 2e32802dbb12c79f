"""How the wire to a watcher is set up, before anything is heard over it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# Only Linux has it; elsewhere a connection that takes nothing is ended by the pings alone.
_TAKES_NOTHING = getattr(socket, "TCP_USER_TIMEOUT", None)


class Wires:
    """Stands before the application, and prepares every connection that becomes a websocket."""

    def __init__(self, application: Application, silent_seconds: float) -> None:
        """Have the kernel end a connection that has taken nothing for so long."""
        self._application = application
        self._milliseconds = round(silent_seconds * 1000)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Prepare the connection and pass the request on."""
        if "HTTP_UPGRADE" in environ:
            # Pictures do not get smaller, and each watcher would have them compressed anew.
            environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            connection = _socket(environ)
            if connection is not None and _TAKES_NOTHING is not None:
                connection.setsockopt(socket.IPPROTO_TCP, _TAKES_NOTHING, self._milliseconds)
        return self._application(environ, start_response)


def _socket(environ: dict[str, Any]) -> Any:
    """Return the connection that a request came over, from eventlet's server or Werkzeug's."""
    if "eventlet.input" in environ:
        return environ["eventlet.input"].get_socket()
    return environ.get("werkzeug.socket")
