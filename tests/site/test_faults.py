"""Whatever fails under a run that was accepted: it ends once, and as if nothing had happened."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import ANY

import pytest

from tests.conftest import ROOT
from tests.site import sabotage
from tests.site.guest import Guest
from tests.site.ordeal import ENDED, STALL_SECONDS, STEPS, Ordeal
from tests.site.sabotage import KILLABLE
from tests.site.server import Server, wait_for

UNDISTURBED = "undisturbed"
POISONED = "poisoned"
HANGING = "hanging"
EARLY = "cancelled while TensorFlow loads"
# The one that takes longest first.
DISTURBED = (HANGING, *KILLABLE)


@pytest.fixture(scope="module")
def ordeal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ordeal]:
    """An installation whose workers have died at every stage of a run, or have hung in one."""
    ordeal = Ordeal(tmp_path_factory.mktemp("ordeal"))
    try:
        for trial in (*DISTURBED, POISONED, EARLY, UNDISTURBED):
            ordeal.start(trial)
        for stage in KILLABLE:
            ordeal.saboteur.order(stage, "kill", ordeal.runs[stage])
        ordeal.saboteur.order("step5", "hang", ordeal.runs[HANGING])
        ordeal.saboteur.order(sabotage.SHOWN, "always crash", ordeal.runs[POISONED])
        assert ordeal.cancel(EARLY)["state"] == "cancelled"
        ordeal.saboteur.release(sabotage.IMPORTING)
        for trial in ordeal.runs:
            ordeal.end(trial, 240)
        ordeal.saboteur.release(sabotage.SHOWN, ordeal.runs[POISONED])
        yield ordeal
    finally:
        ordeal.server.stop()
    assert "Traceback" not in ordeal.server.log.read_text()


@pytest.mark.parametrize("trial", DISTURBED)
def test_a_run_whose_worker_dies_or_hangs_ends_once_and_the_same(
    trial: str, ordeal: Ordeal
) -> None:
    run = ordeal.run(trial)
    assert ordeal.saboteur.met("step5" if trial == HANGING else trial, ordeal.runs[trial])
    assert (run["state"], run["attempts"]) == ("done", 2)
    assert ordeal.ends(trial) == ["done"]
    assert ordeal.result(trial) == ordeal.result(UNDISTURBED)
    assert [loss["step"] for loss in run["losses"]] == list(range(1, STEPS + 1))
    assert kept(ordeal, trial) == [f"frames/{STEPS}.jpg", "result.png"]


def test_a_run_that_kills_every_worker_fails_with_the_reason_and_its_last_picture(
    ordeal: Ordeal,
) -> None:
    run = ordeal.run(POISONED)
    assert (run["state"], run["attempts"]) == ("failed", 3)
    assert "(SIGSEGV)" in run["error"] and "memory ran out; choose a smaller size" in run["error"]
    assert ordeal.ends(POISONED) == ["failed"]
    [picture] = ordeal.files(POISONED)
    assert re.fullmatch(r"frames/5-\d+\.jpg", picture)
    assert ordeal.guest(POISONED).get(run["frame_url"]).ok


def test_a_worker_that_hangs_says_where_before_it_ends(ordeal: Ordeal) -> None:
    log = ordeal.server.log.read_text()
    ends = f"no sign of life for {STALL_SECONDS} s, this worker ends"
    assert f"run {ordeal.runs[HANGING]}: {ends}" in log
    assert "in _hang" in log


def test_a_run_that_is_cancelled_while_tensorflow_loads_is_never_begun(ordeal: Ordeal) -> None:
    assert (ordeal.run(EARLY)["attempts"], ordeal.ends(EARLY)) == (0, ["cancelled"])


@pytest.mark.parametrize(
    "stage",
    [sabotage.CLAIMED, sabotage.LOADING, "step6", sabotage.ENCODING, sabotage.WRITING],
)
def test_a_run_is_cancelled_at_once_whatever_its_worker_is_at(stage: str, ordeal: Ordeal) -> None:
    trial = f"cancelled at {stage}"
    ordeal.held(trial, stage)
    assert ordeal.cancel(trial)["state"] == "cancelled"
    ordeal.saboteur.release(stage)
    let_go = f"run {ordeal.runs[trial]}: taken away, stopped"
    wait_for(lambda: let_go in ordeal.server.log.read_text(), "the worker to let go")
    wait_for(lambda: all(n.startswith("frames/") for n in ordeal.files(trial)), "it to clear up")
    assert ordeal.ends(trial) == ["cancelled"]


def test_a_worker_that_is_told_to_end_in_the_middle_of_something_loses_nothing(
    ordeal: Ordeal,
) -> None:
    stages = ("step3", sabotage.ENCODING)
    for stage in stages:
        ordeal.held(f"ended at {stage}", stage)
    workers = ordeal.server.of_kind("worker")
    for worker in workers:
        os.kill(worker, signal.SIGTERM)
    wait_for(lambda: not set(workers) & set(ordeal.server.of_kind("worker")), "them to end", 10)
    for stage in stages:
        trial = f"ended at {stage}"
        assert (ordeal.end(trial)["state"], ordeal.run(trial)["attempts"]) == ("done", 1)
        assert ordeal.result(trial) == ordeal.result(UNDISTURBED)
        ordeal.saboteur.release(stage)
    log = ordeal.server.log.read_text()
    assert log.count("handed back as of its last checkpoint, in the middle of a step") == 2
    # The newest step was kept, though no checkpoint was due.
    run_id = ordeal.runs["ended at step3"]
    assert f"run {run_id}: painting, attempt 1, 2 of {STEPS} steps are done" in log
    assert log.count("ended with 0, starting it again") == 2


def test_a_full_disk_holds_a_run_up_and_nothing_more(ordeal: Ordeal) -> None:
    ordeal.held("full disk", "step5")
    with ordeal.full_disk():
        ordeal.saboteur.release("step5")
        ordeal.outlast_lease("full disk")
        refused = ordeal.guest("full disk").send()
        assert refused.status_code == 503 and "try again in a minute" in refused.text
    assert ordeal.end("full disk")["state"] == "done"
    assert ordeal.ends("full disk") == ["done"]
    assert ordeal.result("full disk") == ordeal.result(UNDISTURBED)
    assert kept(ordeal, "full disk") == [f"frames/{STEPS}.jpg", "result.png"]


def test_a_locked_database_holds_a_run_up_and_nothing_more(ordeal: Ordeal) -> None:
    ordeal.held("locked", "step5")
    with ordeal.locked_database():
        ordeal.saboteur.release("step5")
        ordeal.outlast_lease("locked")
        assert ordeal.run("locked")["state"] == "running"
        refused = ordeal.guest("locked").send()
        assert refused.status_code == 503 and "try again in a minute" in refused.text
    assert ordeal.end("locked")["state"] == "done"
    assert ordeal.ends("locked") == ["done"]
    assert ordeal.result("locked") == ordeal.result(UNDISTURBED)


def test_runs_whose_messages_are_lost_and_whose_site_is_killed_are_painted(ordeal: Ordeal) -> None:
    ordeal.held("first", "step5")
    ordeal.held("second", "step6")
    ordeal.start("waiting")
    with sqlite3.connect(ordeal.server.instance / "queue.sqlite") as queue:
        assert queue.execute("DELETE FROM task").rowcount > 0
    queue.close()
    os.kill(ordeal.server.process("web"), signal.SIGKILL)
    ordeal.saboteur.release("step5")
    ordeal.saboteur.release("step6")
    wait_for(lambda: not ordeal.server.answers(), "the site to be gone")
    wait_for(ordeal.server.answers, "the site to be back")
    for trial in ("first", "second", "waiting"):
        assert (ordeal.end(trial)["state"], ordeal.run(trial)["attempts"]) == ("done", 1)
        assert ordeal.result(trial) == ordeal.result(UNDISTURBED)


def test_a_backup_made_meanwhile_brings_back_every_painting_and_goes_on_with_the_rest(
    ordeal: Ordeal, tmp_path: Path
) -> None:
    ordeal.held("backed up", "step9")
    wait_for(lambda: ordeal.checkpoints("backed up"), "a checkpoint")
    file, elsewhere = tmp_path / "backup.tar", Server(tmp_path, REST_SECONDS="0")
    command("backup", file, ordeal.server.instance)
    saved = step_of(ordeal.checkpoints("backed up")[-1])
    ordeal.saboteur.release("step9")
    command("restore", file, elsewhere.instance)
    elsewhere.start()
    try:
        for trial, run_id in ordeal.runs.items():
            again = Guest(elsewhere.url, ordeal.guest(trial).cookie)
            run = again.wait(run_id, lambda run: run["state"] in ENDED)
            assert run["state"] == ordeal.end(trial)["state"]
            if run["state"] == "done":
                result = again.get(f"/runs/{run_id}/result.png").content
                assert result == ordeal.result(UNDISTURBED)
    finally:
        elsewhere.stop()
    log = elsewhere.log.read_text()
    assert [row for row in log.splitlines() if "attempt" in row] == [ANY]
    assert f"run {run_id}: painting, attempt 1, {saved} of {STEPS} steps are done" in log


def test_a_loss_of_power_costs_no_more_than_what_came_after_a_sound_checkpoint(
    ordeal: Ordeal,
) -> None:
    """All processes die at once, and what was being written is cut short."""
    run_id = ordeal.held("power", "step5")
    wait_for(lambda: len(ordeal.checkpoints("power")) == 1, "a checkpoint")
    ordeal.saboteur.order("step11", "hold", run_id)
    ordeal.saboteur.release("step5")
    wait_for(lambda: len(ordeal.checkpoints("power")) == 2, "another checkpoint")
    ordeal.start("queued")
    ordeal.server.kill()
    ordeal.saboteur.release("step11", run_id)
    # A third one may just have been written, and the first not yet removed.
    *_, older, newest = ordeal.checkpoints("power")
    folder = older.parent.parent
    newest.write_bytes(newest.read_bytes()[:5000])
    for name in (f"checkpoints/.1-12.npz.{'0' * 32}.tmp", f".result-1.png.{'0' * 32}.tmp"):
        (folder / name).write_bytes(older.read_bytes()[:3000])
    for path in ordeal.server.instance.glob("queue.sqlite*"):
        path.unlink()
    ordeal.server.start()
    for trial in ("power", "queued"):
        assert ordeal.end(trial)["state"] == "done"
        assert ordeal.ends(trial) == ["done"]
        assert ordeal.result(trial) == ordeal.result(UNDISTURBED)
    wait_for(lambda: len(kept(ordeal, "power")) == 2, f"no more than {kept(ordeal, 'power')}")
    reconciled = "webapp.pruning: records and files agree"
    wait_for(lambda: reconciled in ordeal.server.log.read_text(), "a look through the files")
    log = ordeal.server.log.read_text()
    assert f"{newest.name} cannot be used: The checkpoint is damaged" in log
    assert f"run {run_id}: painting, attempt 2, {step_of(older)} of {STEPS} steps are done" in log


def command(name: str, file: Path, instance: Path) -> None:
    """Have `stransfer backup` or `restore` done."""
    keys = {"PATH": os.environ["PATH"], "INSTANCE_PATH": str(instance)}
    arguments = [sys.executable, "-m", "webapp", name, str(file)]
    subprocess.run(arguments, cwd=ROOT, env=keys, check=True)


def step_of(checkpoint: Path) -> int:
    """The step that a checkpoint is of."""
    return int(checkpoint.stem.partition("-")[2])


def kept(ordeal: Ordeal, trial: str) -> list[str]:
    """What is kept of a run, whoever's attempt it was, besides the pictures of its timelapse."""
    names = [name for name in ordeal.files(trial) if not name.startswith("moments/")]
    return [re.sub(r"(?<=/)\d+-|-\d+(?=\.png$)", "", name) for name in names]
