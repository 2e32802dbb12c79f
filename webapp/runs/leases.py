"""How a worker owns a run: by a lease that it renews, and a fence that refuses all others.

A claim holds while the run's fence has the value it had when it was claimed. Whoever takes the
run away, by cancelling, deleting or sweeping it, raises the fence, and everything the former
owner still writes is refused with LeaseLostError.

Leases run by the clock of the database, so the clocks of the hosts may say what they like.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from webapp.config import Config
from webapp.database import Database
from webapp.errors import LeaseLostError
from webapp.records import LONGEST_ERROR, Run, RunState, Visitor
from webapp.runs.abilities import EVERYTHING
from webapp.runs.fairness import first_in_turn, next_of, turn_has_come, waiting_in_turn

# Why a run has failed whose worker died, nobody knows of what.
ABANDONED = (
    "The program that painted this run stopped unexpectedly every time it was tried; "
    "a smaller size may work."
)


@dataclass(frozen=True)
class Claim:
    """A worker's ownership of a run."""

    run_id: str
    fence: int


@dataclass(frozen=True)
class Swept:
    """The runs whose workers died: the ids of those to try again, and those that have failed."""

    again: list[str]
    failed: list[Run]


class Leases:
    """Claims runs, keeps them claimed, and takes them back from workers that died.

    `reach` says which runs are claimed: those that this worker can paint and does not leave to
    another one. Where nobody sets it these are all.
    """

    def __init__(self, database: Database, config: Config) -> None:
        """Keep leases in the database, as long as the configuration says."""
        self._database = database
        self._seconds = config.lease_seconds
        self._attempts = config.max_attempts
        self._running = config.max_running_per_visitor
        self.reach = EVERYTHING

    def claim(self, owner: str, now: float | None = None) -> Claim | None:
        """Take the run whose turn it is, or return None if none may be taken now."""
        with self._database.deciding() as session:
            now = self._database.moment(session) if now is None else now
            run = self._next(session)
            if run is None:
                return None
            if not run.draft:
                session.get_one(Visitor, run.visitor_id).served_at = now
            run.state = RunState.RUNNING
            run.lease_owner = owner
            run.lease_until = now + self._seconds
            run.fence += 1
            run.attempts += 1
            run.fruitless += 1
            run.started_at = now
            return Claim(run.id, run.fence)

    def renew(self, claim: Claim, now: float | None = None) -> None:
        """Give a sign of life; raise LeaseLostError if the run is no longer this worker's."""
        with self._database.writing() as session:
            now = self._database.moment(session) if now is None else now
            write(session, claim, lease_until=now + self._seconds)

    def undisturbed(self, claim: Claim) -> bool:
        """Return whether a run is still this worker's and none waits that a draft gives way to.

        It does to any that this worker may take now. This is asked between any two steps, and takes
        a fraction of a millisecond.
        """
        ours_alone = select(Run.id).where(_held(claim), ~turn_has_come(self._running, self.reach))
        with self._database.reading() as session:
            return session.scalar(ours_alone) is not None

    def release(self, claim: Claim, reason: str) -> bool:
        """Put a run back after a failure; return whether it will be tried again.

        After the last attempt it is failed instead, with `reason`, a sentence for its owner.
        """
        with self._database.writing() as session:
            run = owned(session, claim)
            return self._put_back(run, reason)

    def hand_back(self, claim: Claim) -> None:
        """Put a run back because this worker stops; the attempt does not count."""
        with self._database.writing() as session:
            run = owned(session, claim)
            run.attempts -= 1
            # Its checkpoint on the way out may already have counted it as fruitful.
            run.fruitless = max(0, run.fruitless - 1)
            self._put_back(run, "")

    def waiting(self) -> list[str]:
        """Return the ids of the runs that this worker may take now, in turn."""
        with self._database.reading() as session:
            turns = next_of(waiting_in_turn(session, self.reach), self._running)
            return [turn.run_id for turn in turns]

    def sweep(
        self, now: float | None = None, replaced: Callable[[str], bool] = lambda owner: False
    ) -> Swept:
        """Put back every run whose worker gave no sign of life.

        One that is `replaced`, by its name, has as long again to come back as another process,
        which can tell the run's owner of what the one before it died.
        """
        with self._database.reading() as session:
            now = self._database.moment(session) if now is None else now
        late = now - self._seconds

        def cause(run: Run) -> str | None:
            expected = (run.lease_until or 0) > late and replaced(run.lease_owner or "")
            return None if expected else ABANDONED

        return self._swept([Run.lease_until < now], cause)

    def sweep_dead(self, cause: Callable[[str], str | None]) -> Swept:
        """Put back the runs of owners that are known to be dead, without waiting for the lease.

        `cause` returns, for an owner's name, why it died, as a sentence for the run's owner, or
        None if it is not known to be dead.
        """
        owned = [Run.lease_owner.is_not(None)]
        return self._swept(owned, lambda run: cause(run.lease_owner) if run.lease_owner else None)

    def _next(self, session: Session) -> Run | None:
        """Return the run whose turn it is, locked, or None if there is none."""
        while (run_id := first_in_turn(session, self._running, self.reach)) is not None:
            # Its visitor may have cancelled or removed it since it was found.
            run = session.get(Run, run_id, with_for_update=True, populate_existing=True)
            if run is not None and run.state == RunState.QUEUED:
                return run
        return None

    def _swept(
        self, which: Sequence[ColumnElement[bool]], cause: Callable[[Run], str | None]
    ) -> Swept:
        again, failed = [], []
        running = select(Run).where(Run.state == RunState.RUNNING, *which)
        with self._database.reading() as session:
            # To look is cheap, and hardly ever is there anything to write.
            if not any(cause(run) for run in session.scalars(running)):
                return Swept([], [])
        with self._database.writing() as session:
            # Whoever holds one of them is alive, or sweeps it just now.
            for run in session.scalars(running.with_for_update(skip_locked=True)):
                reason = cause(run)
                if reason is not None and self._put_back(run, reason):
                    again.append(run.id)
                elif reason is not None:
                    failed.append(run)
        return Swept(again, failed)

    def _put_back(self, run: Run, reason: str) -> bool:
        again = run.fruitless < self._attempts
        run.state = RunState.QUEUED if again else RunState.FAILED
        if not again:
            run.error = reason[:LONGEST_ERROR]
            run.ended_at = time.time()
            run.checkpoint = None
        disown(run)
        return again


def disown(run: Run) -> None:
    """Take a run, which must be locked, away from whichever worker owns it."""
    run.fence += 1
    run.lease_owner = None
    run.lease_until = None
    run.seconds_left = None


def write(session: Session, claim: Claim, **values: Any) -> None:
    """Change a run that the claim still owns; raise LeaseLostError if it does not."""
    statement = (
        update(Run)
        .where(_held(claim))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if session.connection().execute(statement).rowcount != 1:
        raise LeaseLostError(f"Run {claim.run_id} is no longer this worker's.")


def owned(session: Session, claim: Claim) -> Run:
    """Return the run of a claim; raise LeaseLostError if the claim does not hold any more."""
    run = session.get(Run, claim.run_id, with_for_update=True)
    if run is None or run.fence != claim.fence or run.state != RunState.RUNNING:
        raise LeaseLostError(f"Run {claim.run_id} is no longer this worker's.")
    return run


def _held(claim: Claim) -> ColumnElement[bool]:
    """Return the condition that a claim still holds."""
    return and_(Run.id == claim.run_id, Run.fence == claim.fence, Run.state == RunState.RUNNING)
