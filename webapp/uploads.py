"""Pictures that visitors bring: checked, decoded outside the server, and kept under our names."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
import uuid
from pathlib import PurePath
from typing import IO, Any

from sqlalchemy import select

from stransfer.images import FORMAT_NAMES
from webapp.errors import NotFoundError, TooLargeError, UnusableError
from webapp.records import Image
from webapp.runs.store import known_visitor
from webapp.samples import Role
from webapp.services import Services

log = logging.getLogger(__name__)

# Beyond the processor time that the child grants itself, for waiting and for starting Python.
_GRACE_SECONDS = 20
_TITLE = 60
_UNKNOWN = "There is no such picture here; choose another, or upload it again."


class Uploads:
    """The pictures of all visitors. Whoever asks names the visitor, and sees only that one's."""

    def __init__(self, services: Services) -> None:
        """Keep pictures in the media store, and what is known of them in the database."""
        self._services = services

    def add(self, visitor_id: str, role: Role, file_name: str, stream: IO[bytes]) -> Image:
        """Take a picture file and return its record; nothing is kept of one that is refused.

        Raises TooLargeError or UnusableError, with a sentence for the visitor.
        """
        limit = self._services.config.max_upload_mb * 2**20
        content = stream.read(limit + 1)
        if len(content) > limit:
            raise TooLargeError(
                f"A picture may have at most {self._services.config.max_upload_mb} MiB, and this "
                "one has more; make it smaller and try again."
            )
        if not content:
            raise UnusableError(
                f"Expected a {FORMAT_NAMES} picture, but this file is empty; choose another one."
            )
        header, picture, thumbnail = self._decode(content)
        image = Image(
            id=uuid.uuid4().hex,
            visitor_id=visitor_id,
            role=role,
            title=_title(file_name),
            width=header["width"],
            height=header["height"],
            size=len(picture) + len(thumbnail),
            created_at=time.time(),
        )
        self._services.media.write(picture_key(image), picture)
        self._services.media.write(thumbnail_key(image), thumbnail)
        with self._services.database.writing() as session:
            known_visitor(session, visitor_id)
            session.add(image)
        return image

    def find(self, visitor_id: str, image_id: str) -> Image:
        """Return a picture of this visitor; raise NotFoundError for any other."""
        with self._services.database.reading() as session:
            image = session.get(Image, image_id)
        if image is None or image.visitor_id != visitor_id:
            raise NotFoundError(_UNKNOWN)
        return image

    def of(self, visitor_id: str, role: Role, most: int = 12) -> list[Image]:
        """Return the pictures that a visitor brought for a role, newest first."""
        with self._services.database.reading() as session:
            mine = select(Image).where(Image.visitor_id == visitor_id, Image.role == role)
            return list(session.scalars(mine.order_by(Image.created_at.desc()).limit(most)))

    def _decode(self, content: bytes) -> tuple[dict[str, Any], bytes, bytes]:
        config = self._services.config
        command = [sys.executable, "-m", "webapp.decoder"]
        command += ["--seconds", str(config.decode_seconds)]
        command += ["--memory-mb", str(config.decode_memory_mb)]
        command += ["--megapixels", str(config.max_megapixels)]
        command += ["--max-side", str(config.max_side)]
        command += ["--min-side", str(config.min_side)]
        command += ["--max-aspect", str(config.max_aspect)]
        try:
            child = subprocess.run(
                command,
                input=content,
                capture_output=True,
                timeout=config.decode_seconds + _GRACE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UnusableError(_TOO_MUCH) from None
        head, _, body = child.stdout.partition(b"\n")
        if child.returncode != 0 or not head:
            log.warning("decoder ended with %d: %s", child.returncode, child.stderr[-500:])
            raise UnusableError(_TOO_MUCH)
        header: dict[str, Any] = json.loads(head)
        if "error" in header:
            raise UnusableError(header["error"])
        split = header["picture"]
        return header, body[:split], body[split : split + header["thumbnail"]]


_TOO_MUCH = (
    "This picture takes more time or memory to read than the server grants; "
    "make it smaller, or save it again as a plain JPEG, and try again."
)


def picture_key(image: Image) -> str:
    """Return where the picture is kept in the media store."""
    return f"images/{image.id}.jpg"


def thumbnail_key(image: Image) -> str:
    """Return where the picture's thumbnail is kept in the media store."""
    return f"images/{image.id}-thumbnail.jpg"


def _title(file_name: str) -> str:
    stem = PurePath(file_name.replace("\\", "/")).stem
    shown = "".join(letter for letter in stem if letter.isprintable())
    return shown.replace("_", " ").strip()[:_TITLE] or "Your picture"
