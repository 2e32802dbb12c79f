"""What is new of the runs that somebody watches, read several times a second at little cost."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import select

from webapp.database import Database
from webapp.records import Loss, Run, RunState
from webapp.runs.line import Line, Place
from webapp.runs.losses import losses_after


class Pulse(NamedTuple):
    """What changes of a run, by the names in its record; `place` is where it waits in line."""

    id: str
    state: str
    seq: int
    step: int
    steps: int
    progress: float
    scale: int
    scales: int
    seconds_per_step: float | None
    seconds_left: float | None
    frame: str | None
    error: str | None
    place: Place | None = None


_COLUMNS = tuple(getattr(Run, name) for name in Pulse._fields[:-1])


class Pulses:
    """Feels the pulse of runs, whoever's they are."""

    def __init__(self, database: Database, line: Line) -> None:
        """Read from the database, and places from the line."""
        self._database = database
        self._line = line

    def of(self, run_ids: Collection[str]) -> dict[str, Pulse]:
        """Return the pulse of several runs, by id; a run that was deleted is left out."""
        with self._database.reading() as session:
            rows = session.execute(select(*_COLUMNS).where(Run.id.in_(run_ids)))
            found = {row[0]: Pulse(*row) for row in rows}
            waiting = [id for id, pulse in found.items() if pulse.state == RunState.QUEUED]
            if waiting:
                places = self._line.places(session)
                found |= {id: found[id]._replace(place=places.get(id)) for id in waiting}
            return found

    def losses(self, pulse: Pulse, since: int) -> list[Loss]:
        """Return the losses that were recorded after seq `since`, as far as the pulse knows."""
        with self._database.reading() as session:
            return losses_after(session, pulse.id, pulse.seq, since)
