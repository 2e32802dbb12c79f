"""When a worker lets go of the run it paints before its end, to be gone on with later.

Every run is let go of when the worker stops; a draft also when any run waits, whoever's it is.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from webapp.records import Run
from webapp.runs.leases import Claim, Leases

# In seconds. So long at most a run waits for a draft that has not come to its first step.
_PATIENCE = 0.03


class Interruption:
    """Whether to let go of one claimed run. Once it is wanted, it stays so."""

    def __init__(self, claim: Claim, run: Run, leases: Leases, stopping: threading.Event) -> None:
        """Watch over a claimed run, in a worker that is asked to stop by `stopping`."""
        self._claim = claim
        self._draft = run.draft
        self._leases = leases
        self._stopping = stopping
        self._wanted = False

    def wanted(self) -> bool:
        """Return whether to let go now; asked between any two steps."""
        if not self._wanted:
            disturbed = self._draft and not self._leases.undisturbed(self._claim)
            self._wanted = disturbed or self._stopping.is_set()
        return self._wanted

    def do(self, work: Callable[[], object]) -> None:
        """Do work that cannot be interrupted in a thread of its own; return when it has ended.

        If an interruption is wanted before that, return then; the work goes on. What goes wrong in
        it is not told.
        """

        def attempt() -> None:
            with contextlib.suppress(Exception):
                work()

        thread = threading.Thread(target=attempt, name=f"work-{self._claim.run_id}", daemon=True)
        thread.start()
        while thread.is_alive() and not self.wanted():
            thread.join(_PATIENCE)
