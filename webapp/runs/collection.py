"""What becomes of runs that have ended: named anew, cherished, shown to others, removed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from stransfer.errors import SettingsError
from webapp.errors import NotFoundError, WrongStateError
from webapp.identifiers import is_id
from webapp.records import LONGEST_TITLE, NO_DRAFT, Run, RunState
from webapp.runs.endings import remove
from webapp.runs.store import own
from webapp.services import Services

# In bytes: 192 bits, which nobody guesses.
_SHARE = 24
_LINK = re.compile(r"[A-Za-z0-9_-]+")

_NOT_SHARED = "There is no painting here; whoever shared it may have stopped sharing it."


class Collection:
    """The runs of all visitors. Whoever asks names the visitor, and sees only that one's.

    Where several runs are named, those that are not there any more, or are somebody else's, are
    left out: a page that was opened a while ago may still show them.
    """

    def __init__(self, services: Services) -> None:
        """Look after the runs in the services' database and media store."""
        self._services = services
        self._database = services.database
        self._media = services.media

    def rename(self, visitor_id: str, run_id: str, title: str) -> None:
        """Give a run another title; raise SettingsError, naming the field, if it is none."""
        with self._database.writing() as session:
            run = own(session, visitor_id, run_id, lock=True)
            run.title = _title(title)

    def cherish(self, visitor_id: str, run_ids: Sequence[str], favourite: bool = True) -> int:
        """Make runs favourites, or no favourites any more; return how many there were."""
        with self._database.writing() as session:
            runs = _named(session, visitor_id, run_ids)
            for run in runs:
                run.favourite = favourite
            return len(runs)

    def delete(self, visitor_id: str, run_ids: Sequence[str]) -> int:
        """Remove runs with all their pictures; return how many there were."""
        with self._database.reading() as session:
            named = [run.id for run in _named(session, visitor_id, run_ids)]
        return remove(self._services, visitor_id, named)

    def finished(
        self,
        visitor_id: str,
        most: int,
        run_ids: Sequence[str] | None = None,
        favourites: bool = False,
    ) -> list[Run]:
        """Return the finished runs among those named, or among all, newest first.

        No more than `most`. With `favourites` these are the only ones.
        """
        wanted = [
            Run.visitor_id == visitor_id,
            NO_DRAFT,
            Run.state == RunState.DONE,
            Run.result.is_not(None),
            *([Run.id.in_(filter(is_id, run_ids))] if run_ids is not None else []),
            *([Run.favourite.is_(True)] if favourites else []),
        ]
        newest = select(Run).where(*wanted).order_by(Run.created_at.desc(), Run.id)
        with self._database.reading() as session:
            return list(session.scalars(newest.limit(most)))

    def share(self, visitor_id: str, run_id: str) -> str:
        """Return what everybody who knows it can see the result with, the same until revoked.

        Raises WrongStateError if there is no result.
        """
        with self._database.writing() as session:
            run = own(session, visitor_id, run_id, lock=True)
            if run.state != RunState.DONE or run.result is None:
                raise WrongStateError(
                    f"Only a finished painting can be shared, and this one is {run.state}."
                )
            run.share = run.share or secrets.token_urlsafe(_SHARE)
            return run.share

    def revoke(self, visitor_id: str, run_id: str) -> None:
        """Make what was shared of a run useless, for ever."""
        with self._database.writing() as session:
            own(session, visitor_id, run_id, lock=True).share = None

    def shared(self, share: str) -> Run:
        """Return the run that is shared like this; raise NotFoundError if none is."""
        if not _LINK.fullmatch(share):
            raise NotFoundError(_NOT_SHARED)
        with self._database.reading() as session:
            run = session.scalar(select(Run).where(Run.share == share))
        if run is None or run.result is None:
            raise NotFoundError(_NOT_SHARED)
        return run

    def result(self, run: Run) -> bytes:
        """Return the finished picture of a run, a PNG file; raise NotFoundError if it is gone."""
        return self._media.read(str(run.result))


def _named(session: Session, visitor_id: str, run_ids: Sequence[str]) -> list[Run]:
    named = Run.id.in_(filter(is_id, run_ids))
    mine = select(Run).where(Run.visitor_id == visitor_id, NO_DRAFT, named)
    return list(session.scalars(mine.with_for_update()))


def _title(text: str) -> str:
    printable = (letter if letter.isprintable() else " " for letter in text)
    title = " ".join("".join(printable).split())
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise SettingsError(
            {
                "title": f"A title has 1 to {LONGEST_TITLE} letters, and this one has "
                f"{len(title)}; write a {'shorter' if title else 'longer'} one."
            }
        )
    return title
