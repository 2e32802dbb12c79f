"""A run: a photo is painted in the manner of an artwork, one update of the image at a time."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from stransfer import images, pyramid
from stransfer.checkpoint import Checkpoint
from stransfer.errors import TransferError
from stransfer.images import Picture, Source
from stransfer.models import MODELS
from stransfer.networks import FeatureExtractor
from stransfer.objective import Losses, Objective, Targets, Weights
from stransfer.optimizers import AdamState, adam_update, decayed
from stransfer.progress import Pace
from stransfer.pyramid import Level
from stransfer.settings import Settings


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
    `scales`. Seconds are of wall time, the last two None before they can be known.
    """

    step: int
    steps: int
    scale: int
    scales: int
    loss: Loss
    seconds: float
    seconds_per_step: float | None
    seconds_left: float | None
    state: _State

    @property
    def last(self) -> bool:
        """Whether the run ends with this step."""
        return self.step == self.steps

    @property
    def image(self) -> Picture:
        """The image after the update: float32 [height, width, 3], sRGB in [0, 1]."""
        picture: Picture = self.state.adam.image.numpy()[0]
        return picture

    def checkpoint(self) -> Checkpoint:
        """Return what `run` needs to go on from here as if it had never stopped."""
        adam = self.state.adam
        return Checkpoint(
            level=self.state.level,
            steps_done=self.state.steps_done,
            updates=float(adam.updates.numpy()),
            image=adam.image.numpy()[0],
            first=adam.first.numpy()[0],
            second=adam.second.numpy()[0],
        )


@dataclass(frozen=True)
class _State:
    level: int
    steps_done: int
    adam: AdamState


class Transfer:
    """A run that is ready to go. Iterate over it once; stop between steps to cancel it."""

    def __init__(self, content: Picture, style: Picture, settings: Settings) -> None:
        """Plan a run for two pictures, each [height, width, 3] in [0, 1]."""
        self._content = content
        self._style = style
        self.settings = settings
        self.levels = pyramid.plan(content.shape[1], content.shape[0], settings)
        self.steps = sum(level.steps for level in self.levels)

    def start(self, checkpoint: Checkpoint | None = None) -> Iterator[Step]:
        """Yield a Step after each update, from the beginning or from a checkpoint of this run.

        Raises TransferError if the loss stops being a number.
        """
        started = time.monotonic()
        pace = Pace(self.levels)
        program = _program(self.settings)
        state = self._restored(checkpoint) if checkpoint else self._first_state()
        for index in range(state.level, len(self.levels)):
            level = self.levels[index]
            state = self._at_level(state, index)
            targets = program.targets(*self._pictures(level))
            while state.steps_done < level.steps:
                losses, adam = program.update(state.adam, targets, self._weights, self._rate(state))
                state = _State(index, state.steps_done + 1, adam)
                loss = _finite_loss(losses)
                pace.step(index)
                yield Step(
                    step=self._before(index) + state.steps_done,
                    steps=self.steps,
                    scale=index + 1,
                    scales=len(self.levels),
                    loss=loss,
                    seconds=time.monotonic() - started,
                    seconds_per_step=pace.seconds_per_step(index),
                    seconds_left=pace.seconds_left(index, state.steps_done),
                    state=state,
                )

    def check(self, checkpoint: Checkpoint) -> None:
        """Raise TransferError if a checkpoint is not one of this run."""
        expected = None
        if 0 <= checkpoint.level < len(self.levels):
            level = self.levels[checkpoint.level]
            expected = (level.height, level.width, 3)
        if checkpoint.image.shape != expected:
            raise TransferError(
                "The checkpoint belongs to a run with other pictures or settings; "
                "start the run again from the beginning."
            )

    def step_of(self, checkpoint: Checkpoint) -> int:
        """Return the number of updates, on all levels, that a checkpoint of this run stands for."""
        return self._before(checkpoint.level) + checkpoint.steps_done

    def _before(self, index: int) -> int:
        return sum(level.steps for level in self.levels[:index])

    @property
    def _weights(self) -> Weights:
        return Weights(*(tf.constant(weight, tf.float32) for weight in Weights.of(self.settings)))

    def _rate(self, state: _State) -> tf.Tensor:
        done = state.steps_done / self.levels[state.level].steps
        factor = decayed(done) * self.settings.learning_rate
        return tf.constant(factor, tf.float32)

    def _first_state(self) -> _State:
        level = self.levels[0]
        if self.settings.init == "noise":
            shape = (level.height, level.width, 3)
            picture = np.random.default_rng(self.settings.seed).random(shape, np.float32)
        else:
            picture = images.resize(self._content, level.width, level.height)
        return _State(0, 0, AdamState.start(_batch(picture)))

    def _restored(self, checkpoint: Checkpoint) -> _State:
        self.check(checkpoint)
        adam = AdamState(
            _batch(checkpoint.image),
            _batch(checkpoint.first),
            _batch(checkpoint.second),
            tf.constant(checkpoint.updates, tf.float32),
        )
        return _State(checkpoint.level, checkpoint.steps_done, adam)

    def _at_level(self, state: _State, index: int) -> _State:
        if state.level == index:
            return state
        level = self.levels[index]
        adam = state.adam.resized(level.width, level.height)
        if self.settings.init == "content":
            detail = _batch(self._detail(self.levels[state.level], level))
            adam = adam._replace(image=tf.clip_by_value(adam.image + detail, 0.0, 1.0))
        return _State(index, 0, adam)

    def _detail(self, coarse: Level, fine: Level) -> Picture:
        """Return what the photo shows at a finer level that the coarser one could not hold."""
        content = images.resize(self._content, fine.width, fine.height)
        blurred = images.resize(self._content, coarse.width, coarse.height)
        return content - images.resize(blurred, fine.width, fine.height)

    def _pictures(self, level: Level) -> tuple[tf.Tensor, tf.Tensor]:
        content = images.resize(self._content, level.width, level.height)
        height, width = self._style.shape[:2]
        shortest = self.settings.minimum_size
        long_side = max(
            level.long_side * self.settings.style_scale,
            shortest * max(width, height) / min(width, height),
        )
        style = images.resize(self._style, *images.fit(width, height, round(long_side)))
        return _batch(content), _batch(style)


def run(
    content: Source,
    style: Source,
    settings: Settings | None = None,
    *,
    checkpoint: Checkpoint | None = None,
) -> Iterator[Step]:
    """Paint `content` in the manner of `style`; yield a Step after each update of the image.

    Pictures are paths, bytes of a file, Pillow images, or float arrays [height, width, 3] in
    [0, 1]. Nothing is computed until the first step is asked for, and stopping early costs
    nothing. Raises ImageError at once, WeightsError and TransferError while running.
    """
    transfer = Transfer(images.read(content), images.read(style), settings or Settings())
    return transfer.start(checkpoint)


def prepare(settings: Settings) -> None:
    """Do now what takes seconds before the first step of a run with these settings.

    Builds the network, loads its weights and compiles the computations, all of which stay for
    later runs with the same model and layers, whatever the size of their pictures.
    """
    side = settings.minimum_size
    picture = np.full((side, side, 3), 0.5, np.float32)
    program = _program(settings)
    image = _batch(picture)
    weights = Weights(*(tf.constant(weight, tf.float32) for weight in Weights.of(settings)))
    targets = program.targets(image, image)
    program.update(AdamState.start(image), targets, weights, tf.constant(0.0))


class _Program:
    """The compiled computations for one choice of layers, for images of any size."""

    def __init__(self, objective: Objective) -> None:
        image = tf.TensorSpec([1, None, None, 3], tf.float32)
        scalar = tf.TensorSpec([], tf.float32)
        self._objective = objective
        self.targets = tf.function(objective.targets, input_signature=[image, image])
        self.update = tf.function(
            self._update,
            input_signature=[
                AdamState(image, image, image, scalar),
                objective.targets_signature,
                Weights(scalar, scalar, scalar),
                scalar,
            ],
        )

    def _update(
        self, state: AdamState, targets: Targets, weights: Weights, rate: tf.Tensor
    ) -> tuple[Losses, AdamState]:
        losses, gradient = self._objective.losses_and_gradient(state.image, targets, weights)
        return losses, adam_update(state, gradient, rate)


def _program(settings: Settings) -> _Program:
    return _compiled(
        settings.model,
        tuple(settings.content_layer_weights.items()),
        tuple(settings.style_layer_weights.items()),
        settings.untrained_seed,
    )


# Building and tracing a network takes seconds, and a worker meets the same few again and again.
@functools.lru_cache(maxsize=4)
def _compiled(
    model: str,
    content: tuple[tuple[str, float], ...],
    style: tuple[tuple[str, float], ...],
    untrained_seed: int | None,
) -> _Program:
    layers = tuple(dict([*content, *style]))
    extractor = FeatureExtractor.of(MODELS[model], layers, untrained_seed)
    return _Program(Objective(extractor, dict(content), dict(style)))


def _finite_loss(losses: Losses) -> Loss:
    loss = Loss(*(float(part) for part in losses))
    if not math.isfinite(loss.total):
        raise TransferError(
            "The loss stopped being a number, so the picture cannot be improved any more; "
            "try again with a smaller learning rate."
        )
    return loss


def _batch(picture: Picture) -> tf.Tensor:
    return tf.constant(picture[np.newaxis], tf.float32)
