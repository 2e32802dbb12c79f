"""Paints one claimed run with the engine, from its pictures to its result."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from stransfer import images, results
from stransfer.checkpoint import Checkpoint
from stransfer.errors import DivergedError, StransferError, TransferError
from stransfer.images import Mask, Picture
from stransfer.program import prepare
from stransfer.progress import part_done
from stransfer.settings import Settings
from stransfer.step import Step
from stransfer.subject import Subject
from stransfer.transfer import Transfer
from webapp import logs
from webapp.errors import LeaseLostError, NotFoundError, UnavailableError
from webapp.records import Run
from webapp.runs.belongings import checkpoints, clear, folder
from webapp.runs.drafts import reading_side
from webapp.runs.interruption import Interruption
from webapp.runs.leases import Claim, Leases
from webapp.runs.orders import KEPT
from webapp.runs.reporter import Reporter
from webapp.runs.reports import Reports
from webapp.runs.vigil import PAUSE_SECONDS, Vigil
from webapp.services import Services

log = logging.getLogger(__name__)

Found = TypeVar("Found")

_OUR_FAULT = (
    "Something went wrong on the server while this was painted, every time it was tried; "
    "its operator finds the reason in the log, beside the run's id."
)


class Painter:
    """Turns claims into results; nothing that goes wrong with one run leaves here.

    Setting `stopping` makes it hand the current run back after the step it is in.
    """

    def __init__(
        self, services: Services, leases: Leases, stopping: threading.Event | None = None
    ) -> None:
        """Paint with these services, under these leases."""
        self._services = services
        self._leases = leases
        self._reports = Reports(services.database)
        self.stopping = stopping or threading.Event()
        self.vigil = Vigil(self.stopping)
        self._reporter: Reporter | None = None

    def paint(self, claim: Claim) -> bool:
        """Paint a run to its end; return whether it was put back to be tried again."""
        self.vigil.sign()
        with logs.about(claim.run_id):
            try:
                return self._painted(claim)
            except LeaseLostError:
                log.info("taken away, stopped")
            except UnavailableError as error:
                log.warning("left as it is, for whoever comes next: %s", error)
            finally:
                self._clear(claim)
        return False

    def save(self) -> None:
        """Write a checkpoint of the run that is painted, while its next step is computed.

        Another thread than that which paints may ask for it, where a step may take too long.
        """
        reporter = self._reporter
        if reporter is not None:
            with contextlib.suppress(UnavailableError, LeaseLostError):
                reporter.save_newest()

    def _painted(self, claim: Claim) -> bool:
        try:
            return not self._run(claim)
        except LeaseLostError:
            raise
        except UnavailableError as error:
            log.warning("handed back: %s", error)
            self._surely(lambda: self._leases.hand_back(claim))
            # Whoever takes it up at once would meet with the same.
            self.stopping.wait(PAUSE_SECONDS)
            return True
        except StransferError as error:
            log.warning("failed: %s", error)
            reason = str(error)
            self._surely(lambda: self._reports.failed(claim, reason))
            return False
        except Exception:
            log.exception("attempt failed")
            return self._surely(lambda: self._leases.release(claim, _OUR_FAULT))

    def _surely(self, write: Callable[[], Found]) -> Found:
        """Return what `write` returns, whatever time the database or media store takes for it.

        Raises UnavailableError if the worker has to stop before.
        """
        return self.vigil.until_done(write)

    def _clear(self, claim: Claim) -> None:
        """Remove what nobody needs of a run that has ended, or is not there any more."""
        try:
            run = self._reports.find(claim)
            if run is None:
                # What was still written after its owner had deleted it.
                self._services.media.delete_folder(folder(claim.run_id))
            else:
                clear(self._services.media, run)
        except UnavailableError as error:
            log.warning("not cleared up: %s", error)

    def _run(self, claim: Claim) -> bool:
        run = self._surely(lambda: self._reports.begin(claim))
        interruption = Interruption(claim, run, self._leases, self.stopping)
        settings = Settings.parse(run.settings)
        if run.draft:
            # The first time this takes seconds, for which no run that comes meanwhile shall wait.
            interruption.do(lambda: prepare(settings))
            if interruption.wanted():
                return self._handed_back(claim)
        subject = self._subject(run)
        transfer = Transfer(subject, settings)
        checkpoint, kept = self._resumable(run, transfer)
        done = 0 if checkpoint is None else transfer.step_of(checkpoint)
        what = "draft" if run.draft else "painting"
        log.info(
            "%s, attempt %d, %d of %d steps are done", what, run.attempts, done, transfer.steps
        )
        seconds = self._rewound(claim, transfer, checkpoint)
        reporter = Reporter(claim, self._reports, self._services, run, seconds, kept, self.vigil)
        step = None
        if not interruption.wanted():
            step = self._last_step(transfer, checkpoint, reporter, interruption)
        if step is None:
            return self._handed_back(claim)
        result = None if run.draft else self._kept(claim, run, step, subject.alpha)
        self._surely(lambda: self._reports.done(claim, result))
        log.info(
            "done after %.1f s, and reporting it took %.2f s of the processor's time",
            seconds + step.seconds,
            reporter.processor_seconds,
        )
        return True

    def _handed_back(self, claim: Claim) -> bool:
        self._surely(lambda: self._leases.hand_back(claim))
        log.info("handed back")
        return False

    def _kept(self, claim: Claim, run: Run, step: Step, alpha: Mask | None) -> str:
        """Write the picture of the last step as the result of a run, and return its key."""
        # A run that is finished early may still be at a coarse level.
        picture = images.resize(step.image, run.width, run.height)
        if alpha is not None:
            alpha = images.resize_mask(alpha, run.width, run.height)
        result = f"{folder(run.id)}/result-{claim.fence}.png"
        content = results.encode(picture, Settings.parse(run.settings), alpha=alpha)
        self._surely(lambda: self._keep(claim, result, content))
        return result

    def _keep(self, claim: Claim, key: str, content: bytes) -> None:
        # It may be cancelled while there is no room.
        self._leases.renew(claim)
        self._services.media.write(key, content)

    def _rewound(self, claim: Claim, transfer: Transfer, checkpoint: Checkpoint | None) -> float:
        """Return the seconds already spent, after forgetting what came after the checkpoint."""
        step, part = 0, 0.0
        if checkpoint is not None:
            step = transfer.step_of(checkpoint)
            part = part_done(transfer.levels, checkpoint.level, checkpoint.steps_done)
        return self._surely(lambda: self._reports.rewind(claim, step, part))

    def _last_step(
        self,
        transfer: Transfer,
        checkpoint: Checkpoint | None,
        reporter: Reporter,
        interruption: Interruption,
    ) -> Step | None:
        """Return the step whose picture is the result, or None if the run is to be let go of."""
        last: Step | None = None

        def stopped() -> bool:
            self.vigil.sign()
            finished = reporter.finish_wanted and last is not None
            return finished or reporter.failed or interruption.wanted()

        try:
            with reporter:
                self._reporter = reporter
                for step in transfer.start(checkpoint, stopped):
                    self.vigil.sign()
                    reporter.step(step)
                    last = step
                    if step.last or stopped():
                        break
                if interruption.wanted() and not (last and last.last):
                    self._save(reporter, last)
                    return None
        except DivergedError as error:
            with contextlib.suppress(UnavailableError):
                reporter.keep(error.picture)
            raise
        finally:
            self._reporter = None
        if last is None:
            raise TransferError("The run ended before its first step; start it again.")
        return last

    def _subject(self, run: Run) -> Subject:
        file = self._services.media.read(run.content["key"])
        side = reading_side(run)
        photo, alpha = images.read_with_alpha(file, KEPT, side)
        return Subject(
            content=photo,
            styles=tuple(self._picture(style, side) for style in run.styles),
            content_mask=self._mask(run.content_mask, side),
            style_mask=self._mask(run.style_mask, side),
            init=None if run.init_image is None else self._picture(run.init_image, side),
            alpha=alpha,
        )

    def _picture(self, used: dict[str, Any], side: int | None) -> Picture:
        return images.read(self._services.media.read(used["key"]), KEPT, side)

    def _mask(self, used: dict[str, Any] | None, side: int | None) -> Mask | None:
        if used is None:
            return None
        return images.read_mask(self._services.media.read(used["key"]), KEPT, side)

    def _save(self, reporter: Reporter, last: Step | None) -> None:
        if last is not None:
            # Without room for it, the next worker goes on from an earlier one.
            with contextlib.suppress(UnavailableError):
                reporter.save(last)

    def _resumable(self, run: Run, transfer: Transfer) -> tuple[Checkpoint | None, list[str]]:
        """Return the newest sound checkpoint, and the keys of it and those before it.

        What lies in the run's folder counts, not what is recorded: whichever process wrote it, a
        checkpoint of this run with its seal unbroken is as good as any. One of a later step than
        any that is recorded comes last: whoever wrote it had lost the run, and its losses with it.
        """
        media = self._services.media
        found = media.files(checkpoints(run.id))
        kept = sorted(
            (file.key for file in found if not file.unfinished),
            key=lambda key: (_step(key) <= run.step, _step(key)),
        )
        while kept:
            try:
                checkpoint = Checkpoint.from_bytes(media.read(kept[-1]))
                transfer.check(checkpoint)
            except (NotFoundError, TransferError) as error:
                log.warning("%s cannot be used: %s", kept[-1], error)
                media.delete(kept.pop())
            else:
                return checkpoint, kept
        return None, []


def _step(key: str) -> int:
    """Return the step of a checkpoint, with which the name of its file ends."""
    return int(key.rpartition("-")[2].partition(".")[0])
