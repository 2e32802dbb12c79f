"""Links that open a gallery in another browser: secret, soon over, and good for one time."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp.errors import NotFoundError
from webapp.records import Recovery
from webapp.runs.store import known_visitor
from webapp.services import Services
from webapp.visitors import Holdings, holdings, join

# In bytes: 256 bits, which nobody guesses.
_SECRET = 32
_HOUR = 3600

_UNKNOWN = (
    "This link leads nowhere: it was used, has expired, or was made useless by a newer one. "
    "Make another in the browser that shows the gallery."
)


@dataclass(frozen=True)
class Offer:
    """A new link: its secret, which is not kept, and until when it is good (Unix time)."""

    secret: str
    expires_at: float


class Recoveries:
    """The links of all visitors; of one visitor, the newest is the only one that works."""

    def __init__(self, services: Services) -> None:
        """Keep the hashes in the services' database."""
        self._database = services.database
        self._seconds = services.config.recovery_hours * _HOUR

    def offer(self, visitor_id: str) -> Offer:
        """Return a new link to a visitor's gallery; earlier ones lead nowhere any more."""
        with self._database.writing() as session:
            return self._offer(session, visitor_id)

    def pending(self, visitor_id: str) -> float | None:
        """Return until when a link of a visitor can be used, or None if there is none."""
        open_ones = Recovery.visitor_id == visitor_id, Recovery.expires_at > time.time()
        with self._database.reading() as session:
            found: float | None = session.scalar(select(Recovery.expires_at).where(*open_ones))
            return found

    def revoke(self, visitor_id: str) -> None:
        """Make every link of a visitor useless."""
        with self._database.writing() as session:
            session.execute(delete(Recovery).where(Recovery.visitor_id == visitor_id))

    def look(self, secret: str) -> tuple[str, Holdings]:
        """Return whose gallery a link opens, and how much is in it; the link stays as it is.

        Raises NotFoundError for a link that opens none.
        """
        with self._database.reading() as session:
            visitor_id = _found(session, secret).visitor_id
            return visitor_id, holdings(session, visitor_id)

    def take(self, secret: str, visitor_id: str, bring: bool) -> tuple[str, Offer | None]:
        """Use a link up; return whose gallery is open now.

        What the visitor who opens it had before comes along if they `bring` it. If not, it stays
        where it is, and a link that opens it is returned as well. Raises NotFoundError.
        """
        with self._database.writing() as session:
            found = _found(session, secret, lock=True)
            owner = found.visitor_id
            session.delete(found)
            if owner == visitor_id or not holdings(session, visitor_id):
                return owner, None
            if not bring:
                return owner, self._offer(session, visitor_id)
            join(session, visitor_id, owner)
            return owner, None

    def _offer(self, session: Session, visitor_id: str) -> Offer:
        now = time.time()
        known_visitor(session, visitor_id)
        useless = (Recovery.visitor_id == visitor_id) | (Recovery.expires_at <= now)
        session.execute(delete(Recovery).where(useless))
        offer = Offer(secrets.token_urlsafe(_SECRET), now + self._seconds)
        session.add(
            Recovery(
                digest=_digest(offer.secret),
                visitor_id=visitor_id,
                created_at=now,
                expires_at=offer.expires_at,
            )
        )
        return offer


def _found(session: Session, secret: str, lock: bool = False) -> Recovery:
    found = session.get(Recovery, _digest(secret), with_for_update=lock)
    if found is None or found.expires_at <= time.time():
        raise NotFoundError(_UNKNOWN)
    return found


def _digest(secret: str) -> str:
    # As with tokens: what is random enough cannot be guessed backwards.
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
