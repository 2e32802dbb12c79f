"""A run: a photo is painted in the manner of an artwork, one update of the image at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from stransfer import colors, images, pyramid
from stransfer.checkpoint import Checkpoint
from stransfer.errors import DivergedError, TransferError
from stransfer.images import Picture, Source
from stransfer.objective import Losses, Targets, Weights
from stransfer.optimizers import OPTIMIZERS, State, decayed
from stransfer.program import Program, program_of
from stransfer.progress import Pace, part_done
from stransfer.pyramid import Level
from stransfer.safeguard import Safeguard
from stransfer.settings import Settings
from stransfer.subject import Subject


@dataclass(frozen=True)
class Loss:
    """The weighted sum and its unweighted parts, of the image that a step started from."""

    total: float
    content: float
    style: float
    tv: float


@dataclass(frozen=True)
class Step:
    """What is known after one update of the image.

    `step` counts updates on all levels, from 1 to `steps`; `scale` counts levels, from 1 to
    `scales`. `progress` is the part of the whole cost, in [0, 1], that is done. Seconds are of
    wall time, the last two None before they can be known.
    """

    step: int
    steps: int
    scale: int
    scales: int
    progress: float
    loss: Loss
    seconds: float
    seconds_per_step: float | None
    seconds_left: float | None
    state: _State
    finished: Callable[[Picture, int], Picture]

    @property
    def last(self) -> bool:
        """Whether the run ends with this step."""
        return self.step == self.steps

    @property
    def image(self) -> Picture:
        """The image after the update: float32 [height, width, 3], sRGB in [0, 1]."""
        return self.finished(self.state.optimizer.image.numpy()[0], self.state.level)

    def checkpoint(self) -> Checkpoint:
        """Return what `run` needs to go on from here as if it had never stopped."""
        arrays = self.state.optimizer._asdict()
        return Checkpoint(
            level=self.state.level,
            steps_done=self.state.steps_done,
            caution=self.state.caution,
            state={name: tensor.numpy() for name, tensor in arrays.items()},
        )


@dataclass(frozen=True)
class _State:
    level: int
    steps_done: int
    caution: float
    optimizer: State


class Transfer:
    """A run that is ready to go. Iterate over it once; stop between steps to cancel it."""

    def __init__(self, subject: Subject, settings: Settings) -> None:
        """Plan a run; raise SettingsError or ImageError if pictures and settings do not fit."""
        subject.check(settings)
        self._original = subject.content
        self._subject = subject.prepared(settings)
        self._optimizer = OPTIMIZERS[settings.optimizer]
        self.settings = settings
        height, width = subject.content.shape[:2]
        self.levels = pyramid.plan(width, height, settings)
        self.steps = sum(level.steps for level in self.levels)

    def start(self, checkpoint: Checkpoint | None = None) -> Iterator[Step]:
        """Yield a Step after each update, from the beginning or from a checkpoint of this run.

        Raises DivergedError, with the best image, if the loss explodes however small the steps.
        """
        started = time.monotonic()
        pace = Pace(self.levels)
        program = program_of(self.settings)
        state = self._restored(checkpoint) if checkpoint else self._first_state()
        for index in range(state.level, len(self.levels)):
            state = self._at_level(state, index)
            for after, loss in self._level(program, state):
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
                    finished=self._finished,
                )

    def _level(self, program: Program, state: _State) -> Iterator[tuple[_State, Loss]]:
        """Yield the state after each update at one level, with the loss it started from."""
        level = self.levels[state.level]
        targets = self._targets(program, level)
        guide = self._guide(level)
        weights = Weights.of(self.settings)
        guard = Safeguard(state.caution)

        def evaluate(image: tf.Tensor) -> tuple[Losses, tf.Tensor]:
            return program.evaluate(image, targets, weights, *guide)

        while state.steps_done < level.steps:
            rate = self._rate(state) * guard.caution
            losses, after = self._optimizer.update(state.optimizer, evaluate, rate)
            loss = Loss(*(float(part) for part in losses))
            if guard.sound(loss.total, state.optimizer):
                state = _State(state.level, state.steps_done + 1, guard.caution, after)
                yield state, loss
            else:
                state = self._backed_off(guard, state)

    def _backed_off(self, guard: Safeguard, state: _State) -> _State:
        best = guard.best or state.optimizer
        if not guard.back_off():
            raise DivergedError(self._finished(best.image.numpy()[0], state.level))
        fresh = self._optimizer.start(best.image)
        return _State(state.level, state.steps_done, guard.caution, fresh)

    def check(self, checkpoint: Checkpoint) -> None:
        """Raise TransferError if a checkpoint is not one of this run."""
        expected: tuple[int, ...] | None = None
        if 0 <= checkpoint.level < len(self.levels):
            level = self.levels[checkpoint.level]
            expected = (1, level.height, level.width, 3)
        image = checkpoint.state.get("image")
        if image is None or image.shape != expected:
            raise TransferError(
                "The checkpoint belongs to a run with other pictures or settings; "
                "start the run again from the beginning."
            )

    def step_of(self, checkpoint: Checkpoint) -> int:
        """Return the number of updates, on all levels, that a checkpoint of this run stands for."""
        return self._before(checkpoint.level) + checkpoint.steps_done

    def _before(self, index: int) -> int:
        return sum(level.steps for level in self.levels[:index])

    def _rate(self, state: _State) -> float:
        done = state.steps_done / self.levels[state.level].steps
        return decayed(done) * self.settings.learning_rate

    def _first_state(self) -> _State:
        picture = self._subject.start_at(self.levels[0], self.settings)
        return _State(0, 0, 1.0, self._optimizer.start(_batch(picture)))

    def _restored(self, checkpoint: Checkpoint) -> _State:
        self.check(checkpoint)
        try:
            state = self._optimizer.restored(checkpoint.state)
        except KeyError as error:
            raise TransferError(
                "The checkpoint belongs to another optimizer; start the run again from the "
                "beginning."
            ) from error
        return _State(checkpoint.level, checkpoint.steps_done, checkpoint.caution, state)

    def _at_level(self, state: _State, index: int) -> _State:
        """Return the state carried over to a level, with the photo's own detail at that size."""
        if state.level == index:
            return state
        level = self.levels[index]
        size = [level.height, level.width]
        image = tf.image.resize(state.optimizer.image, size, method="bicubic")
        if self.settings.init == "content":
            image += _batch(self._detail(self.levels[state.level], level))
        image = tf.clip_by_value(image, 0.0, 1.0)
        return _State(index, 0, state.caution, self._optimizer.resized(state.optimizer, image))

    def _detail(self, coarse: Level, fine: Level) -> Picture:
        """Return what the photo shows at a finer level that the coarser one could not hold."""
        content = self._subject.content_at(fine)
        blurred = self._subject.content_at(coarse)
        return content - images.resize(blurred, fine.width, fine.height)

    def _targets(self, program: Program, level: Level) -> Targets:
        """Return the photo's feature maps and the blend of the artworks' Gram matrices.

        Gram matrices are means over positions, so those of a blend are the mean of its parts'.
        """
        mask = self._subject.style_mask_at(level, self.settings)
        masks = [] if mask is None else [_batch(mask[..., np.newaxis])]
        grams = [
            program.style_targets(_batch(style), *masks)
            for style in self._subject.styles_at(level, self.settings)
        ]
        blend = self.settings.style_blend or (1.0,) * len(grams)
        shares = [weight / sum(blend) for weight in blend]
        return Targets(
            content=program.content_targets(_batch(self._subject.content_at(level))),
            style=tuple(
                tf.add_n([share * gram for share, gram in zip(shares, layer, strict=True)])
                for layer in zip(*grams, strict=True)
            ),
        )

    def _guide(self, level: Level) -> tuple[tf.Tensor, ...]:
        """Return mask and photo where only a part of the photo is painted, else nothing."""
        mask = self._subject.content_mask_at(level)
        if mask is None:
            return ()
        return _batch(mask[..., np.newaxis]), _batch(self._subject.content_at(level))

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


def _batch(picture: Picture) -> tf.Tensor:
    return tf.constant(picture[np.newaxis], tf.float32)
