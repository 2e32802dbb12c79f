"""Watches a run for divergence, and says from where and how carefully to go on."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

# A loss this many times that of the level's first image is an explosion, not a detour.
EXPLOSION = 4.0
# How often the learning rate is halved before the run is given up.
BACK_OFFS = 4


@dataclass(frozen=True)
class Safeguard:
    """What is known of one level: its first loss, its best image, and how far to trust the rate.

    `caution` starts at 1 and is halved with each divergence, on all levels together. `best` is the
    image [1, height, width, 3] with the lowest loss of the level, None before there is one. All of
    it is kept in checkpoints, so that a run which diverges after it was resumed does what it would
    have done anyway.
    """

    caution: float = 1.0
    first_loss: float | None = None
    best_loss: float = math.inf
    best: tf.Tensor | None = None

    def sound(self, loss: float) -> bool:
        """Return whether a loss is none of a run that has diverged."""
        exploded = self.first_loss is not None and loss > EXPLOSION * self.first_loss
        return math.isfinite(loss) and not exploded

    def after(self, loss: float, image: tf.Tensor) -> Safeguard:
        """Return the safeguard that has also seen an image with a sound loss."""
        seen = dataclasses.replace(
            self, first_loss=loss if self.first_loss is None else self.first_loss
        )
        if loss >= self.best_loss:
            return seen
        return dataclasses.replace(seen, best_loss=loss, best=image)

    def backed_off(self) -> Safeguard:
        """Return the safeguard that trusts only half as large steps."""
        return dataclasses.replace(self, caution=self.caution / 2)

    @property
    def exhausted(self) -> bool:
        """Whether the rate was halved so often that the run is given up."""
        return self.caution < 2.0**-BACK_OFFS

    def at_next_level(self) -> Safeguard:
        """Return the safeguard of another level, whose losses are others."""
        return Safeguard(self.caution)
