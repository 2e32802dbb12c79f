"""The live pictures of watched runs, read beside the relay.

Of those in a bucket each may take seconds, for which only those wait who watch its run.
"""

from __future__ import annotations

import base64
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from webapp.errors import NotFoundError, UnavailableError
from webapp.media import MediaStore

log = logging.getLogger(__name__)

# So long all are waited for together: most come sooner, and are sent without another round.
_PATIENCE_SECONDS = 0.2


@dataclass
class Frame:
    """The picture of a run that is kept under `key`, as a data URL; None if it is not to be had."""

    key: str
    picture: str | None = None
    read: threading.Event = field(default_factory=threading.Event)


class Frames:
    """Reads at most one picture of each run at a time: a slow store is not asked for more."""

    def __init__(self, media: MediaStore) -> None:
        """Read from the store."""
        self._media = media
        self._reading: dict[str, Frame] = {}

    def read(self, wanted: Mapping[str, str]) -> dict[str, Frame]:
        """Return the pictures of runs, by their ids, from the keys of the newest ones.

        Where the store is slow, that of a run may be missing, or be an earlier one: ask again.
        """
        if self._media.folders:
            # A disk answers at once.
            return {run: self._read(Frame(key)) for run, key in wanted.items()}
        self._reading = {
            run: self._reading.get(run) or self._begun(key) for run, key in wanted.items()
        }
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for frame in self._reading.values():
            frame.read.wait(max(0.0, deadline - time.monotonic()))
        found = {run: frame for run, frame in self._reading.items() if frame.read.is_set()}
        self._reading = {run: one for run, one in self._reading.items() if run not in found}
        return found

    def _begun(self, key: str) -> Frame:
        frame = Frame(key)
        threading.Thread(target=self._read, args=[frame], daemon=True).start()
        return frame

    def _read(self, frame: Frame) -> Frame:
        try:
            content = base64.b64encode(self._media.read(frame.key)).decode()
            frame.picture = f"data:image/jpeg;base64,{content}"
        except (NotFoundError, UnavailableError, ValueError) as error:
            # The next one is not far.
            log.debug("no picture: %s", error)
        except Exception:
            log.exception("a picture could not be read")
        finally:
            frame.read.set()
        return frame
