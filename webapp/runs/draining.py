"""How a worker that is told to end does so in time, whatever it is doing.

Between two steps it lets go of its run by itself. A step of a large picture, or its encoding, may
take longer than whoever stops the worker has patience: then the run is handed back as of its last
checkpoint, and the process ends in the middle of the step. Both happen in threads of their own,
because any other thread may be waiting for something that does not answer.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

# Counted from the signal. Whoever stops a worker can rely on the last one.
PATIENCE_SECONDS = 7.0
LONGEST_SECONDS = 9.5


class Draining:
    """Sees to it that this process ends soon, once it is begun."""

    def __init__(self, let_go: Callable[[], None]) -> None:
        """Call `let_go` after PATIENCE_SECONDS, to hand back what is still held, and then end."""
        self._let_go = let_go

    def begin(self) -> None:
        """Let the time run."""
        for seconds, act in ((PATIENCE_SECONDS, self._lose_patience), (LONGEST_SECONDS, _end)):
            timer = threading.Timer(seconds, act)
            timer.daemon = True
            timer.start()

    def _lose_patience(self) -> None:
        try:
            self._let_go()
        except Exception as error:
            log.warning("not handed back: %s", error)
        _end()


def _end() -> None:
    logging.shutdown()
    os._exit(0)
