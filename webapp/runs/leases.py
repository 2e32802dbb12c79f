"""How a worker owns a run: by a lease that it renews, and a fence that refuses all others.

A claim holds while the run's fence has the value it had when it was claimed. Whoever takes the
run away, by cancelling, deleting or sweeping it, raises the fence, and everything the former
owner still writes is refused with LeaseLostError.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.config import Config
from webapp.database import Database
from webapp.errors import LeaseLostError
from webapp.records import Run, RunState, Visitor
from webapp.runs.fairness import waiting_in_turn


@dataclass(frozen=True)
class Claim:
    """A worker's ownership of a run."""

    run_id: str
    fence: int


class Leases:
    """Claims runs, keeps them claimed, and takes them back from workers that died."""

    def __init__(self, database: Database, config: Config) -> None:
        """Keep leases in the database, as long as the configuration says."""
        self._database = database
        self._seconds = config.lease_seconds
        self._attempts = config.max_attempts
        self._running = config.max_running_per_visitor

    def claim(self, owner: str, now: float | None = None) -> Claim | None:
        """Take the run whose turn it is, or return None if none may be taken now."""
        now = time.time() if now is None else now
        with self._database.deciding() as session:
            waiting = waiting_in_turn(session)
            if not waiting or waiting[0].number >= self._running:
                return None
            run = session.get_one(Run, waiting[0].run_id, with_for_update=True)
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
        now = time.time() if now is None else now
        with self._database.writing() as session:
            write(session, claim, lease_until=now + self._seconds)

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
        """Return the ids of the runs that a worker may take now, in turn."""
        with self._database.reading() as session:
            turns = waiting_in_turn(session)
            return [turn.run_id for turn in turns if turn.number < self._running]

    def sweep(self, now: float | None = None) -> list[str]:
        """Put back every run whose worker gave no sign of life; return the ids of those to do."""
        now = time.time() if now is None else now
        with self._database.writing() as session:
            dead = session.scalars(
                select(Run)
                .where(Run.state == RunState.RUNNING, Run.lease_until < now)
                .with_for_update()
            )
            return [run.id for run in dead if self._put_back(run, _ABANDONED)]

    def sweep_dead(self, owners: Callable[[str], bool]) -> list[str]:
        """Put back the runs of owners that are known to be dead, without waiting for the lease."""
        with self._database.writing() as session:
            running = session.scalars(
                select(Run).where(Run.state == RunState.RUNNING).with_for_update()
            )
            dead = [run for run in running if run.lease_owner and owners(run.lease_owner)]
            return [run.id for run in dead if self._put_back(run, _ABANDONED)]

    def _put_back(self, run: Run, reason: str) -> bool:
        again = run.fruitless < self._attempts
        run.state = RunState.QUEUED if again else RunState.FAILED
        if not again:
            run.error = reason
            run.ended_at = time.time()
        run.fence += 1
        run.lease_owner = None
        run.lease_until = None
        run.seconds_left = None
        return again


_ABANDONED = (
    "The program that painted this run stopped unexpectedly every time it was tried; "
    "a smaller size may work."
)


def write(session: Session, claim: Claim, **values: Any) -> None:
    """Change a run that the claim still owns; raise LeaseLostError if it does not."""
    statement = (
        update(Run)
        .where(Run.id == claim.run_id, Run.fence == claim.fence, Run.state == RunState.RUNNING)
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
