"""How fast a run goes and when it will end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from stransfer import pyramid
from stransfer.pyramid import Level

# The weight of the newest step in the moving average: about the last ten steps count.
_SMOOTHING = 0.2


def part_done(levels: Sequence[Level], level: int, steps_done: int) -> float:
    """Return the part of a run's whole cost, in [0, 1], that `steps_done` steps of a level end.

    The cost of a step is that of its level.
    """
    return 1 - _cost_left(levels, level, steps_done) / pyramid.cost(levels)


class Pace:
    """Turns the times at which steps end into seconds a step and seconds to go.

    Seconds are taken as proportional to the cost of a step, so a coarse level already tells how
    long the fine ones will take. The first step at each level is left out, because it also pays
    for preparing that size.
    """

    def __init__(
        self, levels: Sequence[Level], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start the clock."""
        self._levels = tuple(levels)
        self._clock = clock
        self._last = clock()
        self._level: int | None = None
        self._seconds_per_cost: float | None = None

    def step(self, level: int) -> None:
        """Note that a step at a level (an index) has ended."""
        now = self._clock()
        cost = (now - self._last) / self._levels[level].cost
        self._last = now
        if level != self._level:
            self._level = level
        elif self._seconds_per_cost is None:
            self._seconds_per_cost = cost
        else:
            self._seconds_per_cost += _SMOOTHING * (cost - self._seconds_per_cost)

    def seconds_per_step(self, level: int) -> float | None:
        """Return the expected seconds of a step at a level, or None before it can be known."""
        if self._seconds_per_cost is None:
            return None
        return self._seconds_per_cost * self._levels[level].cost

    def seconds_left(self, level: int, steps_done: int) -> float | None:
        """Return the expected seconds to the end, after `steps_done` steps of a level."""
        cost = _cost_left(self._levels, level, steps_done)
        if cost == 0:
            return 0.0
        return None if self._seconds_per_cost is None else self._seconds_per_cost * cost


def _cost_left(levels: Sequence[Level], level: int, steps_done: int) -> float:
    here = levels[level]
    left = (here.steps - steps_done) * here.cost
    return left + pyramid.cost(levels[level + 1 :])
