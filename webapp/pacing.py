"""How fast a connection must bring an upload, and how much it may bring once it is a live one.

A timeout of the socket alone would wait for ever for somebody who sends one byte now and then, and
the libraries that speak WebSocket keep a message in memory however many pieces it comes in.
"""

from __future__ import annotations

import contextlib
import io
import time
from typing import Any

from webapp.config import Config

_PIECE = 64 * 1024

# Only lines between the pieces of an upload are read as such.
_LONGEST_LINE = 8 * 1024

_MINUTE = 60.0
_SILENCE = 60.0


def pace(environ: dict[str, Any], config: Config) -> None:
    """Have the body of a request read at the pace that the configuration asks for."""
    body = environ["wsgi.input"]
    if isinstance(getattr(body, "rfile", None), io.BufferedReader):
        # Eventlet's own reader of bodies, which in turn reads from this.
        body.rfile = Paced(body.rfile, config)
    elif isinstance(body, io.BufferedReader):
        environ["wsgi.input"] = Paced(body, config)


def meter(environ: dict[str, Any], config: Config) -> None:
    """Let a live connection bring no more than the messages it may send in a minute can hold."""
    most = 1024 * (config.socket_message_kb + config.socket_messages_per_minute)
    for name in ("eventlet.input", "werkzeug.socket"):
        if (found := environ.get(name)) is not None:
            socket = found.get_socket() if hasattr(found, "get_socket") else found
            # The protocol asks now and then whether anybody is still there, and is answered.
            socket.settimeout(_SILENCE)
            environ[name] = Metered(socket, most)


class Metered:
    """A socket over which so many bytes may come in a minute."""

    def __init__(self, socket: Any, most: int) -> None:
        """Count from now on."""
        self._socket = socket
        self._most = most
        self._since = time.monotonic()
        self._read = 0

    def __getattr__(self, name: str) -> Any:
        """Do whatever else is asked for as the socket does."""
        return getattr(self._socket, name)

    def get_socket(self) -> Metered:
        """Return itself, where eventlet asks for the socket of a request."""
        return self

    def shutdown(self, how: int) -> None:
        """Shut down what is not shut yet: reading and writing end each by itself."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(how)

    def recv(self, size: int, *flags: int) -> bytes:
        """Receive up to so many bytes. Raises ConnectionAbortedError once they are too many."""
        content: bytes = self._socket.recv(size, *flags)
        now = time.monotonic()
        if now - self._since >= _MINUTE:
            self._since, self._read = now, 0
        self._read += len(content)
        if self._read > self._most:
            raise ConnectionAbortedError("sends too much")
        return content


class Paced:
    """A stream of bytes from a connection that must bring so much a second, on average."""

    def __init__(self, stream: io.BufferedReader, config: Config) -> None:
        """Read a stream from now on."""
        self._stream = stream
        self._grace = config.request_seconds
        self._slowest = config.slowest_upload_kb * 1024
        self._started = time.monotonic()
        self._read = 0

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, or all; fewer only at the end. Raises TimeoutError."""
        pieces: list[bytes] = []
        left = size
        while left != 0:
            piece = self._stream.read1(_PIECE if left < 0 else min(left, _PIECE))
            if not piece:
                break
            pieces.append(self._checked(piece))
            left -= len(piece) if left > 0 else 0
        return b"".join(pieces)

    def readline(self, size: int = -1) -> bytes:
        """Return a line, or the first `size` bytes of it. Raises TimeoutError, or ValueError."""
        most = _LONGEST_LINE if size < 0 else min(size, _LONGEST_LINE)
        line = b""
        while len(line) < most and not line.endswith(b"\n"):
            ahead = self._stream.peek(1)
            if not ahead:
                return line
            end = ahead.find(b"\n") + 1 or len(ahead)
            line += self._checked(self._stream.read(min(end, most - len(line))))
        if len(line) == _LONGEST_LINE:
            raise ValueError("a line of an upload is too long")
        return line

    def _checked(self, piece: bytes) -> bytes:
        self._read += len(piece)
        late = time.monotonic() - self._started - self._grace
        if late > 0 and self._read < late * self._slowest:
            raise TimeoutError("sent too slowly")
        return piece
