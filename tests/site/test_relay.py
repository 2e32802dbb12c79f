"""The relay: who is told what, and when."""

from __future__ import annotations

import base64

import pytest

from tests.site import order
from tests.site.order import ALICE
from tests.site.studio import LAPTOP, PHONE, Studio
from webapp.records import RunState
from webapp.runs.leases import Leases
from webapp.runs.reports import Progress
from webapp.services import Services

BOTH_DATABASES = True


@pytest.fixture
def studio(services: Services) -> Studio:
    """A run that has just been claimed."""
    studio = Studio(services)
    studio.begin()
    return studio


def test_progress_has_the_fields_of_the_contract(studio: Studio) -> None:
    studio.watch()
    studio.paint(1, 2)
    studio.relay.tick(0)
    [progress] = studio.wire.got("progress")
    frame = progress["frame"]
    assert (
        progress.items()
        >= {
            "run": studio.run_id,
            "seq": 2,
            "step": 2,
            "steps": 50,
            "progress": 0.5,
            "scale": 1,
            "loss": {"total": 4.5, "content": 1.0, "style": 2.0, "tv": 3.0},
            "seconds_per_step": 1.0,
            "eta_seconds": 48.0,
        }.items()
    )
    assert frame.startswith("data:image/jpeg;base64,")
    assert base64.b64decode(frame.partition(",")[2]) == b"picture 2"


def test_who_came_late_is_told_only_what_comes_after_the_snapshot(studio: Studio) -> None:
    studio.paint(1, 2, 3)
    studio.watch()
    studio.relay.tick(0)
    assert studio.wire.sent == []
    studio.paint(4)
    studio.relay.tick(1)
    assert studio.seqs() == [[4]]


def test_nothing_is_sent_while_nothing_is_new(studio: Studio) -> None:
    studio.watch()
    studio.paint(1)
    for now in range(5):
        studio.relay.tick(now)
        studio.wire.arrived()
    assert len(studio.wire.sent) == 1


def test_a_watcher_has_at_most_one_unacknowledged_picture(studio: Studio) -> None:
    studio.watch()
    for step in range(1, 8):
        studio.paint(step)
        studio.relay.tick(step)
    assert studio.seqs() == [[1]]


def test_what_happened_meanwhile_arrives_together_with_the_newest_picture(studio: Studio) -> None:
    studio.watch()
    for step in range(1, 8):
        studio.paint(step)
        studio.relay.tick(step)
    studio.wire.arrived()
    studio.relay.tick(8)
    assert studio.seqs() == [[1], [2, 3, 4, 5, 6, 7]]
    newest = studio.wire.got("progress")[-1]["frame"]
    assert base64.b64decode(newest.partition(",")[2]) == b"picture 7"


def test_a_slow_watcher_does_not_hold_up_another(studio: Studio) -> None:
    studio.watch(PHONE)
    studio.watch(LAPTOP)
    for step in range(1, 5):
        studio.paint(step)
        studio.relay.tick(step)
        for acknowledged in studio.wire.waiting[1:]:
            acknowledged()
        del studio.wire.waiting[1:]
    assert studio.seqs(PHONE) == [[1]]
    assert studio.seqs(LAPTOP) == [[1], [2], [3], [4]]


def test_an_acknowledgement_lost_for_ten_seconds_does_not_block_for_ever(studio: Studio) -> None:
    studio.watch()
    studio.paint(1)
    studio.relay.tick(100.0)
    studio.paint(2)
    studio.relay.tick(109.9)
    assert studio.seqs() == [[1]]
    studio.relay.tick(110.1)
    assert studio.seqs() == [[1], [2]]


def test_a_picture_that_is_gone_does_not_hold_back_the_losses(studio: Studio) -> None:
    studio.watch()
    studio.paint(1)
    studio.services.media.delete_folder(f"runs/{studio.run_id}")
    studio.relay.tick(0)
    [progress] = studio.wire.got("progress")
    assert (progress["frame"], progress["seq"]) == (None, 1)


def test_steps_without_a_new_picture_are_sent_without_one(studio: Studio) -> None:
    studio.watch()
    studio.paint(1)
    studio.relay.tick(0)
    studio.wire.arrived()
    assert studio.claim is not None
    studio.reports.progress(
        studio.claim, [Progress(2, 0.5, 1, 4.0, 1.0, 2.0, 1.0, 2.0, 1.0, 1.0)], None
    )
    studio.relay.tick(1)
    assert studio.wire.got("progress")[-1]["frame"] is None


def test_the_states_of_a_run_are_told_in_order_whatever_is_acknowledged(
    services: Services,
) -> None:
    studio = Studio(services)
    studio.watch()
    studio.relay.tick(0)
    studio.begin()
    studio.relay.tick(1)
    studio.paint(1)
    studio.relay.tick(2)
    assert studio.claim is not None
    studio.reports.done(studio.claim, "runs/x/result-1.png")
    studio.relay.tick(3)
    studio.relay.tick(4)
    assert studio.wire.got("state") == [
        {
            "run": studio.run_id,
            "state": "running",
            "queue_position": None,
            "wait_seconds": None,
            "error": None,
        },
        {
            "run": studio.run_id,
            "state": "done",
            "queue_position": None,
            "wait_seconds": None,
            "error": None,
        },
    ]


def test_a_failed_run_is_told_with_the_reason(studio: Studio) -> None:
    studio.watch()
    assert studio.claim is not None
    studio.reports.failed(studio.claim, "The picture is too narrow.")
    studio.relay.tick(0)
    assert studio.wire.got("state")[-1]["error"] == "The picture is too narrow."


def test_who_waits_is_told_when_the_line_moves(services: Services) -> None:
    order.place(services)
    studio = Studio(services)
    studio.watch()
    studio.begin()
    studio.relay.tick(0)
    [state] = studio.wire.got("state")
    assert (state["state"], state["queue_position"]) == ("queued", 1)


def test_who_waits_is_told_how_long_when_it_reads_differently(studio: Studio) -> None:
    waiting = order.place(studio.services)
    studio.paint(1)
    studio.relay.watch(PHONE, studio.runs.snapshot(ALICE, waiting), None)
    for step in (2, 3, 9, 10):
        # By then the run that is painted takes 50 - step more seconds.
        studio.paint(step)
        studio.relay.tick(step)
    waits = [state["wait_seconds"] for state in studio.wire.got("state")]
    # About 50 s, for a while; then about 40 s.
    assert waits == [47, 41]


def test_a_deleted_run_is_told_once_as_cancelled(studio: Studio) -> None:
    studio.watch()
    studio.runs.delete(ALICE, studio.run_id)
    studio.relay.tick(0)
    studio.relay.tick(1)
    [state] = studio.wire.got("state")
    assert state["state"] == RunState.CANCELLED
    assert state["error"] == "This run has been deleted."
    assert studio.relay.watchers == 0


def test_who_left_or_looks_elsewhere_is_sent_nothing_more(studio: Studio) -> None:
    studio.watch(PHONE)
    studio.watch(LAPTOP)
    studio.relay.unwatch(PHONE)
    studio.relay.unwatch(LAPTOP, "another run")
    studio.paint(1)
    studio.relay.tick(0)
    assert (studio.seqs(PHONE), studio.seqs(LAPTOP)) == ([], [[1]])
    studio.relay.unwatch(LAPTOP, studio.run_id)
    assert studio.relay.watchers == 0


def test_a_resumed_run_goes_on_where_its_watchers_are(studio: Studio) -> None:
    studio.watch()
    studio.paint(1, 2, 3)
    studio.relay.tick(0)
    studio.wire.arrived()
    assert studio.claim is not None
    Leases(studio.services.database, studio.services.config).release(studio.claim, "It broke.")
    studio.begin()
    studio.reports.rewind(studio.claim, 2, 0.2)
    studio.paint(3)
    studio.relay.tick(1)
    assert studio.seqs() == [[1, 2, 3], [4]]
    assert [values["step"] for values in studio.wire.got("progress")] == [3, 3]
