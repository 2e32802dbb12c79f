"""One claimed run, painted with the real network."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import delete

from stransfer.program import Program
from tests.site import order
from tests.site.order import ALICE
from tests.site.painting import files, losses, when_recorded
from webapp import logs
from webapp.config import Config
from webapp.records import Loss, Run, RunState
from webapp.runs.leases import Leases
from webapp.runs.painter import Painter
from webapp.runs.reports import Reports
from webapp.runs.store import RunStore
from webapp.services import Services


@pytest.fixture
def config(config: Config) -> Config:
    """A checkpoint after every step, and a picture of nearly every one."""
    return replace(config, checkpoint_steps=1, frames_per_second=10)


def test_a_run_is_painted_from_its_pictures_to_its_result(
    painter: Painter, leases: Leases, services: Services
) -> None:
    run_id = order.place(services, steps=3)
    assert painter.paint(order.claim(leases)) is False
    run = order.look(services, run_id)
    assert (run.state, run.step, run.error) == (RunState.DONE, 3, None)
    assert run.result and run.frame
    result = Image.open(io.BytesIO(services.media.read(run.result)))
    assert (result.format, result.size) == ("PNG", (run.width, run.height))
    frame = Image.open(io.BytesIO(services.media.read(run.frame)))
    assert (frame.format, frame.size) == ("JPEG", (run.width, run.height))
    assert [step for step, _ in losses(services)] == [1, 2, 3]
    assert run.seconds > 0


def test_progress_counts_what_the_steps_cost(
    painter: Painter, leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = RunStore(services).finish
    run_id = order.place(services, size=200, steps=20, scales=2)
    when_recorded(leases, 1, lambda claim: finish(ALICE, claim.run_id), monkeypatch)
    painter.paint(order.claim(leases))
    run = order.look(services, run_id)
    # 25 coarse steps at a quarter of the pixels, and 20 at the final size.
    assert run.progress == pytest.approx(run.step / 4 / 26.25, rel=0.02)


def test_a_large_picture_is_shown_live_no_larger_than_configured(
    config: Config, services: Services, leases: Leases
) -> None:
    small = replace(services, config=replace(config, frame_side=64))
    run_id = order.place(services, steps=1)
    Painter(small, leases).paint(order.claim(leases))
    run = order.look(services, run_id)
    assert run.frame and run.result
    assert max(Image.open(io.BytesIO(services.media.read(run.frame))).size) == 64
    assert max(Image.open(io.BytesIO(services.media.read(run.result))).size) == 100


def test_a_run_that_was_handed_back_goes_on_as_if_it_had_never_stopped(
    leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No checkpoint is due for long, so it has to be the one written when stopping.
    seldom = replace(services.config, checkpoint_steps=1000, checkpoint_seconds=600)
    painter = Painter(replace(services, config=seldom), leases)
    straight = order.place(services, steps=6)
    painter.paint(order.claim(leases))
    expected = losses(services)
    RunStore(services).delete(ALICE, straight)

    run_id = order.place(services, steps=6)
    when_recorded(leases, 2, lambda claim: painter.stopping.set(), monkeypatch)
    assert painter.paint(order.claim(leases)) is True
    stopped = order.look(services, run_id)
    assert (stopped.state, stopped.attempts) == (RunState.QUEUED, 0)
    assert stopped.checkpoint and 2 <= stopped.step < 6

    painter.stopping.clear()
    painter.paint(order.claim(leases))
    run = order.look(services, run_id)
    assert (run.state, run.attempts, run.step) == (RunState.DONE, 1, 6)
    assert losses(services) == expected
    assert run.seconds > stopped.seconds


@pytest.mark.parametrize("damage", [b"PK\x03\x04 cut short", None])
def test_a_run_whose_checkpoint_is_damaged_or_gone_starts_over(
    damage: bytes | None,
    painter: Painter,
    leases: Leases,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id = order.place(services, steps=12)
    when_recorded(leases, 2, lambda claim: painter.stopping.set(), monkeypatch)
    painter.paint(order.claim(leases))
    key = order.look(services, run_id).checkpoint
    assert key is not None
    if damage is None:
        services.media.delete(key)
    else:
        services.media.write(key, damage)
    painter.stopping.clear()
    painter.paint(order.claim(leases))
    assert order.look(services, run_id).state == RunState.DONE
    assert [step for step, _ in losses(services)] == list(range(1, 13))


def test_what_somebody_wrote_who_had_lost_the_run_leaves_no_gap_in_its_losses(
    painter: Painter, leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = order.place(services, steps=12)
    kept: dict[str, bytes] = {}
    for step in (2, 6):
        when_recorded(leases, step, lambda claim: painter.stopping.set(), monkeypatch)
        painter.paint(order.claim(leases))
        painter.stopping.clear()
        key = order.look(services, run_id).checkpoint or ""
        kept[key] = services.media.read(key)
    early, late = kept
    # Another worker goes on from the earlier one, and has recorded nothing yet.
    services.media.write(early, kept[early])
    with services.database.writing() as session:
        run = session.get_one(Run, run_id)
        run.step = int(early.rpartition("-")[2].partition(".")[0])
        session.execute(delete(Loss).where(Loss.step > run.step))
    assert services.media.exists(late)
    painter.paint(order.claim(leases))
    assert [step for step, _ in losses(services)] == list(range(1, 13))


def test_a_run_that_is_finished_early_keeps_its_picture_at_full_size(
    painter: Painter, leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = order.place(services, steps=500, scales=2)
    finish = RunStore(services).finish
    when_recorded(leases, 2, lambda claim: finish(ALICE, claim.run_id), monkeypatch)
    painter.paint(order.claim(leases))
    run = order.look(services, run_id)
    assert run.state == RunState.DONE
    assert 2 <= run.step < run.steps
    assert run.result is not None
    result = Image.open(io.BytesIO(services.media.read(run.result)))
    assert result.size == (run.width, run.height)


def test_a_run_that_is_cancelled_keeps_its_last_picture(
    painter: Painter, leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = order.place(services, steps=5000)
    cancel = RunStore(services).cancel
    when_recorded(leases, 2, lambda claim: cancel(ALICE, claim.run_id), monkeypatch)
    assert painter.paint(order.claim(leases)) is False
    run = order.look(services, run_id)
    assert (run.state, run.result) == (RunState.CANCELLED, None)
    assert run.step < 5000
    assert run.frame and files(services, run_id) == [run.frame.removeprefix(f"runs/{run_id}/")]


def test_nothing_is_left_of_a_run_that_is_deleted_while_it_is_painted(
    painter: Painter, leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = order.place(services, steps=5000)
    delete = RunStore(services).delete
    when_recorded(leases, 2, lambda claim: delete(ALICE, claim.run_id), monkeypatch)
    assert painter.paint(order.claim(leases)) is False
    assert files(services, run_id) == []


def test_a_run_whose_picture_is_gone_is_failed_with_a_sentence(
    painter: Painter, leases: Leases, services: Services
) -> None:
    run_id = order.place(services)
    services.media.delete(order.look(services, run_id).content["key"])
    assert painter.paint(order.claim(leases)) is False
    run = order.look(services, run_id)
    assert (run.state, run.attempts) == (RunState.FAILED, 1)
    assert run.error and run.error.endswith(".")


def test_a_run_that_diverges_fails_and_keeps_its_best_picture(
    painter: Painter, leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the third evaluation on, whatever the image, the loss is no number."""
    order.place(services, steps=1)
    painter.paint(order.claim(leases))
    [after_one_step] = RunStore(services).results(ALICE, 1)
    evaluate, calls = Program.evaluate, iter(range(1000))

    def broken(self: Program, *arguments: Any) -> Any:
        losses, gradient = evaluate(self, *arguments)
        factor = np.nan if next(calls) >= 2 else 1.0
        return losses._replace(total=losses.total * factor), gradient

    monkeypatch.setattr(Program, "evaluate", broken)
    run_id = order.place(services, steps=30)
    assert painter.paint(order.claim(leases)) is False
    run = order.look(services, run_id)
    assert (run.state, run.result) == (RunState.FAILED, None)
    assert run.error is not None and "smaller learning rate" in run.error
    # The image after the second step is the one that broke; the best is that after the first.
    assert run.step == 2 and after_one_step.frame and run.frame
    best, shown = (
        np.asarray(Image.open(io.BytesIO(services.media.read(key))), float)
        for key in (after_one_step.frame, run.frame)
    )
    assert np.abs(best - shown).mean() < 0.5
    assert files(services, run_id) == [run.frame.removeprefix(f"runs/{run_id}/")]


def test_what_breaks_unexpectedly_is_tried_three_times_and_then_said(
    painter: Painter, leases: Leases, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = order.place(services)
    caplog.handler.addFilter(logs.name_run)
    with services.database.writing() as session:
        run = session.get_one(type(order.look(services, run_id)), run_id)
        run.content = {"reference": "sample:cat.jpg"}  # as a program of another version might
    assert [painter.paint(order.claim(leases)) for _ in range(3)] == [True, True, False]
    failed = order.look(services, run_id)
    assert (failed.state, failed.attempts) == (RunState.FAILED, 3)
    assert failed.error and "KeyError" not in failed.error
    assert "KeyError" in caplog.text
    assert {record.__dict__["run"] for record in caplog.records} == {run_id}


def test_nothing_is_left_that_a_finished_run_does_not_need(
    painter: Painter, leases: Leases, services: Services
) -> None:
    run_id = order.place(services, steps=12)
    # What attempts leave that were cut short.
    for name in ("checkpoints/1-1.npz", "frames/1-1.jpg", "result-1.png", "moments/0.jpg"):
        services.media.write(f"runs/{run_id}/{name}", b"x")
    (services.config.instance / "media" / "runs" / run_id / ".result-1.png.0f.tmp").touch()
    with services.database.writing() as session:
        session.get_one(Run, run_id).fence = 1
    painter.paint(order.claim(leases))
    run = order.look(services, run_id)
    moments = [f"moments/{moment}.jpg" for moment in run.moments]
    assert files(services, run_id) == sorted(["frames/2-12.jpg", *moments, "result-2.png"])


def test_the_newest_sound_checkpoint_is_taken_whether_or_not_it_was_recorded(
    painter: Painter, leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = order.place(services, steps=30)
    when_recorded(leases, 8, lambda claim: painter.stopping.set(), monkeypatch)
    painter.paint(order.claim(leases))
    saved = [name for name in files(services, run_id) if name.startswith("checkpoints/")]
    assert len([name for name in files(services, run_id) if name.startswith("frames/")]) <= 2
    older, newest = sorted(saved, key=lambda name: int(name.split("-")[1].split(".")[0]))
    recorded = order.look(services, run_id).checkpoint
    assert recorded == f"runs/{run_id}/{newest}"
    services.media.write(recorded, services.media.read(recorded)[:-1])
    begun: list[int] = []
    rewind = Reports.rewind
    monkeypatch.setattr(
        Reports,
        "rewind",
        lambda *at: begun.append(at[2]) or rewind(*at),  # type: ignore[func-returns-value]
    )
    painter.stopping.clear()
    painter.paint(order.claim(leases))
    assert begun == [int(older.split("-")[1].split(".")[0])]
    assert [step for step, _ in losses(services)] == list(range(1, 31))
