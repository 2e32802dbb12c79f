"""What the site does with runs."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from stransfer.errors import SettingsError
from tests.site import order
from tests.site.order import ALICE, BOB
from webapp.errors import NotFoundError, WrongStateError
from webapp.records import Loss, Run, RunState
from webapp.runs.belongings import folder
from webapp.runs.leases import Claim, Leases
from webapp.runs.reports import Progress, Reports
from webapp.runs.store import RunStore
from webapp.services import Services

BOTH_DATABASES = True


@pytest.fixture
def runs(services: Services) -> RunStore:
    """The runs of a new installation."""
    return RunStore(services)


def claim_next(services: Services) -> Claim:
    claim = Leases(services.database, services.config).claim("worker")
    assert claim is not None
    return claim


def complete(services: Services) -> str:
    """Record that the run whose turn it is was painted in three steps."""
    claim = claim_next(services)
    reports = Reports(services.database)
    steps = [Progress(n, 0.5, 1, 4.0 / n, 1.0, 2.0, 1.0, n, 1.0, 0.0) for n in (1, 2, 3)]
    reports.progress(claim, steps, f"{folder(claim.run_id)}/frames/1-3.jpg")
    reports.done(claim, f"{folder(claim.run_id)}/result-1.png")
    return claim.run_id


def test_an_accepted_run_waits_and_its_worker_is_woken(runs: RunStore, services: Services) -> None:
    run_id = order.place(services, steps=3, size=120)
    run = runs.find(ALICE, run_id)
    assert (run.state, run.steps, run.attempts, run.visitor_id) == (RunState.QUEUED, 3, 0, ALICE)
    assert max(run.width, run.height) == 120
    assert run.settings["size"] == 120
    assert services.queue.waiting() == 1


def test_what_is_submitted_twice_is_painted_once(runs: RunStore, services: Services) -> None:
    first = order.place(services, submission="form-1")
    assert order.place(services, submission="form-1") == first
    assert order.place(services, submission="form-2") != first
    assert order.place(services, BOB, submission="form-1") != first
    assert len(runs.live(ALICE)) == 2


def test_what_is_submitted_twice_at_the_same_moment_is_painted_once(
    runs: RunStore, services: Services
) -> None:
    barrier = threading.Barrier(4)
    accepted: list[str] = []

    def submit() -> None:
        barrier.wait()
        accepted.append(order.place(services, submission="double click"))

    presses = [threading.Thread(target=submit) for _ in range(4)]
    for press in presses:
        press.start()
    for press in presses:
        press.join()
    assert len(accepted) == 4
    assert len(set(accepted)) == 1
    assert len(runs.live(ALICE)) == 1


def test_other_settings_from_the_same_form_are_another_run(services: Services) -> None:
    first = order.place(services, submission="form-1", steps=2)
    again = order.place(services, submission="form-1", steps=3)
    assert again != first
    assert order.look(services, again).settings["steps"] == 3


def test_a_run_that_cannot_be_planned_is_not_accepted(runs: RunStore, services: Services) -> None:
    with pytest.raises(SettingsError):
        order.place(services, size=99)
    with pytest.raises(SettingsError) as narrow:
        runs.submit(ALICE, order.narrow(services))
    assert "needs at least 32 px" in narrow.value.fields["content"]
    assert runs.live(ALICE) == []
    assert services.queue.waiting() == 0


@pytest.mark.parametrize("verb", ["find", "snapshot", "cancel", "finish", "delete"])
def test_the_run_of_a_stranger_is_the_same_as_none(
    verb: str, runs: RunStore, services: Services
) -> None:
    run_id = order.place(services, ALICE)
    sentences = set()
    for wanted in (run_id, "0" * 32, "", "nonsense"):
        with pytest.raises(NotFoundError) as caught:
            getattr(runs, verb)(BOB, wanted)
        sentences.add(str(caught.value))
    assert len(sentences) == 1
    assert runs.find(ALICE, run_id).state == RunState.QUEUED


def test_a_snapshot_has_all_that_the_contract_names(runs: RunStore, services: Services) -> None:
    order.place(services, steps=3)
    run_id = complete(services)
    values = runs.snapshot(ALICE, run_id)
    assert values.keys() >= order.SNAPSHOT
    assert (values["state"], values["step"], values["seq"]) == ("done", 3, 3)
    assert values["loss"] == {"total": 4.0 / 3, "content": 1.0, "style": 2.0, "tv": 1.0}
    assert [loss["seq"] for loss in values["losses"]] == [1, 2, 3]
    assert (values["content"], values["style"]) == ("sample:cat.jpg", ["sample:fjord.jpg"])


@pytest.mark.parametrize(
    ("since", "expected"),
    [(0, [1, 2, 3]), (2, [3]), (3, []), (10**30, []), (-1, [1, 2, 3]), (-(10**30), [1, 2, 3])],
)
def test_a_snapshot_has_only_the_losses_since_the_reader_last_asked(
    since: int, expected: list[int], runs: RunStore, services: Services
) -> None:
    order.place(services, steps=3)
    values = runs.snapshot(ALICE, complete(services), since)
    assert [loss["seq"] for loss in values["losses"]] == expected
    assert values["loss"] is not None


def test_the_gallery_has_pages_of_ended_runs_the_newest_first(
    runs: RunStore, services: Services
) -> None:
    ended = []
    for _ in range(5):
        order.place(services)
        ended.append(complete(services))
    waiting = order.place(services)
    order.place(services, BOB)
    newest_first = ended[::-1]
    pages = [runs.history(ALICE, page, 2) for page in (1, 2, 3)]
    assert [[run.id for run in page] for page, _ in pages] == [
        newest_first[:2],
        newest_first[2:4],
        newest_first[4:],
    ]
    assert {count for _, count in pages} == {3}
    assert [run.id for run in runs.live(ALICE)] == [waiting]


@pytest.mark.parametrize("page", [0, -1, 2, 10**30])
def test_a_gallery_page_that_does_not_exist_is_not_found(page: int, runs: RunStore) -> None:
    assert runs.history(ALICE, 1, 24) == ([], 1)
    with pytest.raises(NotFoundError, match="The gallery ends at page 1"):
        runs.history(ALICE, page, 24)


def test_a_cancelled_run_is_never_claimed(runs: RunStore, services: Services) -> None:
    run_id = order.place(services)
    runs.cancel(ALICE, run_id)
    assert runs.find(ALICE, run_id).state == RunState.CANCELLED
    assert runs.find(ALICE, run_id).ended_at is not None
    assert Leases(services.database, services.config).claim("worker") is None


def test_a_run_that_has_ended_cannot_be_cancelled_or_finished(
    runs: RunStore, services: Services
) -> None:
    order.place(services)
    run_id = complete(services)
    for verb in (runs.cancel, runs.finish):
        with pytest.raises(WrongStateError, match=r"done.*\.$"):
            verb(ALICE, run_id)


def test_a_run_that_waits_has_nothing_to_finish_with(runs: RunStore, services: Services) -> None:
    with pytest.raises(WrongStateError, match="queued"):
        runs.finish(ALICE, order.place(services))


def test_deleting_a_run_removes_its_record_its_losses_and_its_pictures(
    runs: RunStore, services: Services
) -> None:
    order.place(services)
    run_id = complete(services)
    other = order.place(services)
    for key in (f"runs/{run_id}/result-1.png", f"runs/{run_id}/frames/1-3.jpg"):
        services.media.write(key, b"picture")
    services.media.write(f"runs/{other}/frames/1-1.jpg", b"picture")
    runs.delete(ALICE, run_id)
    with pytest.raises(NotFoundError):
        runs.find(ALICE, run_id)
    assert not (services.config.instance / "media" / "runs" / run_id).exists()
    assert services.media.exists(f"runs/{other}/frames/1-1.jpg")


def test_what_is_new_of_several_runs_leaves_out_a_deleted_one(
    runs: RunStore, services: Services
) -> None:
    order.place(services)
    done = complete(services)
    waiting = order.place(services)
    pulses = runs.pulses.of([done, waiting, "0" * 32])
    assert set(pulses) == {done, waiting}
    assert [loss.seq for loss in runs.pulses.losses(pulses[done], 1)] == [2, 3]
    assert runs.pulses.losses(pulses[waiting], 0) == []
    place = pulses[waiting].place
    assert place is not None and place.position == 1
    assert runs.pulses.of([]) == {}


def test_losses_recorded_after_the_pulse_was_felt_are_left_for_the_next_time(
    runs: RunStore, services: Services
) -> None:
    order.place(services)
    done = complete(services)
    pulse = runs.pulses.of([done])[done]._replace(seq=2)
    assert [loss.seq for loss in runs.pulses.losses(pulse, 0)] == [1, 2]


def test_a_run_that_was_cancelled_can_be_started_again_from_the_same_form(
    runs: RunStore, services: Services
) -> None:
    first = order.place(services, submission="form")
    runs.cancel(ALICE, first)
    second = order.place(services, submission="form")
    assert second != first
    assert order.place(services, submission="form") == second
    assert order.look(services, first).state == RunState.CANCELLED


def test_the_losses_of_a_long_run_are_thinned_and_end_with_the_last(
    runs: RunStore, services: Services
) -> None:
    run_id = order.place(services)
    with services.database.writing() as session:
        for seq in range(1, 3001):
            values = {"total": 1.0, "content": 1.0, "style": 1.0, "tv": 1.0}
            session.add(Loss(run_id=run_id, seq=seq, step=seq, **values))
        session.get_one(Run, run_id).seq = 3000
    seqs = [loss["seq"] for loss in runs.snapshot(ALICE, run_id)["losses"]]
    assert len(seqs) <= 502 and (seqs[0], seqs[-1]) == (1, 3000)
    assert [loss["seq"] for loss in runs.snapshot(ALICE, run_id, 2990)["losses"]] == list(
        range(2991, 3001)
    )


def test_a_run_is_accepted_even_if_the_queue_is_gone(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(task: object) -> None:
        raise OSError("the queue is gone")

    monkeypatch.setattr(services.queue.huey, "enqueue", gone)
    run_id = order.place(services)
    assert order.look(services, run_id).state == RunState.QUEUED


def test_a_result_larger_than_the_site_makes_is_refused(services: Services) -> None:
    small = replace(services, config=replace(services.config, max_output_size=800))
    with pytest.raises(SettingsError) as refused:
        order.place(small, output_size=801)
    assert "up to 800 px" in refused.value.fields["output_size"]
    assert order.place(small, output_size=800)
