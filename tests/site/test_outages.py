"""A painter without room for its files, or out of reach of its pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.site import order
from tests.site.order import ALICE
from tests.site.painting import files
from webapp.config import Config
from webapp.errors import UnavailableError
from webapp.media import MediaStore
from webapp.records import RunState
from webapp.runs import painter as painter_module
from webapp.runs import reporter, vigil
from webapp.runs.leases import Leases
from webapp.runs.painter import Painter
from webapp.runs.reports import Reports
from webapp.runs.store import RunStore
from webapp.services import Services


@pytest.fixture
def config(config: Config) -> Config:
    """A checkpoint after every step, and a picture of nearly every one."""
    return replace(config, checkpoint_steps=1, frames_per_second=10)


def without_room(
    monkeypatch: pytest.MonkeyPatch, what: str, meanwhile: Callable[[], object]
) -> None:
    """Let there be no room for files of a kind until something has been done meanwhile."""
    write = MediaStore.write
    done: list[object] = []

    def written(self: MediaStore, key: str, content: bytes) -> None:
        if what in key and not done:
            done.append(meanwhile())
            raise UnavailableError("There is no room.")
        write(self, key, content)

    monkeypatch.setattr(MediaStore, "write", written)
    monkeypatch.setattr(vigil, "PAUSE_SECONDS", 0.01)


@pytest.mark.parametrize("what", ["frames", "moments", "checkpoints", "result"])
def test_a_run_goes_on_without_room_and_has_its_result_once_there_is_some(
    what: str,
    painter: Painter,
    leases: Leases,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_room(monkeypatch, what, lambda: None)
    run_id = order.place(services, steps=5)
    assert painter.paint(order.claim(leases)) is False
    run = order.look(services, run_id)
    assert (run.state, run.attempts, run.step) == (RunState.DONE, 1, 5)
    assert run.result and services.media.exists(run.result)
    assert run.frame and run.frame.endswith("-5.jpg")


@pytest.mark.parametrize("what", ["-3.jpg", "result"])
def test_a_run_that_is_cancelled_while_there_is_no_room_is_let_go(
    what: str,
    painter: Painter,
    leases: Leases,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id = order.place(services, steps=3)
    without_room(monkeypatch, what, lambda: RunStore(services).cancel(ALICE, run_id))
    assert painter.paint(order.claim(leases)) is False
    assert order.look(services, run_id).state == RunState.CANCELLED
    assert [name for name in files(services, run_id) if not name.startswith("frames/")] == []


def test_a_worker_that_must_stop_does_not_wait_for_room(
    painter: Painter, leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = order.place(services, steps=3)
    without_room(monkeypatch, "result", painter.stopping.set)
    assert painter.paint(order.claim(leases)) is True
    run = order.look(services, run_id)
    assert (run.state, run.attempts) == (RunState.QUEUED, 0)


def test_pictures_out_of_reach_cost_no_attempt(
    painter: Painter, leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a bucket on the other side of a network that is down."""
    monkeypatch.setattr(painter_module, "PAUSE_SECONDS", 0.0)
    run_id = order.place(services)
    with monkeypatch.context() as out_of_reach:

        def unreachable(self: MediaStore, key: str) -> bytes:
            raise UnavailableError("The network is down.")

        out_of_reach.setattr(MediaStore, "read", unreachable)
        assert [painter.paint(order.claim(leases)) for _ in range(5)] == [True] * 5
    assert order.look(services, run_id).attempts == 0
    assert painter.paint(order.claim(leases)) is False
    assert order.look(services, run_id).state == RunState.DONE


def test_the_picture_that_is_recorded_stays_while_newer_ones_cannot_be(
    painter: Painter, leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vigil, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(reporter, "PAUSE_SECONDS", 0.01)
    run_id = order.place(services, steps=12)
    progress = Reports.progress
    seen: list[bool] = []

    def refused(self: Reports, *arguments: Any) -> bool:
        run = order.look(services, run_id)
        if run.frame is not None and len(seen) < 4:
            seen.append(services.media.exists(run.frame))
            raise UnavailableError("The database does not answer.")
        return progress(self, *arguments)

    monkeypatch.setattr(Reports, "progress", refused)
    assert painter.paint(order.claim(leases)) is False
    assert seen == [True] * 4
    assert order.look(services, run_id).state == RunState.DONE
    assert len([name for name in files(services, run_id) if name.startswith("frames/")]) == 1
