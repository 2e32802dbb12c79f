"""Watches over the thread that paints: whether a run still goes on, however slowly."""

from __future__ import annotations

import faulthandler
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from webapp.errors import UnavailableError

Found = TypeVar("Found")

# Between two attempts to do what the database or the media store refuses for the moment.
PAUSE_SECONDS = 2.0


class Vigil:
    """Knows when a run last gave a sign of life, and waits with it for better times."""

    def __init__(self, stopping: threading.Event) -> None:
        """Give up waiting when `stopping` is set."""
        self._stopping = stopping
        self._seen_at = time.monotonic()

    def sign(self) -> None:
        """Take note of a sign of life."""
        self._seen_at = time.monotonic()

    @property
    def silence(self) -> float:
        """The seconds since the last sign of life."""
        return time.monotonic() - self._seen_at

    def rest(self) -> bool:
        """Wait a moment for better times; return whether there is time for another attempt."""
        self.sign()
        return not self._stopping.wait(PAUSE_SECONDS)

    def until_done(self, attempt: Callable[[], Found]) -> Found:
        """Return what `attempt` returns, trying again for as long as it raises UnavailableError.

        Raises that itself when the worker has to stop.
        """
        while True:
            self.sign()
            try:
                return attempt()
            except UnavailableError:
                if not self.rest():
                    raise


def end_after(seconds: float) -> None:
    """End this process with status 1 after so many seconds, unless called again before.

    Prints where all threads are, and needs neither the interpreter nor any thread of it to do so.
    """
    faulthandler.dump_traceback_later(seconds, exit=True)
