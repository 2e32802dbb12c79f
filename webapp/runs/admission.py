"""Whether another run may wait in line, so that nobody fills it and it never grows without end."""

from __future__ import annotations

import math

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from webapp.config import Config
from webapp.errors import TooManyError
from webapp.estimates import roughly
from webapp.records import NO_DRAFT, Run, RunState
from webapp.runs.line import Line

# Drafts do not count: a visitor has no more than one, and nobody waits for it.
_WAITS = (Run.state == RunState.QUEUED, NO_DRAFT)

# Where nothing is known of how long others take, in seconds.
_UNKNOWN = 60
# Nobody reads the sentence and tries again sooner.
_SOONEST = 5


class Admission:
    """Refuses a run where the line is full, and says when to come again."""

    def __init__(self, config: Config, line: Line) -> None:
        """Keep the limits of the configuration, and tell waits as the line does."""
        self._most_of_one = config.max_queued_per_visitor
        self._most = config.max_queued
        self._line = line

    def check(self, session: Session, visitor_id: str) -> None:
        """Raise TooManyError if no further run of the visitor may wait.

        The run must be added in the same transaction, and that must be one of those that decide
        one at a time: of two who come at once, the second must count the first.
        """
        own = case((Run.visitor_id == visitor_id, 1), else_=0)
        counts = select(func.count(), func.coalesce(func.sum(own), 0))
        every, theirs = session.execute(counts.where(*_WAITS)).one()
        if theirs >= self._most_of_one:
            many = f"{self._most_of_one} of one visitor"
            raise self._refusal(session, many, "yours", visitor_id)
        if every >= self._most:
            raise self._refusal(session, str(self._most), "them")

    def _refusal(
        self, session: Session, many: str, whose: str, visitor_id: str | None = None
    ) -> TooManyError:
        wait = self._wait(session, visitor_id)
        limit = f"No more paintings than {many} may wait here"
        if wait is None:
            return TooManyError(f"{limit}; try again when the next of {whose} is begun.", _UNKNOWN)
        seconds = max(_SOONEST, math.ceil(wait))
        return TooManyError(
            f"{limit}; the next of {whose} is begun in about {roughly(seconds)}, so try again "
            "then.",
            seconds,
        )

    def _wait(self, session: Session, visitor_id: str | None) -> float | None:
        """Return the seconds until a run is begun, of one visitor or of any, None if unknown."""
        asked = select(Run.id).where(*_WAITS)
        if visitor_id is not None:
            asked = asked.where(Run.visitor_id == visitor_id)
        places = self._line.places(session)
        found = [places[run_id] for run_id in session.scalars(asked) if run_id in places]
        waits = (place.wait_seconds for place in found)
        return min((wait for wait in waits if wait is not None), default=None)
