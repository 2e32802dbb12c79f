"""What works off one job after the other, in `docs/scaling_simulation.py`."""

from __future__ import annotations

import heapq
import math


class Station:
    """A part that does one job after the other, in the order they come, so many at once."""

    def __init__(self, servers: int) -> None:
        """Have nothing to do yet."""
        self.servers = servers
        self.busy = 0.0
        self.jobs = 0
        self.waited = 0.0
        self._free = [-math.inf] * servers

    def serve(self, now: float, seconds: float) -> float:
        """Take a job that comes now and takes so long; return when it is done."""
        begin = max(now, self._free[0])
        heapq.heapreplace(self._free, begin + seconds)
        self.jobs += 1
        self.busy += seconds
        self.waited += begin - now
        return begin + seconds

    def forget(self) -> None:
        """Count anew from here."""
        self.busy = self.waited = 0.0
        self.jobs = 0
