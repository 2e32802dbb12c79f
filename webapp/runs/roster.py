"""Who paints: the workers of all hosts, and whether any of them can paint what is wanted.

A worker that has gone is expected back for `UNFIT_SECONDS`, as during an update. What nobody can
paint who is there or expected is refused, and what was accepted before that fails at last.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import ColumnElement, delete, false, func, not_, or_, select
from sqlalchemy.orm import Session

from stransfer.errors import SettingsError
from stransfer.speed import Speed
from webapp.config import Config
from webapp.database import Database
from webapp.records import LONGEST_ERROR, Presence, Run, RunState
from webapp.runs.abilities import Abilities, Reach

# How often, within the time of a lease, a worker says that it is there.
_SIGNS = 3
# After so many seconds nothing is known any more of a worker that has gone.
_FORGOTTEN_SECONDS = 86400.0


class Roster:
    """The workers that share a database, each under its own name."""

    def __init__(self, database: Database, config: Config, since: float | None = None) -> None:
        """Keep the list in the database.

        A worker that takes the place of one, on the same machine, knows `since` from it.
        """
        self._database = database
        self._lease = config.lease_seconds
        self._patience = config.unfit_seconds
        # From when on others that are there would have been seen, by the machine's monotonic clock.
        self.since = time.monotonic() if since is None else since
        self._signed_at: float | None = None

    @property
    def seconds_between_signs(self) -> float:
        """How often a worker has to sign to count as being there."""
        return self._lease / _SIGNS

    def sign(
        self, name: str, mine: Abilities, device: str, speeds: Mapping[str, Speed] | None = None
    ) -> Reach:
        """Record that a worker is there, and what it can paint; return which runs it takes.

        `speeds` are those that it has measured, by network.

        A worker that has just come may be the first one back after all were gone, and leaves to
        others what they could paint within the last day.
        """
        with self._database.writing() as session:
            if time.monotonic() - (self._signed_at or math.inf) > self._lease:
                # After an outage of the database all of them have to come back.
                self.since = time.monotonic()
            self._signed_at = time.monotonic()
            now = self._database.moment(session)
            session.execute(delete(Presence).where(Presence.seen_at < now - _FORGOTTEN_SECONDS))
            session.merge(
                Presence(
                    name=name,
                    seen_at=now,
                    ended=False,
                    memory_mb=mine.memory_mb,
                    networks=sorted(mine.networks),
                    gpu=mine.gpu,
                    device=device[:100],
                    speeds={model: [*speed] for model, speed in (speeds or {}).items()},
                )
            )
            settled = time.monotonic() - self.since > self._patience
            others = self._seen(session, now - self._patience if settled else 0.0, name)
        return Reach(mine, frozenset(others))

    def leave(self, name: str) -> None:
        """Record that a worker has ended; it is expected back."""
        with self._database.writing() as session:
            if (found := session.get(Presence, name)) is not None:
                found.ended = True

    def forget(self, gone: Callable[[str], bool]) -> None:
        """Forget the workers, by name, whose place others have taken."""
        with self._database.writing() as session:
            for found in session.scalars(select(Presence)):
                if gone(found.name):
                    session.delete(found)

    def present(self, session: Session) -> list[Presence]:
        """Return those who are there."""
        seen = Presence.seen_at > self._database.moment(session) - self._lease
        there = select(Presence).where(seen, Presence.ended.is_(False))
        return list(session.scalars(there.order_by(Presence.name)))

    def count(self, session: Session) -> int:
        """Return how many are there."""
        seen = Presence.seen_at > self._database.moment(session) - self._lease
        there = select(func.count()).where(seen, Presence.ended.is_(False))
        return session.scalar(there) or 0

    def check(self, session: Session, run: Run) -> None:
        """Raise SettingsError if nobody can paint a run who is there or expected back."""
        expected = self._expected(session)
        if expected and (reason := _why_not(run, expected)):
            raise SettingsError({"size": reason})

    def give_up(self) -> list[Run]:
        """Fail the runs that have waited for longer than patience for somebody to paint them.

        Where there is nobody at all, nothing is known of who will come.
        """
        if time.monotonic() - self.since < self._patience:
            return []
        with self._database.reading() as session:
            found = session.scalar(select(Run.id).where(*self._hopeless(session)).limit(1))
        if found is None:
            return []
        with self._database.writing() as session:
            expected = self._expected(session)
            if not expected:
                return []
            hopeless = select(Run).where(*self._hopeless(session))
            runs = list(session.scalars(hopeless.with_for_update(skip_locked=True)))
            for run in runs:
                run.state = RunState.FAILED
                run.error = (_why_not(run, expected) or "")[:LONGEST_ERROR]
                run.ended_at = self._database.moment(session)
                run.checkpoint = None
        return runs

    def _hopeless(self, session: Session) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions that a run has waited for long, and is beyond everybody."""
        expected = self._expected(session)
        waits = Run.state == RunState.QUEUED
        long = Run.created_at < self._database.moment(session) - self._patience
        return waits, long, not_(or_(false(), *(one.strong_enough() for one in expected)))

    def _expected(self, session: Session) -> list[Abilities]:
        return self._seen(session, self._database.moment(session) - self._patience)

    def _seen(self, session: Session, since: float, without: str = "") -> list[Abilities]:
        seen = select(Presence).where(Presence.seen_at > since, Presence.name != without)
        return sorted({Abilities.told_by(found) for found in session.scalars(seen)}, key=repr)


def _why_not(run: Run, workers: Sequence[Abilities]) -> str | None:
    """Return why none of some workers can paint a run, as a sentence, or None if one can."""
    cards = [worker for worker in workers if worker.gpu or not run.needs_gpu]
    if not cards:
        return (
            f"A picture of {run.width} × {run.height} px is left to a graphics card here, and no "
            "worker that has one is there; choose a smaller size."
        )
    most = max(math.inf if one.memory_mb is None else one.memory_mb for one in cards)
    if run.needs_mb <= most:
        return None
    return (
        f"To paint this takes about {run.needs_mb / 1024:.1f} GiB of memory, and no worker here "
        f"has more than {most / 1024:.1f} GiB for it; choose a smaller size."
    )
