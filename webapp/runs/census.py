"""How many runs there are, whoever's they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from webapp.database import Database
from webapp.records import NO_DRAFT, Run, RunState


@dataclass(frozen=True)
class Census:
    """The number of runs in every state, and since when (Unix time) the oldest one waits.

    Drafts do not count.
    """

    runs: Mapping[RunState, int]
    waiting_since: float | None


def census(database: Database) -> Census:
    """Count the runs, all at the same moment."""
    counted = select(Run.state, func.count(), func.min(Run.created_at)).where(NO_DRAFT)
    with database.reading() as session:
        by_state = session.execute(counted.group_by(Run.state))
        found = {state: (count, since) for state, count, since in by_state}
    return Census(
        runs={state: found.get(state, (0, None))[0] for state in RunState},
        waiting_since=found.get(RunState.QUEUED, (0, None))[1],
    )
