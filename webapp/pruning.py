"""`stransfer prune`: finds what nobody needs any more, and removes it while the site goes on.

Records and files may have come apart where processes were killed, disks were full or backups were
brought back. What is certainly of no use, `reconcile` removes, each time that the site starts; what
somebody may still want back, `stransfer prune` only removes when it is asked to.

What is about to be recorded is told from what was forgotten by its age. A picture that a run may
still be made from loses its record first: a run that is accepted later is refused, see
`runs.usage`, and one that was accepted before is seen.
"""

from __future__ import annotations

import contextlib
import enum
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import select

from webapp import renditions
from webapp.errors import ConfigError, NotFoundError
from webapp.media import Stored
from webapp.records import LIVE, Image, Run, RunState
from webapp.runs.belongings import clear, folder, scraps
from webapp.runs.drafts import KEPT_SECONDS
from webapp.runs.draftstore import DraftStore
from webapp.runs.store import RunStore
from webapp.runs.usage import IMAGES, image_id, used_pictures
from webapp.services import Services
from webapp.uploads import picture_key, thumbnail_key

# Nothing takes as long from its first file to its record, or from its end to its last file.
SETTLED_SECONDS = 3600.0

_DAY = 86400

log = logging.getLogger(__name__)


class Kind(enum.StrEnum):
    """Why something is not needed any more, as words for a count of them."""

    EXPIRED_RUN = "paintings past their time"
    DRAFT = "forgotten drafts"
    LOST_RUN = "paintings whose file is gone"
    EXPIRED_UPLOAD = "uploads past their time that no painting uses"
    LOST_UPLOAD = "uploads whose file is gone"
    SCRAPS = "ended runs with files that they do not need any more"
    FOLDER = "folders of deleted runs"
    PICTURE = "picture files without a record"
    UNFINISHED = "files that were never finished"


# Of no use even if the records are those of a backup, and newer ones are yet to come back.
_USELESS = (Kind.SCRAPS, Kind.UNFINISHED)
# Nothing is wrong with what has merely had its time.
_EXPIRED = (Kind.EXPIRED_RUN, Kind.EXPIRED_UPLOAD)


@dataclass(frozen=True)
class Leftover:
    """Something to remove, how many bytes of files it has, and how to remove it."""

    kind: Kind
    name: str
    size: int
    remove: Callable[[], None]


class Pruning:
    """Looks through one installation, once."""

    def __init__(self, services: Services, now: float | None = None) -> None:
        """Look at the files first: what is recorded later than that has its files."""
        self._services = services
        self._database = services.database
        self._media = services.media
        now = time.time() if now is None else now
        self._now = now
        self._settled = now - SETTLED_SECONDS
        days = services.config.retention_days
        self._kept_since = now - days * _DAY if days else None
        self._unfinished: list[Stored] = []
        self._files: dict[str, list[Stored]] = defaultdict(list)
        for file in self._media.files():
            if file.unfinished:
                self._unfinished.append(file)
            else:
                self._files[_owner(file.key)].append(file)
        self._going: set[str] = set()

    def leftovers(self) -> Iterator[Leftover]:
        """Give one thing after the other; each may be removed before the next is asked for.

        Raises ConfigError if records and files do not belong together at all.
        """
        with self._database.reading() as session:
            runs = list(session.scalars(select(Run)))
            images = list(session.scalars(select(Image)))
        self._check(bool(runs or images))
        for run in runs:
            yield from self._of_run(run)
        yield from self._of_uploads(images)
        known = {folder(run.id) for run in runs}
        for owner, files in self._files.items():
            if owner.startswith("runs/") and owner not in known and self._old(files):
                yield Leftover(Kind.FOLDER, owner, _size(files), self._folder_remover(owner))
        yield from self._forgotten_pictures({image.id for image in images})
        for file in self._unfinished:
            if file.modified < self._settled:
                yield Leftover(Kind.UNFINISHED, file.key, file.size, self._file_remover(file))

    def _check(self, recorded: bool) -> None:
        found = any(owner.startswith(("runs/", IMAGES)) for owner in self._files)
        if recorded and not found:
            raise ConfigError(
                "The database has paintings and uploads, but the media store has none of their "
                "files, so MEDIA_URL or DATABASE_URL names the wrong place; nothing was removed."
            )
        if found and not recorded:
            raise ConfigError(
                "The media store has files, but the database no paintings or uploads at all, so "
                "DATABASE_URL or MEDIA_URL names the wrong place; nothing was removed. If it is "
                "the right one, remove the folders `runs` and `images` there by hand."
            )

    def _of_run(self, run: Run) -> Iterator[Leftover]:
        if run.draft:
            yield from self._of_draft(run)
            return
        if run.state in LIVE or run.ended_at is None:
            return
        files = self._files[folder(run.id)]
        kind: Kind | None = None
        if self._expired(run):
            kind = Kind.EXPIRED_RUN
        elif run.state == RunState.DONE and self._lost(run.result or "", files):
            kind = Kind.LOST_RUN
        if kind is not None:
            self._going.add(run.id)
            yield Leftover(kind, f"run {run.id}", _size(files), self._run_remover(run))
            return
        useless = scraps(run, files)
        if useless:
            yield Leftover(
                Kind.SCRAPS, f"run {run.id}", _size(useless), lambda: clear(self._media, run)
            )

    def _of_draft(self, draft: Run) -> Iterator[Leftover]:
        if draft.created_at < self._now - KEPT_SECONDS:
            self._going.add(draft.id)
            files = self._files[folder(draft.id)]
            yield Leftover(
                Kind.DRAFT, f"draft {draft.id}", _size(files), self._draft_remover(draft)
            )

    def _of_uploads(self, images: list[Image]) -> Iterator[Leftover]:
        with self._database.reading() as session:
            used = used_pictures(session, without=self._going)
        for image in images:
            files = self._files[f"{IMAGES}{image.id}"]
            if self._lost(picture_key(image), files):
                kind = Kind.LOST_UPLOAD
            elif self._past(image) and picture_key(image) not in used:
                kind = Kind.EXPIRED_UPLOAD
            else:
                continue
            remove = self._upload_remover(image, kind)
            yield Leftover(kind, f"image {image.id}", _size(files), remove)

    def _forgotten_pictures(self, recorded: set[str]) -> Iterator[Leftover]:
        with self._database.reading() as session:
            used = {image_id(key) for key in used_pictures(session, without=self._going)}
        for owner, files in self._files.items():
            if owner.startswith(IMAGES) and image_id(owner) not in recorded | used:
                for file in files:
                    if file.modified < self._settled:
                        remove = self._file_remover(file)
                        yield Leftover(Kind.PICTURE, file.key, file.size, remove)

    def _run_remover(self, run: Run) -> Callable[[], None]:
        def remove() -> None:
            with contextlib.suppress(NotFoundError):
                RunStore(self._services).delete(run.visitor_id, run.id)

        return remove

    def _draft_remover(self, draft: Run) -> Callable[[], None]:
        def remove() -> None:
            with contextlib.suppress(NotFoundError):
                DraftStore(self._services).cancel(draft.visitor_id, draft.id)

        return remove

    def _upload_remover(self, image: Image, kind: Kind) -> Callable[[], None]:
        def remove() -> None:
            key = picture_key(image)
            with self._database.writing() as session:
                found = session.get(Image, image.id)
                renewed = found is not None and found.created_at != image.created_at
                used = kind == Kind.EXPIRED_UPLOAD and key in used_pictures(
                    session, image.visitor_id
                )
                if renewed or used:
                    return
                if found is not None:
                    session.delete(found)
            for name in (key, thumbnail_key(image), *renditions.keys(key)):
                # Whoever has just brought the same picture again has written it anew.
                modified = self._media.modified(name)
                if modified is not None and modified < self._settled:
                    self._media.delete(name)

        return remove

    def _folder_remover(self, owner: str) -> Callable[[], None]:
        return lambda: self._media.delete_folder(owner)

    def _file_remover(self, file: Stored) -> Callable[[], None]:
        def remove() -> None:
            modified = self._media.modified(file.key)
            if modified is not None and modified < self._settled:
                self._media.discard(file)

        return remove

    def _expired(self, run: Run) -> bool:
        # What somebody loves, or has shown to others, does not go by itself.
        kept = run.favourite or run.share is not None
        past = self._kept_since is not None and (run.ended_at or 0.0) < self._kept_since
        return past and not kept

    def _past(self, image: Image) -> bool:
        return self._kept_since is not None and image.created_at < self._kept_since

    def _lost(self, key: str, files: list[Stored]) -> bool:
        """Return whether a file that is on record is not there."""
        # It may have been written after the files were listed.
        return key not in {file.key for file in files} and not self._media.exists(key)

    def _old(self, files: list[Stored]) -> bool:
        return all(file.modified < self._settled for file in files)


def reconcile(services: Services) -> None:
    """Remove what an interruption has left behind, and log in what else records and files differ.

    Raises ConfigError if they do not belong together at all.
    """
    amiss: Counter[Kind] = Counter()
    removed: Counter[Kind] = Counter()
    for leftover in Pruning(services).leftovers():
        if leftover.kind in _USELESS:
            leftover.remove()
            removed[leftover.kind] += 1
        elif leftover.kind not in _EXPIRED:
            amiss[leftover.kind] += 1
    for kind, count in removed.items():
        log.info("removed: %d %s", count, kind)
    for kind, count in amiss.items():
        log.warning("there are %d %s; `stransfer prune` removes them", count, kind)
    if not amiss:
        log.info("records and files agree")


def told(size: int) -> str:
    """Return a number of bytes as a person would say it."""
    for unit, length in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= length:
            return f"{size / length:.1f} {unit}"
    return f"{size} B"


def _owner(key: str) -> str:
    """Return the run's folder or the upload that a file belongs to, such as `images/ID`."""
    if key.startswith(IMAGES):
        return f"{IMAGES}{image_id(key)}"
    return "/".join(key.split("/")[:2])


def _size(files: list[Stored]) -> int:
    return sum(file.size for file in files)
