"""The coarse-to-fine plan of a run: which sizes, and how many updates at each. Integers only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from stransfer import tiles
from stransfer.errors import ImageError
from stransfer.images import fit
from stransfer.models import MODELS
from stransfer.setting import AUTO
from stransfer.settings import Settings

# How many times as long as the one below it a level is.
GROWTH = 2

# The coarsest level of `auto` is about this long: small enough to lay out broad strokes in a
# few seconds, large enough for every network to see the photo.
AUTO_COARSEST = 110

# How many updates a level gets for each update at the level above it. It has a quarter of its
# pixels, so that all coarse levels together cost less than half as much as the final one.
MORE_STEPS = 1.25

# However few updates the final size gets, the level below it gets at least so many, and each one
# further down GROWTH times as many again: the strokes have to be found somewhere, and down there it
# costs least.
LEAST_STEPS = 25

# A level beyond `size` has four times the pixels of the one before it, and is there to work out
# its detail, not to look for another picture: a quarter of the updates keeps the cost the same,
# as long as there are enough of them to follow the gradient at all.
FEWER_STEPS = 4
FEWEST_STEPS = 3

# How many times a pixel is computed where the image is measured in tiles: half as often again for
# the sums over all of them, and two fifths of that once more for their margins.
TILED_COST = 2.1


@dataclass(frozen=True)
class Level:
    """One size at which the image is optimised; `long_side` is that of the photo and artwork."""

    width: int
    height: int
    long_side: int
    steps: int

    @property
    def cost(self) -> float:
        """What a step costs, next to those at other levels: the pixels that it computes."""
        tiled = max(self.width, self.height) > tiles.LONGEST
        return self.width * self.height * (TILED_COST if tiled else 1.0)


def plan(width: int, height: int, settings: Settings) -> tuple[Level, ...]:
    """Return the levels for a photo of this size, the coarsest first, the finished one last.

    Raises ImageError if the photo is so narrow that the network sees nothing at the final size.
    """
    shortest = settings.minimum_size
    sizes = []
    for down in range(_levels(settings)):
        long_side = max(1, round(settings.size / GROWTH**down))
        level_width, level_height = fit(width, height, long_side)
        if min(level_width, level_height) < shortest:
            break
        sizes.append((level_width, level_height, long_side, _steps(settings.steps, down)))
    if not sizes:
        raise ImageError(_too_narrow(width, height, shortest, settings))
    coarse = tuple(Level(*size) for size in reversed(sizes))
    return coarse + _finishing(width, height, settings)


def cost(levels: Sequence[Level]) -> float:
    """Return what all steps at some levels cost together: the pixels that they compute."""
    return sum(level.steps * level.cost for level in levels)


def _steps(steps: int, down: int) -> int:
    """Return how many updates the level so many levels below the final size gets."""
    if down == 0:
        return steps
    return round(max(steps * MORE_STEPS**down, float(LEAST_STEPS * GROWTH ** (down - 1))))


def _finishing(width: int, height: int, settings: Settings) -> tuple[Level, ...]:
    """Return the levels beyond `size`, up to the output size, each at most twice the one before."""
    growth = settings.output_long_side / settings.size
    count = math.ceil(math.log2(growth))
    levels = []
    for index in range(1, count + 1):
        long_side = round(settings.size * growth ** (index / count))
        steps = max(min(FEWEST_STEPS, settings.steps), settings.steps // FEWER_STEPS**index)
        levels.append(Level(*fit(width, height, long_side), long_side, steps))
    return tuple(levels)


def _levels(settings: Settings) -> int:
    if settings.scales != AUTO:
        return int(settings.scales)
    # A picture that is already painted would lose its detail on the way down.
    if settings.init == "result":
        return 1
    levels = 1
    while settings.size / GROWTH**levels >= AUTO_COARSEST:
        levels += 1
    return levels


def _too_narrow(width: int, height: int, shortest: int, settings: Settings) -> str:
    shown = fit(width, height, settings.size)
    needed = -(-shortest * max(width, height) // min(width, height))
    return (
        f"{MODELS[settings.model].title} needs at least {shortest} px on the short side, and this "
        f"picture at size {settings.size} has {shown[0]} × {shown[1]}; choose a size of at least "
        f"{needed}, or crop it."
    )
