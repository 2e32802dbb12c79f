"""What a draft is: a run that soon shows how another one would look, and is not kept for long.

It has a row among the runs, so that it is claimed, painted and watched like them, but it is listed
and counted nowhere, no run waits for it, and a visitor has one at most.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from stransfer.errors import SettingsError
from stransfer.models import MODELS
from stransfer.setting import AUTO
from stransfer.settings import BY_NAME
from stransfer.weights import find
from webapp.records import Run, RunState
from webapp.runs.orders import Order

# In px, about as long as the coarsest level of a run, which decides how the finer ones look. A
# second level, half as long, would find the colours sooner, and lose what is in the photo.
SIDE = 128

# Together these take a second or two on two processor cores.
STEPS = 24

# The settings that make a draft of a run; all others are the visitor's own.
CHANGED: Mapping[str, Any] = {"size": SIDE, "steps": STEPS, "scales": 1, "output_size": AUTO}

# After so many seconds nobody looks at a draft any more.
KEPT_SECONDS = 600.0

# How many times longer than a draft the pictures are that it is painted from: all that can be seen
# of them there, and quicker to read than the whole.
_FINER = 4


def drafted(order: Order) -> Order:
    """Return the order for a draft of what an order wants.

    Raises SettingsError if the network would have to be downloaded first.
    """
    settings = order.settings
    model = MODELS[settings.model]
    if settings.untrained_seed is None and find(model) is None:
        raise SettingsError(
            {
                "model": f"The weights of {model.title} are not here yet, and a draft does not "
                "wait for a download."
            }
        )
    changed = {**CHANGED, "size": _side(order)}
    return dataclasses.replace(order, settings=dataclasses.replace(settings, **changed))


def reading_side(run: Run) -> int | None:
    """Return how long the pictures need to be that a run is painted from, None for the whole."""
    return _FINER * int(run.settings["size"]) if run.draft else None


def remove_drafts(session: Session, *which: ColumnElement[bool]) -> list[str]:
    """Forget all drafts, or those for which conditions hold; return the ids whose files may go.

    The files of one that is being painted are its worker's to remove, who may just write another.
    """
    found = select(Run).where(Run.draft.is_(True), *which).with_for_update()
    drafts = session.scalars(found).all()
    for draft in drafts:
        session.delete(draft)
    # The visitor's next one has the same place in the index.
    session.flush()
    return [draft.id for draft in drafts if draft.state != RunState.RUNNING]


def _side(order: Order) -> int:
    """Return the size of a draft: larger for a narrow photo, of which networks see nothing."""
    short, long = sorted(order.content.size)
    # One more, since sides are rounded.
    visible = math.ceil((order.settings.minimum_size + 1) * long / short)
    return min(max(SIDE, visible), int(BY_NAME["size"].maximum or 0))
