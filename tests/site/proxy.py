"""A network between two programs of this machine, which can be taken away and brought back."""

from __future__ import annotations

import contextlib
import socket
import threading


class Proxy:
    """Passes on what comes to a port of its own, until it is cut."""

    def __init__(self, port: int) -> None:
        """Lead to a port of this machine."""
        self._target = port
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._passes = True
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End all connections and take no other one."""
        self._passes = False
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def mend(self) -> None:
        """Pass on again what comes."""
        self._passes = True

    def stop(self) -> None:
        """End for good."""
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                incoming, _ = self._listener.accept()
                if not self._passes:
                    incoming.close()
                    continue
                outgoing = socket.create_connection(("127.0.0.1", self._target))
                self._open += [incoming, outgoing]
                for here, there in ((incoming, outgoing), (outgoing, incoming)):
                    threading.Thread(target=_pass, args=(here, there), daemon=True).start()


def _pass(here: socket.socket, there: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while content := here.recv(65536):
            there.sendall(content)
    for each in (here, there):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
