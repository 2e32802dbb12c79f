"""What a worker writes about the run it owns; every write is refused once the claim is lost."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete

from webapp.database import Database
from webapp.records import LONGEST_ERROR, Loss, Run, RunState
from webapp.runs import moments
from webapp.runs.leases import Claim, owned, write


class Progress(NamedTuple):
    """What is known after a step, without its picture; `part` of the whole cost is done."""

    step: int
    part: float
    scale: int
    total: float
    content: float
    style: float
    tv: float
    seconds: float
    seconds_per_step: float | None
    seconds_left: float | None


class Reports:
    """Records the progress and the end of runs."""

    def __init__(self, database: Database) -> None:
        """Write to the database."""
        self._database = database

    def begin(self, claim: Claim) -> Run:
        """Return the run that was claimed."""
        with self._database.writing() as session:
            return owned(session, claim)

    def find(self, claim: Claim) -> Run | None:
        """Return the run whoever owns it now, or None if it does not exist any more."""
        with self._database.reading() as session:
            return session.get(Run, claim.run_id)

    def rewind(self, claim: Claim, step: int, part: float) -> float:
        """Forget what was recorded after `step`, where the run goes on, `part` of its cost done.

        Returns the seconds that earlier attempts spent up to there, 0 from the beginning.
        """
        with self._database.writing() as session:
            run = owned(session, claim)
            session.execute(delete(Loss).where(Loss.run_id == run.id, Loss.step > step))
            run.step = step
            run.progress = part
            reached = moments.part(moments.at(part, claim.fence))
            run.moments = [one for one in run.moments if moments.part(one) <= reached]
            run.seconds = run.seconds if step else 0.0
            return run.seconds

    def progress(
        self,
        claim: Claim,
        steps: Sequence[Progress],
        frame: str | None,
        moment: int | None = None,
    ) -> bool:
        """Record steps, oldest first, the newest frame's key, and a moment that is kept.

        Returns whether to finish now.
        """
        with self._database.writing() as session:
            run = owned(session, claim)
            for index, step in enumerate(steps, start=run.seq + 1):
                session.add(_loss(run.id, index, step))
            if steps:
                newest = steps[-1]
                run.seq += len(steps)
                run.step = newest.step
                run.progress = newest.part
                run.scale = newest.scale
                run.seconds = newest.seconds
                run.seconds_per_step = newest.seconds_per_step
                run.seconds_left = newest.seconds_left
            if frame is not None:
                run.frame = frame
            if moment is not None:
                run.moments = moments.joined(run.moments, moment)
            return run.finish_wanted

    def checkpoint(self, claim: Claim, key: str) -> None:
        """Record where the run can be resumed from.

        Attempts to get further are counted anew from here.
        """
        with self._database.writing() as session:
            write(session, claim, checkpoint=key, fruitless=0)

    def done(self, claim: Claim, result: str | None) -> None:
        """Record the result, which a draft has none of; the run has ended well."""
        self._end(claim, RunState.DONE, result=result)

    def failed(self, claim: Claim, reason: str) -> None:
        """Record why the run cannot be painted, as a sentence for its owner."""
        self._end(claim, RunState.FAILED, error=reason[:LONGEST_ERROR])

    def _end(self, claim: Claim, state: RunState, **values: str | None) -> None:
        with self._database.writing() as session:
            write(
                session,
                claim,
                state=state,
                ended_at=time.time(),
                lease_owner=None,
                lease_until=None,
                seconds_left=None,
                checkpoint=None,
                **values,
            )


def _loss(run_id: str, seq: int, step: Progress) -> Loss:
    return Loss(
        run_id=run_id,
        seq=seq,
        step=step.step,
        total=step.total,
        content=step.content,
        style=step.style,
        tv=step.tv,
    )
