"""Runs whose steps take long: they can be ended in the middle of one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from stransfer import tiles
from stransfer.tiled_objective import TiledObjective
from tests.site import order
from tests.site.order import ALICE
from webapp.records import RunState
from webapp.runs import reporter
from webapp.runs.leases import Leases
from webapp.runs.painter import Painter
from webapp.runs.store import RunStore
from webapp.services import Services

# Six tiles at the second level, in each of its steps.
LARGE: dict[str, Any] = {
    "steps": 2,
    "output_size": 200,
    "content_layers": "block2_conv2",
    "style_layers": "block1_conv1, block2_conv1",
}
TILES = 6


@pytest.fixture
def when_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Act at the second tile of a step, and let every one after it take long."""
    monkeypatch.setattr(tiles, "LONGEST", 100)
    monkeypatch.setattr(reporter, "_LONGEST_SILENCE", 0.02)

    def arranged(act: Callable[[], object]) -> list[int]:
        computed: list[int] = []
        pull = TiledObjective.pull

        def slow(self: TiledObjective, *arguments: Any) -> Any:
            computed.append(1)
            if len(computed) == 2:
                act()
            if len(computed) >= 2:
                time.sleep(0.5)
            return pull(self, *arguments)

        monkeypatch.setattr(TiledObjective, "pull", slow)
        return computed

    return arranged


def test_a_cancelled_run_ends_in_the_middle_of_a_step(
    services: Services, leases: Leases, painter: Painter, when_in_the_middle: Any
) -> None:
    run_id = order.place(services, **LARGE)
    computed = when_in_the_middle(lambda: RunStore(services).cancel(ALICE, run_id))
    painter.paint(order.claim(leases))
    assert order.look(services, run_id).state == RunState.CANCELLED
    assert 1 < len(computed) < TILES


def test_a_finished_run_keeps_the_picture_of_the_step_before(
    services: Services, leases: Leases, painter: Painter, when_in_the_middle: Any
) -> None:
    run_id = order.place(services, **LARGE)
    computed = when_in_the_middle(lambda: RunStore(services).finish(ALICE, run_id))
    painter.paint(order.claim(leases))
    run = order.look(services, run_id)
    assert (run.state, run.step) == (RunState.DONE, 2)
    assert max(run.width, run.height) == 200
    assert len(computed) < TILES


def test_a_worker_that_must_stop_hands_the_run_back_as_it_was(
    services: Services, leases: Leases, painter: Painter, when_in_the_middle: Any
) -> None:
    run_id = order.place(services, **LARGE)
    computed = when_in_the_middle(painter.stopping.set)
    painter.paint(order.claim(leases))
    run = order.look(services, run_id)
    assert run.state == RunState.QUEUED
    assert run.checkpoint is not None
    assert len(computed) == 2
