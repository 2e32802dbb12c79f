"""Whether the bucket answers, for whoever watches over the site and asks again and again.

Each question to a bucket costs something and may take long, so it is asked once for all who want to
know within a moment, and nobody waits for the answer for long.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

from webapp.errors import ConfigError
from webapp.media import MediaStore

log = logging.getLogger(__name__)

# What watches over a site gives up after a few seconds itself.
_PATIENCE_SECONDS = 2.0
# For so long an answer is told again.
_FRESH_SECONDS = 5.0


@dataclass
class _Attempt:
    """One question to the bucket; `works` is the answer once `answered` is set."""

    answered: threading.Event = field(default_factory=threading.Event)
    works: bool = False
    at: float = 0.0


class Reachability:
    """Knows whether the pictures can be reached. Of a folder on this machine it does not ask."""

    def __init__(self, media: MediaStore) -> None:
        """Ask the store."""
        self._media = media
        self._lock = threading.Lock()
        self._newest: _Attempt | None = None

    @property
    def works(self) -> bool:
        """Whether the store answers; one that takes longer than a moment does not."""
        if self._media.folders:
            return True
        attempt = self._attempt()
        return attempt.answered.wait(_PATIENCE_SECONDS) and attempt.works

    def _attempt(self) -> _Attempt:
        """Return the newest attempt, a new one if that was answered some time ago."""
        with self._lock:
            newest = self._newest
            old = newest is not None and time.monotonic() - newest.at > _FRESH_SECONDS
            if newest is None or (old and newest.answered.is_set()):
                newest = self._newest = _Attempt()
                threading.Thread(target=self._ask, args=[newest], daemon=True).start()
            return newest

    def _ask(self, attempt: _Attempt) -> None:
        try:
            self._media.check()
            attempt.works = True
        except ConfigError as error:
            log.warning("not ready: %s", error)
        except Exception:
            log.exception("the media store could not be asked")
        finally:
            attempt.at = time.monotonic()
            attempt.answered.set()
