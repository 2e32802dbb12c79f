"""Tells the world about a run while it is being painted, without holding it up.

Frames are encoded and records written in a thread of their own. The optimiser only leaves its
newest step there; a step that comes before the last one was shown replaces its picture, while
losses are never left out.
"""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType

from PIL import Image

from stransfer import images
from stransfer.images import Picture
from stransfer.step import Step
from webapp import logs
from webapp.errors import LeaseLostError
from webapp.records import Run
from webapp.runs import moments
from webapp.runs.leases import Claim
from webapp.runs.reports import Progress, Reports
from webapp.runs.store import checkpoints, folder
from webapp.services import Services

log = logging.getLogger(__name__)

_FRAME_QUALITY = 85

# A step of a large result takes minutes. This often, in seconds, it is asked whether the run is
# still wanted.
_LONGEST_SILENCE = 2.0


class Reporter:
    """Reports on one claimed run. Use as a context manager; leaving it writes what is left.

    Of a draft nothing is kept but the newest pictures: it is over before a checkpoint would help.
    """

    def __init__(
        self, claim: Claim, reports: Reports, services: Services, run: Run, seconds: float
    ) -> None:
        """Report for a claim on a run; `seconds` is what earlier attempts already spent on it.

        Once it is left, `processor_seconds` says how much of the processor's time it has taken.
        """
        self._claim = claim
        self._reports = reports
        self._media = services.media
        self._config = services.config
        self._earlier = seconds
        self._draft = run.draft
        self._wake = threading.Condition()
        self._news: list[Step] = []
        self._closing = False
        # What an earlier attempt left is replaced like one's own.
        self._frames = [run.frame] if run.frame else []
        self._size = run.width, run.height
        self._moment: int | None = None
        self._error: BaseException | None = None
        self._saving = threading.Lock()
        self._checkpoint = run.checkpoint
        self._saved_step: int | None = None
        self._saved_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"reporter-{claim.run_id}")
        self.finish_wanted = False
        self.processor_seconds = 0.0

    def __enter__(self) -> Reporter:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Write what is left and end the thread; raise what went wrong in it."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        if error is None and self._error is not None:
            raise self._error

    @property
    def failed(self) -> bool:
        """Whether something went wrong in the thread; `step` and leaving raise it."""
        return self._error is not None

    def step(self, step: Step) -> None:
        """Take note of a step; raise what went wrong in the thread, LeaseLostError among it."""
        if self._error is not None:
            raise self._error
        with self._wake:
            self._news.append(step)
            self._wake.notify()

    def save(self, step: Step) -> None:
        """Write a checkpoint of a step, from which another worker will go on."""
        if self._draft:
            return
        with self._saving:
            place = checkpoints(self._claim.run_id)
            key = f"{place}/{self._claim.fence}-{step.step}.npz"
            self._media.write(key, step.checkpoint().to_bytes())
            self._reports.checkpoint(self._claim, key)
            if self._checkpoint is not None:
                self._media.delete(self._checkpoint)
            self._checkpoint = key
            self._saved_step, self._saved_at = step.step, time.monotonic()

    def keep(self, picture: Picture) -> None:
        """Make a picture the run's last one, after the thread has ended."""
        frame = self._write_frame(images.to_image(picture), "best")
        self._reports.progress(self._claim, [], frame)

    def _run(self) -> None:
        with logs.about(self._claim.run_id):
            try:
                while self._report():
                    pass
            except LeaseLostError as error:
                self._error = error
            except Exception as error:
                log.exception("reporting failed")
                self._error = error
            finally:
                self.processor_seconds = time.thread_time()

    def _report(self) -> bool:
        with self._wake:
            self._wake.wait_for(lambda: self._news or self._closing, _LONGEST_SILENCE)
            news, self._news = self._news, []
            closing = self._closing
        if not news:
            if not closing:
                self.finish_wanted |= self._reports.progress(self._claim, [], None)
            return not closing
        started = time.monotonic()
        newest = news[-1]
        image = images.to_image(newest.image)
        frame = self._write_frame(image, str(newest.step))
        moment = self._write_moment(image, newest.progress)
        progress = [self._progress(step) for step in news]
        if self._reports.progress(self._claim, progress, frame, moment):
            self.finish_wanted = True
        self._save_if_due(newest)
        if not closing:
            self._rest(started)
        return True

    def _write_frame(self, image: Image.Image, name: str) -> str:
        if max(image.size) > self._config.frame_side:
            image = image.resize(images.fit(*image.size, self._config.frame_side))
        key = f"{folder(self._claim.run_id)}/frames/{self._claim.fence}-{name}.jpg"
        self._media.write(key, images.encode(image, "JPEG", _FRAME_QUALITY))
        self._frames.append(key)
        # A watcher may still be reading the one before.
        while len(self._frames) > 2:
            self._media.delete(self._frames.pop(0))
        return key

    def _write_moment(self, image: Image.Image, progress: float) -> int | None:
        """Keep a picture for the timelapse, if it is the first of its part of the way."""
        moment = moments.at(progress)
        if self._draft or moment == self._moment:
            return None
        content = moments.encode(image, *self._size)
        self._media.write(moments.key(folder(self._claim.run_id), moment), content)
        self._moment = moment
        return moment

    def _rest(self, started: float) -> None:
        pause = started + 1 / self._config.frames_per_second - time.monotonic()
        with self._wake:
            self._wake.wait_for(lambda: self._closing, timeout=max(0.0, pause))

    def _save_if_due(self, step: Step) -> None:
        if self._saved_step is None:
            self._saved_step = step.step - 1
        due = (
            step.step - self._saved_step >= self._config.checkpoint_steps
            or time.monotonic() - self._saved_at >= self._config.checkpoint_seconds
        )
        if due and not step.last:
            self.save(step)

    def _progress(self, step: Step) -> Progress:
        return Progress(
            step=step.step,
            part=step.progress,
            scale=step.scale,
            total=step.loss.total,
            content=step.loss.content,
            style=step.loss.style,
            tv=step.loss.tv,
            seconds=self._earlier + step.seconds,
            seconds_per_step=step.seconds_per_step,
            seconds_left=step.seconds_left,
        )
