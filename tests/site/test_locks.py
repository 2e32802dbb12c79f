"""PostgreSQL lets several write at once: what a worker has found may change the moment after."""

from __future__ import annotations

import dataclasses
import threading

import pytest
from sqlalchemy import text

from tests.site import order
from tests.site.order import ALICE, BOB
from tests.site.postgres import NEEDED, Postgres
from tests.site.server import wait_for
from webapp import engines
from webapp.config import Config
from webapp.database import Database
from webapp.errors import UnavailableError
from webapp.records import RunState
from webapp.runs import fairness
from webapp.runs import leases as leasing
from webapp.runs.leases import Claim, Leases
from webapp.runs.store import RunStore
from webapp.services import Services

pytestmark = NEEDED


@pytest.fixture
def services(postgres: Postgres, config: Config) -> Services:
    """The services of an installation on PostgreSQL."""
    address = postgres.database(template="empty")
    return Services.of(dataclasses.replace(config, database_url=address))


def test_a_run_that_is_cancelled_while_a_worker_takes_it_stays_cancelled(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where several write at once, the visitor may be faster than the worker that has found it."""
    cancelled, other = order.place(services), order.place(services, BOB)
    find = fairness.first_in_turn

    def found(*arguments: object) -> object:
        first = find(*arguments)  # type: ignore[arg-type]
        RunStore(services).cancel(ALICE, cancelled)
        monkeypatch.setattr(leasing, "first_in_turn", find)
        return first

    monkeypatch.setattr(leasing, "first_in_turn", found)
    claim = Leases(services.database, services.config).claim("worker")
    assert claim is not None and claim.run_id == other
    assert order.look(services, cancelled).state == RunState.CANCELLED


def test_whoever_vanishes_while_it_decides_does_not_keep_the_others_waiting(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_SILENT_SECONDS", 0.3)
    vanished = Database(services.database.url)
    run_id = order.place(services)
    claims: list[Claim | None] = []
    with pytest.raises(UnavailableError), vanished.deciding() as session:
        claims.append(Leases(services.database, services.config).claim("worker"))
        session.execute(text("SELECT 1"))
    assert [claim and claim.run_id for claim in claims] == [run_id]
    # It is still of use once it is back.
    with vanished.deciding() as session:
        assert session.scalar(text("SELECT 1")) == 1
    vanished.close()


def test_a_question_that_takes_too_long_is_given_up_but_no_migration_is(
    services: Services,
) -> None:
    hasty = Services.of(dataclasses.replace(services.config, query_seconds=0.1)).database
    with pytest.raises(UnavailableError), hasty.reading() as session:
        session.execute(text("SELECT pg_sleep(10)"))
    with hasty.writing() as session:
        engines.take_turn(session.connection(), engines.MIGRATING, patient=True)
        session.execute(text("SELECT pg_sleep(0.2)"))
    # And only that one: the connection has its limit again.
    with pytest.raises(UnavailableError), hasty.reading() as session:
        session.execute(text("SELECT pg_sleep(10)"))
    hasty.close()


def test_workers_that_sweep_do_not_wait_for_one_that_is_writing(services: Services) -> None:
    order.place(services)
    leases = Leases(services.database, services.config)
    claim = leases.claim("worker", now=1000.0)
    assert claim is not None
    swept: list[list[str]] = []
    with services.database.writing() as session:
        leasing.write(session, claim, seconds=1.0)
        sweeper = threading.Thread(target=lambda: swept.append(leases.sweep().again))
        sweeper.start()
        wait_for(lambda: swept, "the sweep", 20)
        assert swept == [[]]
    sweeper.join()
    assert leases.sweep().again == [claim.run_id]
