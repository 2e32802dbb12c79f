"""How a worker owns a run, and how it loses it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.conftest import ROOT
from tests.site import order
from tests.site.order import ALICE
from webapp.errors import LeaseLostError
from webapp.records import RunState
from webapp.runs.leases import Claim, Leases
from webapp.runs.reports import Progress, Reports
from webapp.runs.store import RunStore
from webapp.services import Services

BOTH_DATABASES = True

NOW = 1_000_000.0

CLAIMER = """
import sys
from webapp.config import Config
from webapp.runs.leases import Leases
from webapp.services import Services
services = Services.of(Config(instance_path=sys.argv[1], database_url=sys.argv[2]))
leases = Leases(services.database, services.config)
print("ready", flush=True)
sys.stdin.readline()
while claim := leases.claim("process"):
    print(claim.run_id)
"""

STEP = Progress(1, 0.5, 1, 4.0, 1.0, 2.0, 1.0, 0.5, 0.5, 1.0)


def claimed(leases: Leases, owner: str = "worker", now: float = NOW) -> Claim:
    claim = leases.claim(owner, now)
    assert claim is not None
    return claim


def lose_by_cancelling(services: Services, claim: Claim) -> None:
    RunStore(services).cancel(ALICE, claim.run_id)


def lose_by_deleting(services: Services, claim: Claim) -> None:
    RunStore(services).delete(ALICE, claim.run_id)


def lose_by_silence(services: Services, claim: Claim) -> None:
    Leases(services.database, services.config).sweep(NOW + 31)


def lose_to_another_worker(services: Services, claim: Claim) -> None:
    leases = Leases(services.database, services.config)
    leases.sweep(NOW + 31)
    assert claimed(leases, "another worker", NOW + 31).run_id == claim.run_id


def lose_by_ending(services: Services, claim: Claim) -> None:
    Reports(services.database).done(claim, "runs/x/result-1.png")


LOSSES = [
    lose_by_cancelling,
    lose_by_deleting,
    lose_by_silence,
    lose_to_another_worker,
    lose_by_ending,
]


def test_a_claimed_run_is_running_and_owned(services: Services, leases: Leases) -> None:
    run_id = order.place(services)
    claim = claimed(leases)
    run = order.look(services, run_id)
    assert (claim.run_id, claim.fence) == (run_id, run.fence)
    assert (run.state, run.attempts, run.lease_owner) == (RunState.RUNNING, 1, "worker")
    assert (run.started_at, run.lease_until) == (NOW, NOW + 30)
    assert leases.claim("worker") is None


def test_processes_that_claim_at_once_never_get_the_same_run(services: Services) -> None:
    placed = {order.place(services, f"{visitor:032x}") for visitor in range(30)}
    claimers = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                CLAIMER,
                services.config.instance_path,
                services.config.database_url,
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for claimer in claimers:
        assert claimer.stdout and claimer.stdout.readline() == "ready\n"
    for claimer in claimers:
        assert claimer.stdin
        claimer.stdin.write("go\n")
        claimer.stdin.flush()
    shares = [claimer.communicate(timeout=60)[0].split() for claimer in claimers]
    assert [claimer.returncode for claimer in claimers] == [0, 0]
    assert sorted(shares[0] + shares[1]) == sorted(placed)
    assert {order.look(services, run_id).attempts for run_id in placed} == {1}


def test_a_sign_of_life_prolongs_the_lease(services: Services, leases: Leases) -> None:
    order.place(services)
    claim = claimed(leases)
    leases.renew(claim, NOW + 20)
    assert leases.sweep(NOW + 49).again == []
    assert leases.sweep(NOW + 51).again == [claim.run_id]


def test_a_run_whose_worker_died_is_put_back_in_the_queue(
    services: Services, leases: Leases
) -> None:
    run_id = order.place(services)
    claimed(leases)
    assert leases.sweep(NOW + 29).again == []
    assert leases.sweep(NOW + 31).again == [run_id]
    run = order.look(services, run_id)
    assert (run.state, run.attempts, run.error) == (RunState.QUEUED, 1, None)
    assert (run.lease_owner, run.lease_until) == (None, None)
    assert leases.sweep(NOW + 32).again == []
    assert claimed(leases, "another worker", NOW + 33).run_id == run_id
    assert order.look(services, run_id).attempts == 2


def test_a_worker_that_comes_back_as_another_process_has_as_long_again_for_it(
    services: Services, leases: Leases
) -> None:
    order.place(services)
    claim = claimed(leases)
    assert leases.sweep(NOW + 59, replaced=lambda owner: True).again == []
    assert leases.sweep(NOW + 61, replaced=lambda owner: True).again == [claim.run_id]


def test_after_three_dead_workers_a_run_is_failed_with_the_reason(
    services: Services, leases: Leases
) -> None:
    run_id = order.place(services)
    for attempt in range(3):
        claimed(leases, now=NOW + 100 * attempt)
        swept = leases.sweep(NOW + 100 * attempt + 31)
        assert swept.again == ([run_id] if attempt < 2 else [])
        assert [run.id for run in swept.failed] == ([] if attempt < 2 else [run_id])
    run = order.look(services, run_id)
    assert (run.state, run.attempts) == (RunState.FAILED, 3)
    assert run.error and run.error.endswith("a smaller size may work.")
    assert run.ended_at is not None
    assert leases.claim("worker") is None


def test_an_attempt_that_failed_is_tried_again_until_the_third(
    services: Services, leases: Leases
) -> None:
    run_id = order.place(services)
    again = [leases.release(claimed(leases), "It broke.") for _ in range(3)]
    assert again == [True, True, False]
    run = order.look(services, run_id)
    assert (run.state, run.error) == (RunState.FAILED, "It broke.")


def test_a_run_handed_back_by_a_stopping_worker_has_lost_no_attempt(
    services: Services, leases: Leases
) -> None:
    run_id = order.place(services)
    for _ in range(5):
        leases.hand_back(claimed(leases))
    run = order.look(services, run_id)
    assert (run.state, run.attempts, run.error) == (RunState.QUEUED, 0, None)


@pytest.mark.parametrize("lose", LOSSES, ids=lambda lose: lose.__name__)
@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda s, c: Leases(s.database, s.config).renew(c), id="renew"),
        pytest.param(lambda s, c: Leases(s.database, s.config).release(c, "No."), id="release"),
        pytest.param(lambda s, c: Leases(s.database, s.config).hand_back(c), id="hand back"),
        pytest.param(lambda s, c: Reports(s.database).begin(c), id="begin"),
        pytest.param(lambda s, c: Reports(s.database).rewind(c, 0, 0.0), id="rewind"),
        pytest.param(lambda s, c: Reports(s.database).progress(c, [STEP], "f"), id="progress"),
        pytest.param(lambda s, c: Reports(s.database).checkpoint(c, "key"), id="checkpoint"),
        pytest.param(lambda s, c: Reports(s.database).done(c, "key"), id="done"),
        pytest.param(lambda s, c: Reports(s.database).failed(c, "No."), id="failed"),
    ],
)
def test_a_worker_that_lost_its_run_can_write_nothing_more(
    lose: Callable[[Services, Claim], None],
    write: Callable[[Services, Claim], object],
    services: Services,
    leases: Leases,
) -> None:
    order.place(services)
    claim = claimed(leases)
    lose(services, claim)
    before = everything(services)
    with pytest.raises(LeaseLostError):
        write(services, claim)
    assert everything(services) == before


def test_a_worker_under_time_pressure_renews_before_others_take_over(
    services: Services, leases: Leases
) -> None:
    order.place(services)
    claim = claimed(leases, now=time.time())
    leases.renew(claim)
    run = order.look(services, claim.run_id)
    assert run.lease_until is not None
    assert run.lease_until - time.time() == pytest.approx(30, abs=5)


def everything(services: Services) -> list[tuple[object, ...]]:
    """All rows that a worker may write."""
    with services.database.reading() as session:
        connection = session.connection()
        return [
            *map(tuple, connection.exec_driver_sql("SELECT * FROM runs")),
            *map(tuple, connection.exec_driver_sql("SELECT * FROM losses")),
        ]


def test_a_run_that_gets_further_each_time_is_never_given_up(
    services: Services, leases: Leases
) -> None:
    run_id = order.place(services)
    reports = Reports(services.database)
    for attempt in range(1, 8):
        claim = leases.claim("worker", NOW)
        assert claim is not None
        reports.checkpoint(claim, f"runs/x/checkpoints/{attempt}.npz")
        assert leases.release(claim, "reason")
    assert order.look(services, run_id).attempts == 7
    for attempt in range(3):
        claim = leases.claim("worker", NOW)
        assert claim is not None
        assert leases.release(claim, "reason") == (attempt < 2)
    assert order.look(services, run_id).state == RunState.FAILED


def test_a_run_of_a_process_known_to_be_dead_is_put_back_at_once(
    services: Services, leases: Leases
) -> None:
    run_id = order.place(services)
    assert leases.claim("worker", NOW) is not None
    assert leases.sweep_dead({"another": "It died."}.get).again == []
    assert leases.sweep_dead({"worker": "It died."}.get).again == [run_id]
    assert order.look(services, run_id).state == RunState.QUEUED
