"""Watches a run for divergence, and says from where and how carefully to go on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from stransfer.optimizers import State

# A loss this many times that of the level's first image is an explosion, not a detour.
EXPLOSION = 4.0
# How often the learning rate is halved before the run is given up.
BACK_OFFS = 4


@dataclass
class Safeguard:
    """Keeps the best image of one level, and the part of the learning rate that is still trusted.

    `caution` starts at 1 and is halved with each divergence.
    """

    caution: float = 1.0
    _first: float | None = None
    _best: float = math.inf
    _state: State | None = None

    def sound(self, loss: float, state: State) -> bool:
        """Note the loss of a state's image; return False if the run has diverged with it."""
        if not math.isfinite(loss) or (self._first is not None and loss > EXPLOSION * self._first):
            return False
        if self._first is None:
            self._first = loss
        if loss < self._best:
            self._best, self._state = loss, state
        return True

    def back_off(self) -> State | None:
        """Return the best state so far, to go on from with half the rate, or None to give up."""
        self.caution /= 2
        return self._state if self.caution >= 2.0**-BACK_OFFS else None

    @property
    def best(self) -> State | None:
        """The state with the lowest loss of the level."""
        return self._state
