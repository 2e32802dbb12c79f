"""Paints one claimed run with the engine, from its pictures to its result."""

from __future__ import annotations

import logging
import threading
from typing import Any

from stransfer import images, results
from stransfer.checkpoint import Checkpoint
from stransfer.errors import DivergedError, StransferError, TransferError
from stransfer.images import Mask, Picture
from stransfer.progress import part_done
from stransfer.settings import Settings
from stransfer.step import Step
from stransfer.subject import Subject
from stransfer.transfer import Transfer
from webapp import logs
from webapp.errors import LeaseLostError, NotFoundError
from webapp.records import Run
from webapp.runs.leases import Claim, Leases
from webapp.runs.orders import KEPT
from webapp.runs.reporter import Reporter
from webapp.runs.reports import Reports
from webapp.runs.store import checkpoints, folder
from webapp.services import Services

log = logging.getLogger(__name__)

_OUR_FAULT = (
    "Something went wrong on the server while this was painted, every time it was tried; "
    "its operator finds the reason in the log, beside the run's id."
)


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
        with logs.about(claim.run_id):
            return self._painted(claim)

    def _painted(self, claim: Claim) -> bool:
        try:
            try:
                return not self._run(claim)
            except LeaseLostError:
                raise
            except StransferError as error:
                log.warning("failed: %s", error)
                self._reports.failed(claim, str(error))
                self._services.media.delete_folder(checkpoints(claim.run_id))
            except Exception:
                log.exception("attempt failed")
                return self._leases.release(claim, _OUR_FAULT)
        except LeaseLostError:
            log.info("taken away, stopped")
            if not self._reports.known(claim):
                # What was still written after its owner had deleted it.
                self._services.media.delete_folder(folder(claim.run_id))
        return False

    def _run(self, claim: Claim) -> bool:
        run = self._reports.begin(claim)
        log.info("attempt %d", run.attempts)
        subject = self._subject(run)
        transfer = Transfer(subject, Settings.parse(run.settings))
        checkpoint = self._resumable(run, transfer)
        seconds = self._rewound(claim, transfer, checkpoint)
        reporter = Reporter(claim, self._reports, self._services, run, seconds)
        step = self._last_step(transfer, checkpoint, reporter)
        if step is None:
            self._leases.hand_back(claim)
            log.info("handed back")
            return False
        # A run that is finished early may still be at a coarse level.
        picture = images.resize(step.image, run.width, run.height)
        result = f"{folder(run.id)}/result-{claim.fence}.png"
        alpha = subject.alpha
        if alpha is not None:
            alpha = images.resize_mask(alpha, run.width, run.height)
        content = results.encode(picture, transfer.settings, alpha=alpha)
        self._services.media.write(result, content)
        self._reports.done(claim, result)
        self._services.media.delete_folder(checkpoints(run.id))
        log.info(
            "done after %.1f s, and reporting it took %.2f s of the processor's time",
            seconds + step.seconds,
            reporter.processor_seconds,
        )
        return True

    def _rewound(self, claim: Claim, transfer: Transfer, checkpoint: Checkpoint | None) -> float:
        """Return the seconds already spent, after forgetting what came after the checkpoint."""
        if checkpoint is None:
            return self._reports.rewind(claim, 0, 0.0)
        part = part_done(transfer.levels, checkpoint.level, checkpoint.steps_done)
        return self._reports.rewind(claim, transfer.step_of(checkpoint), part)

    def _last_step(
        self, transfer: Transfer, checkpoint: Checkpoint | None, reporter: Reporter
    ) -> Step | None:
        """Return the step whose picture is the result, or None if this worker must stop."""
        last: Step | None = None

        def stopped() -> bool:
            finished = reporter.finish_wanted and last is not None
            return finished or reporter.failed or self.stopping.is_set()

        try:
            with reporter:
                for step in transfer.start(checkpoint, stopped):
                    reporter.step(step)
                    last = step
                    if step.last or stopped():
                        break
                if self.stopping.is_set() and not (last and last.last):
                    if last is not None:
                        reporter.save(last)
                    return None
        except DivergedError as error:
            reporter.keep(error.picture)
            raise
        if last is None:
            raise TransferError("The run ended before its first step; start it again.")
        return last

    def _subject(self, run: Run) -> Subject:
        file = self._services.media.read(run.content["key"])
        photo, alpha = images.read_with_alpha(file, KEPT)
        return Subject(
            content=photo,
            styles=tuple(self._picture(style) for style in run.styles),
            content_mask=self._mask(run.content_mask),
            style_mask=self._mask(run.style_mask),
            init=None if run.init_image is None else self._picture(run.init_image),
            alpha=alpha,
        )

    def _picture(self, used: dict[str, Any]) -> Picture:
        return images.read(self._services.media.read(used["key"]), KEPT)

    def _mask(self, used: dict[str, Any] | None) -> Mask | None:
        if used is None:
            return None
        return images.read_mask(self._services.media.read(used["key"]), KEPT)

    def _resumable(self, run: Run, transfer: Transfer) -> Checkpoint | None:
        if run.checkpoint is None:
            return None
        try:
            checkpoint = Checkpoint.from_bytes(self._services.media.read(run.checkpoint))
            transfer.check(checkpoint)
        except (NotFoundError, TransferError) as error:
            log.warning("starting over: %s", error)
            return None
        return checkpoint
