"""How long a painting will take on this server, in seconds and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stransfer import presets
from stransfer.errors import StransferError
from stransfer.presets import PRESETS, Preset
from stransfer.settings import Settings
from stransfer.speed import Speed

_PARTS = ("half", "a third", "a quarter", "a fifth", "a sixth", "a seventh", "an eighth", "a ninth")

# Seconds are said in multiples of these: the length up to which, and the multiple.
_ROUNDING = ((10, 1), (60, 5), (300, 15), (3600, 60), (math.inf, 600))


@dataclass(frozen=True)
class Estimate:
    """What a run costs next to one with the defaults, and its seconds where they are known."""

    relative_cost: float
    seconds: float | None

    @property
    def about(self) -> str:
        """The estimate as a phrase: "about 40 s here", or before that is known "a third of ..."."""
        if self.seconds is not None:
            return f"about {roughly(self.seconds)} here"
        return compared(self.relative_cost)


@dataclass(frozen=True)
class Estimates:
    """Makes estimates for a photo of some proportions, from the speeds of models, as far as known.

    `width` and `height` are the photo's.
    """

    speeds: Mapping[str, Speed]
    width: int = presets.USUAL_WIDTH
    height: int = presets.USUAL_HEIGHT

    def of(self, settings: Settings) -> Estimate:
        """Return the estimate for a run, waiting in line not counted.

        Raises ImageError if the photo is too narrow for the settings.
        """
        cost = presets.cost(settings, self.width, self.height)
        speed = self.speeds.get(settings.model)
        return Estimate(
            presets.relative_cost(settings, self.width, self.height),
            None if speed is None else speed.seconds(cost),
        )

    def presets(self, settings: Settings) -> list[tuple[Preset, Estimate | None]]:
        """Return every preset with its estimate beside other settings, None if they do not go."""
        return [(preset, self._of_preset(preset, settings)) for preset in PRESETS]

    def _of_preset(self, preset: Preset, settings: Settings) -> Estimate | None:
        try:
            return self.of(preset.over(settings))
        except StransferError:
            return None


def values(estimate: Estimate | None) -> dict[str, Any]:
    """Return an estimate as plain values that JSON can hold."""
    if estimate is None:
        return {"relative_cost": None, "seconds": None, "about": ""}
    return {**vars(estimate), "about": estimate.about}


def roughly(seconds: float) -> str:
    """Return seconds with as many digits as an estimate deserves: "4 s", "1 min 15 s", "2 h"."""
    multiple = next(multiple for length, multiple in _ROUNDING if seconds < length)
    rest = max(1, math.floor(seconds / multiple + 0.5) * multiple)
    parts = []
    for unit, length in (("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts)


def compared(relative_cost: float) -> str:
    """Return a cost next to that of the defaults as a phrase: "a seventh of the usual time"."""
    if relative_cost > 1.05:
        return f"{float(f'{relative_cost:.2g}'):g} times the usual time"
    if relative_cost > 0.95:
        return "the usual time"
    if relative_cost > 0.55:
        return f"{round(100 * relative_cost, -1):g} % of the usual time"
    part = round(1 / relative_cost)
    told = _PARTS[part - 2] if part - 2 < len(_PARTS) else "a tenth or less"
    return f"{told} of the usual time"
