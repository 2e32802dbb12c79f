"""What is left of runs that are cancelled, deleted, or not accepted at all."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.site import order
from tests.site.order import ALICE
from webapp.database import Database
from webapp.errors import NotFoundError, UnavailableError
from webapp.media import MediaStore
from webapp.records import RunState
from webapp.runs.belongings import folder
from webapp.runs.leases import Leases
from webapp.runs.orders import continued
from webapp.runs.reports import Reports
from webapp.runs.store import RunStore
from webapp.services import Services
from webapp.visitors import Visitors

BOTH_DATABASES = True


@pytest.fixture
def runs(services: Services) -> RunStore:
    """The runs of a new installation."""
    return RunStore(services)


@contextlib.contextmanager
def no_deleting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the media store out of reach for whoever deletes."""

    def unreachable(self: MediaStore, folder: str) -> None:
        raise UnavailableError("The network is down.")

    with monkeypatch.context() as broken:
        broken.setattr(MediaStore, "delete_folder", unreachable)
        yield


def test_a_run_that_waits_with_a_checkpoint_keeps_nothing_of_it_when_it_is_cancelled(
    runs: RunStore, services: Services, leases: Leases
) -> None:
    run_id = order.place(services)
    claim = order.claim(leases)
    frame, saved = f"{folder(run_id)}/frames/1-1.jpg", f"{folder(run_id)}/checkpoints/1-1.npz"
    for key in (frame, saved, f"{folder(run_id)}/moments/0.jpg"):
        services.media.write(key, b"x")
    Reports(services.database).progress(claim, [], frame, 0)
    Reports(services.database).checkpoint(claim, saved)
    assert leases.release(claim, "It broke.")
    runs.cancel(ALICE, run_id)
    run = runs.find(ALICE, run_id)
    assert (run.state, run.checkpoint) == (RunState.CANCELLED, None)
    assert [file.key for file in services.media.files(folder(run_id))] == [frame]


def test_a_run_is_deleted_after_its_files_so_that_it_can_be_deleted_again(
    runs: RunStore, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = order.place(services)
    services.media.write(f"{folder(run_id)}/frames/1-1.jpg", b"x")
    with no_deleting(monkeypatch), pytest.raises(UnavailableError):
        runs.delete(ALICE, run_id)
    assert runs.find(ALICE, run_id).state == RunState.CANCELLED
    runs.delete(ALICE, run_id)
    assert services.media.files(folder(run_id)) == []
    with pytest.raises(NotFoundError):
        runs.find(ALICE, run_id)


def test_a_visitor_is_forgotten_after_their_files_so_that_it_can_be_asked_for_again(
    runs: RunStore, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = order.place(services)
    services.media.write(f"{folder(run_id)}/frames/1-1.jpg", b"x")
    with no_deleting(monkeypatch), pytest.raises(UnavailableError):
        Visitors(services).forget(ALICE)
    assert Visitors(services).holdings(ALICE).runs == 1
    Visitors(services).forget(ALICE)
    assert services.media.files(folder(run_id)) == []
    assert not Visitors(services).holdings(ALICE)


@pytest.mark.sqlite
def test_a_run_that_cannot_be_recorded_is_not_accepted_and_leaves_nothing(
    runs: RunStore, services: Services, leases: Leases
) -> None:
    order.place(services)
    claim = order.claim(leases)
    services.media.write(f"{folder(claim.run_id)}/result-1.png", b"x")
    Reports(services.database).done(claim, f"{folder(claim.run_id)}/result-1.png")
    before = services.media.files()
    path = services.database.url.removeprefix("sqlite:///")
    impatient = replace(services, database=Database(services.database.url, busy_seconds=0.1))
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError):
            RunStore(impatient).submit(ALICE, continued(runs.find(ALICE, claim.run_id), 5))
    impatient.database.close()
    assert services.media.files() == before
    assert runs.live(ALICE) == []
