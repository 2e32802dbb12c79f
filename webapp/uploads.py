"""Pictures that visitors bring: checked, decoded outside the server, and kept under our names."""

from __future__ import annotations

import hashlib
import time
from pathlib import PurePath
from typing import IO, Literal

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from stransfer import header
from stransfer.images import FORMAT_NAMES
from webapp import quota, renditions
from webapp.config import Config
from webapp.decoder import Wish
from webapp.decoding import Decoded
from webapp.errors import NotFoundError, TooLargeError, UnusableError
from webapp.identifiers import is_id
from webapp.records import Image
from webapp.runs.store import known_visitor
from webapp.runs.usage import uploads_of_runs, used_pictures
from webapp.samples import KEPT_SIDE, ROLES, Role
from webapp.services import Services

# What a picture is brought for.
UploadRole = Role | Literal["mask"]
MASK: UploadRole = "mask"
ROLES_OF_UPLOADS: tuple[UploadRole, ...] = (*ROLES, MASK)

_NEWEST_FIRST = (Image.created_at.desc(), Image.id)
_TITLE = 60
_UNKNOWN = "There is no such picture here; choose another, or upload it again."


class Uploads:
    """The pictures of all visitors. Whoever asks names the visitor, and sees only that one's."""

    def __init__(self, services: Services) -> None:
        """Keep pictures in the media store, and what is known of them in the database."""
        self._services = services
        self._most_mb = services.config.quota_mb

    def add(self, visitor_id: str, role: UploadRole, file_name: str, stream: IO[bytes]) -> Image:
        """Take a picture file and return its record; nothing is kept of one that is refused.

        Raises TooLargeError, UnusableError or UnavailableError, with a sentence for the visitor.
        """
        self._services.room.check()
        # Without decoding a picture for which there is no room whatever it is.
        with self._services.database.reading() as session:
            quota.check(session, visitor_id, self._most_mb, 1)
        # The edge of a mask must not ring.
        wish = Wish(KEPT_SIDE, ending="png" if role == MASK else None)
        with self._services.decoders.turn() as turn:
            decoded = turn.decode(received(self._services.config, stream), wish)
        image = Image(
            id=_id(visitor_id, role, decoded.picture),
            visitor_id=visitor_id,
            role=role,
            title=_title(file_name),
            ending=decoded.ending,
            width=decoded.width,
            height=decoded.height,
            size=len(decoded.picture) + len(decoded.thumbnail),
            created_at=time.time(),
        )
        return self._keep(image, decoded)

    def find(self, visitor_id: str, image_id: str) -> Image:
        """Return a picture of this visitor; raise NotFoundError for any other."""
        with self._services.database.reading() as session:
            image = session.get(Image, image_id) if is_id(image_id) else None
        if image is None or image.visitor_id != visitor_id:
            raise NotFoundError(_UNKNOWN)
        return image

    def of(self, visitor_id: str, role: UploadRole, most: int = 12, after: int = 0) -> list[Image]:
        """Return the pictures that a visitor brought for a role, newest first.

        No more than `most`, and without the first ones, as many as `after`.
        """
        with self._services.database.reading() as session:
            mine = select(Image).where(Image.visitor_id == visitor_id, Image.role == role)
            newest = mine.order_by(*_NEWEST_FIRST)
            return list(session.scalars(newest.offset(after).limit(most)))

    def page(self, visitor_id: str, page: int, size: int) -> tuple[list[Image], int]:
        """Return a page (from 1) of all that a visitor brought, newest first, and how many pages.

        Raises NotFoundError for a page that does not exist; the first one always does.
        """
        mine = Image.visitor_id == visitor_id
        with self._services.database.reading() as session:
            count = session.scalar(select(func.count()).select_from(Image).where(mine)) or 0
            pages = max(1, -(-count // size))
            if not 1 <= page <= pages:
                raise NotFoundError(f"Your pictures end at page {pages}; there is no page {page}.")
            newest = select(Image).where(mine).order_by(*_NEWEST_FIRST)
            return list(session.scalars(newest.offset((page - 1) * size).limit(size))), pages

    def delete(self, visitor_id: str, image_id: str) -> bool:
        """Remove a picture of this visitor; return whether runs were made from it.

        They keep its file. Raises NotFoundError for a picture of anybody else, and for none.
        """
        asked = time.time()
        with self._services.database.writing() as session:
            known = is_id(image_id)
            image = session.get(Image, image_id, with_for_update=True) if known else None
            if image is None or image.visitor_id != visitor_id:
                raise NotFoundError(_UNKNOWN)
            used = picture_key(image) in used_pictures(session, visitor_id)
            session.delete(image)
        # Whoever has just brought the same picture again has written it anew.
        key = picture_key(image)
        gone = () if used else (key, *renditions.keys(key))
        for name in (thumbnail_key(image), *gone):
            self._services.media.forget(name, asked)
        return used

    def used(self, visitor_id: str) -> int:
        """Return how many bytes of pictures a visitor keeps here."""
        with self._services.database.reading() as session:
            return quota.used(session, visitor_id)

    def _keep(self, image: Image, decoded: Decoded) -> Image:
        """Record a picture, or return the record of the same one brought before."""
        known = self._renewed(image.id)
        if known is not None:
            return known
        media = self._services.media
        try:
            media.write(picture_key(image), decoded.picture)
            media.write(thumbnail_key(image), decoded.thumbnail)
            with self._services.database.writing() as session:
                image.visitor_id = known_visitor(session, image.visitor_id)
                # The same picture may have come twice at once, and the other request was faster.
                if (faster := session.get(Image, image.id)) is not None:
                    return faster
                quota.check(session, image.visitor_id, self._most_mb, image.size)
                session.add(image)
        except IntegrityError:
            # Just as well, where another database lets both begin.
            with self._services.database.reading() as session:
                return session.get_one(Image, image.id)
        except Exception:
            self._discard(image)
            raise
        return image

    def _discard(self, image: Image) -> None:
        """Remove the files of a picture that was not recorded, unless they are needed after all.

        A painting may be made from an earlier upload of the same picture.
        """
        with self._services.database.reading() as session:
            if session.get(Image, image.id) is not None:
                return
            if image.id in uploads_of_runs(session, image.visitor_id):
                return
        self._services.media.delete(picture_key(image))
        self._services.media.delete(thumbnail_key(image))

    def _renewed(self, image_id: str) -> Image | None:
        """Return the record of a picture that is brought again, and is now the newest."""
        with self._services.database.reading() as session:
            if session.get(Image, image_id) is None:
                return None
        with self._services.database.writing() as session:
            known = session.get(Image, image_id, with_for_update=True)
            if known is not None:
                known.created_at = time.time()
            return known


def received(config: Config, stream: IO[bytes]) -> bytes:
    """Return a picture file that is being sent, undecoded.

    Raises TooLargeError or UnusableError, with a sentence for the visitor, if it is too large,
    empty, or none at all.
    """
    limit = config.max_upload_mb * 2**20
    content = stream.read(limit + 1)
    if len(content) > limit:
        raise TooLargeError(
            f"A picture may have at most {config.max_upload_mb} MiB, and this one has more; "
            "make it smaller and try again."
        )
    if not content:
        raise UnusableError(
            f"Expected a {FORMAT_NAMES} picture, but this file is empty; choose another one."
        )
    # What does not even begin like a picture is not worth a process.
    if header.kind_of(content) is None:
        raise UnusableError(
            f"Expected a {FORMAT_NAMES} picture, but this file is none; choose another one."
        )
    return content


def picture_key(image: Image) -> str:
    """Return where the picture is kept in the media store."""
    return f"images/{image.id}.{image.ending}"


def thumbnail_key(image: Image) -> str:
    """Return where the picture's thumbnail is kept in the media store."""
    return f"images/{image.id}-thumbnail.jpg"


def _id(visitor_id: str, role: UploadRole, picture: bytes) -> str:
    # The same picture of the same visitor is one picture, however often it is sent.
    digest = hashlib.sha256(picture).hexdigest()
    return hashlib.sha256(f"{visitor_id}:{role}:{digest}".encode()).hexdigest()[:32]


def _title(file_name: str) -> str:
    stem = PurePath(file_name.replace("\\", "/")).stem
    shown = "".join(letter for letter in stem if letter.isprintable())
    return shown.replace("_", " ").strip()[:_TITLE] or "Your picture"
