"""Carries progress from the database to whoever watches.

One pass, `tick`, reads what is new of the watched runs and sends it. Each watcher gets at most
one picture that it has not acknowledged yet; what happens meanwhile is sent together afterwards,
with the newest picture only. So a slow phone neither stalls the site nor fills its memory.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from webapp.errors import NotFoundError
from webapp.estimates import roughly
from webapp.media import MediaStore
from webapp.records import RunState
from webapp.runs.snapshot import current_loss, loss_values
from webapp.runs.store import Pulse, RunStore

PROGRESS = "progress"
STATE = "state"

# What an event says of the state of a run, by the names it has in a snapshot.
_STATUS = ("state", "queue_position", "wait_seconds", "error")

# After this long without an acknowledgement the picture counts as lost on the way.
_ACKNOWLEDGE_SECONDS = 10.0
_DELETED = "This run has been deleted."


Status = tuple[str, int | None, str | None, str | None]


class Emit(Protocol):
    """Sends an event to one connection; `acknowledged` is called when it has arrived."""

    def __call__(
        self, event: str, values: dict[str, Any], sid: str, acknowledged: Callable[[], None] | None
    ) -> None:
        """Send the event."""


@dataclass
class Watcher:
    """One connection that watches one run, and what it has been sent so far."""

    sid: str
    run_id: str
    seq: int
    frame: str | None
    status: Status
    sent_at: float | None = None


class Relay:
    """Knows who watches what, and sends each what is new."""

    def __init__(self, runs: RunStore, media: MediaStore, emit: Emit) -> None:
        """Read runs from the store and pictures from the media store; send with `emit`.

        `frames_sent` counts the pictures that were sent to anybody.
        """
        self._runs = runs
        self._media = media
        self._emit = emit
        self._lock = threading.RLock()
        self._watchers: dict[tuple[str, str], Watcher] = {}
        self.frames_sent = 0

    @property
    def watchers(self) -> int:
        """How many connections watch a run."""
        return len(self._watchers)

    def watched(self, sid: str, without: str) -> int:
        """Return how many runs a connection watches, one of them not counted."""
        with self._lock:
            return sum(key[0] == sid and key[1] != without for key in self._watchers)

    def watch(self, sid: str, snapshot: dict[str, Any], frame: str | None) -> None:
        """Send a connection what comes after the snapshot that it was given."""
        status = _status(*(snapshot[name] for name in _STATUS))
        watcher = Watcher(sid, snapshot["id"], snapshot["seq"], frame, status)
        with self._lock:
            self._watchers[sid, watcher.run_id] = watcher

    def unwatch(self, sid: str, run_id: str | None = None) -> None:
        """Send a connection nothing more of a run, or of any run."""
        with self._lock:
            for key in [key for key in self._watchers if key[0] == sid]:
                if run_id in (None, key[1]):
                    del self._watchers[key]

    def tick(self, now: float | None = None) -> None:
        """Send everybody what is new, once."""
        now = time.monotonic() if now is None else now
        with self._lock:
            watchers = list(self._watchers.values())
        by_run: dict[str, list[Watcher]] = {}
        for watcher in watchers:
            by_run.setdefault(watcher.run_id, []).append(watcher)
        lowest = {run_id: min(w.seq for w in group) for run_id, group in by_run.items()}
        pulses = self._runs.pulses(lowest)
        for run_id, group in by_run.items():
            pulse = pulses.get(run_id)
            if pulse is None:
                self._tell_deleted(group)
            else:
                self._tell(pulse, group, now)

    def _tell(self, pulse: Pulse, watchers: list[Watcher], now: float) -> None:
        picture: str | None = None
        for watcher in watchers:
            if self._due(pulse, watcher, now):
                fresh = pulse.run.frame is not None and pulse.run.frame != watcher.frame
                if fresh and picture is None:
                    picture = self._picture(pulse.run.frame)
                self._send_progress(pulse, watcher, picture if fresh else None, now)
            values = (str(pulse.run.state), *(pulse.place or (None, None)), pulse.run.error)
            if (status := _status(*values)) != watcher.status:
                watcher.status = status
                self._send_state(watcher, *values)

    def _due(self, pulse: Pulse, watcher: Watcher, now: float) -> bool:
        waiting = watcher.sent_at is not None and now - watcher.sent_at < _ACKNOWLEDGE_SECONDS
        return not waiting and (pulse.run.seq, pulse.run.frame) != (watcher.seq, watcher.frame)

    def _send_progress(
        self, pulse: Pulse, watcher: Watcher, picture: str | None, now: float
    ) -> None:
        run = pulse.run
        losses = [loss for loss in pulse.losses if loss.seq > watcher.seq]
        values = {
            "run": run.id,
            "seq": run.seq,
            "step": run.step,
            "steps": run.steps,
            "progress": run.progress,
            "scale": run.scale,
            "scales": run.scales,
            "loss": current_loss(losses[-1] if losses else None),
            "losses": [loss_values(loss) for loss in losses],
            "seconds_per_step": run.seconds_per_step,
            "eta_seconds": run.seconds_left,
            "frame": picture,
        }
        watcher.seq, watcher.frame, watcher.sent_at = run.seq, run.frame, now
        self.frames_sent += picture is not None

        def acknowledged(*_: object) -> None:
            watcher.sent_at = None

        self._emit(PROGRESS, values, watcher.sid, acknowledged)

    def _send_state(self, watcher: Watcher, *values: object) -> None:
        told = dict(zip(_STATUS, values, strict=True))
        self._emit(STATE, {"run": watcher.run_id, **told}, watcher.sid, None)

    def _tell_deleted(self, watchers: list[Watcher]) -> None:
        for watcher in watchers:
            self._send_state(watcher, str(RunState.CANCELLED), None, None, _DELETED)
            self.unwatch(watcher.sid, watcher.run_id)

    def _picture(self, frame: str | None) -> str | None:
        try:
            content = self._media.read(frame or "")
        except (NotFoundError, ValueError):
            return None
        return "data:image/jpeg;base64," + base64.b64encode(content).decode()


def _status(state: str, position: int | None, wait: float | None, error: str | None) -> Status:
    """Return what is worth an event when it changes: a wait, not before it reads differently."""
    return state, position, None if wait is None else roughly(wait), error
