"""What the site does with drafts: order, cancel, and put away when they are forgotten."""

from __future__ import annotations

import time
import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import WrongStateError
from webapp.records import Run, RunState
from webapp.runs.belongings import folder
from webapp.runs.drafts import KEPT_SECONDS, drafted, remove_drafts
from webapp.runs.orders import Order
from webapp.runs.roster import Roster
from webapp.runs.store import known_visitor, own, wake
from webapp.runs.usage import check_kept
from webapp.services import Services

# A draft is known by what it shows, whichever form it was sent with.
_SUBMISSION = "draft"

_OUTDATED = "Something else has been chosen meanwhile, so there will be no draft of this."


class DraftStore:
    """The drafts of all visitors, one for each. Whoever asks names the visitor."""

    def __init__(self, services: Services) -> None:
        """Keep drafts in the services' database, and their pictures in the media store."""
        self._services = services
        self._database = services.database
        self._media = services.media
        self._roster = Roster(services.database, services.config)

    def order(self, visitor_id: str, order: Order, asked_at: float | None = None) -> str:
        """Accept a draft of what an order wants and return its id; an earlier draft is removed.

        Who asks for the same draft as before gets that. `asked_at` (Unix time) is when the visitor
        did: decoding an upload takes a while, and another request may have been faster. Raises
        WrongStateError if what was asked for later is already there, and otherwise what a run does.
        """
        wanted = drafted(order)
        levels = wanted.plan(self._services.config)
        draft = Run(
            id=uuid.uuid4().hex,
            visitor_id=visitor_id,
            submission=wanted.mark(_SUBMISSION),
            created_at=time.time() if asked_at is None else asked_at,
            draft=True,
            **wanted.record(levels, self._services.config),
        )
        with self._database.writing() as session:
            visitor_id = draft.visitor_id = known_visitor(session, visitor_id)
            earlier = _draft_of(session, visitor_id)
            if earlier is not None and _same(earlier, draft):
                earlier.created_at = max(earlier.created_at, draft.created_at)
                return earlier.id
            _check_newest(session, draft)
            check_kept(session, draft)
            self._roster.check(session, draft)
            self._services.room.check()
            removed = remove_drafts(session, Run.visitor_id == visitor_id)
            session.add(draft)
        self._discard(removed)
        wake(self._services.queue, draft.id)
        return draft.id

    def cancel(self, visitor_id: str, draft_id: str) -> None:
        """Remove a draft of this visitor.

        Raises NotFoundError for anybody else's, and for none, WrongStateError for a painting.
        """
        with self._database.writing() as session:
            if not own(session, visitor_id, draft_id, drafts=True).draft:
                raise WrongStateError("This is no draft but a painting; cancel it on its own page.")
            removed = remove_drafts(session, Run.id == draft_id)
        self._discard(removed)

    def put_away(self, now: float | None = None) -> None:
        """Remove every draft that nobody can be looking at any more."""
        with self._database.reading() as session:
            now = self._database.moment(session) if now is None else now
            forgotten = Run.created_at < now - KEPT_SECONDS
            # To look is cheap, and hardly ever is there anything to write.
            if session.scalar(select(Run.id).where(Run.draft.is_(True), forgotten)) is None:
                return
        with self._database.writing() as session:
            removed = remove_drafts(session, forgotten)
        self._discard(removed)

    def _discard(self, draft_ids: list[str]) -> None:
        for draft_id in draft_ids:
            self._media.delete_folder(folder(draft_id))


def _draft_of(session: Session, visitor_id: str) -> Run | None:
    draft: Run | None = session.scalar(
        select(Run).where(Run.visitor_id == visitor_id, Run.draft.is_(True))
    )
    return draft


def _same(earlier: Run, draft: Run) -> bool:
    """Return whether a draft shows what another one would; one that failed is tried again."""
    return earlier.submission == draft.submission and earlier.state != RunState.FAILED


def _check_newest(session: Session, draft: Run) -> None:
    """Raise WrongStateError if the visitor has asked for another draft or started a run since."""
    later = (
        select(Run.id)
        .where(Run.visitor_id == draft.visitor_id, Run.created_at > draft.created_at)
        .limit(1)
    )
    if session.scalar(later) is not None:
        raise WrongStateError(_OUTDATED)
