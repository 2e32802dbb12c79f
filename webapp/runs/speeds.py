"""How fast this server paints: as runs tell that it finished, or before, as workers measured."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, null, select, union_all

from stransfer import pyramid
from stransfer.errors import StransferError
from stransfer.settings import Settings
from stransfer.speed import Speed
from webapp.database import Database
from webapp.records import NO_DRAFT, Presence, Run, RunState

# Older runs than so many tell of another machine, or of what else it did then.
_NEWEST = 60

_COLUMNS = (Run.settings, Run.content, Run.scale, Run.progress, Run.seconds, Run.seconds_per_step)


_ended = select(Run.id, *_COLUMNS).where(Run.state == RunState.DONE, NO_DRAFT)
_newest = _ended.order_by(Run.ended_at.desc()).limit(_NEWEST).subquery()
# Every form asks this, so it is one question: what a worker has measured stands for settings, and
# nothing for the rest.
_QUERY: CompoundSelect[Any] = union_all(
    select(_newest), select(Presence.name, Presence.speeds, *([null()] * (len(_COLUMNS) - 1)))
)


class Pace(NamedTuple):
    """What one run or worker tells: a network, and its speed."""

    model: str
    speed: Speed


class Speeds:
    """The speed of each network on this server."""

    def __init__(self, database: Database) -> None:
        """Learn from the runs in the database, whoever's they are."""
        self._database = database
        # What a finished run tells does not change any more.
        self._known: dict[str, Pace | None] = {}

    def by_model(self) -> Mapping[str, Speed]:
        """Return the median speed of the newest finished runs, for each model that they used.

        For a model that none of them used it is that of the workers who have measured it. The steps
        and what comes before them are told apart, because a small run pays as much for its
        preparation as a large one.
        """
        with self._database.reading() as session:
            rows = session.execute(_QUERY).all()
        runs = [row for row in rows if row.content is not None]
        measured = [row.settings for row in rows if row.content is None]
        known = self._known
        self._known = {id: known[id] if id in known else told_by(*told) for id, *told in runs}
        paces = [pace for pace in self._known.values() if pace is not None]
        told = [Pace(model, Speed(*told)) for each in measured for model, told in each.items()]
        return _medians(told) | _medians(paces)


def told_by(
    used: dict[str, Any],
    photo: dict[str, Any],
    scale: int,
    part: float,
    seconds: float,
    seconds_per_step: float | None,
) -> Pace | None:
    """Return what a run tells that ended at a scale, after a `part` of its whole cost.

    A run of a step or two was over before it had a pace, and one of another version may have had
    settings or sizes that are none any more.
    """
    try:
        settings = Settings.parse(used)
        levels = pyramid.plan(photo["width"], photo["height"], settings)
    except StransferError:
        return None
    if seconds_per_step is None or not 1 <= scale <= len(levels):
        return None
    per_cost = seconds_per_step / levels[scale - 1].cost
    preparation = max(0.0, seconds - per_cost * part * pyramid.cost(levels))
    return Pace(settings.model, Speed(preparation, per_cost))


def _medians(paces: Sequence[Pace]) -> dict[str, Speed]:
    """Return the median speed of each model."""
    found: dict[str, list[Speed]] = defaultdict(list)
    for pace in paces:
        found[pace.model].append(pace.speed)
    return {model: _median(speeds) for model, speeds in found.items()}


def _median(speeds: Sequence[Speed]) -> Speed:
    return Speed(*(statistics.median(each) for each in zip(*speeds, strict=True)))
