"""A run that is painted by hand, and a relay that tells of it to whoever the test says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.site import order
from tests.site.order import ALICE
from webapp.messages import Message
from webapp.relay import Relay
from webapp.runs.leases import Claim, Leases
from webapp.runs.reports import Progress, Reports
from webapp.runs.store import RunStore
from webapp.services import Services

PHONE, LAPTOP = "phone", "laptop"


@dataclass
class Wire:
    """Records what is sent to whom. Nothing is acknowledged unless the test does it."""

    sent: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    waiting: list[Callable[..., None]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def __call__(
        self, event: str, message: Message, sid: str, acknowledged: Callable[..., None] | None
    ) -> None:
        self.sent.append((sid, event, message.values))
        self.messages.append(message)
        if acknowledged is not None:
            self.waiting.append(acknowledged)

    def arrived(self) -> None:
        """Acknowledge all that was sent."""
        for acknowledged in self.waiting:
            acknowledged()
        self.waiting.clear()

    def got(self, event: str, sid: str = PHONE) -> list[dict[str, Any]]:
        """What one connection was sent of one kind."""
        return [values for to, kind, values in self.sent if (to, kind) == (sid, event)]


class Studio:
    """A run that is being painted, by hand, and the relay that tells of it."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.runs = RunStore(services)
        self.reports = Reports(services.database)
        self.wire = Wire()
        self.relay = Relay(self.runs.pulses, services.media, self.wire)
        self.run_id = order.place(services, steps=50)
        self.claim: Claim | None = None

    def begin(self) -> None:
        """Have a worker claim the run."""
        self.claim = Leases(self.services.database, self.services.config).claim("worker")

    def paint(self, *steps: int) -> None:
        """Record some steps and the picture after the last one."""
        assert self.claim is not None
        key = f"runs/{self.run_id}/frames/1-{steps[-1]}.jpg"
        self.services.media.write(key, f"picture {steps[-1]}".encode())
        progress = [Progress(n, 0.5, 1, 9.0 / n, 1.0, 2.0, 3.0, n, 1.0, 50.0 - n) for n in steps]
        self.reports.progress(self.claim, progress, key)

    def watch(self, sid: str = PHONE) -> None:
        """Open the run's page on a device."""
        run = self.runs.find(ALICE, self.run_id)
        self.relay.watch(sid, self.runs.snapshot(ALICE, self.run_id), run.frame)

    def seqs(self, sid: str = PHONE) -> list[list[int]]:
        """The recorded steps that each progress event told of."""
        return [
            [loss["seq"] for loss in values["losses"]] for values in self.wire.got("progress", sid)
        ]
