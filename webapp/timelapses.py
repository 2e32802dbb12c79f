"""How pictures came about, as animations that are made when somebody first wants to see them."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import threading

from webapp.errors import NotFoundError, UnavailableError
from webapp.records import Run, RunState
from webapp.runs import moments
from webapp.runs.belongings import folder, timelapse
from webapp.services import Services

log = logging.getLogger(__name__)

# Decoding a result of 4000 px, and encoding, take a few; whoever is before in the line takes more.
_SECONDS = 60

_FAILED = "The timelapse could not be made just now; try again in a minute."


class Timelapses:
    """Makes the timelapse of a run once and keeps it with the run."""

    def __init__(self, services: Services) -> None:
        """Keep animations in the media store."""
        self._database = services.database
        self._media = services.media
        # One at a time: painting has the better use for the other processor cores.
        self._turn = threading.Lock()

    def of(self, run: Run) -> bytes:
        """Return the timelapse of a run, an animated WebP that ends with the result.

        Raises NotFoundError if there is none: the run is not finished, or was painted before
        timelapses were kept. Raises UnavailableError if it cannot be made now.
        """
        if not shows(run):
            raise NotFoundError("This run has no timelapse; only a finished painting has one.")
        key = timelapse(run.id)
        with contextlib.suppress(NotFoundError):
            return self._media.read(key)
        with self._turn:
            if not self._media.exists(key):
                self._keep(run, key)
        return self._media.read(key)

    def _keep(self, run: Run, key: str) -> None:
        self._media.write(key, self._make(run))
        with self._database.reading() as session:
            known = session.get(Run, run.id)
        if known is None:
            # Its owner has deleted it meanwhile, and nothing of it may be left.
            self._media.delete_folder(folder(run.id))

    def _make(self, run: Run) -> bytes:
        files = []
        for moment in run.moments:
            try:
                files.append(self._media.read(moments.key(folder(run.id), moment)))
            except NotFoundError:
                log.warning("run %s: the picture of moment %d is gone", run.id, moment)
        files.append(self._media.read(str(run.result)))
        width, height = moments.size(run.width, run.height)
        header = {"width": width, "height": height, "lengths": [len(file) for file in files]}
        try:
            child = subprocess.run(
                [sys.executable, "-m", "webapp.animator"],
                input=json.dumps(header).encode() + b"\n" + b"".join(files),
                capture_output=True,
                timeout=_SECONDS,
                check=True,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            log.warning("run %s: no timelapse: %s %s", run.id, error, (error.stderr or b"")[-500:])
            raise UnavailableError(_FAILED, retry_after=60) from error
        return child.stdout


def shows(run: Run) -> bool:
    """Return whether there is a timelapse of a run, or one can be made."""
    return run.state == RunState.DONE and run.result is not None and bool(run.moments)
