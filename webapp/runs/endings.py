"""How runs end because their visitor wants it: cancelled, or removed altogether."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import delete, select

from webapp.records import LIVE, Run, RunState
from webapp.runs.belongings import folder
from webapp.runs.leases import disown
from webapp.runs.usage import forsaken
from webapp.services import Services


def cancel(run: Run) -> None:
    """End a live run, which must be locked; its worker finds out that it no longer owns it."""
    run.state = RunState.CANCELLED
    run.ended_at = time.time()
    run.checkpoint = None
    disown(run)


def remove(services: Services, visitor_id: str, run_ids: Sequence[str]) -> int:
    """Remove runs of a visitor with all their files; return how many of them there were.

    What the visitor has brought and removed again goes too, if these were the last to use it.
    A record goes after its files, so that whatever cuts this short leaves something that can be
    removed again, and no file that nobody knows of.
    """
    mine = Run.visitor_id == visitor_id, Run.id.in_(run_ids)
    with services.database.writing() as session:
        runs = list(session.scalars(select(Run).where(*mine).with_for_update()))
        for run in runs:
            if run.state in LIVE:
                cancel(run)
    for run in runs:
        services.media.delete_folder(folder(run.id))
    asked = time.time()
    with services.database.writing() as session:
        session.execute(delete(Run).where(*mine))
        uploads = forsaken(session, visitor_id, runs)
    for key in uploads:
        services.media.forget(key, asked)
    for run in runs:
        # Its worker, or whoever makes its timelapse, may have written there meanwhile.
        services.media.delete_folder(folder(run.id))
    return len(runs)
