"""How long a run still waits, from what was measured here and from nothing else."""

from __future__ import annotations

import dataclasses
import time

import pytest

from tests.site import order
from tests.site.order import ALICE, BOB
from webapp.config import Config
from webapp.runs.leases import Claim, Leases
from webapp.runs.reports import Progress, Reports
from webapp.runs.store import RunStore
from webapp.services import Services

BOTH_DATABASES = True

# A small run of two samples: 100 x 75 px, on one level.
STEPS = 40


@pytest.fixture
def config(config: Config, request: pytest.FixtureRequest) -> Config:
    """The configuration, with as many workers as the test says."""
    workers = getattr(request, "param", 1)
    return dataclasses.replace(config, workers=workers, max_running_per_visitor=max(1, workers))


def place(services: Services, model: str = "vgg16") -> str:
    return order.place(services, steps=STEPS, model=model)


def wait(services: Services, run_id: str) -> object:
    return RunStore(services).snapshot(ALICE, run_id)["wait_seconds"]


def paint(
    services: Services, claim: Claim, part: float, left: float | None, pace: float | None
) -> None:
    """Report that a part is painted, at a pace, after 3 s of preparation."""
    seconds = 3 + (pace or 0) * part * STEPS
    step = Progress(int(part * STEPS), part, 1, 1.0, 1.0, 1.0, 1.0, seconds, pace, left)
    Reports(services.database).progress(claim, [step], None)


def finish_one(services: Services, leases: Leases, pace: float = 0.5) -> None:
    """Paint a run to its end, at so many seconds a step, after 3 s of preparation."""
    place(services)
    claim = order.claim(leases)
    paint(services, claim, 1.0, 0.0, pace)
    Reports(services.database).done(claim, f"runs/{claim.run_id}/result-1.png")


def test_the_next_run_waits_for_what_the_painted_one_has_left(
    services: Services, leases: Leases
) -> None:
    place(services)
    claim = order.claim(leases)
    first, second = place(services), place(services)
    # Nothing was ever measured here, so nothing is promised.
    assert (wait(services, first), wait(services, second)) == (None, None)
    paint(services, claim, 0.25, left=15.0, pace=0.5)
    assert wait(services, first) == 15
    # At the pace of the one that is painted, with its preparation.
    assert wait(services, second) == pytest.approx(15 + 3 + STEPS * 0.5)
    # Of another network nothing is known, and so of whatever comes after it.
    place(services, model="vgg19")
    assert wait(services, place(services)) is None
    assert wait(services, claim.run_id) is None


def test_before_its_first_steps_a_run_is_expected_to_take_what_others_took(
    services: Services, leases: Leases
) -> None:
    finish_one(services, leases)
    place(services)
    leases.claim("worker", now=time.time() - 4)
    found = wait(services, place(services))
    assert found == pytest.approx(3 + STEPS * 0.5 - 4, abs=1)


def test_what_an_earlier_attempt_painted_is_not_waited_for_again(
    services: Services, leases: Leases
) -> None:
    finish_one(services, leases)
    place(services)
    claim = order.claim(leases)
    paint(services, claim, 0.75, left=5.0, pace=0.5)
    leases.hand_back(claim)
    # It is taken up at once, and the next one after its last quarter.
    assert wait(services, claim.run_id) == 0
    assert wait(services, place(services)) == pytest.approx(3 + 0.25 * STEPS * 0.5)


@pytest.mark.parametrize("config", [2], indirect=True)
def test_the_line_moves_up_with_whichever_worker_is_free_first(
    services: Services, leases: Leases
) -> None:
    finish_one(services, leases)
    for left in (30.0, 10.0):
        place(services)
        paint(services, order.claim(leases), 0.5, left=left, pace=0.5)
    waiting = [place(services) for _ in range(3)]
    one = 3 + STEPS * 0.5
    expected = [10, 30, 10 + one]
    assert [wait(services, run) for run in waiting] == pytest.approx(expected)


@pytest.mark.parametrize("config", [2], indirect=True)
def test_a_visitor_waits_for_runs_of_their_own_though_a_worker_is_free(services: Services) -> None:
    services = dataclasses.replace(
        services, config=dataclasses.replace(services.config, max_running_per_visitor=1)
    )
    leases = Leases(services.database, services.config)
    finish_one(services, leases)
    place(services)
    paint(services, order.claim(leases), 0.5, left=30.0, pace=0.5)
    own, second = place(services), place(services)
    other = order.place(services, BOB, steps=STEPS)
    one = 3 + STEPS * 0.5
    assert [wait(services, run) for run in (own, second)] == pytest.approx([30, 30 + one])
    assert RunStore(services).snapshot(BOB, other)["wait_seconds"] == 0


@pytest.mark.parametrize("config", [0], indirect=True)
def test_where_nobody_paints_no_time_is_promised(services: Services, leases: Leases) -> None:
    finish_one(services, leases)
    assert wait(services, place(services)) is None
