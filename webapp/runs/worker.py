"""The worker process: takes messages from the queue and paints the runs whose turn it is.

Its main thread keeps house: it signs the roster, renews the lease of the current run, puts back
runs whose worker died, and looks for runs whose message was lost, or never sent because the queue
did not answer. One thread paints; another one, of Huey's, calls it when there is a message.
"""

from __future__ import annotations

import faulthandler
import functools
import logging
import math
import os
import signal
import threading
import time
import uuid
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING

from stransfer import devices, loading, precision
from stransfer.devices import Device
from stransfer.errors import StransferError
from stransfer.settings import Settings
from webapp import logs
from webapp.errors import LeaseLostError, UnavailableError
from webapp.runs.abilities import Abilities
from webapp.runs.bell import Bell
from webapp.runs.belongings import clear
from webapp.runs.deaths import STALLED, cause_of_death, is_dead, is_replaced, name_of_this_process
from webapp.runs.draftstore import DraftStore
from webapp.runs.draining import Draining
from webapp.runs.gauge import Gauge
from webapp.runs.leases import Claim, Leases, Swept
from webapp.runs.renewal import Renewal
from webapp.runs.roster import Roster
from webapp.runs.vigil import end_after
from webapp.services import Services

if TYPE_CHECKING:
    from webapp.runs.painter import Painter

log = logging.getLogger(__name__)

# How often a worker that has to stop looks whether it can.
_POLL_SECONDS = 0.3
# After so many idle seconds a worker measures how fast it is, if nobody has on this machine: not
# while the rest of the site still starts.
_QUIET_SECONDS = 2.0


class Worker:
    """One worker process. `run` returns when the process is asked to stop."""

    def __init__(self, services: Services, since: float | None = None) -> None:
        """Work for these services, under a name that no other process has.

        A worker that was started afresh was there before, `since` when its `since` has told.
        """
        self._services = services
        self._leases = Leases(services.database, services.config)
        self._roster = Roster(services.database, services.config, since)
        self._name = name_of_this_process(uuid.uuid4().hex[:8])
        self._drafts = DraftStore(services)
        self._stopping = threading.Event()
        self._draining = Draining(self._let_go)
        self._renewal = Renewal(services.config.rest_seconds)
        self._asked = False
        self._healthy = True
        self._signed_at = -math.inf
        self._painter: Painter | None = None
        self._device: Device | None = None
        self._gauge = Gauge()
        self._claim: Claim | None = None
        self.bell = Bell()

    @property
    def since(self) -> float:
        """From when on this worker has seen who else is there, by the monotonic clock."""
        return self._roster.since

    def run(self) -> bool:
        """Paint until SIGINT or SIGTERM; the run that is then being painted is handed back.

        Returns whether the worker only ended in order to be started afresh.
        """
        self._succeed()
        painting = threading.Thread(target=self._work, name="painting", daemon=True)
        painting.start()
        consumer = self._services.queue.consumer(lambda run_id: self.bell.ring_and_wait())
        consumer.start()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        while not self._stopping.is_set():
            self.keep_house()
            self._watch()
            if self._claim is not None:
                self._renewal.busy()
            elif self._renewal.due and self._healthy:
                self._stopping.set()
            self._stopping.wait(self._services.config.heartbeat_seconds)
        # Messages that come from now on are for others.
        consumer.stop(graceful=False)
        self._drain(painting)
        consumer.stop(graceful=True)
        # Whoever asks meanwhile must not get a fresh worker instead of none.
        renewed = not self._asked
        reason = "to start afresh, with its memory given back" if renewed else "as asked"
        log.info("worker %s: stopped, %s", self._name, reason)
        return renewed

    def keep_house(self) -> None:
        """Sign, renew, put back, put away and look for work, once.

        A failure is logged and tried again next time.
        """
        before, self._healthy = self._healthy, False
        try:
            self._renew()
            self._sign()
            if self._claim is None and self._leases.waiting():
                self.bell.ring()
            replaced = functools.partial(is_replaced, name=self._name)
            self._deal_with(self._leases.sweep(replaced=replaced))
            for run in self._roster.give_up():
                with logs.about(run.id):
                    log.warning("nobody here can paint it, failed")
            self._drafts.put_away()
            self._healthy = True
        except UnavailableError as error:
            if before:
                log.warning("worker %s: housekeeping failed: %s", self._name, error)
        except Exception:
            log.exception("worker %s: housekeeping failed", self._name)

    def _renew(self) -> None:
        claim = self._claim
        if claim is not None:
            try:
                self._leases.renew(claim)
            except LeaseLostError as error:
                log.info("%s", error)

    def _sign(self) -> None:
        """Say on the roster what this worker can paint, and learn what others can."""
        due = self._signed_at + self._roster.seconds_between_signs
        if self._device is None or time.monotonic() < due:
            return
        if self._signed_at == -math.inf:
            self._roster.forget(lambda name: is_dead(name, self._name))
        mine = Abilities.of(self._services.config, self._device)
        self._leases.reach = self._roster.sign(
            self._name, mine, str(self._device), self._gauge.speeds
        )
        self._signed_at = time.monotonic()

    def _succeed(self) -> None:
        """Put back the runs of workers of this machine that are known to be dead."""
        with suppress(UnavailableError):
            self._deal_with(
                self._leases.sweep_dead(lambda owner: cause_of_death(owner, self._name))
            )

    def _drain(self, painting: threading.Thread) -> None:
        """Wait until the run that is painted is let go of; return when nothing is owned any more.

        What is known so far of a step that may take too long is kept meanwhile.
        """
        self.bell.close()
        if self._painter is None:
            # Still loading, so nothing is claimed; whoever stops us need not wait for the rest.
            log.info("worker %s: stopped before it was ready", self._name)
            logging.shutdown()
            os._exit(0)
        if self._claim is not None:
            self._painter.save()
        while painting.is_alive():
            # A step may take longer than the lease, and what is checkpointed must still be ours.
            self.keep_house()
            self._watch()
            painting.join(_POLL_SECONDS)
        with suppress(UnavailableError):
            self._roster.leave(self._name)

    def _let_go(self) -> None:
        """Hand the current run back as of its last checkpoint, in the middle of what is done."""
        claim = self._claim
        if claim is not None:
            with logs.about(claim.run_id), suppress(LeaseLostError):
                self._leases.hand_back(claim)
                log.info("handed back as of its last checkpoint, in the middle of a step")
        log.info("worker %s: stopped, as asked", self._name)

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

    def _work(self) -> None:
        """Load, and paint whatever there is whenever somebody rings, until it is time to stop."""
        while not self._stopping.is_set():
            try:
                if self._painter is None:
                    self._load()
                self._take()
                if self._gauge.due and self.bell.quiet(_QUIET_SECONDS):
                    self._measure()
            except Exception:
                log.exception("worker %s: could not go on", self._name)
            if not self.bell.answer():
                return

    def _load(self) -> None:
        # TensorFlow takes seconds to import: here, while the visitor is still choosing.
        loading.load(self._services.config.device)
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
        self._gauge.load()
        # What this worker can paint is known only now.
        self._device = devices.current()
        self.keep_house()
        log.info("worker %s: ready, on the %s", self._name, self._device)

    def _measure(self) -> None:
        """Learn how fast this machine paints, unless there is something to paint first."""
        if self._gauge.measure(lambda: self.bell.rung or self._stopping.is_set()):
            # Said at once, for those who have the form open.
            self._signed_at = 0.0
            self.keep_house()

    def _take(self) -> None:
        """Paint whichever run is next, and the one after that, as long as there is one.

        The message of a run whose visitor had too many painted at once is used up when its turn
        comes.
        """
        while self._signed_at > -math.inf and not self._stopping.is_set():
            claim = None
            # Whatever waits is found again, once the database answers.
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
        if not self._asked:
            self._draining.begin()
        self._asked = True
        self._stopping.set()
