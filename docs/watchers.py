"""Watchers of a run, who live next to `docs/crowd.py`: awake, slow, and asleep.

Of a picture they read no more than tells them what to acknowledge.
"""

from __future__ import annotations

import json
import select
import time
from typing import Any

from crowd import Crowd, Member, request

# Events of epoll for a socket that is never read from: only that it ended.
_ENDED = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
# A message that may matter as a whole is shorter; of longer ones the beginning is enough.
_WHOLE = 4096
_BEGINNING = 512
# A frame that a client may send at any time, and how often somebody asleep does.
_PONG = bytes((0x8A, 0x80, 0, 0, 0, 0))
_NUDGE_SECONDS = 2.0
# What a browser offers as well; a server that takes it up compresses for everybody apart.
_EXTENSIONS = "permessage-deflate; client_max_window_bits"


class Watcher(Member):
    """Watches the run over Socket.IO, and acknowledges what comes after `pause` seconds."""

    def __init__(self, crowd: Crowd, pause: float = 0.0) -> None:
        """Ask for a websocket."""
        super().__init__(crowd)
        self.pause = pause
        self.frames = 0
        self.bytes = 0
        self.subscribed = False
        self._open = False
        self._rest = b""
        self._skip = 0
        self._beginning = b""
        self.send(_upgrade(crowd.plan))

    def heard(self, size: int) -> None:
        """Take what has come apart into messages."""
        self.bytes += size
        position = 0
        while position < size:
            if self._skip:
                taken = min(self._skip, size - position)
                self._skip -= taken
                position += taken
                if not self._skip:
                    self._message(self._beginning)
                continue
            room = _WHOLE + 10
            head = self._rest + bytes(self.crowd.buffer[position : min(size, position + room)])
            used = self._begin(head)
            if used is None:
                self._rest = head
                position = min(size, position + room)
            else:
                position += used - len(self._rest)
                self._rest = b""

    def _begin(self, head: bytes) -> int | None:
        """Begin a message; return how many bytes of it were read, or None if there are too few."""
        if not self._open:
            end = head.find(b"\r\n\r\n")
            if end < 0:
                return None
            if not head.startswith(b"HTTP/1.1 101") or b"permessage-deflate" in head:
                raise SystemExit(f"no plain websocket: {head[:400]!r}")
            self._open = True
            return end + 4
        if len(head) < 2:
            return None
        length, start = head[1] & 127, 2
        if length >= 126:
            start = 4 if length == 126 else 10
            if len(head) < start:
                return None
            length = int.from_bytes(head[2:start], "big")
        wanted = length if length <= _WHOLE else _BEGINNING
        if len(head) < start + wanted:
            return None
        self._beginning = head[start : start + wanted]
        self._skip = length - wanted
        if not self._skip:
            self._message(self._beginning)
        return start + wanted

    def _message(self, beginning: bytes) -> None:
        """Answer a message that has come to its end."""
        if beginning.startswith(b"42"):
            self._event(beginning)
        elif beginning == b"2":
            self._say(b"3")
        elif beginning.startswith(b"0"):
            self._say(b"40")
        elif beginning.startswith(b"40"):
            question = json.dumps(["subscribe", {"run": self.crowd.plan["run"], "since": 0}])
            self._say(b"420" + question.encode())
        elif beginning.startswith(b'430[{"ok":true'):
            self.subscribed = True
            self._end_with(beginning)
        elif beginning.startswith((b"43", b"44")):
            raise SystemExit(f"not let in: {beginning[:200]!r}")

    def _event(self, beginning: bytes) -> None:
        bracket = beginning.index(b"[")
        name = beginning[bracket + 2 : bracket + 10]
        if name == b"progress":
            self.frames += len(beginning) == _BEGINNING
            answer = b"43" + beginning[2:bracket] + b"[]"
            if self.pause:
                self.crowd.later(self.pause, lambda: self._say(answer))
            else:
                self._say(answer)
        else:
            self._end_with(beginning)

    def _end_with(self, told: bytes) -> None:
        """Leave with everybody if this tells that the run has ended."""
        if b'"state":"done"' in told or b'"state":"failed"' in told:
            self.crowd.end()

    def _say(self, text: bytes) -> None:
        # Masked, as clients must; with zeros, which leaves the bytes what they are.
        self.send(bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text if len(text) < 126 else b"")


class Sleeper(Watcher):
    """Subscribes, and from then on takes nothing any more, like a phone without a network."""

    small = True

    def happened(self, events: int) -> None:
        """Read until what was asked for is answered, then only wait to be cut off."""
        if events & _ENDED:
            self.leave()
        elif not self.subscribed:
            super().happened(events)
            if self.subscribed:
                self.since = time.monotonic()
                self.crowd.epoll.modify(self.number, select.EPOLLRDHUP)
                self._nudge()

    def _nudge(self) -> None:
        """Send what nobody answers: whoever takes nothing hears of the end in no other way."""
        if self.gone is None:
            self.send(_PONG)
            self.crowd.later(_NUDGE_SECONDS, self._nudge)


def _upgrade(plan: dict[str, Any]) -> bytes:
    more = (
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Extensions: {_EXTENSIONS}\r\nOrigin: http://{plan['host']}:{plan['port']}\r\n"
    )
    return request(plan, "/socket.io/?EIO=4&transport=websocket", more)
