"""What is known of a run after one update of its image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stransfer.checkpoint import Checkpoint
from stransfer.images import Picture
from stransfer.optimizers import State
from stransfer.safeguard import Safeguard


@dataclass(frozen=True)
class Loss:
    """The weighted sum and its unweighted parts, of the image that a step started from."""

    total: float
    content: float
    style: float
    tv: float


@dataclass(frozen=True)
class Standing:
    """Where a run stands: at which level, after how many of its updates, and in what state."""

    level: int
    steps_done: int
    guard: Safeguard
    optimizer: State


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
    state: Standing
    fingerprint: str
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
        guard = self.state.guard
        # Whatever got as far as a step has seen a sound loss, and so has a first and a best one.
        assert guard.first_loss is not None and guard.best is not None
        return Checkpoint(
            fingerprint=self.fingerprint,
            level=self.state.level,
            steps_done=self.state.steps_done,
            caution=guard.caution,
            first_loss=guard.first_loss,
            best_loss=guard.best_loss,
            best=guard.best.numpy(),
            state={name: tensor.numpy() for name, tensor in arrays.items()},
        )
