"""Several workers that are not alike: who takes which run, and what nobody can paint."""

from __future__ import annotations

import dataclasses

import pytest

from stransfer import folders
from stransfer.devices import Device
from stransfer.errors import SettingsError
from tests.site import order
from tests.site.order import ALICE, BOB, CAROL
from webapp.config import Config
from webapp.records import Presence, Run, RunState
from webapp.runs import roster as rosters
from webapp.runs.abilities import Abilities, Reach
from webapp.runs.draftstore import DraftStore
from webapp.runs.leases import Leases
from webapp.runs.roster import Roster
from webapp.runs.store import RunStore
from webapp.services import Services

BOTH_DATABASES = True

# A run of 500 px takes more than a draft does.
SMALL = Abilities(1000, frozenset({"vgg16"}))
LARGE = Abilities(4000, frozenset({"vgg16", "vgg19"}))
CARD = Abilities(None, frozenset({"vgg16"}), gpu=True)
PROCESSOR = Device("AMD EPYC", gpu=False, has_bfloat16=True)


@pytest.fixture
def roster(services: Services) -> Roster:
    """The list of workers, as one sees it who has been there for long."""
    roster = Roster(services.database, services.config)
    roster.since -= services.config.unfit_seconds + 1
    return roster


def taking(services: Services, mine: Abilities, *others: Abilities) -> Leases:
    """The leases of a worker that has others beside it."""
    leases = Leases(services.database, services.config)
    leases.reach = Reach(mine, frozenset(others))
    return leases


def claimed(leases: Leases) -> str | None:
    claim = leases.claim("worker")
    return None if claim is None else claim.run_id


def age(services: Services, seconds: float, run_id: str | None = None) -> None:
    """Let every worker, and a run, have been there longer ago."""
    with services.database.writing() as session:
        for found in session.query(Presence):
            found.seen_at -= seconds
    if run_id is not None:
        with services.database.writing() as session:
            session.get_one(Run, run_id).created_at -= seconds


def test_a_worker_leaves_what_is_too_large_and_the_visitors_other_runs_do_not_wait_for_it(
    services: Services,
) -> None:
    large, small = order.place(services, size=500), order.place(services, size=100)
    modest = order.place(services, BOB, size=100)
    leases = taking(services, SMALL)
    assert leases.waiting() == [small, modest]
    assert [claimed(leases), claimed(leases), claimed(leases)] == [small, modest, None]
    RunStore(services).cancel(ALICE, small)
    assert claimed(taking(services, LARGE)) == large


def test_a_worker_without_weights_leaves_a_run_to_one_that_has_them(services: Services) -> None:
    wanted = order.place(services, model="vgg19", size=100)
    assert claimed(taking(services, SMALL, LARGE)) is None
    # Such a one does not help if it is too small for the run, or may not take it.
    tiny = Abilities(10, LARGE.networks)
    assert taking(services, SMALL, tiny).waiting() == [wanted]
    # Where nobody has them, whoever is there tries to get them.
    assert claimed(taking(services, SMALL)) == wanted
    order.place(services, BOB, model="vgg19", weights="untrained", size=100)
    assert claimed(taking(services, SMALL, LARGE)) is not None


def test_what_is_left_to_graphics_cards_waits_for_one(config: Config, services: Services) -> None:
    picky = dataclasses.replace(services, config=dataclasses.replace(config, cpu_megapixels=0.01))
    run_id = order.place(picky, size=200)
    small = order.place(picky, BOB, size=100)
    assert taking(services, LARGE).waiting() == [small]
    assert taking(services, CARD).waiting() == [run_id, small]


def test_a_draft_gives_way_to_no_run_that_its_worker_leaves_to_another(services: Services) -> None:
    draft = order.place_draft(services, BOB)
    leases = taking(services, SMALL, LARGE)
    claim = order.claim(leases)
    assert claim.run_id == draft
    order.place(services, size=500)
    order.place(services, CAROL, model="vgg19")
    assert leases.undisturbed(claim)
    order.place(services, CAROL)
    assert not leases.undisturbed(claim)


def test_a_draft_is_painted_by_the_worker_that_has_no_run_to_paint(services: Services) -> None:
    draft, run = order.place_draft(services, BOB), order.place(services, ALICE)
    busy, idle = Leases(services.database, services.config), taking(services, LARGE)
    assert claimed(busy) == run
    painting = order.claim(idle)
    assert painting.run_id == draft and idle.undisturbed(painting)
    # Whoever comes next waits for no draft: this worker lets go of its own for it.
    later = order.place(services, CAROL)
    assert not idle.undisturbed(painting)
    idle.hand_back(painting)
    assert [claimed(idle), claimed(idle)] == [later, draft]


def test_visitors_take_turns_however_many_workers_there_are(
    config: Config, services: Services
) -> None:
    many = dataclasses.replace(config, max_running_per_visitor=2)
    workers = [Leases(services.database, many) for _ in range(3)]
    greedy = [order.place(services, ALICE) for _ in range(5)]
    others = [order.place(services, visitor) for visitor in (BOB, CAROL)]
    taken = [claimed(worker) for worker in workers]
    assert taken == [greedy[0], *others]
    for run_id in others:
        RunStore(services).cancel(order.look(services, run_id).visitor_id, run_id)
    again = order.place(services, BOB)
    # Who has one painted comes after who has none, and has no more than two.
    assert [claimed(worker) for worker in (*workers, *workers)] == [again, greedy[1], *[None] * 4]


def test_workers_know_of_each_other_until_one_has_been_gone_for_long(
    services: Services, roster: Roster
) -> None:
    assert roster.sign("first", SMALL, "processor") == Reach(SMALL)
    assert roster.sign("second", LARGE, "processor").others == {SMALL}
    assert roster.sign("first", SMALL, "processor").others == {LARGE}
    roster.leave("second")
    with services.database.reading() as session:
        assert [one.name for one in roster.present(session)] == ["first"]
        assert roster.count(session) == 1
    # It may come back, as in an update.
    assert roster.sign("first", SMALL, "processor").others == {LARGE}
    age(services, services.config.unfit_seconds + 1)
    assert roster.sign("first", SMALL, "processor").others == set()
    # Whoever has just come itself, perhaps because all were gone, is more patient.
    young = Roster(services.database, services.config)
    assert young.sign("first", SMALL, "processor").others == {LARGE}
    # Not so one that only gave back its memory: it was there before.
    fresh = Roster(services.database, services.config, roster.since)
    assert fresh.sign("first", SMALL, "processor").others == set()
    roster.forget(lambda name: name == "second")
    assert young.sign("first", SMALL, "processor").others == set()


def test_a_worker_says_what_it_has(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Abilities.of(config, PROCESSOR)
    assert {"vgg16", "vgg19", "xception"} <= found.networks and not found.gpu
    assert found.memory_mb and 500 < found.memory_mb < 10**7
    shared = Abilities.of(dataclasses.replace(config, workers=2), PROCESSOR)
    assert shared.memory_mb == pytest.approx(found.memory_mb / 2, abs=1)
    told = dataclasses.replace(config, worker_memory_mb=700)
    assert Abilities.of(told, PROCESSOR).memory_mb == 700
    card = Device("Some card", gpu=True, has_bfloat16=None)
    assert Abilities.of(config, card).memory_mb is None and Abilities.of(told, card).gpu
    monkeypatch.setattr(folders, "weights", lambda: ())
    monkeypatch.setattr(folders, "keras_cache", lambda: config.instance)
    assert Abilities.of(config, PROCESSOR).networks == frozenset()


def test_what_no_worker_can_paint_is_refused_with_the_reason(
    services: Services, roster: Roster
) -> None:
    # While nobody is there, somebody may come who can.
    accepted = order.place(services, CAROL, size=1000)
    roster.sign("only", SMALL, "processor")
    with pytest.raises(SettingsError) as refused:
        order.place(services, size=1000)
    reason = refused.value.fields["size"]
    assert "GiB of memory, and no worker here has more than 1.0 GiB" in reason
    assert DraftStore(services).order(ALICE, order.made_of(services, size=1000))
    roster.sign("another", LARGE, "processor")
    assert order.place(services, size=1000)
    assert order.look(services, accepted).state == RunState.QUEUED


def test_what_was_accepted_and_nobody_can_paint_fails_at_last(
    services: Services, roster: Roster
) -> None:
    run_id = order.place(services, size=1000)
    roster.sign("only", SMALL, "processor")
    assert roster.give_up() == []
    age(services, services.config.unfit_seconds + 1, run_id)
    roster.sign("only", SMALL, "processor")
    # Whoever has only just come itself does not judge.
    assert Roster(services.database, services.config).give_up() == []
    assert [run.id for run in roster.give_up()] == [run_id]
    run = order.look(services, run_id)
    assert run.state == RunState.FAILED and run.error
    assert "choose a smaller size" in run.error
    assert roster.give_up() == []


def test_after_an_outage_of_the_database_nobody_is_judged_by_who_comes_back_first(
    services: Services, roster: Roster
) -> None:
    run_id = order.place(services, size=1000)
    roster.sign("small", SMALL, "processor")
    age(services, services.config.unfit_seconds + 1, run_id)
    # Without anybody there is no telling who will come.
    assert roster.give_up() == []
    assert roster._signed_at is not None
    roster._signed_at -= services.config.lease_seconds + 1
    roster.sign("small", SMALL, "processor")
    assert roster.give_up() == []
    roster.since -= services.config.unfit_seconds + 1
    assert [run.id for run in roster.give_up()] == [run_id]


def test_a_run_waits_for_a_worker_that_has_only_just_gone(
    services: Services, roster: Roster
) -> None:
    run_id = order.place(services, size=1000)
    age(services, services.config.unfit_seconds + 1, run_id)
    roster.sign("small", SMALL, "processor")
    roster.sign("large", LARGE, "processor")
    roster.leave("large")
    assert roster.give_up() == []
    assert order.look(services, run_id).state == RunState.QUEUED


def test_a_picture_for_a_graphics_card_is_refused_where_there_is_none(
    config: Config, services: Services, roster: Roster
) -> None:
    picky = dataclasses.replace(services, config=dataclasses.replace(config, cpu_megapixels=0.01))
    roster.sign("only", LARGE, "processor")
    with pytest.raises(SettingsError, match="left to a graphics card"):
        order.place(picky, size=300)
    assert order.place(picky, size=100)


def test_who_waits_is_told_for_how_long_by_the_workers_that_are_there(
    services: Services, roster: Roster
) -> None:
    runs = RunStore(services)
    first, second = order.place(services, ALICE), order.place(services, BOB)
    assert runs.snapshot(ALICE, first)["wait_seconds"] == 0
    assert runs.snapshot(BOB, second)["wait_seconds"] is None
    for name in ("here", "there"):
        roster.sign(name, LARGE, "processor")
    assert runs.snapshot(BOB, second)["wait_seconds"] == 0
    roster.leave("there")
    assert runs.snapshot(BOB, second)["wait_seconds"] is None


def test_nothing_is_known_of_a_worker_after_a_day(services: Services, roster: Roster) -> None:
    roster.sign("old", LARGE, "processor")
    age(services, rosters._FORGOTTEN_SECONDS + 1)
    roster.sign("new", SMALL, "processor")
    with services.database.reading() as session:
        assert [found.name for found in session.query(Presence)] == ["new"]
