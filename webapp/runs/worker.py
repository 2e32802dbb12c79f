"""The worker process: takes messages from the queue and paints the runs whose turn it is.

Its main thread keeps house: it renews the lease of the current run, puts back runs whose worker
died, and sends again what the queue has lost. A thread of Huey's paints.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import threading
import time
import uuid
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING

from stransfer import loading, precision
from stransfer.errors import StransferError
from stransfer.settings import Settings
from webapp import logs
from webapp.errors import LeaseLostError, UnavailableError
from webapp.runs.belongings import clear
from webapp.runs.deaths import STALLED, cause_of_death, name_of_this_process
from webapp.runs.draftstore import DraftStore
from webapp.runs.leases import Claim, Leases, Swept
from webapp.runs.renewal import Renewal
from webapp.runs.vigil import end_after
from webapp.services import Services

if TYPE_CHECKING:
    from webapp.runs.painter import Painter

log = logging.getLogger(__name__)

# How often at most an idle worker looks whether the SQLite queue has a message.
_POLL_SECONDS = 0.3


class Worker:
    """One worker process. `run` returns when the process is asked to stop."""

    def __init__(self, services: Services) -> None:
        """Work for these services, under a name that no other process has."""
        self._services = services
        self._leases = Leases(services.database, services.config)
        self._name = name_of_this_process(uuid.uuid4().hex[:8])
        self._drafts = DraftStore(services)
        self._stopping = threading.Event()
        self._renewal = Renewal(services.config.rest_seconds)
        self._asked = False
        self._painter: Painter | None = None
        self._claim: Claim | None = None

    def run(self) -> bool:
        """Paint until SIGINT or SIGTERM; the run that is then being painted is handed back.

        Returns whether the worker only ended in order to be started afresh.
        """
        queue = self._services.queue
        queue.receive(self._take)
        queue.huey.on_startup(name="load")(self._load)
        consumer = queue.huey.create_consumer(
            workers=1, worker_type="thread", periodic=False, max_delay=_POLL_SECONDS
        )
        self._succeed()
        consumer.start()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        while not self._stopping.is_set():
            self.keep_house()
            self._watch()
            if self._claim is not None:
                self._renewal.busy()
            elif self._renewal.due:
                self._stopping.set()
            self._stopping.wait(self._services.config.heartbeat_seconds)
        if self._painter is None:
            # Still loading, so nothing is claimed; whoever stops us need not wait for the rest.
            log.info("worker %s: stopped before it was ready", self._name)
            os._exit(0)
        while self._claim is not None:
            # A step may take longer than the lease, and what is checkpointed must still be ours.
            self.keep_house()
            self._watch()
            time.sleep(_POLL_SECONDS)
        consumer.stop(graceful=True)
        # Whoever asks meanwhile must not get a fresh worker instead of none.
        renewed = not self._asked
        reason = "to start afresh, with its memory given back" if renewed else "as asked"
        log.info("worker %s: stopped, %s", self._name, reason)
        return renewed

    def keep_house(self) -> None:
        """Renew, put back, put away and send again, once.

        A failure is logged and tried again next time.
        """
        try:
            claim = self._claim
            if claim is not None:
                self._leases.renew(claim)
            self._deal_with(self._leases.sweep())
            self._drafts.put_away()
            if self._claim is None and self._services.queue.waiting() == 0:
                for run_id in self._leases.waiting():
                    self._services.queue.send(run_id)
        except LeaseLostError as error:
            log.info("%s", error)
        except UnavailableError as error:
            log.warning("worker %s: housekeeping failed: %s", self._name, error)
        except Exception:
            log.exception("worker %s: housekeeping failed", self._name)

    def _succeed(self) -> None:
        """Put back the runs of workers of this machine that are known to be dead."""
        with suppress(UnavailableError):
            self._deal_with(
                self._leases.sweep_dead(lambda owner: cause_of_death(owner, self._name))
            )

    def _deal_with(self, swept: Swept) -> None:
        for run_id in swept.again:
            with logs.about(run_id):
                log.warning("its worker died, put back")
            self._services.queue.send(run_id)
        for run in swept.failed:
            with logs.about(run.id):
                log.warning("its worker died once too often, failed")
                clear(self._services.media, run)

    def _watch(self) -> None:
        """End this process if the run that it paints gives no sign of life any more.

        Nothing else frees a thread that hangs in native code. If this thread cannot go on either,
        the kernel does the same a little later.
        """
        config = self._services.config
        end_after(config.stall_seconds + config.lease_seconds)
        claim, painter = self._claim, self._painter
        if claim is None or painter is None or painter.vigil.silence < config.stall_seconds:
            return
        with logs.about(claim.run_id):
            log.critical("no sign of life for %g s, this worker ends", config.stall_seconds)
            faulthandler.dump_traceback()
            with suppress(StransferError):
                self._leases.release(claim, STALLED)
        os._exit(1)

    def _load(self) -> None:
        # TensorFlow takes seconds to import: here, while the visitor is still choosing.
        loading.load()
        from stransfer.program import prepare
        from webapp.runs.painter import Painter

        log.info("worker %s: precision is %s", self._name, precision.verdict())
        try:
            prepare(Settings())
        except StransferError as error:
            # Without the default model's weights, runs with other models still work.
            log.warning("worker %s: %s", self._name, error)
        self._painter = Painter(self._services, self._leases, self._stopping)
        self._renewal.loaded()
        log.info("worker %s: ready", self._name)

    def _take(self, run_id: str) -> None:
        """Paint whichever run is next; the message only says that there is one.

        And the one after that: the message of a run whose visitor had too many painted at once is
        used up when its turn comes.
        """
        if self._painter is None:
            self._load()
        while not self._stopping.is_set():
            claim = None
            # Whatever waits is sent again, once the database answers.
            with suppress(UnavailableError):
                claim = self._leases.claim(self._name)
            if claim is None:
                return
            self._paint(claim)

    def _paint(self, claim: Claim) -> None:
        assert self._painter is not None
        self._painter.vigil.sign()
        self._claim = claim
        try:
            again = self._painter.paint(claim)
        finally:
            self._claim = None
            self._renewal.busy()
        if again:
            # For a worker that has nothing to do; this one may have to stop, or has others first.
            with suppress(UnavailableError):
                self._services.queue.send(claim.run_id)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        self._stopping.set()
