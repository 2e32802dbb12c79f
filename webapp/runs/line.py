"""The line of runs that wait: the place of each, and how long until it is painted.

That is told from what was measured here: of the runs being painted what they have left, of those
before it what their pixels cost, at the pace of finished runs with the same network.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from stransfer import presets
from stransfer.errors import StransferError
from stransfer.settings import Settings
from webapp.records import LIVE, Run, RunState
from webapp.runs.fairness import waiting_in_turn
from webapp.runs.speeds import Speed, Speeds, told_by

# What finished runs tell changes slowly, and is asked for with every look at the line.
_FRESH_SECONDS = 5.0


class Place(NamedTuple):
    """Where a run stands, from 1, and the expected seconds until its turn, None if unknown."""

    position: int
    wait_seconds: float | None


class Line:
    """The runs that wait on one installation."""

    def __init__(self, speeds: Speeds, workers: int) -> None:
        """Expect waits from the speeds of networks, and so many workers or as many as paint."""
        self._speeds = speeds
        self._workers = workers
        self._known: Mapping[str, Speed] = {}
        self._known_at = -math.inf
        # A run's cost does not change, and its settings take long to read.
        self._costs: dict[str, float | None] = {}

    def places(self, session: Session) -> dict[str, Place]:
        """Return the place of every run that waits, by id."""
        turns = waiting_in_turn(session)
        if not turns:
            return {}
        live = {run.id: run for run in session.scalars(select(Run).where(Run.state.in_(LIVE)))}
        # A draft that is being painted gives way at once.
        running = (run for run in live.values() if run.state == RunState.RUNNING)
        painted = [run for run in running if not run.draft]
        costs = self._costs
        self._costs = {id: costs[id] if id in costs else _cost(run) for id, run in live.items()}
        speeds = {**_paces(painted), **self._measured()}
        # Between the two questions a run may have been taken up.
        waiting = [live[id] for id in turns if id in live]
        waits = self._waits(painted, waiting, speeds)
        return {
            run.id: Place(position, wait if math.isfinite(wait) else None)
            for position, (run, wait) in enumerate(zip(waiting, waits, strict=True), start=1)
        }

    def _waits(
        self, painted: Sequence[Run], waiting: Sequence[Run], speeds: Mapping[str, Speed]
    ) -> Iterator[float]:
        """Give the seconds until each run is taken up, by whichever worker is free first."""
        free = [self._left(run, speeds) for run in painted]
        free += [0.0] * (self._workers - len(painted))
        heapq.heapify(free)
        for run in waiting:
            wait = heapq.heappop(free) if free else math.inf
            yield wait
            heapq.heappush(free, wait + self._duration(run, speeds))

    def _left(self, run: Run, speeds: Mapping[str, Speed]) -> float:
        """Return the seconds that a run being painted still takes, infinity if unknown."""
        if run.seconds_left is not None:
            return run.seconds_left
        # Before its first steps are done, it is expected to take what others took.
        spent = time.time() - (run.started_at or run.created_at)
        return max(0.0, self._duration(run, speeds) - spent)

    def _duration(self, run: Run, speeds: Mapping[str, Speed]) -> float:
        cost, speed = self._costs[run.id], speeds.get(run.settings.get("model", ""))
        if cost is None or speed is None:
            return math.inf
        return speed.seconds(cost * (1 - run.progress))

    def _measured(self) -> Mapping[str, Speed]:
        now = time.monotonic()
        if now - self._known_at > _FRESH_SECONDS:
            self._known, self._known_at = self._speeds.by_model(), now
        return self._known


def _paces(painted: Sequence[Run]) -> dict[str, Speed]:
    """Return the speeds that runs being painted tell, for networks with which none was finished."""
    found = {}
    for run in painted:
        pace = told_by(
            run.settings, run.content, run.scale, run.progress, run.seconds, run.seconds_per_step
        )
        if pace is not None:
            found[pace.model] = pace.speed
    return found


def _cost(run: Run) -> float | None:
    """Return the cost of a whole run; one of another version may have none that is known."""
    try:
        settings = Settings.parse(run.settings)
        return presets.cost(settings, run.content["width"], run.content["height"])
    except StransferError:
        return None
