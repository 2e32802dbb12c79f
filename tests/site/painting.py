"""What the tests of painting look at, and how they act in the middle of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from webapp.records import Loss
from webapp.runs.leases import Claim, Leases
from webapp.runs.reports import Progress, Reports
from webapp.services import Services


def losses(services: Services) -> list[tuple[int, float]]:
    """Every recorded step with its loss."""
    with services.database.reading() as session:
        recorded = session.scalars(select(Loss).order_by(Loss.seq))
        return [(loss.step, round(loss.total, 4)) for loss in recorded]


def files(services: Services, run_id: str) -> list[str]:
    """The files of a run, below its folder."""
    folder = services.config.instance / "media" / "runs" / run_id
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def when_recorded(
    leases: Leases, step: int, act: Callable[[Claim], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Act once, when a step has been recorded: at a moment, and not after some seconds."""
    record = Reports.progress

    def recorded(
        self: Reports, claim: Claim, steps: list[Progress], *kept: str | int | None
    ) -> bool:
        wanted = record(self, claim, steps, *kept)  # type: ignore[arg-type]
        if steps and steps[-1].step >= step and not acted:
            acted.append(True)
            act(claim)
        return wanted

    acted: list[bool] = []
    monkeypatch.setattr(Reports, "progress", recorded)
