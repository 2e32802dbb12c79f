"""Who visits: what belongs to a visitor, joining two of them, and forgetting one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import Table, delete, func, or_, select, update
from sqlalchemy.orm import Session

from webapp import renditions
from webapp.records import NO_DRAFT, Base, Image, Run, Token, Visitor
from webapp.runs.belongings import folder
from webapp.runs.endings import remove
from webapp.runs.store import known_visitor
from webapp.services import Services
from webapp.uploads import picture_key, thumbnail_key

_OWNER = "visitor_id"


@dataclass(frozen=True)
class Holdings:
    """How much belongs to a visitor."""

    runs: int
    images: int
    tokens: int

    def __bool__(self) -> bool:
        """Return whether anything does."""
        return bool(self.runs or self.images or self.tokens)


class Visitors:
    """The visitors of the site, as far as anything of theirs is kept."""

    def __init__(self, services: Services) -> None:
        """Look after the visitors in the services' database."""
        self._services = services
        self._database = services.database
        self._media = services.media

    def current(self, visitor_id: str) -> str:
        """Return who a visitor is now: another one, if they were joined."""
        with self._database.reading() as session:
            return _current(session, visitor_id)

    def holdings(self, visitor_id: str) -> Holdings:
        """Return how much belongs to a visitor."""
        with self._database.reading() as session:
            return holdings(session, visitor_id)

    def forget(self, visitor_id: str) -> None:
        """Delete everything of a visitor, files included.

        If this is cut short while runs go, it can be asked for again.
        """
        with self._database.reading() as session:
            mine = list(session.scalars(select(Run.id).where(Run.visitor_id == visitor_id)))
        remove(self._services, visitor_id, mine)
        with self._database.writing() as session:
            # What was accepted meanwhile.
            runs = list(session.scalars(select(Run.id).where(Run.visitor_id == visitor_id)))
            images = list(session.scalars(select(Image).where(Image.visitor_id == visitor_id)))
            for table in reversed(_owned_tables()):
                session.execute(delete(table).where(table.c[_OWNER] == visitor_id))
            known = or_(Visitor.id == visitor_id, Visitor.moved_to == visitor_id)
            session.execute(delete(Visitor).where(known))
        for run_id in runs:
            self._media.delete_folder(folder(run_id))
        for image in images:
            key = picture_key(image)
            for name in (key, thumbnail_key(image), *renditions.keys(key)):
                self._media.delete(name)


def holdings(session: Session, visitor_id: str) -> Holdings:
    """Return how much belongs to a visitor."""
    runs, images, tokens = (
        session.scalar(select(func.count()).select_from(record).where(*mine))
        for record, mine in (
            (Run, (Run.visitor_id == visitor_id, NO_DRAFT)),
            (Image, (Image.visitor_id == visitor_id,)),
            (Token, (Token.visitor_id == visitor_id,)),
        )
    )
    return Holdings(runs or 0, images or 0, tokens or 0)


def join(session: Session, visitor_id: str, with_id: str) -> None:
    """Give everything of a visitor to another one, who from now on is both."""
    known_visitor(session, with_id)
    taken = select(Run.submission).where(Run.visitor_id == with_id)
    same = Run.visitor_id == visitor_id, Run.submission.in_(taken)
    for run in session.scalars(select(Run).where(*same)):
        # What tells a form that is sent twice does so for one visitor only.
        run.submission = uuid.uuid4().hex
    session.flush()
    for table in _owned_tables():
        theirs = update(table).where(table.c[_OWNER] == visitor_id)
        if table is Run.__table__:
            # Nobody has two drafts; this one is put away before long.
            theirs = theirs.where(NO_DRAFT)
        session.execute(theirs.values({_OWNER: with_id}))
    known_visitor(session, visitor_id)
    one, other = (session.get_one(Visitor, id) for id in (visitor_id, with_id))
    other.served_at = max(one.served_at, other.served_at)
    before = or_(Visitor.id == visitor_id, Visitor.moved_to == visitor_id)
    session.execute(update(Visitor).where(before).values(moved_to=with_id))


def _current(session: Session, visitor_id: str) -> str:
    moved_to = session.scalar(select(Visitor.moved_to).where(Visitor.id == visitor_id))
    return moved_to or visitor_id


def _owned_tables() -> list[Table]:
    """Return every table whose rows belong to a visitor, those that others refer to first."""
    return [table for table in Base.metadata.sorted_tables if _OWNER in table.c]
