"""How fast this machine paints, measured in about a second before anybody has painted anything.

Small pictures pay more for each pixel than large ones, and the finest level of a run is larger than
what is measured, but its coarser ones are not: for whole runs the two about balance. What real runs
take is better wherever there are any.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from stransfer import measurements, precision
from stransfer.settings import Settings

_FILE = "speed.json"
_NAMES = ("preparation", "seconds_per_cost")

# The long sides, in px, at which steps are timed: a larger one only on machines that need no longer
# than `_PATIENCE` seconds for it.
_SIDES = (224, 500)
_PATIENCE = 0.5
# The first step at each size also prepares it, and of the others one may be disturbed.
_STEPS = 4


class Speed(NamedTuple):
    """How fast one network is here: `preparation` in seconds, and seconds for a unit of cost.

    Cost is that of `stransfer.presets`.
    """

    preparation: float
    seconds_per_cost: float

    def seconds(self, cost: float) -> float:
        """Return what a run of some cost takes."""
        return self.preparation + self.seconds_per_cost * cost


def kept(settings: Settings) -> Speed | None:
    """Return what was measured before on this machine for these settings, if anything was."""
    found = measurements.kept(_FILE, _key(settings), *_NAMES)
    return None if found is None else Speed(*(found[name] for name in _NAMES))


def measured(settings: Settings, stopped: Callable[[], bool] = lambda: False) -> Speed | None:
    """Paint a few steps with the network of these settings; return, and keep, how fast it is.

    Between any two steps `stopped` is asked; if it says so, nothing is kept, and None returned.
    Raises WeightsError if the network's weights are not there.
    """
    speed: Speed | None = None
    for side in _SIDES:
        if speed is not None and speed.seconds(_STEPS * _cost(side)) > _PATIENCE:
            break
        seconds = list(_timed(settings, side, stopped))
        if len(seconds) < _STEPS:
            return None
        step = statistics.median(seconds[1:])
        speed = Speed(max(1e-3, seconds[0] - step), step / _cost(side))
    assert speed is not None
    measurements.keep(_FILE, _key(settings), speed._asdict())
    return speed


def _timed(settings: Settings, side: int, stopped: Callable[[], bool]) -> Iterator[float]:
    """Give the seconds of each step at a size, with pictures of noise."""
    import numpy as np

    from stransfer.subject import Subject
    from stransfer.transfer import Transfer

    noise = np.random.default_rng(0).random((_height(side), side, 3), np.float32)
    asked = Settings(
        model=settings.model,
        weights=settings.weights,
        precision=settings.precision,
        size=side,
        scales=1,
        steps=_STEPS,
    )
    steps = Transfer(Subject(content=noise, styles=(noise,)), asked).start(stopped=stopped)
    before = time.perf_counter()
    for _ in steps:
        now = time.perf_counter()
        yield now - before
        before = now
        if stopped():
            return


def _cost(side: int) -> float:
    return float(side * _height(side))


def _height(side: int) -> int:
    return side * 3 // 4


def _key(settings: Settings) -> str:
    computed_in = precision.chosen(settings.precision)
    return f"{measurements.machine()}, {settings.model} in {computed_in}"
