"""Whose turn it is."""

from __future__ import annotations

import pytest

from tests.site import order
from tests.site.order import ALICE, BOB, CAROL
from webapp.runs.fairness import Waiting, in_turn
from webapp.runs.leases import Leases
from webapp.runs.store import RunStore
from webapp.services import Services

BOTH_DATABASES = True


def line(*runs: tuple[str, str, float, float]) -> list[Waiting]:
    """Queued runs: id, visitor, created at, the visitor served at."""
    return [Waiting(*run) for run in runs]


@pytest.mark.parametrize(
    ("waiting", "turns"),
    [
        ([], []),
        # One visitor alone: the oldest first.
        (line(("a2", "a", 2, 0), ("a1", "a", 1, 0), ("a3", "a", 3, 0)), ["a1", "a2", "a3"]),
        # Who comes later with one run does not wait for all of somebody's hundred.
        (
            line(("a1", "a", 1, 0), ("a2", "a", 2, 0), ("a3", "a", 3, 0), ("b1", "b", 4, 0)),
            ["a1", "b1", "a2", "a3"],
        ),
        # Who was served is behind who was not, though the run is older.
        (line(("a1", "a", 1, 50), ("b1", "b", 9, 0)), ["b1", "a1"]),
        # Of two who were served, who waits longer since then is first.
        (line(("a1", "a", 1, 60), ("b1", "b", 2, 50), ("c1", "c", 3, 70)), ["b1", "a1", "c1"]),
        # Three visitors with three each take turns.
        (
            line(
                ("a1", "a", 1, 0),
                ("a2", "a", 2, 0),
                ("b1", "b", 3, 0),
                ("b2", "b", 4, 0),
                ("c1", "c", 5, 0),
                ("c2", "c", 6, 0),
            ),
            ["a1", "b1", "c1", "a2", "b2", "c2"],
        ),
        # At the same moment the order is still the same in every process.
        (line(("y", "b", 1, 0), ("x", "a", 1, 0)), ["x", "y"]),
    ],
)
def test_visitors_take_turns(waiting: list[Waiting], turns: list[str]) -> None:
    assert in_turn(waiting) == turns
    assert in_turn(waiting[::-1]) == turns


def test_workers_take_runs_in_turn_and_the_places_in_the_queue_say_so(services: Services) -> None:
    runs = RunStore(services)
    leases = Leases(services.database, services.config)
    greedy = [order.place(services, ALICE) for _ in range(3)]
    modest = order.place(services, BOB)
    late = order.place(services, CAROL)
    expected = [greedy[0], modest, late, greedy[1], greedy[2]]
    assert leases.waiting() == expected
    assert runs.snapshot(CAROL, late)["queue_position"] == 3
    for now, run_id in enumerate(expected, start=1000):
        assert runs.pulses(dict.fromkeys([run_id], 0))[run_id].place is not None
        claim = leases.claim("worker", now=now)
        assert claim is not None and claim.run_id == run_id
        assert runs.pulses({run_id: 0})[run_id].place is None


def test_the_place_in_the_queue_grows_smaller_as_others_are_served(services: Services) -> None:
    leases = Leases(services.database, services.config)
    order.place(services, ALICE)
    second = order.place(services, ALICE)
    positions = []
    for now in (1000, 1001):
        positions.append(RunStore(services).snapshot(ALICE, second)["queue_position"])
        leases.claim("worker", now=now)
    positions.append(RunStore(services).snapshot(ALICE, second)["queue_position"])
    assert positions == [2, 1, None]
