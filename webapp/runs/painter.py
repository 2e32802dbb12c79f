"""Paints one claimed run with the engine, from its pictures to its result."""

from __future__ import annotations

import logging
import threading

from stransfer import images, results
from stransfer.checkpoint import Checkpoint
from stransfer.errors import StransferError, TransferError
from stransfer.images import Picture
from stransfer.settings import Settings
from stransfer.subject import Subject
from stransfer.transfer import Step, Transfer
from webapp.errors import LeaseLostError, NotFoundError
from webapp.records import Run
from webapp.runs.leases import Claim, Leases
from webapp.runs.reporter import Reporter
from webapp.runs.reports import Reports
from webapp.runs.store import checkpoints, folder
from webapp.services import Services

log = logging.getLogger(__name__)

_OUR_FAULT = (
    "Something went wrong on the server while this was painted, every time it was tried; "
    "its operator finds the reason in the log, beside the run's id."
)


# What lies in the media store was checked when it was accepted.
_KEPT = images.Limits(pixels=10**9, longest_side=10**6, shortest_side=1, aspect=10.0**6)


class Painter:
    """Turns claims into results; nothing that goes wrong with one run leaves here.

    Setting `stopping` makes it hand the current run back after the step it is in.
    """

    def __init__(self, services: Services, leases: Leases) -> None:
        """Paint with these services, under these leases."""
        self._services = services
        self._leases = leases
        self._reports = Reports(services.database)
        self.stopping = threading.Event()

    def paint(self, claim: Claim) -> bool:
        """Paint a run to its end; return whether it was put back to be tried again."""
        try:
            try:
                return not self._paint(claim)
            except LeaseLostError:
                raise
            except StransferError as error:
                log.warning("run %s: failed: %s", claim.run_id, error)
                self._reports.failed(claim, str(error))
                self._services.media.delete_folder(checkpoints(claim.run_id))
            except Exception:
                log.exception("run %s: attempt failed", claim.run_id)
                return self._leases.release(claim, _OUR_FAULT)
        except LeaseLostError:
            log.info("run %s: taken away, stopped", claim.run_id)
            if not self._reports.known(claim):
                # What was still written after its owner had deleted it.
                self._services.media.delete_folder(folder(claim.run_id))
        return False

    def _paint(self, claim: Claim) -> bool:
        run = self._reports.begin(claim)
        log.info("run %s: attempt %d", run.id, run.attempts)
        subject = Subject(
            content=self._picture(run.content["key"]),
            styles=tuple(self._picture(style["key"]) for style in run.styles),
        )
        transfer = Transfer(subject, Settings.parse(run.settings))
        checkpoint = self._resumable(run, transfer)
        seconds = self._reports.rewind(claim, transfer.step_of(checkpoint) if checkpoint else 0)
        reporter = Reporter(claim, self._reports, self._services, run, seconds)
        step = self._last_step(transfer, checkpoint, reporter)
        if step is None:
            self._leases.hand_back(claim)
            log.info("run %s: handed back", run.id)
            return False
        # A run that is finished early may still be at a coarse level.
        picture = images.resize(step.image, run.width, run.height)
        result = f"{folder(run.id)}/result-{claim.fence}.png"
        self._services.media.write(result, results.encode(picture, transfer.settings))
        self._reports.done(claim, result)
        self._services.media.delete_folder(checkpoints(run.id))
        log.info("run %s: done after %.1f s", run.id, seconds + step.seconds)
        return True

    def _last_step(
        self, transfer: Transfer, checkpoint: Checkpoint | None, reporter: Reporter
    ) -> Step | None:
        """Return the step whose picture is the result, or None if this worker must stop."""
        with reporter:
            for step in transfer.start(checkpoint):
                reporter.step(step)
                if step.last or reporter.finish_wanted:
                    return step
                if self.stopping.is_set():
                    reporter.save(step)
                    return None
        raise TransferError("The run ended before its first step; start it again.")

    def _picture(self, key: str) -> Picture:
        return images.read(self._services.media.read(key), _KEPT)

    def _resumable(self, run: Run, transfer: Transfer) -> Checkpoint | None:
        if run.checkpoint is None:
            return None
        try:
            checkpoint = Checkpoint.from_bytes(self._services.media.read(run.checkpoint))
            transfer.check(checkpoint)
        except (NotFoundError, TransferError) as error:
            log.warning("run %s: starting over: %s", run.id, error)
            return None
        return checkpoint
