"""Whoever visits a site at once, in one loop, for `docs/load.py`.

So that they cost the machine little, they speak to the server in the bytes of the protocols
themselves, over sockets that one loop waits for. It needs Linux.
"""

from __future__ import annotations

import heapq
import select
import socket
import time
from collections.abc import Callable
from typing import Any

# So small that the kernel soon takes no more for somebody who does not read.
_SMALL_BUFFER = 4096


class Crowd:
    """Everybody who is there, the loop that waits for them, and a clock for what is due when."""

    def __init__(self, plan: dict[str, Any]) -> None:
        """Plan what is described in `docs/load.py`, under the same names."""
        self.plan = plan
        self.address = (plan["host"], plan["port"])
        self.epoll = select.epoll()
        self.buffer = memoryview(bytearray(1 << 20))
        self.members: dict[int, Member] = {}
        self.due: list[tuple[float, int, Callable[[], None]]] = []
        self.started = time.monotonic()
        self.ended: float | None = None
        self._count = 0

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Do something after some seconds."""
        self._count += 1
        heapq.heappush(self.due, (time.monotonic() + seconds, self._count, do))

    def end(self) -> None:
        """Leave, because what was watched has ended."""
        self.ended = self.ended or time.monotonic()

    def run(self) -> None:
        """Wait for everybody until the run has ended, or the time is over."""
        self.later(self.plan["seconds"], self.end)
        while self.ended is None:
            patience = max(0.0, self.due[0][0] - time.monotonic())
            for number, events in self.epoll.poll(patience):
                member = self.members.get(number)
                if member is not None:
                    member.happened(events)
            while self.due and self.due[0][0] <= time.monotonic():
                heapq.heappop(self.due)[2]()


class Member:
    """One connection; what it hears goes to `heard`."""

    small = False
    interest = select.EPOLLIN

    def __init__(self, crowd: Crowd) -> None:
        """Come to the site."""
        self.crowd = crowd
        self.since = time.monotonic()
        self.gone: float | None = None
        self.socket = socket.socket()
        if self.small:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
        self.socket.connect(crowd.address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(10)
        self.number = self.socket.fileno()
        crowd.members[self.number] = self
        crowd.epoll.register(self.number, self.interest)

    def happened(self, events: int) -> None:
        """Read what has come."""
        try:
            size = self.socket.recv_into(self.crowd.buffer, 0, socket.MSG_DONTWAIT)
        except BlockingIOError:
            # The number belonged to somebody who has just left.
            return
        except OSError:
            size = 0
        if size:
            self.heard(size)
        else:
            self.leave()

    def heard(self, size: int) -> None:
        """Take the first `size` bytes of the crowd's buffer."""
        raise NotImplementedError

    def send(self, content: bytes) -> None:
        """Send what is short enough to be taken at once."""
        try:
            self.socket.sendall(content)
        except OSError:
            self.leave()

    def leave(self) -> None:
        """Close the connection, without a word."""
        if self.gone is None:
            self.gone = time.monotonic()
            del self.crowd.members[self.number]
            self.crowd.epoll.unregister(self.number)
            self.socket.close()


def request(plan: dict[str, Any], path: str, more: str = "") -> bytes:
    """Return a request for a path, with `more` lines of its head."""
    host = f"{plan['host']}:{plan['port']}"
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {plan['cookie']}\r\n"
        f"Accept-Encoding: gzip, deflate, br\r\nAccept: text/html\r\n{more}\r\n"
    ).encode()
