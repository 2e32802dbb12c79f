"""What the site does with runs: accept, look up, stop, delete."""

from __future__ import annotations

import contextlib
import dataclasses
import time
import uuid
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp import logs
from webapp.errors import NotFoundError, UnavailableError, WrongStateError
from webapp.identifiers import is_id
from webapp.queue import Queue
from webapp.records import LIVE, NO_DRAFT, Loss, Run, RunState, Visitor
from webapp.runs.admission import Admission
from webapp.runs.belongings import RUNS, clear, folder
from webapp.runs.drafts import remove_drafts
from webapp.runs.endings import cancel, remove
from webapp.runs.line import Line, Place
from webapp.runs.losses import last_loss, losses_after
from webapp.runs.orders import Order
from webapp.runs.pulses import Pulses
from webapp.runs.roster import Roster
from webapp.runs.snapshot import run_values
from webapp.runs.speeds import Speeds
from webapp.runs.usage import check_kept
from webapp.services import Services

# Starting again what ended like this means to try it again.
_REPEATABLE = (RunState.FAILED, RunState.CANCELLED)

_UNKNOWN = "There is no such run here; it may have been deleted."


class RunStore:
    """The runs of all visitors. Whoever asks names the visitor, and sees only that one's.

    Drafts are left out wherever nothing else is said.
    """

    def __init__(self, services: Services) -> None:
        """Keep runs in the services' database, and their pictures in the media store."""
        self._services = services
        self._database = services.database
        config = services.config
        self._roster = Roster(services.database, config)
        self._line = Line(Speeds(services.database), config, self._roster)
        self._admission = Admission(config, self._line)
        self.pulses = Pulses(services.database, self._line)

    def submit(self, visitor_id: str, order: Order, submission: str | None = None) -> str:
        """Accept a run and return its id; once this returns, the run is not lost any more.

        A form that the same visitor sends twice has the same `submission` and the same choices;
        it is accepted once and gives the same id. The visitor's draft is removed. Raises
        SettingsError, naming the fields, if pictures and settings do not fit each other or are
        beyond every worker, TooManyError if too many runs wait, and UnavailableError if the disk is
        nearly full.
        """
        levels = order.plan(self._services.config)
        run_id = uuid.uuid4().hex
        run = Run(
            id=run_id,
            visitor_id=visitor_id,
            submission=order.mark(submission or run_id),
            created_at=time.time(),
            **self._with_own_copy(order, run_id).record(levels, self._services.config),
        )
        try:
            accepted, drafts = self._accept(run)
        except Exception:
            self._services.media.delete_folder(folder(run_id))
            raise
        if accepted == run_id:
            wake(self._services.queue, run_id)
        else:
            drafts.append(run_id)
        for useless in drafts:
            self._services.media.delete_folder(folder(useless))
        return accepted

    def find(self, visitor_id: str, run_id: str, drafts: bool = False) -> Run:
        """Return a run of this visitor, or with `drafts` also a draft.

        Raises NotFoundError for any other.
        """
        with self._database.reading() as session:
            return own(session, visitor_id, run_id, drafts=drafts)

    def snapshot(self, visitor_id: str, run_id: str, since: int = 0) -> dict[str, Any]:
        """Return a run or a draft as plain values, with the losses recorded after seq `since`."""
        return self.look(visitor_id, run_id, since, drafts=True)[1]

    def look(
        self, visitor_id: str, run_id: str, since: int = 0, drafts: bool = False
    ) -> tuple[Run, dict[str, Any]]:
        """Return what `find` and `snapshot` do, both of the same moment."""
        with self._database.reading() as session:
            run = own(session, visitor_id, run_id, drafts=drafts)
            losses = losses_after(session, run.id, run.seq, since)
            last = losses[-1] if losses else last_loss(session, run_id)
            return run, run_values(run, losses, last, self._place(session, run))

    def live(self, visitor_id: str) -> list[Run]:
        """Return the visitor's runs that wait or are being painted, the oldest first."""
        with self._database.reading() as session:
            mine = select(Run).where(Run.visitor_id == visitor_id, NO_DRAFT, Run.state.in_(LIVE))
            return list(session.scalars(mine.order_by(Run.created_at)))

    def history(
        self, visitor_id: str, page: int, size: int, favourites: bool = False
    ) -> tuple[list[Run], int]:
        """Return a page (from 1) of the visitor's ended runs, newest first, and how many pages.

        With `favourites` these are the only ones. Raises NotFoundError for a page that does not
        exist; the first one always does.
        """
        ended = [Run.visitor_id == visitor_id, NO_DRAFT, Run.state.not_in(LIVE)]
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
                Run.visitor_id == visitor_id,
                NO_DRAFT,
                Run.state == RunState.DONE,
                Run.result.is_not(None),
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
            begun = run.state == RunState.QUEUED and run.attempts > 0
            cancel(run)
        if begun:
            # Otherwise there is nothing yet, or its worker clears up once it has let go.
            with contextlib.suppress(UnavailableError):
                clear(self._services.media, run)

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
        remove(self._services, visitor_id, [self.find(visitor_id, run_id).id])

    def _place(self, session: Session, run: Run) -> Place | None:
        return self._line.places(session).get(run.id) if run.state == RunState.QUEUED else None

    def _with_own_copy(self, order: Order, run_id: str) -> Order:
        """Return an order whose picture to begin with outlives the run that it is the result of."""
        picture = order.init_image
        if picture is None or not picture.key.startswith(RUNS):
            return order
        key = f"{folder(run_id)}/init.png"
        self._services.media.write(key, self._services.media.read(picture.key))
        return dataclasses.replace(order, init_image=dataclasses.replace(picture, key=key))

    def _accept(self, run: Run) -> tuple[str, list[str]]:
        """Record a run and return its id, or that of the same order accepted before.

        Also returns the ids of drafts that it has removed, where their files may go.
        """
        with self._database.deciding() as session:
            run.visitor_id = known_visitor(session, run.visitor_id)
            drafts = remove_drafts(session, Run.visitor_id == run.visitor_id)
            earlier = session.scalar(
                select(Run).where(
                    Run.visitor_id == run.visitor_id, Run.submission == run.submission
                )
            )
            if earlier is not None and earlier.state not in _REPEATABLE:
                return earlier.id, drafts
            if earlier is not None:
                earlier.submission = uuid.uuid4().hex
                session.flush()
            check_kept(session, run)
            self._roster.check(session, run)
            self._admission.check(session, run.visitor_id)
            self._services.room.check()
            session.add(run)
        return run.id, drafts


def wake(queue: Queue, run_id: str) -> None:
    """Tell the workers that a run waits."""
    # The run is accepted all the same: a worker's housekeeping finds it without a message.
    with logs.about(run_id), contextlib.suppress(UnavailableError):
        queue.send(run_id)


def known_visitor(session: Session, visitor_id: str) -> str:
    """Make sure that the visitor has a row, which everything else of theirs refers to.

    Returns whose that is: another visitor's, if they were joined while they asked for something.
    """
    found = session.get(Visitor, visitor_id, with_for_update=True)
    if found is None:
        # Where the database has several writers, another request may be just as far.
        with contextlib.suppress(IntegrityError), session.begin_nested():
            session.add(Visitor(id=visitor_id, created_at=time.time()))
        found = session.get_one(Visitor, visitor_id, with_for_update=True)
    return found.moved_to or visitor_id


def own(
    session: Session, visitor_id: str, run_id: str, lock: bool = False, drafts: bool = False
) -> Run:
    """Return a run of this visitor, or with `drafts` also a draft.

    Raises NotFoundError for any other, and for none.
    """
    run = session.get(Run, run_id, with_for_update=lock) if is_id(run_id) else None
    if run is None or run.visitor_id != visitor_id or (run.draft and not drafts):
        raise NotFoundError(_UNKNOWN)
    return run
