"""The line of runs that wait: the place of each, and how long until it is painted.

That is told from what was measured here: of the runs being painted what they have left, of those
before it what their pixels cost, at the pace of finished runs with the same network.
"""

from __future__ import annotations

import heapq
import math
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from stransfer import presets
from stransfer.errors import StransferError
from stransfer.settings import Settings
from stransfer.speed import Speed
from webapp.config import Config
from webapp.records import NO_DRAFT, Run, RunState
from webapp.runs.fairness import Turn, waiting_in_turn
from webapp.runs.roster import Roster
from webapp.runs.speeds import Speeds, told_by

# What finished runs tell changes slowly, and is asked for with every look at the line.
_FRESH_SECONDS = 5.0


class Place(NamedTuple):
    """Where a run stands, from 1, and the expected seconds until its turn, None if unknown."""

    position: int
    wait_seconds: float | None


class _Painted(NamedTuple):
    """What is asked of a run that is being painted; the last six are what tells its pace."""

    run_id: str
    visitor_id: str
    started_at: float | None
    created_at: float
    seconds_left: float | None
    settings: dict[str, Any]
    content: dict[str, Any]
    scale: int
    progress: float
    seconds: float
    seconds_per_step: float | None


_PAINTED = (Run.id, *(getattr(Run, name) for name in _Painted._fields[1:]))


class Line:
    """The runs that wait on one installation."""

    def __init__(self, speeds: Speeds, config: Config, roster: Roster) -> None:
        """Expect waits from the speeds of networks, and the workers that are there.

        Where none is there yet, as many are expected as are configured.
        """
        self._speeds = speeds
        self._roster = roster
        self._configured = config.workers
        self._most_running = config.max_running_per_visitor
        self._known: Mapping[str, Speed] = {}
        self._known_at = -math.inf
        # The network and the cost of a run, which do not change, and take long to read.
        self._costs: dict[str, tuple[str, float | None]] = {}

    def places(self, session: Session) -> dict[str, Place]:
        """Return the place of every run that waits, by id."""
        turns = waiting_in_turn(session)
        if not turns:
            return {}
        # A draft that is being painted gives way at once.
        running = select(*_PAINTED).where(Run.state == RunState.RUNNING, NO_DRAFT)
        painted = [_Painted(*row) for row in session.execute(running)]
        parts = _parts_done(session)
        self._learn(session, [*parts, *(run.run_id for run in painted)])
        # Between the questions a run may have been taken up, or deleted.
        waiting = [turn for turn in turns if turn.run_id in parts and turn.run_id in self._costs]
        speeds = {**_paces(painted), **self._measured()}
        lasting = {id: self._duration(id, part, speeds) for id, part in parts.items()}
        ends = [(run.visitor_id, self._left(run, speeds)) for run in painted]
        workers = self._roster.count(session) or self._configured
        waits = self._waits(workers, ends, waiting, lasting)
        return {
            turn.run_id: Place(position, wait if math.isfinite(wait) else None)
            for position, (turn, wait) in enumerate(zip(waiting, waits, strict=True), start=1)
        }

    def _waits(
        self,
        workers: int,
        painted: Sequence[tuple[str, float]],
        waiting: Sequence[Turn],
        lasting: Mapping[str, float],
    ) -> Iterator[float]:
        """Give the seconds until each run is taken up, by whichever worker is free first.

        `painted` has the visitor of each run being painted and how long it still takes.
        """
        free = [left for _, left in painted]
        free += [0.0] * (workers - len(free))
        heapq.heapify(free)
        # When the last runs of each visitor end, of which no more may be painted at once.
        ends: dict[str, list[float]] = defaultdict(list)
        for visitor_id, left in painted:
            ends[visitor_id].append(left)
        for turn in waiting:
            own = sorted(ends[turn.visitor_id])[-self._most_running :]
            limited = len(own) == self._most_running and not turn.draft
            wait = max(own[0] if limited else 0.0, heapq.heappop(free) if free else math.inf)
            yield wait
            end = wait + lasting[turn.run_id]
            if not turn.draft:
                ends[turn.visitor_id] = [*own, end]
            heapq.heappush(free, end)

    def _left(self, run: _Painted, speeds: Mapping[str, Speed]) -> float:
        """Return the seconds that a run being painted still takes, infinity if unknown."""
        if run.seconds_left is not None:
            return run.seconds_left
        # Before its first steps are done, it is expected to take what others took.
        spent = time.time() - (run.started_at or run.created_at)
        return max(0.0, self._duration(run.run_id, run.progress, speeds) - spent)

    def _duration(self, run_id: str, done: float, speeds: Mapping[str, Speed]) -> float:
        """Return the seconds that a run takes of which a part is done, infinity if unknown."""
        model, cost = self._costs.get(run_id, ("", None))
        speed = speeds.get(model)
        return math.inf if cost is None or speed is None else speed.seconds(cost * (1 - done))

    def _learn(self, session: Session, run_ids: Sequence[str]) -> None:
        """Know the network and the cost of each of these runs, and of no others any more."""
        known = {id: self._costs[id] for id in run_ids if id in self._costs}
        missing = [id for id in run_ids if id not in known]
        if missing:
            rows = select(Run.id, Run.settings, Run.content).where(Run.id.in_(missing))
            known |= {id: _cost(used, photo) for id, used, photo in session.execute(rows)}
        self._costs = known

    def _measured(self) -> Mapping[str, Speed]:
        now = time.monotonic()
        if now - self._known_at > _FRESH_SECONDS:
            self._known, self._known_at = self._speeds.by_model(), now
        return self._known


def _parts_done(session: Session) -> dict[str, float]:
    """Return what part of each waiting run an earlier attempt has done."""
    waiting = select(Run.id, Run.progress).where(Run.state == RunState.QUEUED)
    return dict(session.execute(waiting).all())


def _paces(painted: Sequence[_Painted]) -> dict[str, Speed]:
    """Return the speeds that runs being painted tell, for networks with which none was finished."""
    paces = [told_by(*run[-6:]) for run in painted]
    return {pace.model: pace.speed for pace in paces if pace is not None}


def _cost(used: dict[str, Any], photo: dict[str, Any]) -> tuple[str, float | None]:
    """Return the network and the cost of a whole run; that of another version may be unknown."""
    try:
        settings = Settings.parse(used)
        return settings.model, presets.cost(settings, photo["width"], photo["height"])
    except StransferError:
        return "", None
