"""What a worker can paint, and which runs it takes where there are others.

A run is left alone by whoever has too little memory for it, or no graphics card where it needs one.
Whoever could paint it but has not got the weights of its network leaves it to others who do, as
long as there are any; otherwise it tries to download them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from stransfer import footprint, weights
from stransfer.devices import Device
from stransfer.models import MODELS
from webapp.config import Config
from webapp.records import Presence, Run


@dataclass(frozen=True)
class Abilities:
    """What one worker can paint: with `memory_mb` MiB, None for any, and the weights of networks.

    `gpu` says whether it computes on a graphics card.
    """

    memory_mb: int | None
    networks: frozenset[str]
    gpu: bool = False

    @classmethod
    def of(cls, config: Config, device: Device) -> Abilities:
        """Return what a worker of this machine can paint that computes on a device."""
        memory = config.worker_memory_mb or None
        whole = footprint.machine_mb()
        if memory is None and not device.gpu and whole is not None:
            memory = int(whole / max(1, config.workers))
        here = (model.name for model in MODELS.values() if weights.find(model))
        return cls(memory, frozenset(here), device.gpu)

    @classmethod
    def told_by(cls, presence: Presence) -> Abilities:
        """Return what a worker has said of itself."""
        return cls(presence.memory_mb, frozenset(presence.networks), presence.gpu)

    def strong_enough(self, run: Any = Run) -> ColumnElement[bool]:
        """Return the condition that a run needs no more than there is, weights not counted.

        `run` is the table of runs, or another name for it in a query.
        """
        fits = true() if self.memory_mb is None else run.needs_mb <= self.memory_mb
        return fits if self.gpu else and_(fits, run.needs_gpu.is_(False))

    def able(self, run: Any = Run) -> ColumnElement[bool]:
        """Return the condition that a run can be painted with what is here."""
        has_weights = or_(run.network == "", run.network.in_(sorted(self.networks)))
        return and_(self.strong_enough(run), has_weights)


@dataclass(frozen=True)
class Reach:
    """The runs that a worker takes; `others` are the abilities of those that work beside it."""

    mine: Abilities
    others: frozenset[Abilities] = frozenset()

    def takes(self, run: Any = Run) -> ColumnElement[bool]:
        """Return the condition that this worker takes a run when its turn has come."""
        others = sorted(self.others - {self.mine}, key=repr)
        left_to_others = or_(false(), *(other.able(run) for other in others))
        return and_(self.mine.strong_enough(run), or_(self.mine.able(run), not_(left_to_others)))


# Of a worker of whom nothing else is known.
EVERYTHING = Reach(Abilities(None, frozenset(), gpu=True))
