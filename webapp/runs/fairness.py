"""Who is next: visitors take turns, and within a visitor the oldest run comes first.

The number of a run's turn is how many runs of the same visitor come before it, those that are being
painted included; a smaller one is always taken first. So whoever has a run painted waits for
everybody who has none.

Drafts come when no run may be taken, and neither count as a visitor's turn nor wait for one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Subquery, func, select, true
from sqlalchemy.orm import Session, aliased

from webapp.records import NO_DRAFT, Run, RunState, Visitor
from webapp.runs.abilities import Reach


class Waiting(NamedTuple):
    """A queued run. Its visitor was last served at `served_at`, 0 for never; `running` are theirs.

    Times are Unix seconds.
    """

    run_id: str
    visitor_id: str
    created_at: float
    served_at: float
    running: int


class Turn(NamedTuple):
    """When a queued run is taken: after all with a smaller `number`, which counts from 0.

    That of a `draft` is 0: it comes last, and waits for no run of its visitor.
    """

    run_id: str
    visitor_id: str
    number: int
    draft: bool = False


def waiting_in_turn(session: Session, reach: Reach | None = None) -> list[Turn]:
    """Return all queued runs, in the order in which workers will take them.

    With `reach` these are only the runs that one worker takes: what it leaves to others keeps no
    visitor's other runs from their turns.
    """
    taken = true() if reach is None else reach.takes()
    running = _running()
    rows = session.execute(
        select(
            Run.id,
            Run.visitor_id,
            Run.created_at,
            Visitor.served_at,
            func.coalesce(running.c.running, 0),
        )
        .join(Visitor, Visitor.id == Run.visitor_id)
        .outerjoin(running, running.c.visitor_id == Run.visitor_id)
        .where(Run.state == RunState.QUEUED, NO_DRAFT, taken)
    )
    drafts = session.execute(
        select(Run.id, Run.visitor_id)
        .where(Run.state == RunState.QUEUED, Run.draft.is_(True), taken)
        .order_by(Run.created_at, Run.id)
    )
    last = [Turn(run_id, visitor_id, 0, draft=True) for run_id, visitor_id in drafts]
    return [*in_turn([Waiting(*row) for row in rows]), *last]


def first_in_turn(session: Session, most_running: int, reach: Reach) -> str | None:
    """Return the id of the run that one worker takes now, or None if there is none.

    It is the first of those whose turn has come, found without reading the whole line.
    """
    running = _running()
    painted = func.coalesce(running.c.running, 0)
    first = (
        select(Run.id)
        .join(Visitor, Visitor.id == Run.visitor_id)
        .outerjoin(running, running.c.visitor_id == Run.visitor_id)
        .where(Run.state == RunState.QUEUED, NO_DRAFT, reach.takes(), painted < most_running)
        .order_by(painted, Visitor.served_at, Run.created_at, Run.id)
        .limit(1)
    )
    draft = (
        select(Run.id)
        .where(Run.state == RunState.QUEUED, Run.draft.is_(True), reach.takes())
        .order_by(Run.created_at, Run.id)
        .limit(1)
    )
    return session.scalar(first) or session.scalar(draft)


def next_of(turns: Sequence[Turn], most_running: int) -> list[Turn]:
    """Return the turns that have come, if no visitor has more runs painted than so many."""
    return [turn for turn in turns if turn.number < most_running]


def turn_has_come(most_running: int, reach: Reach) -> ColumnElement[bool]:
    """Return the condition that a run waits, no draft, which one worker may take now."""
    waiting, running = aliased(Run), aliased(Run)
    painted = select(func.count()).where(
        running.visitor_id == waiting.visitor_id,
        running.state == RunState.RUNNING,
        running.draft.is_(False),
    )
    return (
        select(waiting.id)
        .where(
            waiting.state == RunState.QUEUED,
            waiting.draft.is_(False),
            reach.takes(waiting),
            painted.correlate(waiting).scalar_subquery() < most_running,
        )
        .exists()
    )


def in_turn(waiting: Sequence[Waiting]) -> list[Turn]:
    """Return the turns of queued runs, in order: the same number by who was served longest ago."""
    lines: dict[str, list[Waiting]] = defaultdict(list)
    for run in sorted(waiting, key=lambda run: (run.created_at, run.run_id)):
        lines[run.visitor_id].append(run)
    # In every turn the visitors come as in the turn before, which serves them in that order. Who
    # had none there, because a run of theirs was already being painted, was served before all that.
    visitors = sorted(
        lines.values(),
        key=lambda line: (-line[0].running, line[0].served_at, line[0].created_at, line[0].run_id),
    )
    turns = [
        Turn(run.run_id, run.visitor_id, run.running + before)
        for line in visitors
        for before, run in enumerate(line)
    ]
    return sorted(turns, key=lambda turn: turn.number)


def _running() -> Subquery:
    """Return how many runs of each visitor are being painted, of those who have any."""
    return (
        select(Run.visitor_id, func.count().label("running"))
        .where(Run.state == RunState.RUNNING, NO_DRAFT)
        .group_by(Run.visitor_id)
        .subquery()
    )
