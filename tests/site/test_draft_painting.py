"""One claimed draft, painted with the real network, and let go of for whoever waits."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from stransfer import images
from tests.conftest import file_bytes
from tests.site import corpus, order
from tests.site.order import ALICE, BOB
from tests.site.painting import files, losses, when_recorded
from webapp.config import Config
from webapp.errors import NotFoundError
from webapp.records import RunState
from webapp.runs import drafts
from webapp.runs import painter as painting
from webapp.runs.draftstore import DraftStore
from webapp.runs.leases import Leases
from webapp.runs.orders import Ingredient
from webapp.runs.painter import Painter
from webapp.runs.store import RunStore
from webapp.runs.worker import Worker
from webapp.services import Services


@pytest.fixture
def config(config: Config) -> Config:
    """A checkpoint after every step, and a picture of nearly every one."""
    return replace(config, checkpoint_steps=1, frames_per_second=10)


def test_a_draft_is_painted_and_nothing_is_kept_but_its_newest_pictures(
    painter: Painter, leases: Leases, services: Services
) -> None:
    draft = order.place_draft(services)
    assert painter.paint(order.claim(leases)) is False
    run = order.look(services, draft)
    assert (run.state, run.step, run.error) == (RunState.DONE, drafts.STEPS, None)
    assert (run.result, run.moments, run.checkpoint) == (None, [], None)
    assert all(name.startswith("frames/") for name in files(services, draft))
    assert run.frame is not None
    shown = Image.open(io.BytesIO(services.media.read(run.frame)))
    assert max(shown.size) == drafts.SIDE == max(run.width, run.height)
    assert run.frame.endswith(f"-{drafts.STEPS}.jpg")
    assert [step for step, _ in losses(services)] == list(range(1, drafts.STEPS + 1))


def test_a_worker_that_measures_its_speed_gives_way_to_whoever_rings(services: Services) -> None:
    worker = Worker(services)
    worker.bell.ring()
    worker._measure()
    assert worker._gauge.due and worker._gauge.speeds == {}


def test_a_draft_gives_way_to_a_run_of_anybody_and_is_painted_after_it(
    painter: Painter, leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = order.place_draft(services)
    placed: list[str] = []
    when_recorded(leases, 2, lambda claim: placed.append(order.place(services, BOB)), monkeypatch)
    assert painter.paint(order.claim(leases)) is True
    run = order.look(services, draft)
    assert (run.state, run.attempts, run.fruitless) == (RunState.QUEUED, 0, 0)
    assert 2 <= run.step < drafts.STEPS
    assert run.checkpoint is None and run.frame is not None

    claim = order.claim(leases)
    assert [claim.run_id] == placed
    painter.paint(claim)
    painter.paint(order.claim(leases))
    assert order.look(services, draft).state == RunState.DONE


def test_no_step_is_taken_while_somebody_waits(
    painter: Painter, leases: Leases, services: Services
) -> None:
    draft = order.place_draft(services)
    claim = order.claim(leases)
    order.place(services, BOB)
    assert painter.paint(claim) is True
    assert (order.look(services, draft).step, losses(services)) == (0, [])


def test_nobody_waits_for_a_network_that_only_a_draft_needs(
    painter: Painter, leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made ready beside the run that has come meanwhile, and then there for the draft."""
    begun, wanted = threading.Event(), threading.Event()
    ready: list[bool] = []

    def prepare(settings: object) -> None:
        begun.set()
        order.place(services, BOB)
        wanted.wait(30)
        ready.append(True)

    monkeypatch.setattr(painting, "prepare", prepare)
    draft = order.place_draft(services)
    assert painter.paint(order.claim(leases)) is True
    assert begun.is_set() and ready == []
    assert order.look(services, draft).state == RunState.QUEUED
    wanted.set()


def test_a_draft_that_is_cancelled_while_it_is_painted_leaves_nothing(
    painter: Painter, leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel = DraftStore(services).cancel
    draft = order.place_draft(services)
    when_recorded(leases, 2, lambda claim: cancel(ALICE, claim.run_id), monkeypatch)
    assert painter.paint(order.claim(leases)) is False
    assert files(services, draft) == []
    with pytest.raises(NotFoundError):
        RunStore(services).snapshot(ALICE, draft)


def test_a_worker_that_stops_puts_a_draft_back(
    painter: Painter, leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = order.place_draft(services)
    when_recorded(leases, 2, lambda claim: painter.stopping.set(), monkeypatch)
    assert painter.paint(order.claim(leases)) is True
    assert order.look(services, draft).state == RunState.QUEUED
    assert [name for name in files(services, draft) if "checkpoint" in name] == []


def test_a_draft_reads_no_more_of_a_large_picture_than_can_be_seen_in_it(
    painter: Painter, leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.media.write("samples/large.jpg", file_bytes(corpus.noisy(3000, 2000), "JPEG"))
    large = Ingredient("sample:large.jpg", "Large", "samples/large.jpg", 3000, 2000)
    sizes: list[tuple[int, int]] = []
    opened = images.open_srgb

    def noted(*arguments: Any) -> Image.Image:
        image = opened(*arguments)
        sizes.append(image.size)
        return image

    monkeypatch.setattr(images, "open_srgb", noted)
    DraftStore(services).order(ALICE, replace(order.made_of(services), content=large))
    painter.paint(order.claim(leases))
    assert sizes[0] == (512, 341)
