"""A connection to a running server on which anything can be said, well or badly."""

from __future__ import annotations

import base64
import os
import select
import socket
import struct
import time
import zlib
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.site.server import wait_for

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9

_PATIENCE = 20.0


class Wire:
    """One TCP connection. What comes back is kept in `heard`."""

    def __init__(self, url: str) -> None:
        """Connect to the server at an address."""
        split = urlsplit(url)
        assert split.hostname is not None
        self.origin = url
        self.socket = socket.create_connection((split.hostname, split.port), timeout=_PATIENCE)
        self.heard = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def say(self, content: bytes) -> None:
        """Send bytes; whoever has hung up does not hear them."""
        try:
            self.socket.sendall(content)
        except OSError:
            return

    def listen(self) -> bool:
        """Take what has come so far; return whether the other side has hung up."""
        while select.select([self.socket], [], [], 0)[0]:
            try:
                piece = self.socket.recv(65536)
            except OSError:
                return True
            if not piece:
                return True
            self.heard += piece
        return False

    def until_it_ends(self, seconds: float = _PATIENCE) -> bytes:
        """Wait until the other side has hung up, and return all that it said."""
        wait_for(self.listen, f"the end of a connection, heard {self.heard[-200:]!r}", seconds)
        return self.heard

    def until_it_says(self, words: bytes, seconds: float = _PATIENCE) -> None:
        """Wait until some bytes have come."""

        def says() -> bool:
            self.listen()
            return words in self.heard

        wait_for(says, f"{words!r}, heard {self.heard[-200:]!r}", seconds)

    def drip(self, content: bytes, pause: float, seconds: float) -> bytes:
        """Send bytes one by one, with a pause before each, until the other side hangs up."""
        deadline = time.monotonic() + seconds
        for index in range(len(content)):
            if self.listen():
                return self.heard
            assert time.monotonic() < deadline, f"still listening, said {self.heard[-200:]!r}"
            self.say(content[index : index + 1])
            time.sleep(pause)
        return self.until_it_ends()


class Live(Wire):
    """A live connection over WebSocket, of which each frame is made by hand."""

    def __init__(
        self, url: str, cookie: str = "", origin: str | None = None, more: str = ""
    ) -> None:
        """Shake hands as the page of a visitor would, but for the `origin` and a line `more`."""
        super().__init__(url)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
            f"Host: {urlsplit(url).netloc}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            f"Origin: {url if origin is None else origin}",
            f"Cookie: stransfer={cookie}",
            *([more] if more else []),
        ]
        self.say("\r\n".join(lines).encode() + b"\r\n\r\n")

    def join(self, auth: str = "") -> None:
        """Say whose connection it is, and wait until that is accepted."""
        self.until_it_says(b'"sid"')
        self.text(f"40{auth}")
        self.until_it_says(b"40{")

    def text(self, words: str) -> None:
        """Send a text."""
        self.frame(TEXT, words.encode(errors="surrogatepass"))

    def frame(self, kind: int, content: bytes, final: bool = True, packed: bool = False) -> None:
        """Send a frame, or a piece of a message that is not its last."""
        if packed:
            packer = zlib.compressobj(wbits=-15)
            content = packer.compress(content) + packer.flush(zlib.Z_SYNC_FLUSH)
            content = content.removesuffix(b"\x00\x00\xff\xff")
        self.say(frame_of(kind, content, final, packed))


def frame_of(kind: int, content: bytes, final: bool = True, packed: bool = False) -> bytes:
    """A frame as a client sends it, with a mask that changes nothing."""
    first = (0x80 if final else 0) | (0x40 if packed else 0) | kind
    if len(content) < 126:
        size = struct.pack("!B", 0x80 | len(content))
    elif len(content) < 65536:
        size = struct.pack("!BH", 0x80 | 126, len(content))
    else:
        size = struct.pack("!BQ", 0x80 | 127, len(content))
    return struct.pack("!B", first) + size + bytes(4) + content
