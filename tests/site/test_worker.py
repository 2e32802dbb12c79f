"""The worker's housekeeping; what it does with a run, the tests of the server and painter show."""

from __future__ import annotations

import pytest

from tests.site import order
from tests.site.order import ALICE
from webapp.config import Config
from webapp.records import RunState
from webapp.runs.leases import Leases
from webapp.runs.store import RunStore
from webapp.runs.worker import Worker
from webapp.services import Services


@pytest.fixture
def leases(services: Services) -> Leases:
    """The leases that the worker keeps."""
    return Leases(services.database, services.config)


def lose_messages(services: Services) -> None:
    """Lose what is in the queue, as a worker does that dies holding a message."""
    services.queue.huey.flush()
    assert services.queue.waiting() == 0


def test_a_run_whose_message_was_lost_is_found(services: Services) -> None:
    order.place(services)
    lose_messages(services)
    worker = Worker(services)
    worker.keep_house()
    assert worker.bell.rung


def test_an_idle_worker_without_runs_is_left_at_rest(services: Services) -> None:
    run_id = order.place(services)
    RunStore(services).cancel(ALICE, run_id)
    lose_messages(services)
    worker = Worker(services)
    worker.keep_house()
    assert not worker.bell.rung


def test_a_run_with_a_dead_worker_is_put_back_and_sent(services: Services, leases: Leases) -> None:
    run_id = order.place(services)
    lose_messages(services)
    leases.claim("a worker that died", now=1000.0)
    Worker(services).keep_house()
    assert order.look(services, run_id).state == RunState.QUEUED
    assert services.queue.waiting() == 1


def test_a_run_with_a_living_worker_is_left_alone(services: Services, leases: Leases) -> None:
    run_id = order.place(services)
    lose_messages(services)
    leases.claim("a worker that lives")
    Worker(services).keep_house()
    assert order.look(services, run_id).state == RunState.RUNNING
    assert services.queue.waiting() == 0


def test_housekeeping_survives_a_database_that_does_not_answer(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    services = Services.of(config)  # without its tables
    worker = Worker(services)
    worker.keep_house()
    assert "housekeeping failed" in caplog.text and not worker.bell.rung
    services.database.migrate()
    order.place(services)
    worker.keep_house()
    assert worker.bell.rung
