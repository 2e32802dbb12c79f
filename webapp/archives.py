"""Several results in one zip file, which is sent while it is made."""

from __future__ import annotations

import logging
import time
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import RawIOBase

from webapp.errors import NotFoundError
from webapp.filenames import stems
from webapp.media import MediaStore
from webapp.records import Run

log = logging.getLogger(__name__)


def stream(runs: Sequence[Run], media: MediaStore) -> Iterator[bytes]:
    """Give the results of runs as the pieces of a zip file; one picture at a time is in memory.

    What has been deleted meanwhile is left out.
    """
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_STORED) as archive:
        for run, name in zip(runs, stems([run.title for run in runs]), strict=True):
            try:
                picture = media.read(str(run.result))
            except NotFoundError:
                log.info("run %s: deleted while it was downloaded", run.id)
                continue
            made = datetime.fromtimestamp(run.created_at, UTC)
            # Pictures are compressed already.
            archive.writestr(zipfile.ZipInfo(f"{name}.png", made.timetuple()[:6]), picture)
            yield outlet.take()
            # Others are served between two pictures, however fast this visitor takes them.
            time.sleep(0)
    yield outlet.take()


class _Outlet(RawIOBase):
    """What is written and not yet taken; it cannot be gone back in, as a connection cannot."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        piece = bytes(content)  # type: ignore[call-overload]
        self._pieces.append(piece)
        return len(piece)

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken
