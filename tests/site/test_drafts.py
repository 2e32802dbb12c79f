"""Drafts: what they are made with, that nobody waits for them, and that nothing is left of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stransfer import folders
from stransfer.errors import SettingsError
from tests.site import order
from tests.site.order import ALICE, BOB, CAROL
from webapp.errors import NotFoundError, WrongStateError
from webapp.pruning import Kind, Pruning
from webapp.records import Run, RunState
from webapp.runs import drafts
from webapp.runs.belongings import folder
from webapp.runs.census import census
from webapp.runs.collection import Collection
from webapp.runs.draftstore import DraftStore
from webapp.runs.leases import Leases
from webapp.runs.orders import Ingredient
from webapp.runs.reports import Progress, Reports
from webapp.runs.speeds import Speeds
from webapp.runs.store import RunStore
from webapp.runs.worker import Worker
from webapp.services import Services

BOTH_DATABASES = True


@pytest.fixture
def store(services: Services) -> DraftStore:
    """The drafts of a new installation."""
    return DraftStore(services)


def runs_in(services: Services) -> list[str]:
    """The ids of all rows."""
    with services.database.reading() as session:
        return [run.id for run in session.query(Run)]


def painted(services: Services, leases: Leases, draft_id: str) -> None:
    """Record that the draft whose turn it is was painted."""
    claim = order.claim(leases)
    assert claim.run_id == draft_id
    frame = f"{folder(draft_id)}/frames/1-1.jpg"
    services.media.write(frame, b"picture")
    reports = Reports(services.database)
    reports.progress(claim, [Progress(1, 1.0, 1, 0.1, 0.1, 0.1, 0.1, 1.0, 1.0, 0.0)], frame)
    reports.done(claim, None)


def test_a_draft_is_small_and_otherwise_as_the_visitor_wants_it(services: Services) -> None:
    wanted = {"size": 900, "steps": 99, "scales": 3, "output_size": 2000}
    look = {"style_weight": 3, "init": "noise", "seed": 7}
    draft = order.look(services, order.place_draft(services, ALICE, **wanted, **look))
    assert max(draft.width, draft.height) == drafts.SIDE
    assert draft.settings == {**draft.settings, **drafts.CHANGED}
    assert {name: draft.settings[name] for name in look} == look
    assert services.queue.waiting() == 1


@pytest.mark.parametrize("model", ["vgg16", "inception_v3"])
@pytest.mark.parametrize("photo", [(2000, 150), (150, 2000), (1999, 101)])
def test_the_draft_of_a_narrow_photo_is_as_large_as_the_network_needs(
    model: str, photo: tuple[int, int], services: Services
) -> None:
    narrow = Ingredient("sample:x", "Horizon", "samples/x.jpg", *photo)
    wanted = order.made_of(services, model=model, weights="untrained", size=1000)
    drafted = drafts.drafted(replace(wanted, content=narrow))
    [level] = drafted.plan(services.config)
    assert drafted.settings.minimum_size <= min(level.width, level.height) <= 1.1 * 50
    assert max(level.width, level.height) > drafts.SIDE


def test_a_draft_does_not_wait_for_a_download(
    store: DraftStore, services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(folders, "weights", lambda: (tmp_path,))
    monkeypatch.setattr(folders, "keras_cache", lambda: tmp_path)
    with pytest.raises(SettingsError) as refused:
        store.order(ALICE, order.made_of(services, model="resnet50"))
    assert "ResNet50" in refused.value.fields["model"]
    assert store.order(ALICE, order.made_of(services, model="resnet50", weights="untrained"))


def test_a_draft_is_listed_and_counted_nowhere(
    store: DraftStore, services: Services, leases: Leases
) -> None:
    runs, collection = RunStore(services), Collection(services)
    draft = order.place_draft(services)
    assert runs.live(ALICE) == []
    assert census(services.database).runs[RunState.QUEUED] == 0
    painted(services, leases, draft)
    assert runs.history(ALICE, 1, 24) == ([], 1)
    assert (runs.results(ALICE, 9), collection.finished(ALICE, 9)) == ([], [])
    assert collection.finished(ALICE, 9, [draft]) == []
    assert (collection.cherish(ALICE, [draft]), collection.delete(ALICE, [draft])) == (0, 0)
    assert set(census(services.database).runs.values()) == {0}
    assert Speeds(services.database).by_model() == {}
    for verb in (runs.find, runs.cancel, runs.finish, runs.delete, runs.result, collection.share):
        with pytest.raises(NotFoundError):
            verb(ALICE, draft)
    with pytest.raises(NotFoundError):
        collection.rename(ALICE, draft, "Mine")
    assert runs.snapshot(ALICE, draft)["state"] == "done"
    assert runs.find(ALICE, draft, drafts=True).frame
    assert draft in runs.pulses.of([draft])
    with pytest.raises(NotFoundError):
        runs.snapshot(BOB, draft)


def test_a_visitor_has_one_draft_and_a_newer_one_takes_its_place(
    services: Services, leases: Leases
) -> None:
    others = order.place_draft(services, BOB)
    first = order.place_draft(services)
    services.media.write(f"{folder(first)}/frames/1-1.jpg", b"picture")
    second = order.place_draft(services, style_weight=2)
    assert sorted(runs_in(services)) == sorted([others, second])
    assert not services.media.exists(f"{folder(first)}/frames/1-1.jpg")
    claims = [leases.claim("worker") for _ in range(2)]
    assert [claim and claim.run_id for claim in claims] == [others, second]
    order.place_draft(services, style_weight=3)
    assert claims[1] is not None and not leases.undisturbed(claims[1])


def test_the_same_choice_again_is_the_same_draft(
    store: DraftStore, services: Services, leases: Leases
) -> None:
    first = order.place_draft(services, size=200)
    # Its size and steps are those of a draft, whatever the painting will have.
    assert order.place_draft(services, size=300, steps=7) == first
    painted(services, leases, first)
    assert order.place_draft(services, size=200) == first
    assert services.queue.waiting() == 1


def test_the_draft_of_a_choice_that_failed_is_tried_again(
    services: Services, leases: Leases
) -> None:
    first = order.place_draft(services)
    Reports(services.database).failed(order.claim(leases), "It could not be painted.")
    second = order.place_draft(services)
    assert runs_in(services) == [second] != [first]


def test_starting_a_run_removes_the_visitors_draft_and_nobody_elses(services: Services) -> None:
    mine, others = order.place_draft(services), order.place_draft(services, BOB)
    services.media.write(f"{folder(mine)}/frames/1-1.jpg", b"picture")
    run = order.place(services)
    assert sorted(runs_in(services)) == sorted([others, run])
    assert not services.media.exists(f"{folder(mine)}/frames/1-1.jpg")


def test_what_was_asked_for_before_does_not_replace_what_was_asked_for_later(
    store: DraftStore, services: Services
) -> None:
    """The upload that came with it took longer to decode."""
    now = time.time()
    newer = store.order(ALICE, order.made_of(services), now)
    with pytest.raises(WrongStateError):
        store.order(ALICE, order.made_of(services, style_weight=2), now - 1)
    assert runs_in(services) == [newer]
    run = order.place(services)
    with pytest.raises(WrongStateError):
        store.order(ALICE, order.made_of(services, style_weight=2), now - 1)
    assert runs_in(services) == [run]


def test_a_draft_is_cancelled_by_its_visitor_alone(store: DraftStore, services: Services) -> None:
    draft, run = order.place_draft(services, BOB), order.place(services)
    with pytest.raises(NotFoundError):
        store.cancel(ALICE, draft)
    with pytest.raises(WrongStateError):
        store.cancel(ALICE, run)
    store.cancel(BOB, draft)
    assert runs_in(services) == [run]


def test_the_files_of_a_draft_that_is_being_painted_are_its_workers_to_remove(
    store: DraftStore, services: Services, leases: Leases
) -> None:
    """It may just write another one there."""
    draft = order.place_draft(services)
    frame = f"{folder(draft)}/frames/1-1.jpg"
    services.media.write(frame, b"picture")
    order.claim(leases)
    store.cancel(ALICE, draft)
    assert runs_in(services) == []
    assert services.media.exists(frame)


def test_workers_take_a_draft_when_no_run_waits(services: Services, leases: Leases) -> None:
    runs = RunStore(services)
    early, later = order.place_draft(services, BOB), order.place_draft(services, CAROL)
    run = order.place(services)
    assert leases.waiting() == [run, early, later]
    assert runs.snapshot(ALICE, run)["queue_position"] == 1
    assert runs.snapshot(CAROL, later)["queue_position"] == 3
    assert [order.claim(leases).run_id for _ in range(3)] == [run, early, later]


def test_a_draft_is_nobodys_turn(services: Services, leases: Leases) -> None:
    now, first = time.time(), order.place(services, ALICE)
    leases.claim("soon dead", now=now)
    others = order.place(services, BOB)
    leases.claim("alive", now=now + 1)
    RunStore(services).cancel(BOB, others)
    order.place_draft(services, ALICE)
    leases.claim("idle", now=now + 2)
    assert leases.sweep_dead({"soon dead": "It has ended."}.get).again == [first]
    second = order.place(services, BOB)
    assert leases.waiting() == [first, second]


def test_a_draft_that_is_painted_keeps_nobody_waiting(services: Services, leases: Leases) -> None:
    runs = RunStore(services)
    order.place(services)
    claim, steps = order.claim(leases), [Progress(2, 1.0, 1, 1.0, 1.0, 1.0, 1.0, 9.0, 4.0, 0.0)]
    reports = Reports(services.database)
    reports.progress(claim, steps, None)
    reports.done(claim, "runs/x/result-1.png")
    order.place_draft(services, BOB)
    order.claim(leases)
    assert runs.snapshot(ALICE, order.place(services))["wait_seconds"] == 0


def test_a_draft_gives_way_to_whoever_waits(services: Services, leases: Leases) -> None:
    draft = order.place_draft(services)
    claim = order.claim(leases)
    assert leases.undisturbed(claim)
    order.place_draft(services, BOB)
    assert leases.undisturbed(claim)
    run = order.place(services, CAROL)
    assert not leases.undisturbed(claim)
    painting = order.claim(leases)
    assert painting.run_id == run
    # Another worker has taken it, so nobody waits any more.
    assert leases.undisturbed(claim)
    DraftStore(services).cancel(ALICE, draft)
    assert not leases.undisturbed(claim)


@pytest.fixture
def forgotten(services: Services, leases: Leases) -> Iterator[tuple[str, str, str]]:
    """A draft that was done long ago, one that was never painted, and one of just now."""
    long_ago = time.time() - drafts.KEPT_SECONDS - 1
    store = DraftStore(services)
    done = store.order(ALICE, order.made_of(services), long_ago)
    painted(services, leases, done)
    waiting = store.order(BOB, order.made_of(services), long_ago)
    yield done, waiting, order.place_draft(services, CAROL)


def test_housekeeping_puts_forgotten_drafts_away(
    forgotten: tuple[str, str, str], services: Services
) -> None:
    done, _, recent = forgotten
    run = order.place(services)
    Worker(services).keep_house()
    assert sorted(runs_in(services)) == sorted([recent, run])
    assert not services.media.exists(f"{folder(done)}/frames/1-1.jpg")


def test_prune_removes_forgotten_drafts(
    forgotten: tuple[str, str, str], services: Services
) -> None:
    done, waiting, recent = forgotten
    found = list(Pruning(services).leftovers())
    assert {(leftover.kind, leftover.name) for leftover in found} == {
        (Kind.DRAFT, f"draft {done}"),
        (Kind.DRAFT, f"draft {waiting}"),
    }
    for leftover in found:
        leftover.remove()
    assert runs_in(services) == [recent]
    assert not services.media.exists(f"{folder(done)}/frames/1-1.jpg")


@pytest.mark.sqlite
def test_drafts_and_runs_that_wait_are_found_however_many_paintings_there_are(
    services: Services,
) -> None:
    seen: list[str] = []
    with services.database.reading() as session:
        connection = session.connection()
        for query in (
            "SELECT id FROM runs WHERE draft IS 1 AND created_at < 5",
            "SELECT id FROM runs WHERE visitor_id = 'a' AND draft IS 1",
            "SELECT id FROM runs WHERE state = 'queued' AND draft IS 0",
        ):
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")
            seen += [str(row[3]) for row in rows]
    assert not [plan for plan in seen if "USING INDEX" not in plan], seen
