"""What may be said over a live connection; anything else is an error of whoever says it."""

from __future__ import annotations

from typing import Any

from socketio import packet  # type: ignore[import-untyped]

SUBSCRIBE = "subscribe"
UNSUBSCRIBE = "unsubscribe"
EVENTS = (SUBSCRIBE, UNSUBSCRIBE)

_KINDS = (packet.CONNECT, packet.DISCONNECT, packet.EVENT, packet.ACK)


class Packet(packet.Packet):  # type: ignore[misc]
    """A message of the default namespace without attachments.

    An event is one of EVENTS with at most one value: the library would call any handler by the
    name of an event, and pass on whatever came with it.
    """

    uses_binary_events = False

    def decode(self, encoded_packet: Any) -> int:
        """Read a message; raise ValueError for one that makes no sense here."""
        attachments = super().decode(encoded_packet)
        if attachments or self.packet_type not in _KINDS or self.namespace not in (None, "/"):
            raise ValueError("a message of another kind, or in another namespace")
        if self.packet_type == packet.EVENT and not _is_event(self.data):
            raise ValueError("an event that there is none of")
        if self.packet_type == packet.ACK and not isinstance(self.data, list | None):
            raise ValueError("an acknowledgement that is none")
        return 0


def _is_event(data: object) -> bool:
    return isinstance(data, list) and 1 <= len(data) <= 2 and data[0] in EVENTS
