"""Whose turn it is."""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, create_engine, event, text

from tests.site import order
from tests.site.order import ALICE, BOB, CAROL
from webapp.config import Config
from webapp.runs import leases as leasing
from webapp.runs.fairness import Waiting, in_turn, waiting_in_turn
from webapp.runs.leases import Claim, Leases
from webapp.runs.store import RunStore
from webapp.services import Services

BOTH_DATABASES = True


@pytest.fixture
def config(config: Config, request: pytest.FixtureRequest) -> Config:
    """The configuration, with as many runs painted at once for a visitor as the test says."""
    return dataclasses.replace(config, max_running_per_visitor=getattr(request, "param", 1))


def line(*runs: tuple[str, str, float, float], running: str = "") -> list[Waiting]:
    """Queued runs: id, visitor, created at, the visitor served at; and who has runs painted."""
    return [Waiting(*run, running=running.count(run[1])) for run in runs]


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
        # Who was served is behind who was not, though the run is older, and is so in every turn.
        (
            line(("a1", "a", 1, 50), ("a2", "a", 2, 50), ("b1", "b", 9, 0), ("b2", "b", 10, 0)),
            ["b1", "a1", "b2", "a2"],
        ),
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
        # Who has a run painted waits for who has none, however long ago that was begun.
        (line(("a1", "a", 1, 5), ("b1", "b", 9, 70), running="a"), ["b1", "a1"]),
        (line(("a1", "a", 1, 5), ("b1", "b", 9, 70), running="aab"), ["b1", "a1"]),
        # At the same moment the order is still the same in every process.
        (line(("y", "b", 1, 0), ("x", "a", 1, 0)), ["x", "y"]),
    ],
)
def test_visitors_take_turns(waiting: list[Waiting], turns: list[str]) -> None:
    assert [turn.run_id for turn in in_turn(waiting)] == turns
    assert [turn.run_id for turn in in_turn(waiting[::-1])] == turns


@pytest.mark.parametrize("seed", range(40))
def test_what_is_foretold_is_what_a_worker_does(seed: int) -> None:
    """A worker takes what is first, again and again, and that is the order told in advance."""
    chance = random.Random(seed)
    served = {name: chance.choice([0.0, chance.random()]) for name in "abcde"}
    waiting = [
        Waiting(f"r{n}", name := chance.choice("abcde"), chance.random(), served[name], 0)
        for n in range(14)
    ]
    painted = chance.choice([None, *served])
    if painted is not None:
        served[painted] = 1.0
    foretold = [turn.run_id for turn in in_turn(_now(waiting, served, painted))]
    taken = []
    while waiting:
        # The worker has ended what it painted, and takes the next.
        run_id, visitor, *_ = in_turn(_now(waiting, served, None))[0]
        taken.append(run_id)
        waiting = [run for run in waiting if run.run_id != run_id]
        served[visitor] = 1.0 + len(taken)
        assert [turn.run_id for turn in in_turn(_now(waiting, served, visitor))] == foretold[
            len(taken) :
        ]
    assert taken == foretold


def _now(waiting: list[Waiting], served: dict[str, float], painted: str | None) -> list[Waiting]:
    """The waiting runs as they are told, now that visitors were served and one is painted for."""
    return [
        run._replace(served_at=served[run.visitor_id], running=int(run.visitor_id == painted))
        for run in waiting
    ]


def test_workers_take_runs_in_turn_and_the_places_in_the_queue_say_so(services: Services) -> None:
    runs = RunStore(services)
    leases = Leases(services.database, services.config)
    greedy = [order.place(services, ALICE) for _ in range(3)]
    modest = order.place(services, BOB)
    late = order.place(services, CAROL)
    expected = [greedy[0], modest, late, greedy[1], greedy[2]]
    # Those that may be taken up now: one for each visitor.
    assert leases.waiting() == expected[:3]
    for now, run_id in enumerate(expected, start=1000):
        positions = [runs.pulses.of([one])[one].place for one in expected]
        assert [place.position for place in positions if place] == list(range(1, 1006 - now))
        claim = leases.claim("worker", now=now)
        assert claim is not None and claim.run_id == run_id
        assert runs.pulses.of([run_id])[run_id].place is None
        runs.cancel(order.look(services, run_id).visitor_id, run_id)


def test_the_place_in_the_queue_grows_smaller_as_others_are_served(services: Services) -> None:
    leases = Leases(services.database, services.config)
    order.place(services, BOB)
    second = order.place(services, ALICE)
    positions = []
    for now in (1000, 1001):
        positions.append(RunStore(services).snapshot(ALICE, second)["queue_position"])
        leases.claim("worker", now=now)
    positions.append(RunStore(services).snapshot(ALICE, second)["queue_position"])
    assert positions == [2, 1, None]


def test_a_second_worker_takes_another_visitors_run_and_else_none(services: Services) -> None:
    leases = Leases(services.database, services.config)
    first, second, third = (order.place(services, ALICE) for _ in range(3))
    assert order.claim(leases).run_id == first
    assert leases.claim("another worker") is None and leases.waiting() == []
    modest = order.place(services, BOB)
    assert order.claim(leases).run_id == modest
    assert leases.claim("a third worker") is None
    RunStore(services).cancel(ALICE, first)
    assert order.claim(leases).run_id == second
    RunStore(services).delete(ALICE, second)
    assert order.claim(leases).run_id == third


@pytest.mark.parametrize("config", [2], indirect=True)
def test_who_may_have_two_painted_at_once_keeps_two_workers_busy(services: Services) -> None:
    leases = Leases(services.database, services.config)
    first, second, third = (order.place(services, ALICE) for _ in range(3))
    assert [order.claim(leases).run_id for _ in range(2)] == [first, second]
    assert leases.claim("a third worker") is None
    modest = order.place(services, BOB)
    assert leases.waiting() == [modest]
    RunStore(services).cancel(ALICE, first)
    assert leases.waiting() == [modest, third]


@pytest.mark.parametrize("config", [2], indirect=True)
def test_a_worker_takes_what_is_first_in_line_without_reading_all_of_it(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases, chance = Leases(services.database, services.config), random.Random(7)
    for _ in range(16):
        place = order.place_draft if chance.random() < 0.2 else order.place
        place(services, chance.choice([ALICE, BOB, CAROL]))
    taken = []
    while line := leases.waiting():
        with monkeypatch.context() as unread:
            unread.setattr(leasing, "waiting_in_turn", None)
            taken.append(order.claim(leases))
        assert taken[-1].run_id == line[0]
        if chance.random() < 0.4:
            leases.release(taken.pop(chance.randrange(len(taken))), "It broke.")
    with monkeypatch.context() as unread:
        unread.setattr(leasing, "waiting_in_turn", None)
        assert leases.claim("worker") is None


def test_nobody_comes_earlier_by_deleting_what_was_painted(services: Services) -> None:
    leases = Leases(services.database, services.config)
    painted, again = order.place(services, ALICE), order.place(services, ALICE)
    assert order.claim(leases).run_id == painted
    other = order.place(services, BOB)
    RunStore(services).delete(ALICE, painted)
    assert leases.waiting() == [other, again]


def test_a_draft_waits_for_no_run_of_its_visitor(services: Services) -> None:
    leases, runs = Leases(services.database, services.config), RunStore(services)
    first, second = order.place(services, ALICE), order.place(services, ALICE)
    assert order.claim(leases).run_id == first
    draft = order.place_draft(services, ALICE)
    assert leases.waiting() == [draft]
    assert runs.snapshot(ALICE, draft)["queue_position"] == 2
    claim = order.claim(leases)
    assert claim.run_id == draft
    # Nor does it give way to one that nobody may take up; otherwise it would be claimed at once.
    assert leases.undisturbed(claim)
    runs.cancel(ALICE, first)
    assert not leases.undisturbed(claim)
    assert order.claim(leases).run_id == second


def test_a_draft_that_is_painted_is_none_of_those_that_a_visitor_may_have_painted(
    services: Services,
) -> None:
    leases = Leases(services.database, services.config)
    draft = order.place_draft(services, ALICE)
    assert order.claim(leases).run_id == draft
    run = order.place(services, BOB)
    other = order.place_draft(services, BOB)
    assert order.claim(leases).run_id == run
    assert order.claim(leases).run_id == other


def _look_at_the_line(services: Services) -> None:
    with services.database.reading() as session:
        assert waiting_in_turn(session)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "look",
    [
        _look_at_the_line,
        lambda services: Leases(services.database, services.config).claim("worker"),
        lambda services: RunStore(services).pulses.of(
            Leases(services.database, services.config).waiting()
        ),
        lambda services: order.place(services, CAROL),
        lambda services: Leases(services.database, services.config).undisturbed(Claim("a", 1)),
    ],
    ids=["line", "claim", "pulses", "submit", "draft"],
)
def test_however_many_old_runs_there_are_only_those_in_line_are_looked_at(
    services: Services, look: Callable[[Services], object]
) -> None:
    order.place(services, ALICE)
    order.place(services, BOB)
    asked: list[str] = []

    def note(_: Connection, __: object, statement: str, *___: object) -> None:
        asked.append(statement)

    event.listen(services.database._engine, "before_cursor_execute", note)
    look(services)
    engine = create_engine(services.database.url)
    with engine.connect() as connection:
        plans = {
            statement: [
                str(row[-1])
                for row in connection.execute(text(_explained(statement)))
                if re.match(r"SCAN (runs|visitors|losses)\b", str(row[-1]))
            ]
            for statement in asked
            if statement.startswith(("SELECT", "UPDATE"))
        }
    assert plans and {statement: scans for statement, scans in plans.items() if scans} == {}


def _explained(statement: str) -> str:
    """Ask for the plan of a statement, whatever it was asked with."""
    return "EXPLAIN QUERY PLAN " + statement.replace("?", "'1'")
