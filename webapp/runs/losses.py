"""Which of the losses that were recorded of a run a reader is given."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from webapp.records import Loss

# More points than a chart can show would only make a long run's page heavy.
MOST = 500


def losses_after(session: Session, run_id: str, seq: int, since: int) -> list[Loss]:
    """Return the losses of a run recorded after seq `since`, up to its own `seq`.

    They are thinned where there are more than can be shown.
    """
    # Readers choose `since`, and a database takes no number as long as theirs may be.
    if since >= seq:
        return []
    first = max(0, since)
    stride = max(1, (seq - first) // MOST)
    new = select(Loss).where(
        Loss.run_id == run_id,
        Loss.seq > first,
        Loss.seq <= seq,
        or_(Loss.seq % stride == 0, Loss.seq == seq, Loss.seq == 1),
    )
    return list(session.scalars(new.order_by(Loss.seq)))


def last_loss(session: Session, run_id: str) -> Loss | None:
    """Return the losses of the last recorded step of a run."""
    of_run = select(Loss).where(Loss.run_id == run_id)
    found: Loss | None = session.scalar(of_run.order_by(Loss.seq.desc()).limit(1))
    return found
