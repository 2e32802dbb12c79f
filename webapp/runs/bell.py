"""Calls the one thread of a worker that paints, and lets others wait until it is at rest again."""

from __future__ import annotations

import threading


class Bell:
    """Is rung by whoever knows of something to do; one thread answers it."""

    def __init__(self) -> None:
        """Begin with the thread at work."""
        self._changed = threading.Condition()
        self._rung = False
        self._resting = False
        self._closed = False

    @property
    def rung(self) -> bool:
        """Whether somebody has rung since the thread was last at rest."""
        return self._rung

    def ring(self) -> None:
        """Have the thread look what there is to do, once it is at rest."""
        with self._changed:
            self._rung = True
            self._changed.notify_all()

    def ring_and_wait(self) -> None:
        """Ring, and return when the thread has looked and is at rest again, or will never be."""
        with self._changed:
            self._rung = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._closed or (self._resting and not self._rung))

    def answer(self) -> bool:
        """Rest until somebody rings; return whether to go on, which ends with `close`."""
        with self._changed:
            self._resting = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._rung or self._closed)
            self._resting = self._rung = False
            return not self._closed

    def quiet(self, seconds: float) -> bool:
        """Rest for so long; return whether nobody has rung or closed meanwhile."""
        with self._changed:
            self._resting = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._rung or self._closed, seconds)
            self._resting = False
            return not (self._rung or self._closed)

    def close(self) -> None:
        """Let go of whoever waits, for good."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
