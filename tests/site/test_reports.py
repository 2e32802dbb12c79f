"""What a worker writes about the run it owns."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.site import order
from tests.site.order import ALICE
from webapp.records import Loss, RunState
from webapp.runs.leases import Claim, Leases
from webapp.runs.reports import Progress, Reports
from webapp.runs.store import RunStore
from webapp.services import Services

BOTH_DATABASES = True


def after(step: int, scale: int = 1) -> Progress:
    """The progress after a step."""
    return Progress(
        step=step,
        part=step / 20,
        scale=scale,
        total=40.0 / step,
        content=10.0 / step,
        style=20.0 / step,
        tv=10.0 / step,
        seconds=step * 0.5,
        seconds_per_step=0.5,
        seconds_left=10.0 - step * 0.5,
    )


@pytest.fixture
def reports(services: Services) -> Reports:
    """Reports to the database."""
    return Reports(services.database)


@pytest.fixture
def claim(services: Services) -> Claim:
    """The claim to the only run there is."""
    order.place(services, steps=20)
    found = Leases(services.database, services.config).claim("worker")
    assert found is not None
    return found


def losses(services: Services) -> list[tuple[int, int]]:
    with services.database.reading() as session:
        return [(loss.seq, loss.step) for loss in session.scalars(select(Loss).order_by(Loss.seq))]


def test_every_step_is_recorded_and_the_newest_one_shows(
    services: Services, reports: Reports, claim: Claim
) -> None:
    assert reports.progress(claim, [after(1)], "runs/x/frames/1-1.jpg") is False
    assert reports.progress(claim, [after(2), after(3, scale=2)], "runs/x/frames/1-3.jpg") is False
    run = order.look(services, claim.run_id)
    assert (run.seq, run.step, run.scale) == (3, 3, 2)
    assert (run.seconds, run.seconds_per_step, run.seconds_left) == (1.5, 0.5, 8.5)
    assert run.frame == "runs/x/frames/1-3.jpg"
    assert losses(services) == [(1, 1), (2, 2), (3, 3)]


def test_the_worker_is_told_that_its_owner_wants_to_finish(
    services: Services, reports: Reports, claim: Claim
) -> None:
    RunStore(services).finish(ALICE, claim.run_id)
    assert reports.progress(claim, [after(1)], None) is True


def test_a_resumed_run_forgets_what_it_will_do_again_but_its_seq_goes_on(
    services: Services, reports: Reports, claim: Claim
) -> None:
    reports.progress(claim, [after(1), after(2), after(3)], None)
    assert reports.rewind(claim, 2, 0.1) == 1.5
    run = order.look(services, claim.run_id)
    assert (run.step, run.progress) == (2, 0.1)
    reports.progress(claim, [after(3)], None)
    assert losses(services) == [(1, 1), (2, 2), (4, 3)]


def test_a_run_that_starts_over_has_spent_no_time_yet(
    services: Services, reports: Reports, claim: Claim
) -> None:
    reports.progress(claim, [after(1), after(2)], None)
    assert reports.rewind(claim, 0, 0.0) == 0
    run = order.look(services, claim.run_id)
    assert (run.step, run.seconds, run.seq) == (0, 0, 2)
    assert losses(services) == []


def test_a_run_that_ended_well_has_its_result_and_no_owner(
    services: Services, reports: Reports, claim: Claim
) -> None:
    reports.checkpoint(claim, "runs/x/checkpoint-1-1.npz")
    reports.done(claim, "runs/x/result-1.png")
    run = order.look(services, claim.run_id)
    assert (run.state, run.result, run.error) == (RunState.DONE, "runs/x/result-1.png", None)
    assert (run.lease_owner, run.lease_until, run.checkpoint) == (None, None, None)
    assert (run.seconds_left, run.ended_at is not None) == (None, True)


def test_a_run_that_cannot_be_painted_has_the_reason_however_long(
    services: Services, reports: Reports, claim: Claim
) -> None:
    reports.failed(claim, "Too narrow. " * 100)
    run = order.look(services, claim.run_id)
    assert (run.state, run.result) == (RunState.FAILED, None)
    assert run.error == ("Too narrow. " * 100)[:500]
