"""Which pictures in the media store runs are made from.

A picture of a visitor's own is there as long as it has a record, or a run uses it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import renditions
from webapp.errors import NotFoundError
from webapp.records import Image, Run

IMAGES = "images/"

_COLUMNS = (Run.content, Run.styles, Run.content_mask, Run.style_mask, Run.init_image)


def used_pictures(
    session: Session, visitor_id: str | None = None, without: Collection[str] = ()
) -> set[str]:
    """Return the keys of the uploads that runs use, of one visitor or of all.

    The runs whose ids are in `without` are not asked.
    """
    runs = select(Run.id, *_COLUMNS)
    if visitor_id is not None:
        runs = runs.where(Run.visitor_id == visitor_id)
    found: set[str] = set()
    for run_id, *pictures in session.execute(runs):
        if run_id not in without:
            found.update(_keys(pictures))
    return found


def forsaken(session: Session, visitor_id: str, runs: Iterable[Run]) -> set[str]:
    """Return the keys of the uploads that nothing but these runs, just deleted, had kept.

    Those of their smaller versions are among them.
    """
    keys = {key for run in runs for key in _keys(_pictures(run))}
    lost = {key for key in keys if session.get(Image, image_id(key)) is None}
    if lost:
        lost -= used_pictures(session, visitor_id)
    return {name for key in lost for name in (key, *renditions.keys(key))}


def uploads_of_runs(session: Session, visitor_id: str) -> dict[str, int]:
    """Return the uploads that a visitor's runs are made from, by id, with their bytes."""
    runs = select(*_COLUMNS).where(Run.visitor_id == visitor_id)
    return {
        image_id(used["key"]): int(used.get("length", 0))
        for pictures in session.execute(runs)
        for used in _uploads(pictures)
    }


def check_kept(session: Session, run: Run) -> None:
    """Raise NotFoundError if a picture of a run that is about to be accepted may soon be removed.

    It was there when it was looked up, but its record may have been pruned since.
    """
    keys = _keys(_pictures(run))
    lost = {key for key in keys if session.get(Image, image_id(key)) is None}
    if lost - (used_pictures(session, run.visitor_id) if lost else set()):
        raise NotFoundError(
            "A picture of this painting has been removed meanwhile; upload it again."
        )


def image_id(key: str) -> str:
    """Return the id of the upload that a file, the picture or its thumbnail, belongs to."""
    return key.removeprefix(IMAGES).partition(".")[0].partition("-")[0]


def _pictures(run: Run) -> list[Any]:
    return [getattr(run, column.key) for column in _COLUMNS]


def _keys(pictures: Iterable[Any]) -> set[str]:
    return {used["key"] for used in _uploads(pictures)}


def _uploads(pictures: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Give the uploads in columns of a run, which hold a picture, several or none."""
    for picture in pictures:
        for used in picture if isinstance(picture, list) else [picture]:
            if used is not None and used["key"].startswith(IMAGES):
                yield used
