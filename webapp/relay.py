"""Carries progress from the database to whoever watches.

One pass, `tick`, reads what is new of the watched runs and sends it. Each watcher gets at most
one picture that it has not acknowledged yet; what happens meanwhile is sent together afterwards,
with the newest picture only. So a slow phone neither stalls the site nor fills its memory. What
several are sent in one pass is read, encoded and written once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from webapp.estimates import roughly
from webapp.frames import Frame, Frames
from webapp.media import MediaStore
from webapp.messages import Message
from webapp.records import Loss, RunState
from webapp.runs.losses import MOST as MOST_LOSSES
from webapp.runs.pulses import Pulse, Pulses
from webapp.runs.snapshot import current_loss, loss_values

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
        self, event: str, message: Message, sid: str, acknowledged: Callable[..., None] | None
    ) -> None:
        """Send the event."""


@dataclass
class Watcher:
    """One connection that watches one run, and what it has been sent so far."""

    sid: str
    seq: int = 0
    frame: str | None = None
    status: Status | None = None
    sent_at: float | None = None

    def due(self, pulse: Pulse, now: float) -> bool:
        """Return whether to send what is new of the run, if anything is."""
        waiting = self.sent_at is not None and now - self.sent_at < _ACKNOWLEDGE_SECONDS
        return not waiting and (pulse.seq, pulse.frame) != (self.seq, self.frame)

    def acknowledged(self, *_: object) -> None:
        """Take note that what was sent has arrived."""
        self.sent_at = None


class Relay:
    """Knows who watches what, and sends each what is new."""

    def __init__(self, pulses: Pulses, media: MediaStore, emit: Emit) -> None:
        """Read what is new of runs, and pictures from the media store; send with `emit`.

        `frames_sent` counts the pictures that were sent to anybody.
        """
        self._pulses = pulses
        self._frames = Frames(media)
        self._emit = emit
        self._lock = threading.RLock()
        # By run, then by connection.
        self._watchers: dict[str, dict[str, Watcher]] = {}
        self.frames_sent = 0

    @property
    def watchers(self) -> int:
        """How many connections watch a run."""
        return sum(map(len, self._watchers.values()))

    def watched(self, sid: str, without: str) -> int:
        """Return how many runs a connection watches, one of them not counted."""
        with self._lock:
            return sum(sid in group for run, group in self._watchers.items() if run != without)

    def watch(self, sid: str, snapshot: dict[str, Any], frame: str | None) -> None:
        """Send a connection what comes after the snapshot that it was given."""
        status = _status(*(snapshot[name] for name in _STATUS))
        with self._lock:
            group = self._watchers.setdefault(snapshot["id"], {})
            # Who asks again may still have a picture on the way, and gets no second one.
            watcher = group.setdefault(sid, Watcher(sid))
            watcher.seq, watcher.frame, watcher.status = snapshot["seq"], frame, status

    def unwatch(self, sid: str, run_id: str | None = None) -> None:
        """Send a connection nothing more of a run, or of any run."""
        with self._lock:
            for watched in [run_id] if run_id is not None else list(self._watchers):
                group = self._watchers.get(watched, {})
                group.pop(sid, None)
                if not group:
                    self._watchers.pop(watched, None)

    def tick(self, now: float | None = None) -> None:
        """Send everybody what is new, once."""
        now = time.monotonic() if now is None else now
        with self._lock:
            watched = {run_id: list(group.values()) for run_id, group in self._watchers.items()}
        pulses = self._pulses.of(watched)
        due = {
            id: [one for one in watched[id] if one.due(pulse, now)] for id, pulse in pulses.items()
        }
        wanted = {id: frame for id, each in due.items() if (frame := _wanted(pulses[id], each))}
        frames = self._frames.read(wanted)
        for run_id, watchers in watched.items():
            pulse = pulses.get(run_id)
            if pulse is None:
                self._tell_deleted(run_id, watchers)
                continue
            if due[run_id] and (run_id in frames or run_id not in wanted):
                self._tell_progress(pulse, frames.get(run_id), due[run_id], now)
            self._tell_status(pulse, watchers)

    def _tell_progress(
        self, pulse: Pulse, frame: Frame | None, watchers: Sequence[Watcher], now: float
    ) -> None:
        progress = _Progress(pulse, frame, watchers, self._pulses)
        for watcher in watchers:
            message = progress.since(watcher.seq, watcher.frame)
            watcher.seq, watcher.frame, watcher.sent_at = pulse.seq, progress.frame, now
            self.frames_sent += message.values["frame"] is not None
            self._emit(PROGRESS, message, watcher.sid, watcher.acknowledged)

    def _tell_status(self, pulse: Pulse, watchers: Sequence[Watcher]) -> None:
        values = (str(pulse.state), *(pulse.place or (None, None)), pulse.error)
        status = _status(*values)
        message = _state(pulse.id, *values)
        for watcher in watchers:
            if watcher.status != status:
                watcher.status = status
                self._emit(STATE, message, watcher.sid, None)

    def _tell_deleted(self, run_id: str, watchers: Sequence[Watcher]) -> None:
        message = _state(run_id, str(RunState.CANCELLED), None, None, _DELETED)
        for watcher in watchers:
            self._emit(STATE, message, watcher.sid, None)
            self.unwatch(watcher.sid, run_id)


class _Progress:
    """What is new of a run for watchers who know it up to different steps."""

    def __init__(
        self, pulse: Pulse, frame: Frame | None, watchers: Sequence[Watcher], pulses: Pulses
    ) -> None:
        self._pulse = pulse
        self._picture = None if frame is None else frame.picture
        # What everybody knows from now on.
        self.frame = pulse.frame if frame is None else frame.key
        self._pulses = pulses
        # Who is further behind than this gets fewer, and by themselves.
        self._recent = max(min(watcher.seq for watcher in watchers), pulse.seq - MOST_LOSSES)
        self._losses = pulses.losses(pulse, self._recent)
        self._messages: dict[tuple[int, bool], Message] = {}

    def since(self, seq: int, frame: str | None) -> Message:
        """Return what somebody is sent who knows the steps up to `seq`, and this frame."""
        key = seq, frame != self.frame
        if key not in self._messages:
            self._messages[key] = self._message(seq, self._picture if key[1] else None)
        return self._messages[key]

    def _message(self, seq: int, picture: str | None) -> Message:
        pulse = self._pulse
        losses = self._losses_since(seq)
        return Message(
            {
                "run": pulse.id,
                "seq": pulse.seq,
                "step": pulse.step,
                "steps": pulse.steps,
                "progress": pulse.progress,
                "scale": pulse.scale,
                "scales": pulse.scales,
                "loss": current_loss(losses[-1] if losses else None),
                "losses": [loss_values(loss) for loss in losses],
                "seconds_per_step": pulse.seconds_per_step,
                "eta_seconds": pulse.seconds_left,
                "frame": picture,
            }
        )

    def _losses_since(self, seq: int) -> list[Loss]:
        if seq < self._recent:
            return self._pulses.losses(self._pulse, seq)
        return [loss for loss in self._losses if loss.seq > seq]


def _wanted(pulse: Pulse, watchers: Sequence[Watcher]) -> str | None:
    """Return the picture that some watchers of a run are to be sent, if there is a new one."""
    return pulse.frame if any(watcher.frame != pulse.frame for watcher in watchers) else None


def _state(run_id: str, *values: object) -> Message:
    return Message({"run": run_id, **dict(zip(_STATUS, values, strict=True))})


def _status(state: str, position: int | None, wait: float | None, error: str | None) -> Status:
    """Return what is worth an event when it changes: a wait, not before it reads differently."""
    return state, position, None if wait is None else roughly(wait), error
