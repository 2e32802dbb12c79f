"""Tells the world about a run while it is being painted, without holding it up.

Frames are encoded and records written in a thread of their own. The optimiser only leaves its
newest step there; a step that comes before the last one was shown replaces its picture, while
losses are never left out.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType

from PIL import Image

from stransfer import images
from stransfer.images import Picture
from stransfer.step import Step
from webapp import logs
from webapp.errors import LeaseLostError, UnavailableError
from webapp.records import Run
from webapp.runs import moments
from webapp.runs.belongings import checkpoints, folder
from webapp.runs.leases import Claim
from webapp.runs.reports import Progress, Reports
from webapp.runs.vigil import PAUSE_SECONDS, Vigil
from webapp.services import Services

log = logging.getLogger(__name__)

_FRAME_QUALITY = 85

# A step of a large result takes minutes. This often, in seconds, it is asked whether the run is
# still wanted.
_LONGEST_SILENCE = 2.0

# The newest checkpoint may turn out to be damaged.
_KEPT_CHECKPOINTS = 2


class Reporter:
    """Reports on one claimed run. Use as a context manager; leaving it writes what is left.

    Of a draft nothing is kept but the newest pictures: it is over before a checkpoint would help.
    """

    def __init__(
        self,
        claim: Claim,
        reports: Reports,
        services: Services,
        run: Run,
        seconds: float,
        kept: Sequence[str],
        vigil: Vigil,
    ) -> None:
        """Report for a claim on a run; `seconds` is what earlier attempts already spent on it.

        `kept` are the keys of their checkpoints, the newest last. Once it is left,
        `processor_seconds` says how much of the processor's time it has taken.
        """
        self._claim = claim
        self._reports = reports
        self._media = services.media
        self._config = services.config
        self._earlier = seconds
        self._draft = run.draft
        self._wake = threading.Condition()
        self._news: list[Progress] = []
        self._newest: Step | None = None
        self._closing = False
        # What an earlier attempt left is replaced like one's own.
        self._frames = [run.frame] if run.frame else []
        self._size = run.width, run.height
        self._shown: int | None = None
        self._moment: int | None = None
        self._error: BaseException | None = None
        self._vigil = vigil
        self._saving = threading.Lock()
        self._checkpoints = list(kept)
        # When there is hope again of room for a file.
        self._room_at = 0.0
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
            self._news.append(self._progress(step))
            self._newest = step
            self._wake.notify()

    def save(self, step: Step) -> None:
        """Write a checkpoint of a step, from which another worker will go on."""
        if self._draft:
            return
        with self._saving:
            place = checkpoints(self._claim.run_id)
            key = f"{place}/{self._claim.fence}-{step.step}.npz"
            if key in self._checkpoints:
                return
            self._media.write(key, step.checkpoint().to_bytes())
            self._reports.checkpoint(self._claim, key)
            self._checkpoints.append(key)
            while len(self._checkpoints) > _KEPT_CHECKPOINTS:
                self._media.delete(self._checkpoints.pop(0))
            self._saved_step, self._saved_at = step.step, time.monotonic()

    def save_newest(self) -> None:
        """Write a checkpoint of the newest step, while the one after it is still computed."""
        with self._wake:
            newest = self._newest
        if newest is not None and not newest.last:
            self.save(newest)

    def keep(self, picture: Picture) -> None:
        """Make a picture the run's last one, after the thread has ended."""
        frame = self._write_frame(images.to_image(picture), "best")
        self._reports.progress(self._claim, [], frame)

    def _run(self) -> None:
        with logs.about(self._claim.run_id):
            try:
                while self._report():
                    pass
            except (LeaseLostError, UnavailableError) as error:
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
            newest, closing = self._newest, self._closing
        started = time.monotonic()
        try:
            unseen = newest is not None and newest.step != self._shown
            if newest is not None and (news or (closing and unseen)):
                self._record(news, newest, closing)
            elif not closing:
                self.finish_wanted |= self._reports.progress(self._claim, [], None)
        except UnavailableError:
            with self._wake:
                self._news = [*news, *self._news]
            if not closing:
                # The run goes on meanwhile.
                self._pause(PAUSE_SECONDS)
            elif not self._vigil.rest():
                raise
            else:
                # It may have been cancelled while it waited for room.
                with suppress(UnavailableError):
                    self._reports.progress(self._claim, [], None)
            return True
        if news and not closing:
            self._rest(started)
        return bool(news) or not closing

    def _record(self, news: list[Progress], newest: Step, closing: bool) -> None:
        frame = moment = None
        if closing or time.monotonic() >= self._room_at:
            image = images.to_image(newest.image)
            try:
                frame = self._write_frame(image, str(newest.step))
                moment = self._write_moment(image, newest.progress)
            except UnavailableError:
                if closing:
                    raise
                # A run can do without these on its way.
                self._room_at = time.monotonic() + PAUSE_SECONDS
        self.finish_wanted |= self._reports.progress(self._claim, news, frame, moment)
        if frame is not None:
            self._shown = newest.step
            self._forget_frames()
        if moment is not None:
            self._moment = moment
        if self._saved_step is None:
            self._saved_step = newest.step - len(news)
        self._save_if_due(newest)

    def _write_frame(self, image: Image.Image, name: str) -> str:
        if max(image.size) > self._config.frame_side:
            image = image.resize(images.fit(*image.size, self._config.frame_side))
        key = f"{folder(self._claim.run_id)}/frames/{self._claim.fence}-{name}.jpg"
        self._media.write(key, images.encode(image, "JPEG", _FRAME_QUALITY))
        if key not in self._frames:
            self._frames.append(key)
        return key

    def _forget_frames(self) -> None:
        """Remove the pictures before the newest two, now that the newest is recorded."""
        # A watcher may still be reading the one before.
        with suppress(UnavailableError):
            while len(self._frames) > 2:
                self._media.delete(self._frames[0])
                self._frames.pop(0)

    def _write_moment(self, image: Image.Image, progress: float) -> int | None:
        """Keep a picture for the timelapse, if it is the first of its part of the way."""
        moment = moments.at(progress, self._claim.fence)
        if self._draft or moment == self._moment:
            return None
        content = moments.encode(image, *self._size)
        self._media.write(moments.key(folder(self._claim.run_id), moment), content)
        return moment

    def _rest(self, started: float) -> None:
        self._pause(started + 1 / self._config.frames_per_second - time.monotonic())

    def _pause(self, seconds: float) -> None:
        with self._wake:
            self._wake.wait_for(lambda: self._closing, timeout=max(0.0, seconds))

    def _save_if_due(self, step: Step) -> None:
        due = (
            step.step - (self._saved_step or 0) >= self._config.checkpoint_steps
            or time.monotonic() - self._saved_at >= self._config.checkpoint_seconds
        )
        if due and not step.last and time.monotonic() >= self._room_at:
            try:
                self.save(step)
            except UnavailableError:
                # The one before still stands, and this one is tried again.
                self._room_at = time.monotonic() + PAUSE_SECONDS

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
