"""How much of the media store a visitor's own pictures may take, and take."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import TooLargeError
from webapp.records import Image, Visitor
from webapp.runs.usage import uploads_of_runs

_NAMED = 3


def used(session: Session, visitor_id: str) -> int:
    """Return how many bytes a visitor's pictures take, with those that only paintings need."""
    mine = session.scalars(select(Image).where(Image.visitor_id == visitor_id))
    sizes = {image.id: image.size for image in mine}
    return sum({**uploads_of_runs(session, visitor_id), **sizes}.values())


def check(session: Session, visitor_id: str, most_mb: int, more: int) -> None:
    """Raise TooLargeError, saying what to delete, if there is no room for `more` bytes.

    In a transaction that adds them, two at once cannot both find room that is there for one.
    """
    # The transactions of one visitor wait for each other here, where the database does not
    # have them wait anyway.
    session.execute(select(Visitor.id).where(Visitor.id == visitor_id).with_for_update())
    taken = used(session, visitor_id)
    if taken + more > most_mb * 2**20:
        raise TooLargeError(
            f"You can keep {most_mb} MiB of pictures here, and have {taken / 2**20:.1f} MiB, so "
            f"there is no room for this one; {_what_to_delete(session, visitor_id)} and try again."
        )


def _what_to_delete(session: Session, visitor_id: str) -> str:
    largest = select(Image).where(Image.visitor_id == visitor_id).order_by(Image.size.desc())
    named = [
        f"“{image.title}” ({image.size / 2**20:.1f} MiB)"
        for image in session.scalars(largest.limit(_NAMED))
    ]
    if not named:
        return "delete paintings that were made from your own pictures"
    return f"delete some of your pictures, such as {' or '.join(named)},"
