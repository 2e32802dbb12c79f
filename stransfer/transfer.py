"""A run: a photo is painted in the manner of an artwork, one update of the image at a time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tensorflow as tf

from stransfer import colors, images, pyramid
from stransfer.checkpoint import Checkpoint
from stransfer.errors import DivergedError, TransferError
from stransfer.evaluation import batch, evaluation
from stransfer.images import Picture, Source
from stransfer.memory import enough_for
from stransfer.optimizers import FINISHING, OPTIMIZERS, Optimizer, decayed
from stransfer.program import Program, program_of
from stransfer.progress import Pace, part_done
from stransfer.pyramid import Level
from stransfer.safeguard import Safeguard
from stransfer.settings import Settings
from stransfer.step import Loss, Standing, Step
from stransfer.subject import Subject


class _StoppedError(Exception):
    """Somebody asked to stop in the middle of a step."""


class Transfer:
    """A run that is ready to go. Iterate over it once; stop between steps to cancel it."""

    def __init__(self, subject: Subject, settings: Settings) -> None:
        """Plan a run; raise SettingsError or ImageError if pictures and settings do not fit."""
        subject.check(settings)
        self._original = subject.content
        self._subject = subject.prepared(settings)
        self.settings = settings
        height, width = subject.content.shape[:2]
        self.levels = pyramid.plan(width, height, settings)
        self.steps = sum(level.steps for level in self.levels)
        self._fingerprint = subject.fingerprint(settings)

    def start(
        self,
        checkpoint: Checkpoint | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Step]:
        """Yield a Step after each update, from the beginning or from a checkpoint of this run.

        A step of a large result takes minutes; while it goes on, `stopped` is asked every few
        seconds, and if it says so the iterator ends there. Raises DivergedError, with the best
        image, if the loss explodes however small the steps, and MemoryExhaustedError if the
        pictures need more memory than there is.
        """

        def proceed() -> None:
            if stopped():
                raise _StoppedError

        with contextlib.suppress(_StoppedError):
            yield from self._steps(checkpoint, proceed)

    def _steps(self, checkpoint: Checkpoint | None, proceed: Callable[[], None]) -> Iterator[Step]:
        started = time.monotonic()
        pace = Pace(self.levels)
        program = program_of(self.settings)
        with enough_for(self.levels[0]):
            state = self._restored(checkpoint) if checkpoint else self._first_state()
        for index in range(state.level, len(self.levels)):
            with enough_for(self.levels[index]):
                state = self._at_level(state, index)
                for after, loss in self._level(program, state, proceed):
                    state = after
                    pace.step(index)
                    yield Step(
                        step=self._before(index) + state.steps_done,
                        steps=self.steps,
                        scale=index + 1,
                        scales=len(self.levels),
                        progress=part_done(self.levels, index, state.steps_done),
                        loss=loss,
                        seconds=time.monotonic() - started,
                        seconds_per_step=pace.seconds_per_step(index),
                        seconds_left=pace.seconds_left(index, state.steps_done),
                        state=state,
                        fingerprint=self._fingerprint,
                        finished=self._finished,
                    )

    def _level(
        self, program: Program, state: Standing, proceed: Callable[[], None]
    ) -> Iterator[tuple[Standing, Loss]]:
        """Yield the state after each update at one level, with the loss it started from."""
        level = self.levels[state.level]
        optimizer = self._optimizer_at(state.level)
        evaluate = evaluation(program, self._subject, level, self.settings, proceed)
        while state.steps_done < level.steps:
            rate = self._rate(state) * state.guard.caution
            losses, after = optimizer.update(state.optimizer, evaluate, rate)
            loss = Loss(*(float(part) for part in losses))
            if state.guard.sound(loss.total) and _finite(after.image):
                guard = state.guard.after(loss.total, state.optimizer.image)
                state = Standing(state.level, state.steps_done + 1, guard, after)
                yield state, loss
            else:
                state = self._backed_off(state)

    def _backed_off(self, state: Standing) -> Standing:
        guard = state.guard.backed_off()
        best = state.optimizer.image if guard.best is None else guard.best
        if guard.exhausted:
            raise DivergedError(self._finished(best.numpy()[0], state.level))
        fresh = self._optimizer_at(state.level).start(best)
        return Standing(state.level, state.steps_done, guard, fresh)

    def check(self, checkpoint: Checkpoint) -> None:
        """Raise TransferError if a checkpoint is not one of this run, or is that of its end."""
        if checkpoint.fingerprint != self._fingerprint:
            raise TransferError(
                "The checkpoint belongs to a run with other pictures or settings; "
                "start the run again from the beginning."
            )
        if self.step_of(checkpoint) >= self.steps:
            raise TransferError(
                "The checkpoint is that of a finished run, with nothing left to paint; take its "
                "last picture, or start another run from that."
            )

    def step_of(self, checkpoint: Checkpoint) -> int:
        """Return the number of updates, on all levels, that a checkpoint of this run stands for."""
        return self._before(checkpoint.level) + checkpoint.steps_done

    def _before(self, index: int) -> int:
        return sum(level.steps for level in self.levels[:index])

    def _rate(self, state: Standing) -> float:
        done = state.steps_done / self.levels[state.level].steps
        return decayed(done) * self.settings.learning_rate

    def _optimizer_at(self, index: int) -> Optimizer:
        """Return how the image is updated at a level.

        Beyond `size` there are too few updates to learn a curvature from, and to remember them
        would take more memory than all the rest.
        """
        beyond = self.levels[index].long_side > self.settings.size
        return OPTIMIZERS[FINISHING if beyond else self.settings.optimizer]

    def _first_state(self) -> Standing:
        picture = self._subject.start_at(self.levels[0], self.settings)
        return Standing(0, 0, Safeguard(), self._optimizer_at(0).start(batch(picture)))

    def _restored(self, checkpoint: Checkpoint) -> Standing:
        self.check(checkpoint)
        state = self._optimizer_at(checkpoint.level).restored(checkpoint.state)
        guard = Safeguard(
            checkpoint.caution,
            checkpoint.first_loss,
            checkpoint.best_loss,
            tf.constant(checkpoint.best, tf.float32),
        )
        return Standing(checkpoint.level, checkpoint.steps_done, guard, state)

    def _at_level(self, state: Standing, index: int) -> Standing:
        """Return the state carried over to a level, with the detail of that size put back."""
        if state.level == index:
            return state
        level = self.levels[index]
        size = [level.height, level.width]
        image = tf.image.resize(state.optimizer.image, size, method="bicubic")
        if self.settings.init in ("content", "result"):
            image += batch(self._detail(self.levels[state.level], level))
        image = tf.clip_by_value(image, 0.0, 1.0)
        before, optimizer = self._optimizer_at(state.level), self._optimizer_at(index)
        if optimizer is before:
            after = optimizer.resized(state.optimizer, image)
        else:
            after = optimizer.start(image)
        return Standing(index, 0, state.guard.at_next_level(), after)

    def _detail(self, coarse: Level, fine: Level) -> Picture:
        """Return what the first picture shows at a finer level that a coarser one cannot hold."""
        whole = self._subject.start_at(fine, self.settings)
        blurred = self._subject.start_at(coarse, self.settings)
        return whole - images.resize(blurred, fine.width, fine.height)

    def _finished(self, picture: Picture, index: int) -> Picture:
        """Return the image of a level as a person sees it: masked, and in the wanted colours."""
        level = self.levels[index]
        mask = self._subject.content_mask_at(level)
        if mask is not None:
            photo = self._subject.content_at(level)
            picture = photo + mask[..., np.newaxis] * (picture - photo)
        if self.settings.preserve_color == "luminance":
            original = images.resize(self._original, level.width, level.height)
            picture = colors.with_chroma_of(picture, original)
        return picture


def run(
    content: Source,
    style: Source | Sequence[Source],
    settings: Settings | None = None,
    *,
    content_mask: Source | None = None,
    style_mask: Source | None = None,
    init_image: Source | None = None,
    checkpoint: Checkpoint | None = None,
) -> Iterator[Step]:
    """Paint `content` in the manner of `style`; yield a Step after each update of the image.

    Pictures are paths, bytes of a file, Pillow images, or float arrays [height, width, 3] in
    [0, 1]; `style` is one of them or several. Where `content_mask` is white is painted, where it
    is black the photo stays; only what is white in `style_mask` counts as style. `init_image` is
    an earlier result, for `Settings(init="result")`.

    Nothing is computed until the first step is asked for, and stopping early costs nothing.
    Raises ImageError and SettingsError at once, WeightsError and TransferError while running.
    """
    subject = Subject.read(
        content, style, content_mask=content_mask, style_mask=style_mask, init_image=init_image
    )
    return Transfer(subject, settings or Settings()).start(checkpoint)


def _finite(image: tf.Tensor) -> bool:
    return bool(tf.reduce_all(tf.math.is_finite(image)))
