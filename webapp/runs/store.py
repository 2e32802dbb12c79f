"""What the site does with runs: accept, look up, stop, delete."""

from __future__ import annotations

import dataclasses
import logging
import time
import uuid
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp import logs
from webapp.errors import NotFoundError, SiteError, WrongStateError
from webapp.records import LIVE, LONGEST_TITLE, Loss, Run, RunState, Visitor
from webapp.runs.admission import Admission
from webapp.runs.line import Line, Place
from webapp.runs.losses import last_loss, losses_after
from webapp.runs.orders import Order
from webapp.runs.pulses import Pulses
from webapp.runs.snapshot import run_values
from webapp.runs.speeds import Speeds
from webapp.runs.usage import check_kept
from webapp.services import Services

log = logging.getLogger(__name__)

# Starting again what ended like this means to try it again.
_REPEATABLE = (RunState.FAILED, RunState.CANCELLED)

_RUNS = "runs/"

_UNKNOWN = "There is no such run here; it may have been deleted."


class RunStore:
    """The runs of all visitors. Whoever asks names the visitor, and sees only that one's."""

    def __init__(self, services: Services) -> None:
        """Keep runs in the services' database, and their pictures in the media store."""
        self._services = services
        self._database = services.database
        config = services.config
        self._line = Line(Speeds(services.database), config.workers, config.max_running_per_visitor)
        self._admission = Admission(config, self._line)
        self.pulses = Pulses(services.database, self._line)

    def submit(self, visitor_id: str, order: Order, submission: str | None = None) -> str:
        """Accept a run and return its id; once this returns, the run is not lost any more.

        A form that the same visitor sends twice has the same `submission` and the same choices;
        it is accepted once and gives the same id. Raises SettingsError, naming the fields, if
        pictures and settings do not fit each other, TooManyError if too many runs wait, and
        UnavailableError if the disk is nearly full.
        """
        levels = order.plan(self._services.config)
        run_id = uuid.uuid4().hex
        run = Run(
            id=run_id,
            visitor_id=visitor_id,
            submission=order.mark(submission or run_id),
            created_at=time.time(),
            title=order.title[:LONGEST_TITLE],
            **self._with_own_copy(order, run_id).record(),
            width=levels[-1].width,
            height=levels[-1].height,
            steps=sum(level.steps for level in levels),
            scales=len(levels),
        )
        try:
            accepted = self._accept(run)
        except SiteError:
            self._services.media.delete_folder(folder(run_id))
            raise
        if accepted == run_id:
            self._wake(run_id)
        else:
            self._services.media.delete_folder(folder(run_id))
        return accepted

    def find(self, visitor_id: str, run_id: str) -> Run:
        """Return a run of this visitor; raise NotFoundError for any other."""
        with self._database.reading() as session:
            return own(session, visitor_id, run_id)

    def snapshot(self, visitor_id: str, run_id: str, since: int = 0) -> dict[str, Any]:
        """Return a run as plain values, with the losses recorded after seq `since`."""
        return self.look(visitor_id, run_id, since)[1]

    def look(self, visitor_id: str, run_id: str, since: int = 0) -> tuple[Run, dict[str, Any]]:
        """Return a run, and what `snapshot` returns, both of the same moment."""
        with self._database.reading() as session:
            run = own(session, visitor_id, run_id)
            losses = losses_after(session, run.id, run.seq, since)
            last = losses[-1] if losses else last_loss(session, run_id)
            return run, run_values(run, losses, last, self._place(session, run))

    def live(self, visitor_id: str) -> list[Run]:
        """Return the visitor's runs that wait or are being painted, the oldest first."""
        with self._database.reading() as session:
            mine = select(Run).where(Run.visitor_id == visitor_id, Run.state.in_(LIVE))
            return list(session.scalars(mine.order_by(Run.created_at)))

    def history(
        self, visitor_id: str, page: int, size: int, favourites: bool = False
    ) -> tuple[list[Run], int]:
        """Return a page (from 1) of the visitor's ended runs, newest first, and how many pages.

        With `favourites` these are the only ones. Raises NotFoundError for a page that does not
        exist; the first one always does.
        """
        ended = [Run.visitor_id == visitor_id, Run.state.not_in(LIVE)]
        if favourites:
            ended.append(Run.favourite.is_(True))
        newest = select(Run).where(*ended).order_by(Run.created_at.desc(), Run.id)
        with self._database.reading() as session:
            if page == 1:
                first = list(session.scalars(newest.limit(size + 1)))
                # Most have no more than these, which need not be counted.
                if len(first) <= size:
                    return first, 1
            count = session.scalar(select(func.count()).select_from(Run).where(*ended)) or 0
            pages = max(1, -(-count // size))
            if not 1 <= page <= pages:
                raise NotFoundError(f"The gallery ends at page {pages}; there is no page {page}.")
            return list(session.scalars(newest.offset((page - 1) * size).limit(size))), pages

    def result(self, visitor_id: str, run_id: str) -> bytes:
        """Return the finished picture, a PNG file; raise NotFoundError before there is one."""
        run = self.find(visitor_id, run_id)
        if run.result is None:
            raise NotFoundError("This run has no result yet; wait until it is done.")
        return self._services.media.read(run.result)

    def results(self, visitor_id: str, most: int) -> list[Run]:
        """Return the visitor's newest finished runs, those that another one can begin with."""
        with self._database.reading() as session:
            mine = select(Run).where(
                Run.visitor_id == visitor_id, Run.state == RunState.DONE, Run.result.is_not(None)
            )
            return list(session.scalars(mine.order_by(Run.created_at.desc()).limit(most)))

    def last_loss(self, run_id: str) -> Loss | None:
        """Return the losses of the last recorded step of a run."""
        with self._database.reading() as session:
            return last_loss(session, run_id)

    def place(self, run: Run) -> Place | None:
        """Return where a run stands in line, while it waits."""
        with self._database.reading() as session:
            return self._place(session, run)

    def cancel(self, visitor_id: str, run_id: str) -> None:
        """End a live run now; its worker finds out that it no longer owns it."""
        with self._database.writing() as session:
            run = own(session, visitor_id, run_id, lock=True)
            if run.state not in LIVE:
                raise WrongStateError(
                    f"This run is already {run.state}, so it cannot be cancelled."
                )
            run.state = RunState.CANCELLED
            run.ended_at = time.time()
            _disown(run)

    def finish(self, visitor_id: str, run_id: str) -> None:
        """Ask the worker to stop after the current step and keep the picture as the result."""
        with self._database.writing() as session:
            run = own(session, visitor_id, run_id, lock=True)
            if run.state != RunState.RUNNING:
                raise WrongStateError(
                    f"Only a run that is being painted can be finished early; this one is "
                    f"{run.state}."
                )
            run.finish_wanted = True

    def delete(self, visitor_id: str, run_id: str) -> None:
        """Remove a run with all its pictures, whatever it is doing."""
        with self._database.writing() as session:
            run = own(session, visitor_id, run_id, lock=True)
            session.delete(run)
        self._services.media.delete_folder(folder(run_id))

    def _place(self, session: Session, run: Run) -> Place | None:
        return self._line.places(session).get(run.id) if run.state == RunState.QUEUED else None

    def _with_own_copy(self, order: Order, run_id: str) -> Order:
        """Return an order whose picture to begin with outlives the run that it is the result of."""
        picture = order.init_image
        if picture is None or not picture.key.startswith(_RUNS):
            return order
        key = f"{folder(run_id)}/init.png"
        self._services.media.write(key, self._services.media.read(picture.key))
        return dataclasses.replace(order, init_image=dataclasses.replace(picture, key=key))

    def _accept(self, run: Run) -> str:
        """Record a run and return its id, or that of the same order accepted before."""
        with self._database.deciding() as session:
            known_visitor(session, run.visitor_id)
            earlier = session.scalar(
                select(Run).where(
                    Run.visitor_id == run.visitor_id, Run.submission == run.submission
                )
            )
            if earlier is not None and earlier.state not in _REPEATABLE:
                return earlier.id
            if earlier is not None:
                earlier.submission = uuid.uuid4().hex
                session.flush()
            check_kept(session, run)
            self._admission.check(session, run.visitor_id)
            self._services.room.check()
            session.add(run)
        return run.id

    def _wake(self, run_id: str) -> None:
        try:
            self._services.queue.send(run_id)
        except Exception:
            # The run is accepted all the same: a worker's housekeeping finds it without a message.
            with logs.about(run_id):
                log.exception("the queue does not take its message")


def folder(run_id: str) -> str:
    """Return the folder in the media store that holds everything a run makes."""
    return f"{_RUNS}{run_id}"


def checkpoints(run_id: str) -> str:
    """Return the folder for what a run can be resumed from, which is of no use once it ended."""
    return f"{folder(run_id)}/checkpoints"


def known_visitor(session: Session, visitor_id: str) -> None:
    """Make sure that the visitor has a row, which everything else of theirs refers to."""
    if session.get(Visitor, visitor_id) is None:
        session.add(Visitor(id=visitor_id, created_at=time.time()))
        session.flush()


def own(session: Session, visitor_id: str, run_id: str, lock: bool = False) -> Run:
    """Return a run of this visitor; raise NotFoundError for any other, and for none."""
    run = session.get(Run, run_id, with_for_update=lock)
    if run is None or run.visitor_id != visitor_id:
        raise NotFoundError(_UNKNOWN)
    return run


def _disown(run: Run) -> None:
    run.fence += 1
    run.lease_owner = None
    run.lease_until = None
    run.seconds_left = None
