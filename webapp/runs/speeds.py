"""How fast this server paints, from the runs that it finished."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import select

from stransfer import presets
from stransfer.errors import StransferError
from stransfer.settings import Settings
from webapp.database import Database
from webapp.records import Run, RunState

# Older runs than so many tell of another machine, or of what else it did then.
_NEWEST = 60


class _Pace(NamedTuple):
    """What one run tells: its network, and the seconds it took for each pixel it computed."""

    model: str
    seconds_per_cost: float


class Speeds:
    """The pace of each network on this server."""

    def __init__(self, database: Database) -> None:
        """Learn from the runs in the database, whoever's they are."""
        self._database = database
        # What a finished run tells does not change any more.
        self._known: dict[str, _Pace | None] = {}

    def seconds_per_cost(self) -> Mapping[str, float]:
        """Return by model the seconds for each unit of `stransfer.presets.cost`.

        It is the median over the newest finished runs; a model that none of them used is left out.
        """
        with self._database.reading() as session:
            ended = select(Run.id, Run.settings, Run.content, Run.seconds, Run.progress).where(
                Run.state == RunState.DONE
            )
            runs = session.execute(ended.order_by(Run.ended_at.desc()).limit(_NEWEST)).all()
        known = self._known
        self._known = {id: known[id] if id in known else _pace(*told) for id, *told in runs}
        paces = defaultdict(list)
        for pace in self._known.values():
            if pace is not None:
                paces[pace.model].append(pace.seconds_per_cost)
        return {model: statistics.median(found) for model, found in paces.items()}


def _pace(
    settings: dict[str, object], content: dict[str, int], seconds: float, part: float
) -> _Pace | None:
    """Return what a run tells, of which a `part` was painted before its visitor stopped it."""
    try:
        parsed = Settings.parse(settings)
        cost = part * presets.cost(parsed, content["width"], content["height"])
    except StransferError:
        # It was painted by another version, for which other settings or sizes were right.
        return None
    return _Pace(parsed.model, seconds / cost) if seconds and cost else None
