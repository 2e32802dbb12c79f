"""When an idle worker starts afresh, to give back the memory that its runs have left behind.

TensorFlow keeps what it once took from the system for the next step, which is what makes a step
fast, and never returns it. A fresh process holds nothing but what is loaded.
"""

from __future__ import annotations

import time

from stransfer.footprint import memory_mb

# Less than this, in MiB, is not worth the seconds of loading.
_WORTHWHILE = 100.0


class Renewal:
    """Watches how long a worker has been idle, and how much more it holds than when it was new."""

    def __init__(self, rest_seconds: float) -> None:
        """Start afresh after so many idle seconds, where it is worthwhile; 0 is never."""
        self._rest_seconds = rest_seconds
        self._fresh: float | None = None
        self._busy_at = time.monotonic()

    def loaded(self) -> None:
        """Take what is held now for what a fresh worker holds."""
        self._fresh = memory_mb()
        self.busy()

    def busy(self) -> None:
        """Take note that there is, or was a moment ago, something to do."""
        self._busy_at = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether the worker has rested for long enough and would give back enough."""
        rested = time.monotonic() - self._busy_at
        if self._fresh is None or not 0 < self._rest_seconds <= rested:
            return False
        held = memory_mb()
        return held is not None and held - self._fresh > _WORTHWHILE
