"""Who is next: visitors take turns, and within a visitor the oldest run comes first.

Drafts come when nobody else waits, and do not count as a visitor's turn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.records import NO_DRAFT, Run, RunState


class Waiting(NamedTuple):
    """A queued run; `served_at` is when a run of the same visitor was last started, or 0."""

    run_id: str
    visitor_id: str
    created_at: float
    served_at: float


def waiting_in_turn(session: Session) -> list[str]:
    """Return the ids of all queued runs, in the order in which workers will take them."""
    served = (
        select(Run.visitor_id, func.max(Run.started_at).label("served_at"))
        .where(NO_DRAFT)
        .group_by(Run.visitor_id)
        .subquery()
    )
    rows = session.execute(
        select(Run.id, Run.visitor_id, Run.created_at, func.coalesce(served.c.served_at, 0.0))
        .join(served, served.c.visitor_id == Run.visitor_id)
        .where(Run.state == RunState.QUEUED, NO_DRAFT)
    )
    drafts = (
        select(Run.id)
        .where(Run.state == RunState.QUEUED, Run.draft.is_(True))
        .order_by(Run.created_at, Run.id)
    )
    return [*in_turn([Waiting(*row) for row in rows]), *session.scalars(drafts)]


def in_turn(waiting: Sequence[Waiting]) -> list[str]:
    """Return the run ids in turn: whoever was served longest ago is next, then everyone again."""
    lines: dict[str, list[Waiting]] = defaultdict(list)
    for run in sorted(waiting, key=lambda run: (run.created_at, run.run_id)):
        lines[run.visitor_id].append(run)
    ordered = [
        (turn, run.served_at if turn == 0 else 0.0, run.created_at, run.run_id)
        for line in lines.values()
        for turn, run in enumerate(line)
    ]
    return [run_id for *_, run_id in sorted(ordered)]
