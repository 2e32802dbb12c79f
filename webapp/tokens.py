"""Bearer tokens, by which programs are visitors; only their hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
import time

from webapp.database import Database
from webapp.records import Token
from webapp.runs.store import known_visitor


class Tokens:
    """Issues tokens, each for a visitor of its own, and tells whose a token is."""

    def __init__(self, database: Database) -> None:
        """Keep the hashes in the database."""
        self._database = database

    def issue(self) -> str:
        """Return a new token for a new visitor."""
        token = secrets.token_urlsafe(32)
        visitor_id = secrets.token_hex(16)
        with self._database.writing() as session:
            known_visitor(session, visitor_id)
            session.add(Token(digest=_digest(token), visitor_id=visitor_id, created_at=time.time()))
        return token

    def visitor(self, token: str) -> str | None:
        """Return the visitor whose token this is, or None for a token that was never issued."""
        with self._database.reading() as session:
            found = session.get(Token, _digest(token))
            return None if found is None else found.visitor_id


def _digest(token: str) -> str:
    # A token is 256 random bits, so one round without salt cannot be guessed backwards.
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
